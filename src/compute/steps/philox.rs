//! Philox 4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3") and the numbers made of it.
//! The shader `shaders/noise.wgsl` does the same operations in the same order.

use crate::compute::Noise;

/// Four random words for a counter and a key: the same everywhere, in any order.
pub fn philox(mut counter: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    let wide = |a: u32, b: u32| {
        let product = u64::from(a) * u64::from(b);
        ((product >> 32) as u32, product as u32)
    };
    for _ in 0..10 {
        let (high0, low0) = wide(0xD251_1F53, counter[0]);
        let (high1, low1) = wide(0xCD9E_8D57, counter[2]);
        counter = [
            high1 ^ counter[1] ^ key[0],
            low1,
            high0 ^ counter[3] ^ key[1],
            low0,
        ];
        key = [
            key[0].wrapping_add(0x9E37_79B9),
            key[1].wrapping_add(0xBB67_AE85),
        ];
    }
    counter
}

/// Fills `block`, which starts at value `first` (a multiple of 4) of the row of this key.
pub fn fill(block: &mut [f32], first: usize, kind: Noise, seed: u64, stream: u32, key: u32) {
    let seed = [seed as u32, (seed >> 32) as u32];
    for (i, four) in block.chunks_mut(4).enumerate() {
        let words = philox([(first / 4 + i) as u32, key, stream, 0], seed);
        let values = match kind {
            Noise::Uniform => words.map(uniform),
            Noise::Sign => words.map(|w| if w >> 31 == 0 { 1.0 } else { -1.0 }),
            Noise::Normal => {
                let ([a, b], [c, d]) = (normal(words[0], words[1]), normal(words[2], words[3]));
                [a, b, c, d]
            }
        };
        four.copy_from_slice(&values[..four.len()]);
    }
}

/// The upper 24 bits in [-1, 1), exactly.
fn uniform(word: u32) -> f32 {
    (word >> 8) as f32 * (1.0 / 8_388_608.0) - 1.0
}

/// Two normal numbers from two words (Box and Muller 1958). The functions are written out, since shading languages
/// promise few digits of their own.
fn normal(a: u32, b: u32) -> [f32; 2] {
    let radius = (-2.0 * log((a >> 8) + 1)).max(0.0).sqrt();
    let (sine, cosine) = turn(b >> 8);
    [radius * cosine, radius * sine]
}

/// `ln(n / 2^24)` for n in 1..=2^24, by the series of the inverse hyperbolic tangent.
fn log(n: u32) -> f32 {
    let mut exponent = n.max(1).ilog2();
    let mut mantissa = n as f32 / (1_u32 << exponent) as f32;
    if mantissa > std::f32::consts::SQRT_2 {
        mantissa *= 0.5;
        exponent += 1;
    }
    let s = (mantissa - 1.0) / (mantissa + 1.0);
    let q = s * s;
    let series = 1.0 + q * (1.0 / 3.0 + q * (1.0 / 5.0 + q * (1.0 / 7.0 + q * (1.0 / 9.0))));
    2.0 * s * series + (exponent as f32 - 24.0) * std::f32::consts::LN_2
}

/// Sine and cosine of `n / 2^24` turns, by Taylor's series within an eighth of a turn of the nearest quarter.
fn turn(n: u32) -> (f32, f32) {
    let quarter = (n + (1 << 21)) >> 22;
    let t =
        (n as i32 - (quarter << 22) as i32) as f32 * (std::f32::consts::FRAC_PI_2 / 4_194_304.0);
    let q = t * t;
    let sine = t * (1.0 - q * (1.0 / 6.0 - q * (1.0 / 120.0 - q * (1.0 / 5040.0 - q / 362_880.0))));
    let cosine = 1.0 - q * (0.5 - q * (1.0 / 24.0 - q * (1.0 / 720.0 - q * (1.0 / 40_320.0))));
    match quarter & 3 {
        0 => (sine, cosine),
        1 => (cosine, -sine),
        2 => (-sine, -cosine),
        _ => (-cosine, sine),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_vectors() {
        // kat_vectors of the authors' Random123 library.
        let pi = [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344];
        let cases = [
            (
                [0; 4],
                [0; 2],
                [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8],
            ),
            (
                [!0; 4],
                [!0; 2],
                [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd],
            ),
            (
                pi,
                [0xa409_3822, 0x299f_31d0],
                [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1],
            ),
        ];
        for (counter, key, words) in cases {
            assert_eq!(philox(counter, key), words);
        }
    }

    #[test]
    fn written_out_functions_agree_with_the_librarys() {
        let mut rng = fastrand::Rng::with_seed(1);
        let edges = [0, 1, (1 << 21) - 1, 1 << 21, 1 << 23, (1 << 24) - 1];
        for n in edges
            .into_iter()
            .chain((0..20_000).map(|_| rng.u32(..1 << 24)))
        {
            let part = f64::from(n) / f64::from(1 << 24);
            let (sine, cosine) = (part * std::f64::consts::TAU).sin_cos();
            let (s, c) = turn(n);
            assert!((f64::from(s) - sine).abs() < 2e-7 && (f64::from(c) - cosine).abs() < 2e-7);
            let exact = (f64::from(n + 1) / f64::from(1 << 24)).ln();
            let error = (f64::from(log(n + 1)) - exact).abs();
            assert!(error <= 3e-7 * exact.abs() + 1e-12, "{n}: {error}");
        }
    }
}
