//! A convolution with a stride taken back as convolutions without one: places that leave the same remainder by the stride are
//! made from the same taps (Shi et al. 2016, sub-pixel convolution).

use crate::onnx::Tensor;

/// One side (rows or columns) of a convolution that is taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Side {
    /// Places of the cotangent.
    pub from: usize,
    /// Places of what is made.
    pub to: usize,
    /// Taps of the kernel.
    pub kernel: usize,
    pub stride: usize,
    /// Places that the convolution added before the first.
    pub pad: usize,
}

/// A convolution without a stride that makes the places of one remainder, or of all, on one side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// Its taps: the n-th is that of the kernel at `stride * (taps - 1 - n)` after the remainder.
    pub taps: usize,
    /// What it makes first is for the place `stride * first + remainder - pad`.
    pub first: usize,
    /// Places to add before and after the cotangent.
    pub pads: [usize; 2],
}

impl Side {
    /// The convolution for the places that leave this remainder, without taps where none reaches them; `None` where there is no
    /// such convolution.
    pub fn part(self, remainder: usize) -> Option<Part> {
        let taps = (remainder..self.kernel).step_by(self.stride).count();
        match self.places(remainder) {
            Some(places) if taps > 0 => self.over(taps, places),
            _ => Some(Part {
                taps: 0,
                first: 0,
                pads: [0; 2],
            }),
        }
    }

    /// One convolution for the places of all remainders.
    pub fn whole(self) -> Option<Part> {
        let places = (0..self.stride).filter_map(|n| self.places(n));
        let (first, last) = places.fold((usize::MAX, 0), |(first, last), of| {
            (first.min(of.0), last.max(of.1))
        });
        self.over(self.kernel.div_ceil(self.stride), (first, last))
    }

    /// The first and the last of the places with this remainder, as `(place + pad - remainder) / stride`.
    fn places(self, remainder: usize) -> Option<(usize, usize)> {
        let first = self.pad.saturating_sub(remainder).div_ceil(self.stride);
        let last = (self.to + self.pad).checked_sub(1 + remainder)? / self.stride;
        (first <= last).then_some((first, last))
    }

    fn over(self, taps: usize, (first, last): (usize, usize)) -> Option<Part> {
        let before = (taps - 1).checked_sub(first)?;
        // Where the cotangent goes further than it is read, so much more is made.
        let after = (last + 1 - first + taps - 1).saturating_sub(self.from + before);
        Some(Part {
            taps,
            first,
            pads: [before, after],
        })
    }
}

/// The weights of the convolutions without a stride for some remainders, `[high, wide]` each, beside each other as
/// `[remainders * out, in, taps, taps]` where the convolution's own are `weights`, `[in, out, high, wide]`. Taps beyond the
/// kernel are zeros.
pub fn weights(
    weights: &Tensor,
    strides: [usize; 2],
    taps: [usize; 2],
    remainders: &[[usize; 2]],
) -> Option<Tensor> {
    let values = weights.to_floats()?;
    let &[inputs, out, high, wide] = weights.shape() else {
        return None;
    };
    let mut made = Vec::with_capacity(remainders.len() * out * inputs * taps[0] * taps[1]);
    for remainder in remainders {
        for channel in 0..out {
            for input in 0..inputs {
                for y in (0..taps[0]).rev().map(|n| remainder[0] + n * strides[0]) {
                    for x in (0..taps[1]).rev().map(|n| remainder[1] + n * strides[1]) {
                        let at = ((input * out + channel) * high + y) * wide + x;
                        made.push(if y < high && x < wide {
                            values[at]
                        } else {
                            0.0
                        });
                    }
                }
            }
        }
    }
    let shape = [remainders.len() * out, inputs, taps[0], taps[1]];
    Some(Tensor::floats(&shape, &made))
}

