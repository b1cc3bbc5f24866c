//! A depthwise convolution with a stride, taken back: each value is spread over the places that it was made from.

use super::windows::Windows;
use pulp::NullaryFnOnce;

/// One plane: `from` as `[high, wide, lanes]`, `weights` as `[high, wide, lanes]` of the kernel.
pub fn spread(sizes: Windows, from: &[f32], weights: &[f32], into: &mut [f32]) {
    let arch = pulp::Arch::new();
    if sizes.lanes == 8 {
        arch.dispatch(Plane::<8>::new(sizes, from, weights, into));
    } else {
        arch.dispatch(Plane::<16>::new(sizes, from, weights, into));
    }
}

/// One plane of `L` lanes.
struct Plane<'a, const L: usize> {
    sizes: Windows,
    from: &'a [[f32; L]],
    weights: &'a [[f32; L]],
    into: &'a mut [[f32; L]],
}

impl<'a, const L: usize> Plane<'a, L> {
    fn new(sizes: Windows, from: &'a [f32], weights: &'a [f32], into: &'a mut [f32]) -> Self {
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
        let [stride, wide] = [sizes.strides[1], sizes.to[1]];
        // Places of one remainder read the same taps, each one further than the place before.
        let classes = (0..stride.min(wide)).map(|first| {
            let taps: Vec<usize> = ((first + sizes.pads[1]) % stride..sizes.kernel[1])
                .step_by(stride)
                .collect();
            (first, taps)
        });
        let classes: Vec<(usize, Vec<usize>)> = classes.collect();
        let mut terms: Vec<(isize, &[f32; L])> = Vec::new();
        for (y, row) in into.chunks_exact_mut(wide).enumerate() {
            let rows = sizes.taps_of(y, 0);
            for (first, taps) in &classes {
                // Where each tap reads for the first place, in `from`, and the columns that it has.
                terms.clear();
                let (mut low, mut high) = (0, (wide - first).div_ceil(stride));
                for &tap in taps {
                    let at = (first + sizes.pads[1]) as isize - tap as isize;
                    let at = at.div_euclid(stride as isize);
                    low = low.max((-at).max(0) as usize);
                    high = high.min((sizes.from[1] as isize - at).max(0) as usize);
                    for &(tap_y, at_y) in &rows {
                        let start = (at_y * sizes.from[1]) as isize + at;
                        terms.push((start, &weights[tap_y * sizes.kernel[1] + tap]));
                    }
                }
                let places = row.iter_mut().skip(*first).step_by(stride).enumerate();
                for (n, place) in places {
                    let mut sum = [0.0; L];
                    if (low..high).contains(&n) {
                        for &(start, weight) in &terms {
                            let value = &from[(start + n as isize) as usize];
                            for lane in 0..L {
                                sum[lane] += value[lane] * weight[lane];
                            }
                        }
                    } else {
                        // At the sides some taps reach beyond.
                        for (tap_x, at_x) in sizes.taps_of(first + n * stride, 1) {
                            for &(tap_y, at_y) in &rows {
                                let value = &from[at_y * sizes.from[1] + at_x];
                                let weight = &weights[tap_y * sizes.kernel[1] + tap_x];
                                for lane in 0..L {
                                    sum[lane] += value[lane] * weight[lane];
                                }
                            }
                        }
                    }
                    *place = sum;
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
        /// What is made is the transpose of the convolution: <spread(g), x> = <g, convolve(x)>.
        #[test]
        fn it_is_the_transpose_of_the_convolution(
            to in [1_usize..9, 1_usize..9], kernel in [1_usize..6, 1_usize..6],
            strides in [1_usize..4, 1_usize..4], pads in [0_usize..3, 0_usize..3], seed: u64,
        ) {
            let from = [0, 1].map(|s| (to[s] + 2 * pads[s]).saturating_sub(kernel[s]) / strides[s] + 1);
            prop_assume!((0..2).all(|s| to[s] + 2 * pads[s] >= kernel[s]));
            let lanes = if seed % 2 == 0 { 8 } else { 16 };
            let sizes = Windows { from, to, kernel, strides, pads, lanes };
            prop_assert_eq!(Windows::decode(&sizes.encode()), Some(sizes));
            let mut random = fastrand::Rng::with_seed(seed);
            let mut draw = |count: usize| -> Vec<f32> {
                (0..count).map(|_| random.i32(-4..=4) as f32).collect()
            };
            let cotangent = draw(sizes.len_from());
            let weights = draw(sizes.taps() * lanes);
            let x = draw(sizes.len_to());
            let mut made = vec![f32::NAN; sizes.len_to()];
            spread(sizes, &cotangent, &weights, &mut made);
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
