//! Values that lie between each other, out of parts that hold those of one remainder each.

/// How parts lie between each other; sides as `[high, wide]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weave {
    /// Places of what is made.
    pub to: [usize; 2],
    pub strides: [usize; 2],
    /// Added to a place before it is divided by the stride.
    pub pads: [usize; 2],
    /// Channels that lie beside each other: 8 or 16.
    pub lanes: usize,
    /// Channels of what is made where all parts are the channels of one, remainder after remainder; what is made has its
    /// channels after each other then. 0: each remainder has its own part or none, and what is made is blocked.
    pub packed: usize,
    /// For each remainder, row by row: its part and where that begins, on each side; none is zeros.
    pub parts: Vec<Option<(usize, [usize; 2])>>,
}

/// Blocked values of one part: `[rows, channels / lanes, high, wide, lanes]`.
#[derive(Debug, Clone, Copy)]
pub struct Part<'a> {
    pub values: &'a [f32],
    /// High and wide.
    pub places: [usize; 2],
}

impl Weave {
    /// As whole numbers, for an attribute of a node.
    pub fn encode(&self) -> Vec<i64> {
        let pairs = [self.to, self.strides, self.pads, [self.lanes, self.packed]];
        let mut numbers: Vec<i64> = pairs.into_iter().flatten().map(|n| n as i64).collect();
        for part in &self.parts {
            let part = part.map(|(n, [y, x])| [n as i64, y as i64, x as i64]);
            numbers.extend(part.unwrap_or([-1, 0, 0]));
        }
        numbers
    }

    /// What is in `numbers`, for so many parts; `None` where that is nothing.
    pub fn decode(numbers: &[i64], count: usize) -> Option<Self> {
        let (head, tail) = numbers.split_at_checked(8)?;
        let head = head.iter().map(|&n| usize::try_from(n).ok());
        let head = head.collect::<Option<Vec<_>>>()?;
        let &[a, b, c, d, e, f, lanes, packed] = head.as_slice() else {
            return None;
        };
        let small = |n: &usize| *n < 1 << 16;
        let sound = [a, b, c, d].iter().all(|n| *n > 0 && small(n))
            && [e, f, packed].iter().all(small)
            && matches!(lanes, 8 | 16)
            && tail.len() == 3 * c * d;
        let mut parts = Vec::with_capacity(c * d);
        for part in tail.as_chunks::<3>().0 {
            parts.push(match *part {
                [-1, _, _] => None,
                [n, y, x] => {
                    let [n, y, x] = [n, y, x].map(|n| usize::try_from(n).ok());
                    Some((n.filter(|n| *n < count)?, [y?, x?]))
                }
            });
        }
        let whole = packed == 0 || count == 1 && parts.iter().all(Option::is_some);
        (sound && whole).then_some(Self {
            to: [a, b],
            strides: [c, d],
            pads: [e, f],
            lanes,
            packed,
            parts,
        })
    }

    /// Values of a plane of what is made.
    pub fn len_to(&self) -> usize {
        self.to[0] * self.to[1] * if self.packed == 0 { self.lanes } else { 1 }
    }

    /// Do parts of these places have all that is read of them?
    pub fn fits(&self, places: &[[usize; 2]]) -> bool {
        let reaches = |side: usize, remainder: usize, first: usize, size: usize| {
            let at = |place: usize| (place + self.pads[side]) / self.strides[side];
            let mut of = (0..self.to[side])
                .filter(|p| (p + self.pads[side]) % self.strides[side] == remainder);
            let low = of.clone().next();
            low.is_none_or(|p| at(p) >= first)
                && of.next_back().is_none_or(|p| at(p) - first < size)
        };
        self.parts.iter().enumerate().all(|(n, part)| {
            let remainder = [n / self.strides[1], n % self.strides[1]];
            part.is_none_or(|(part, first)| {
                (0..2).all(|s| reaches(s, remainder[s], first[s], places[part][s]))
            })
        })
    }

