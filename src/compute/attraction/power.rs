//! A power that is the same on every machine.

/// 1.5 * 2^23.
const ROUND: f32 = 12_582_912.0;

/// `base` to the power of `exponent`, for normal numbers above 0, to a relative error of 1e-5: by polynomials, as the
/// systems' libraries differ in the last bits, and a layout enlarges any difference.
#[inline]
pub fn power(base: f32, exponent: f32) -> f32 {
    let bits = base.to_bits() as i32;
    // base = m 2^e with m in [sqrt(1/2), sqrt(2)).
    let e = (bits - 0x3f35_04f3) >> 23;
    let m = f32::from_bits((bits - (e << 23)) as u32);
    // ln(m) = 2 artanh(s).
    let s = (m - 1.0) / (m + 1.0);
    let z = s * s;
    let log = s * (2.885_39 + z * (0.961_796_7 + z * (0.577_078 + z * 0.412_198_6)));
    let aim = (exponent * (e as f32 + log)).clamp(-126.0, 126.0);
    // Rounds to a whole number: there are no fractions beyond 2^23.
    let whole = (aim + ROUND) - ROUND;
    let part = aim - whole;
    let raised = 1.0
        + part
            * (std::f32::consts::LN_2
                + part
                    * (0.240_226_5
                        + part * (0.055_504_11 + part * (0.009_618_13 + part * 0.001_333_56))));
    raised * f32::from_bits(((whole as i32 + 127) << 23) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_are_near_the_library_s() {
        for i in 0..4000 {
            let base = (f64::from(i) * 0.02 - 40.0).exp() as f32;
            for exponent in [0.3, 0.79, 0.895, 1.0, 1.7] {
                let right = f64::from(base).powf(f64::from(exponent));
                let off = (f64::from(power(base, exponent)) / right - 1.0).abs();
                assert!(off < 1e-5, "{base} to {exponent}: {off}");
            }
        }
    }
}