/// The weights of a convolution, `[out, in, high, wide]`, as the engine has them for blocked values: `[out / lanes, in / lanes,
/// high, wide, lanes of in, lanes of out]`, under the shape that they have filled up.
pub fn blocked(weights: &Tensor, lanes: usize) -> Option<Tensor> {
    let values = weights.to_floats()?;
    let &[out, inputs, high, wide] = weights.shape() else {
        return None;
    };
    let [filled_out, filled_in] = [out, inputs].map(|n| n.next_multiple_of(lanes));
    let taps = high * wide;
    let mut made = Vec::with_capacity(filled_out * filled_in * taps);
    for to in (0..filled_out).step_by(lanes) {
        for from in (0..filled_in).step_by(lanes) {
            for tap in 0..taps {
                for from in from..from + lanes {
                    for to in to..to + lanes {
                        let there = to < out && from < inputs;
                        let value = there.then(|| values[(to * inputs + from) * taps + tap]);
                        made.push(value.unwrap_or_default());
                    }
                }
            }
        }
    }
    Some(Tensor::floats(&[filled_out, filled_in, high, wide], &made))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// One side: every place is the sum over the taps that reach it.
        #[test]
        fn every_place_is_made_of_the_taps_that_reach_it(
            to in 1_usize..12, kernel in 1_usize..8, stride in 1_usize..5, pad in 0_usize..4, seed: u64,
        ) {
            prop_assume!(to + 2 * pad >= kernel);
            let from = (to + 2 * pad - kernel) / stride + 1;
            let side = Side { from, to, kernel, stride, pad };
            let mut random = fastrand::Rng::with_seed(seed);
            let mut draw = |n: usize| -> Vec<f32> { (0..n).map(|_| random.i32(-4..=4) as f32).collect() };
            let (cotangent, taps) = (draw(from), draw(kernel));
            let mut right = vec![0.0; to];
            for (at, value) in cotangent.iter().enumerate() {
                for (tap, weight) in taps.iter().enumerate() {
                    if let Some(place) = (at * stride + tap).checked_sub(pad).filter(|p| *p < to) {
                        right[place] += value * weight;
                    }
                }
            }
            let kernel = Tensor::floats(&[1, 1, kernel, 1], &taps);
            let convolved = |part: Part, remainder: usize, n: usize| -> f32 {
                if part.taps == 0 {
                    return 0.0;
                }
                let taps = weights(&kernel, [stride, 1], [part.taps, 1], &[[remainder, 0]]).unwrap();
                let taps = taps.to_floats().unwrap();
                let at = |n: usize| n.checked_sub(part.pads[0]).and_then(|n| cotangent.get(n));
                assert!(n + part.taps <= from + part.pads[0] + part.pads[1], "it is not made");
                (0..part.taps).map(|tap| at(n + tap).copied().unwrap_or(0.0) * taps[tap]).sum()
            };
            for (place, right) in right.iter().enumerate() {
                let (n, remainder) = ((place + pad) / stride, (place + pad) % stride);
                if let Some(part) = side.part(remainder) {
                    let made = convolved(part, remainder, n - part.first);
                    prop_assert_eq!(made, *right, "place {} by its remainder", place);
                }
                if let Some(whole) = side.whole() {
                    let made = convolved(whole, remainder, n - whole.first);
                    prop_assert_eq!(made, *right, "place {} by all", place);
                }
            }
        }
    }

    #[test]
    fn convolutions_of_models_have_their_parts() {
        for (kernel, stride, pad) in [
            (3, 2, 1),
            (7, 2, 3),
            (1, 2, 0),
            (2, 2, 0),
            (4, 4, 0),
            (5, 2, 2),
        ] {
            let from = (32 + 2 * pad - kernel) / stride + 1;
            let side = Side {
                from,
                to: 32,
                kernel,
                stride,
                pad,
            };
            assert!(side.whole().is_some(), "{side:?}");
            assert!((0..stride).all(|n| side.part(n).is_some()), "{side:?}");
        }
    }

    #[test]
    fn weights_are_blocked_as_the_engine_has_them() {
        // Channel `o` of out, `i` of in, tap `t`: 100 o + 10 i + t.
        let value = |at: usize| (at / 4 * 100 + at / 2 % 2 * 10 + at % 2) as f32;
        let values: Vec<f32> = (0..12).map(value).collect();
        let made = blocked(&Tensor::floats(&[3, 2, 1, 2], &values), 2).unwrap();
        assert_eq!(made.shape(), [4, 2, 1, 2]);
        let right = [
            0.0, 100.0, 10.0, 110.0, 1.0, 101.0, 11.0, 111.0, // channels 0 and 1
            200.0, 0.0, 210.0, 0.0, 201.0, 0.0, 211.0, 0.0, // 2, and one that fills up
        ];
        assert_eq!(made.to_floats().unwrap(), right);
    }
}
