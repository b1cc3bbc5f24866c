//! The random stream: published numbers, moments, one stream on both engines.

use super::{engines, grid, near};
use nearmiss::compute::Noise;

#[test]
fn noise_is_the_same_on_both_engines_and_in_any_batch() {
    let grid = grid(5, 3, 9, 11);
    let keys = [7, 0, 3, u32::MAX, 7];
    for kind in [Noise::Uniform, Noise::Sign, Noise::Normal] {
        let [cpu, gpu] = [0, 1].map(|e| {
            let engine = &engines()[e];
            let all = engine
                .noise(grid, kind, 0x1234_5678_9abc_def0, 5, &keys)
                .expect("noise");
            let alone = engine
                .noise(
                    grid.with_rows(1),
                    kind,
                    0x1234_5678_9abc_def0,
                    5,
                    &keys[3..4],
                )
                .expect("noise");
            assert_eq!(all[3 * grid.len()..4 * grid.len()], alone);
            // Rows of one key are alike, others not; the seed and the stream count.
            assert_eq!(all[..grid.len()], all[4 * grid.len()..]);
            assert_ne!(all[..grid.len()], all[grid.len()..2 * grid.len()]);
            let other = engine
                .noise(grid, kind, 0x1234_5678_9abc_def0, 6, &keys)
                .expect("noise");
            assert_ne!(all, other);
            let other = engine
                .noise(grid, kind, 0x0234_5678_9abc_def0, 5, &keys)
                .expect("noise");
            assert_ne!(all, other);
            all
        });
        if kind == Noise::Normal {
            near(
                "normal",
                &gpu,
                &cpu.iter().map(|v| f64::from(*v)).collect::<Vec<_>>(),
                1e-5,
            );
        } else {
            assert_eq!(cpu, gpu);
        }
    }
}

#[test]
fn noise_is_philox() {
    // The published words for a counter and a key of zeros.
    let words = [0x6627_e8d5_u32, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8];
    for engine in engines() {
        let first = grid(1, 1, 1, 4);
        let uniform = engine
            .noise(first, Noise::Uniform, 0, 0, &[0])
            .expect("noise");
        let sign = engine.noise(first, Noise::Sign, 0, 0, &[0]).expect("noise");
        let normal = engine
            .noise(first, Noise::Normal, 0, 0, &[0])
            .expect("noise");
        for i in 0..4 {
            let part = f64::from(words[i] >> 8) / f64::from(1 << 24);
            assert_eq!(f64::from(uniform[i]), 2.0 * part - 1.0, "{}", engine.name());
            assert_eq!(sign[i], if words[i] < 1 << 31 { 1.0 } else { -1.0 });
            let pair = [words[i / 2 * 2], words[i / 2 * 2 + 1]].map(|w| f64::from(w >> 8));
            let radius = (-2.0 * ((pair[0] + 1.0) / f64::from(1 << 24)).ln()).sqrt();
            let (sine, cosine) = (std::f64::consts::TAU * pair[1] / f64::from(1 << 24)).sin_cos();
            let expected = radius * if i % 2 == 0 { cosine } else { sine };
            assert!(
                (f64::from(normal[i]) - expected).abs() < 5e-6,
                "{}",
                engine.name()
            );
        }
    }
}

#[test]
fn noise_has_the_moments_of_its_kind() {
    let grid = grid(1, 3, 224, 224);
    let n = grid.len() as f64;
    for engine in engines() {
        for (kind, second, fourth) in [
            (Noise::Uniform, 1.0 / 3.0, 1.0 / 5.0),
            (Noise::Sign, 1.0, 1.0),
            (Noise::Normal, 1.0, 3.0),
        ] {
            let values = engine.noise(grid, kind, 21, 1, &[2]).expect("noise");
            let moment = |p: i32| values.iter().map(|v| f64::from(*v).powi(p)).sum::<f64>() / n;
            // Five standard errors of the normal distribution's, the widest of the three.
            assert!(moment(1).abs() < 5.0 / n.sqrt(), "{kind:?}");
            assert!(
                (moment(2) - second).abs() < 5.0 * (2.0 / n).sqrt(),
                "{kind:?}"
            );
            assert!(
                (moment(4) - fourth).abs() < 5.0 * (96.0 / n).sqrt(),
                "{kind:?}"
            );
            let lag = values
                .windows(2)
                .map(|w| f64::from(w[0]) * f64::from(w[1]))
                .sum::<f64>()
                / n;
            assert!(lag.abs() < 5.0 / n.sqrt(), "{kind:?}");
        }
    }
}
