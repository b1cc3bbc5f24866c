//! The maximum over windows, taken back: each value goes to the first place of its window that holds the maximum.

use super::windows::Windows;
use pulp::NullaryFnOnce;

/// One plane: `values` and `into` as `[high, wide, lanes]` of what the maximum was taken of, `most` (the maxima) and `from`
/// (their cotangents) as `[high, wide, lanes]` of the windows.
pub fn unpool(sizes: Windows, values: &[f32], most: &[f32], from: &[f32], into: &mut [f32]) {
    let arch = pulp::Arch::new();
    if sizes.lanes == 8 {
        arch.dispatch(Plane::<8>::new(sizes, values, most, from, into));
    } else {
        arch.dispatch(Plane::<16>::new(sizes, values, most, from, into));
    }
}

/// One plane of `L` lanes.
struct Plane<'a, const L: usize> {
    sizes: Windows,
    values: &'a [[f32; L]],
    most: &'a [[f32; L]],
    from: &'a [[f32; L]],
    into: &'a mut [[f32; L]],
}

impl<'a, const L: usize> Plane<'a, L> {
    fn new(
        sizes: Windows,
        values: &'a [f32],
        most: &'a [f32],
        from: &'a [f32],
        into: &'a mut [f32],
    ) -> Self {
        Self {
            sizes,
            values: values.as_chunks().0,
            most: most.as_chunks().0,
            from: from.as_chunks().0,
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
            values,
            most,
            from,
            into,
        } = self;
        into.fill([0.0; L]);
        let [high, wide] = sizes.to;
        for at_y in 0..sizes.from[0] {
            for at_x in 0..sizes.from[1] {
                let at = at_y * sizes.from[1] + at_x;
                let most = &most[at];
                // What has not found its place.
                let mut rest = from[at];
                for tap_y in 0..sizes.kernel[0] {
                    let y = (at_y * sizes.strides[0] + tap_y).wrapping_sub(sizes.pads[0]);
                    if y >= high {
                        continue;
                    }
                    for tap_x in 0..sizes.kernel[1] {
                        let x = (at_x * sizes.strides[1] + tap_x).wrapping_sub(sizes.pads[1]);
                        if x >= wide {
                            continue;
                        }
                        let (value, into) = (&values[y * wide + x], &mut into[y * wide + x]);
                        for lane in 0..L {
                            let here = value[lane] == most[lane];
                            into[lane] += if here { rest[lane] } else { 0.0 };
                            rest[lane] = if here { 0.0 } else { rest[lane] };
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Each cotangent is where the first maximum of its window is, counted row by row.
        #[test]
        fn each_goes_to_the_first_maximum(
            to in [1_usize..9, 1_usize..9], kernel in [1_usize..5, 1_usize..5],
            strides in [1_usize..4, 1_usize..4], seed: u64,
        ) {
            let mut random = fastrand::Rng::with_seed(seed);
            let pads = [0, 1].map(|s| random.usize(0..kernel[s]));
            let from = [0, 1].map(|s| (to[s] + 2 * pads[s]).saturating_sub(kernel[s]) / strides[s] + 1);
            prop_assume!((0..2).all(|s| to[s] + 2 * pads[s] >= kernel[s]));
            let lanes = if seed % 2 == 0 { 8 } else { 16 };
            let sizes = Windows { from, to, kernel, strides, pads, lanes };
            // Few values: there are ties.
            let values: Vec<f32> = (0..sizes.len_to()).map(|_| random.i32(-2..=2) as f32).collect();
            let cotangent: Vec<f32> = (0..sizes.len_from()).map(|_| random.i32(-4..=4) as f32).collect();
            let mut most = vec![f32::NEG_INFINITY; sizes.len_from()];
            let mut right = vec![0.0; sizes.len_to()];
            for lane in 0..lanes {
                for at in 0..from[0] * from[1] {
                    let corner = [at / from[1] * strides[0], at % from[1] * strides[1]];
                    let mut first = None;
                    for tap in 0..kernel[0] * kernel[1] {
                        let padded = [corner[0] + tap / kernel[1], corner[1] + tap % kernel[1]];
                        if (0..2).any(|s| padded[s] < pads[s] || padded[s] - pads[s] >= to[s]) {
                            continue;
                        }
                        let place = (padded[0] - pads[0]) * to[1] + padded[1] - pads[1];
                        let value = values[place * lanes + lane];
                        if first.is_none_or(|(_, most)| value > most) {
                            first = Some((place, value));
                        }
                    }
                    // A window that lies in the padding alone has none.
                    prop_assume!(first.is_some());
                    if let Some((place, value)) = first {
                        most[at * lanes + lane] = value;
                        right[place * lanes + lane] += cotangent[at * lanes + lane];
                    }
                }
            }
            let mut made = vec![f32::NAN; sizes.len_to()];
            unpool(sizes, &values, &most, &cotangent, &mut made);
            prop_assert_eq!(made, right);
        }
    }
}
