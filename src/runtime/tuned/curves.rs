//! Functions that have no instruction, without branches, so that loops over them use the processor's vectors. Each is right
//! to some units in the last place (tests); polynomials were fitted to the least relative error.

#![expect(
    clippy::inline_always,
    reason = "compiled for the vectors of the processor only within the dispatch"
)]

/// The value of a polynomial, the constant first (Horner).
#[inline(always)]
fn polynomial<const N: usize>(of: [f32; N], x: f32) -> f32 {
    let mut sum = of[N - 1];
    for n in (0..N - 1).rev() {
        sum = sum * x + of[n];
    }
    sum
}

/// Adding it leaves the nearest whole number in the last bits.
const ROUND: f32 = 12_582_912.0;
/// The natural logarithm of 2, the first bits and the rest (Cody and Waite 1980).
const LN_2_HIGH: f32 = 0.693_359_4;
const LN_2_LOW: f32 = -2.121_944_4e-4;
/// Beyond these there is nothing but infinity and 0.
const EXP_MOST: f32 = 89.0;
const EXP_LEAST: f32 = -104.0;
/// `(exp(x) - 1 - x) / x^2` for `x` up to half of the logarithm of 2.
const EXP: [f32; 5] = [
    0.5,
    0.166_665_78,
    0.041_666_854,
    0.008_363_144,
    0.001_390_128,
];

#[inline(always)]
pub fn exp(x: f32) -> f32 {
    let x = if x > EXP_MOST { EXP_MOST } else { x };
    let x = if x < EXP_LEAST { EXP_LEAST } else { x };
    let rounded = x * std::f32::consts::LOG2_E + ROUND;
    let n = rounded - ROUND;
    let rest = x - n * LN_2_HIGH - n * LN_2_LOW;
    let value = rest * rest * polynomial(EXP, rest) + rest + 1.0;
    // 2^n in two steps: one alone ends at 2^127.
    let n = rounded
        .to_bits()
        .wrapping_sub(ROUND.to_bits())
        .cast_signed();
    let half = n >> 1;
    let power = |n: i32| f32::from_bits((n.wrapping_add(127) << 23).cast_unsigned());
    value * power(half) * power(n.wrapping_sub(half))
}

#[inline(always)]
pub fn sigmoid(x: f32) -> f32 {
    let less = exp(-x.abs());
    let above = 1.0 / (1.0 + less);
    if x < 0.0 { less * above } else { above }
}

/// `(tanh(x) / x - 1) / x^2` by `x^2`, below [`TANH_SMALL`].
const TANH: [f32; 6] = [
    -0.333_333_34,
    0.133_333,
    -0.053_958_46,
    0.021_762_505,
    -0.008_323_203,
    0.002_269_524,
];
const TANH_SMALL: f32 = 0.63;

#[inline(always)]
pub fn tanh(x: f32) -> f32 {
    let (size, square) = (x.abs(), x * x);
    let small = x + x * square * polynomial(TANH, square);
    let large = (1.0 - 2.0 / (exp(2.0 * size) + 1.0)).copysign(x);
    if size < TANH_SMALL { small } else { large }
}

/// `erf(x) / x` by `x^2`, up to 1.
const ERF: [f32; 7] = [
    std::f32::consts::FRAC_2_SQRT_PI,
    -0.376_126_26,
    0.112_835_854,
    -0.026_853_81,
    0.005_188_328,
    -0.000_801_019_2,
    7.853_856e-5,
];
/// The logarithm of `1 / (1 - erf(x))`, from 1 to [`ERF_MOST`].
const ERF_REST: [f32; 9] = [
    -0.000_291_026_17,
    1.130_119_7,
    0.632_013_44,
    0.109_909_73,
    -0.026_327_524,
    0.004_727_688_6,
    -0.000_590_203_3,
    4.529_810_8e-5,
    -1.599_819_9e-6,
];
/// From here on it is 1.
const ERF_MOST: f32 = 4.0;

#[inline(always)]
pub fn erf(x: f32) -> f32 {
    let size = x.abs();
    let small = x * polynomial(ERF, x * x);
    let within = if size > ERF_MOST { ERF_MOST } else { size };
    let large = (1.0 - exp(-polynomial(ERF_REST, within))).copysign(x);
    if size < 1.0 { small } else { large }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the sum of a series (Abramowitz and Stegun 7.1.6).
    fn erf_by_hand(x: f64) -> f64 {
        let (mut term, mut sum) = (x, x);
        for n in 1..200 {
            term *= 2.0 * x * x / f64::from(2 * n + 1);
            sum += term;
        }
        2.0 / std::f64::consts::PI.sqrt() * (-x * x).exp() * sum
    }

    /// The largest distance from what is right, in units of the last place of a number of that size; below the smallest normal
    /// number, of that one.
    fn furthest(of: impl Fn(f32) -> f32, right: impl Fn(f64) -> f64, to: f32) -> f64 {
        let steps = 400_000;
        (-steps..=steps)
            .map(|n| {
                let x = to * n as f32 / steps as f32;
                let right = right(f64::from(x));
                let unit = right.abs().max(f64::from(f32::MIN_POSITIVE)) * f64::from(f32::EPSILON);
                (f64::from(of(x)) - right).abs() / unit
            })
            .fold(0.0, f64::max)
    }

    #[test]
    fn each_is_right_to_some_last_places() {
        assert!(furthest(exp, f64::exp, 88.7) < 1.5);
        assert!(furthest(exp, f64::exp, 1.0) < 1.5);
        assert!(furthest(sigmoid, |x| 1.0 / (1.0 + (-x).exp()), 87.0) < 3.0);
        assert!(furthest(tanh, f64::tanh, 12.0) < 3.0);
        assert!(furthest(tanh, f64::tanh, 1.0) < 3.0);
        assert!(furthest(erf, erf_by_hand, 5.0) < 3.0);
        assert!(furthest(erf, erf_by_hand, 1.1) < 3.0);
    }

    #[test]
    fn the_ends_are_right() {
        for (x, right) in [
            (f32::INFINITY, f32::INFINITY),
            (f32::NEG_INFINITY, 0.0),
            (0.0, 1.0),
            (90.0, f32::INFINITY),
            (-110.0, 0.0),
        ] {
            assert_eq!(exp(x), right, "exp {x}");
        }
        for of in [sigmoid, tanh, erf] {
            assert_eq!(of(f32::INFINITY), 1.0);
            assert_eq!(of(50.0), 1.0);
        }
        for of in [tanh, erf] {
            assert_eq!(of(f32::NEG_INFINITY), -1.0);
            assert_eq!(of(0.0), 0.0);
        }
        assert_eq!(sigmoid(f32::NEG_INFINITY), 0.0);
        for of in [exp, sigmoid, tanh, erf] {
            assert!(of(f32::NAN).is_nan());
        }
    }
}
