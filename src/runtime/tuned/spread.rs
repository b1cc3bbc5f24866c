//! A depthwise convolution with a stride, taken back: each value is spread over the places that it was made from.

use pulp::NullaryFnOnce;

/// Its sizes, each as `[high, wide]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spread {
    /// Of the cotangent.
    pub from: [usize; 2],
    /// Of what is made.
    pub to: [usize; 2],
    /// Of the kernel.
    pub kernel: [usize; 2],
    pub strides: [usize; 2],
    /// Places that the convolution added above and at the left.
    pub pads: [usize; 2],
    /// Channels that lie beside each other: 8 or 16.
    pub lanes: usize,
}

impl Spread {
    /// As whole numbers, for an attribute of a node.
    pub fn encode(&self) -> Vec<i64> {
        let pairs = [self.from, self.to, self.kernel, self.strides, self.pads];
        let numbers = pairs.into_iter().flatten().chain([self.lanes]);
        numbers.map(|n| n as i64).collect()
    }

    /// The sizes in `numbers`; `None` where no such convolution is.
    pub fn decode(numbers: &[i64]) -> Option<Self> {
        let numbers = numbers.iter().map(|&n| usize::try_from(n).ok());
        let numbers = numbers.collect::<Option<Vec<_>>>()?;
        let &[a, b, c, d, e, f, g, h, i, j, lanes] = numbers.as_slice() else {
            return None;
        };
        let sound = [a, b, c, d, e, f, g, h]
            .iter()
            .all(|&n| (1..1 << 16).contains(&n))
            && [i, j].iter().all(|&n| n < 1 << 16)
            && matches!(lanes, 8 | 16);
        sound.then_some(Self {
            from: [a, b],
            to: [c, d],
            kernel: [e, f],
            strides: [g, h],
            pads: [i, j],
            lanes,
        })
    }

    /// Values of a plane of the cotangent, all its lanes.
    pub fn len_from(self) -> usize {
        self.from[0] * self.from[1] * self.lanes
    }

    /// Values of a plane of what is made, all its lanes.
    pub fn len_to(self) -> usize {
        self.to[0] * self.to[1] * self.lanes
    }

    /// Values of the kernel of a channel.
    pub fn taps(&self) -> usize {
        self.kernel[0] * self.kernel[1]
    }

    /// The taps that reach a place of a side (0: rows, 1: columns), and where each reads: `place + pad = stride * at + tap`.
    fn taps_of(&self, place: usize, side: usize) -> Vec<(usize, usize)> {
        let (padded, stride) = (place + self.pads[side], self.strides[side]);
        let taps = (padded % stride..self.kernel[side]).step_by(stride);
        taps.take_while(|&tap| tap <= padded)
            .map(|tap| (tap, (padded - tap) / stride))
            .filter(|&(_, at)| at < self.from[side])
            .collect()
    }

    /// One plane: `from` as `[high, wide, lanes]`, `weights` as `[high, wide, lanes]` of the kernel.
    pub fn plane(self, from: &[f32], weights: &[f32], into: &mut [f32]) {
        let arch = pulp::Arch::new();
        if self.lanes == 8 {
            arch.dispatch(Plane::<8>::new(self, from, weights, into));
        } else {
            arch.dispatch(Plane::<16>::new(self, from, weights, into));
        }
    }
}

/// One plane of `L` lanes.
struct Plane<'a, const L: usize> {
    sizes: Spread,
    from: &'a [[f32; L]],
    weights: &'a [[f32; L]],
    into: &'a mut [[f32; L]],
}

impl<'a, const L: usize> Plane<'a, L> {
    fn new(sizes: Spread, from: &'a [f32], weights: &'a [f32], into: &'a mut [f32]) -> Self {
        Self {
            sizes,
            from: from.as_chunks().0,
            weights: weights.as_chunks().0,
            into: into.as_chunks_mut().0,
        }
    }
}

impl<const L: usize> NullaryFnOnce for Plane<'_, L> {
    type Output = ();

    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "compiled for the vectors of the processor only within the dispatch"
    )]
    fn call(self) {
        let Self {
            sizes,
            from,
            weights,
            into,
        } = self;
        // The same for every row.
        let columns: Vec<Vec<(usize, usize)>> =
            (0..sizes.to[1]).map(|x| sizes.taps_of(x, 1)).collect();
        for (y, row) in into.chunks_exact_mut(sizes.to[1]).enumerate() {
            let rows = sizes.taps_of(y, 0);
            for (place, columns) in row.iter_mut().zip(&columns) {
                let mut sum = [0.0; L];
                for &(tap_y, at_y) in &rows {
                    let values = &from[at_y * sizes.from[1]..];
                    let weights = &weights[tap_y * sizes.kernel[1]..];
                    for &(tap_x, at_x) in columns {
                        let (value, weight) = (&values[at_x], &weights[tap_x]);
                        for lane in 0..L {
                            sum[lane] += value[lane] * weight[lane];
                        }
                    }
                }
                *place = sum;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// What is made is the transpose of the convolution: <spread(g), x> = <g, convolve(x)>.
        #[test]
        fn it_is_the_transpose_of_the_convolution(
            to in [1_usize..9, 1_usize..9], kernel in [1_usize..6, 1_usize..6],
            strides in [1_usize..4, 1_usize..4], pads in [0_usize..3, 0_usize..3], seed: u64,
        ) {
            let from = [0, 1].map(|s| (to[s] + 2 * pads[s]).saturating_sub(kernel[s]) / strides[s] + 1);
            prop_assume!((0..2).all(|s| to[s] + 2 * pads[s] >= kernel[s]));
            let lanes = if seed % 2 == 0 { 8 } else { 16 };
            let spread = Spread { from, to, kernel, strides, pads, lanes };
            prop_assert_eq!(Spread::decode(&spread.encode()), Some(spread));
            let mut random = fastrand::Rng::with_seed(seed);
            let mut draw = |count: usize| -> Vec<f32> {
                (0..count).map(|_| random.i32(-4..=4) as f32).collect()
            };
            let cotangent = draw(spread.len_from());
            let weights = draw(spread.taps() * lanes);
            let x = draw(spread.len_to());
            let mut made = vec![f32::NAN; spread.len_to()];
            spread.plane(&cotangent, &weights, &mut made);
            // Small whole numbers: sums are exact.
            let back: f32 = made.iter().zip(&x).map(|(a, b)| a * b).sum();
            let mut forth = 0.0;
            for at_y in 0..from[0] {
                for at_x in 0..from[1] {
                    for tap_y in 0..kernel[0] {
                        for tap_x in 0..kernel[1] {
                            let place = [at_y * strides[0] + tap_y, at_x * strides[1] + tap_x];
                            let inside = (0..2).all(|s| (pads[s]..to[s] + pads[s]).contains(&place[s]));
                            if !inside {
                                continue;
                            }
                            let at = (place[0] - pads[0]) * to[1] + place[1] - pads[1];
                            for lane in 0..lanes {
                                forth += cotangent[(at_y * from[1] + at_x) * lanes + lane]
                                    * weights[(tap_y * kernel[1] + tap_x) * lanes + lane]
                                    * x[at * lanes + lane];
                            }
                        }
                    }
                }
            }
            prop_assert!((back - forth).abs() <= 1e-3 * forth.abs().max(1.0), "{back} {forth}");
        }
    }
}