    /// The n-th plane of what is made, a group of lanes or, where it is packed, one channel.
    pub fn plane(&self, parts: &[Part<'_>], n: usize, into: &mut [f32]) {
        if self.packed > 0 {
            self.unpacked(parts, n, into);
        } else if self.lanes == 8 {
            self.blocked::<8>(parts, n, into);
        } else {
            self.blocked::<16>(parts, n, into);
        }
    }

    /// The remainder and the number of a place of a side.
    fn at(&self, side: usize, place: usize) -> (usize, usize) {
        let padded = place + self.pads[side];
        (padded % self.strides[side], padded / self.strides[side])
    }

    fn blocked<const L: usize>(&self, parts: &[Part<'_>], n: usize, into: &mut [f32]) {
        let places: &mut [[f32; L]] = into.as_chunks_mut().0;
        for (y, row) in places.chunks_exact_mut(self.to[1]).enumerate() {
            let (above, at_y) = self.at(0, y);
            for first in 0..self.strides[1].min(self.to[1]) {
                let (left, at_x) = self.at(1, first);
                let of = row.iter_mut().skip(first).step_by(self.strides[1]);
                match self.parts[above * self.strides[1] + left] {
                    Some((part, [low_y, low_x])) => {
                        let Part { values, places } = parts[part];
                        let values: &[[f32; L]] = values.as_chunks().0;
                        let from = (n * places[0] + at_y - low_y) * places[1];
                        let from = &values[from + at_x - low_x..];
                        for (place, value) in of.zip(from) {
                            *place = *value;
                        }
                    }
                    None => of.for_each(|place| *place = [0.0; L]),
                }
            }
        }
    }

    fn unpacked(&self, parts: &[Part<'_>], n: usize, into: &mut [f32]) {
        let [Part { values, places }] = *parts else {
            return;
        };
        let blocks = (self.parts.len() * self.packed).div_ceil(self.lanes);
        let (row, channel) = (n / self.packed, n % self.packed);
        for (y, line) in into.chunks_exact_mut(self.to[1]).enumerate() {
            let (above, at_y) = self.at(0, y);
            for first in 0..self.strides[1].min(self.to[1]) {
                let (left, at_x) = self.at(1, first);
                let remainder = above * self.strides[1] + left;
                let [low_y, low_x] = self.parts[remainder].map_or([0; 2], |(_, low)| low);
                let channel = remainder * self.packed + channel;
                let (block, lane) = (row * blocks + channel / self.lanes, channel % self.lanes);
                let at = (block * places[0] + at_y - low_y) * places[1] + at_x - low_x;
                let from = values[at * self.lanes + lane..].iter().step_by(self.lanes);
                let into = line.iter_mut().skip(first).step_by(self.strides[1]);
                for (place, value) in into.zip(from) {
                    *place = *value;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every place has the value of its remainder's part; a part's values say where they are.
    #[test]
    fn every_place_is_found() {
        let value = |part: usize, n: usize, y: usize, x: usize, lane: usize| {
            ((((part * 4 + n) * 8 + y) * 8 + x) * 16 + lane) as f32
        };
        let part = |part: usize, planes: usize, places: [usize; 2], lanes: usize| {
            let mut made = Vec::new();
            for n in 0..planes {
                for y in 0..places[0] {
                    for x in 0..places[1] {
                        made.extend((0..lanes).map(|lane| value(part, n, y, x, lane)));
                    }
                }
            }
            made
        };
        for lanes in [8, 16] {
            let mut weave = Weave {
                to: [5, 4],
                strides: [2, 2],
                pads: [1, 0],
                lanes,
                packed: 0,
                parts: vec![
                    Some((1, [1, 0])),
                    None,
                    Some((0, [0, 0])),
                    Some((1, [0, 0])),
                ],
            };
            let decoded = Weave::decode(&weave.encode(), 2);
            assert_eq!(decoded.as_ref(), Some(&weave));
            assert_eq!(
                Weave::decode(&weave.encode(), 1),
                None,
                "a part that there is not"
            );
            let given = [part(0, 2, [3, 2], lanes), part(1, 2, [3, 2], lanes)];
            let parts = given.each_ref().map(|values| Part {
                values,
                places: [3, 2],
            });
            assert!(weave.fits(&[[3, 2], [3, 2]]) && !weave.fits(&[[2, 2], [3, 2]]));
            for n in 0..2 {
                let mut made = vec![f32::NAN; weave.len_to()];
                weave.plane(&parts, n, &mut made);
                for y in 0..5_usize {
                    for x in 0..4 {
                        let (remainder, at) = ([(y + 1) % 2, x % 2], [y.div_ceil(2), x / 2]);
                        for lane in 0..lanes {
                            let right = match remainder {
                                [0, 0] => value(1, n, at[0] - 1, at[1], lane),
                                [0, 1] => 0.0,
                                [1, 0] => value(0, n, at[0], at[1], lane),
                                _ => value(1, n, at[0], at[1], lane),
                            };
                            assert_eq!(made[(y * 4 + x) * lanes + lane], right);
                        }
                    }
                }
            }
            // Three channels of four remainders: in blocks of 8, two of them.
            weave.packed = 3;
            weave.parts = vec![Some((0, [0, 0])); 4];
            assert_eq!(Weave::decode(&weave.encode(), 1).as_ref(), Some(&weave));
            let blocks = 12_usize.div_ceil(lanes);
            let given = part(0, 2 * blocks, [3, 2], lanes);
            let parts = [Part {
                values: &given,
                places: [3, 2],
            }];
            for n in 0..6 {
                let mut made = vec![f32::NAN; weave.len_to()];
                weave.plane(&parts, n, &mut made);
                for y in 0..5_usize {
                    for x in 0..4 {
                        let channel = ((y + 1) % 2 * 2 + x % 2) * 3 + n % 3;
                        let block = n / 3 * blocks + channel / lanes;
                        let right = value(0, block, y.div_ceil(2), x / 2, channel % lanes);
                        assert_eq!(made[y * 4 + x], right);
                    }
                }
            }
        }
    }
}
