//! One value for many places, where a program needs one for each.

/// One value for each channel of each row, or for each channel of all rows.
#[derive(Debug, Clone, Copy)]
pub struct Planes<'a> {
    values: &'a [f32],
    /// Values of each row.
    channels: usize,
    /// Values that are made of a plane, all its lanes.
    plane: usize,
    /// Channels that lie beside each other: 1, 8 or 16.
    lanes: usize,
}

impl<'a> Planes<'a> {
    /// Of so many `channels` for each row, again and again where there are fewer rows; those beyond them that only fill up the `lanes` count as 0. `None` where the lanes
    /// are none of an engine.
    pub fn new(values: &'a [f32], channels: usize, plane: usize, lanes: usize) -> Option<Self> {
        matches!(lanes, 1 | 8 | 16).then_some(Self {
            values,
            channels,
            plane,
            lanes,
        })
    }

    /// The value of each channel for the values from `start` on, a multiple of the lanes, as many as there is room for.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "compiled for the vectors of the processor only within the dispatch"
    )]
    pub fn over(&self, start: usize, into: &mut [f32]) {
        match self.lanes {
            1 => self.of::<1>(start, into),
            8 => self.of::<8>(start, into),
            _ => self.of::<16>(start, into),
        }
    }

    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "compiled for the vectors of the processor only within the dispatch"
    )]
    fn of<const L: usize>(&self, start: usize, into: &mut [f32]) {
        let Self {
            values,
            channels,
            plane,
            ..
        } = *self;
        let (groups, rows) = (channels.div_ceil(L), values.len() / channels);
        let mut at = 0;
        while at < into.len() {
            let n = (start + at) / plane;
            let end = (at + plane - (start + at) % plane).min(into.len());
            let (row, group) = (n / groups % rows, n % groups);
            let there = (channels - group * L).min(L);
            let mut lane = [0.0; L];
            lane[..there].copy_from_slice(&values[row * channels + group * L..][..there]);
            for place in into[at..end].as_chunks_mut().0 {
                *place = lane;
            }
            at = end;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_place_gets_the_value_of_its_channel() {
        // Two rows of 10 channels in planes of 3 places.
        let values: Vec<f32> = (0..20).map(|n| n as f32 + 1.0).collect();
        for lanes in [1, 8, 16] {
            let plane = 3 * lanes;
            let planes = Planes::new(&values, 10, plane, lanes).unwrap();
            let groups = 10_usize.div_ceil(lanes);
            let right: Vec<f32> = (0..2 * groups * plane)
                .map(|at| {
                    let (row, group) = (at / plane / groups, at / plane % groups);
                    let channel = group * lanes + at % lanes;
                    values[row * 10..][..10]
                        .get(channel)
                        .copied()
                        .unwrap_or(0.0)
                })
                .collect();
            // Of one row for all.
            let one = Planes::new(&values[..10], 10, plane, lanes).unwrap();
            let mut made = vec![f32::NAN; right.len()];
            one.over(0, &mut made);
            let half = right.len() / 2;
            assert_eq!(made, right[..half].repeat(2), "{lanes} lanes, one row");
            for start in [0, lanes, 2 * lanes, plane] {
                let mut made = vec![f32::NAN; right.len() - start];
                planes.over(start, &mut made);
                assert_eq!(made, right[start..], "{lanes} lanes from {start}");
            }
        }
        assert!(Planes::new(&values, 10, 12, 4).is_none());
    }
}
