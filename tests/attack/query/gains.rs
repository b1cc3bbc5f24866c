//! How much attacks gain, against the optimum.

use super::linear::{Linear, PICTURE, SMALL, attack, gain, grey};
use nearmiss::attack::{
    Attack, AttackContext, HopSkipJump, Nes, Norm, Simba, Space, Spsa, SquareAttack, Unwatched,
};
use nearmiss::compute::{Band, Cpu, Grid, Spectrum};
use nearmiss::task::Task;

fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let dot = |a: &[f32], b: &[f32]| -> f64 {
        a.iter()
            .zip(b)
            .map(|(a, b)| f64::from(*a) * f64::from(*b))
            .sum()
    };
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

#[test]
fn square_nears_the_optimum_of_a_linear_model() {
    let square = SquareAttack {
        queries: 2_000,
        ..SquareAttack::default()
    };
    let mut victim = Linear::smooth(PICTURE, &[-100.0]);
    let space = grey(&victim, Norm::Linf, 0.05);
    let outcome = attack(&mut victim, &space, &square);
    let best = 0.05 * victim.norm(1);
    let share = gain(&victim, &outcome) / best;
    assert!((0.9..=1.0 + 1e-5).contains(&share), "l-inf: {share}");

    // The same box as raw bounds: the same optimum, though a line of values knows no squares.
    let line = Grid {
        rows: 1,
        channels: 1,
        height: 1,
        width: PICTURE.len(),
    };
    victim.grid = line;
    let bounds = |v: f32| vec![0.5 + v; line.len()];
    let raw = Space::boxed(line, bounds(-0.05), bounds(0.05), vec![0]).unwrap();
    let outcome = attack(&mut victim, &raw, &square);
    let share = gain(&victim, &outcome) / best;
    assert!((0.9..=1.0 + 1e-5).contains(&share), "box: {share}");
}

#[test]
fn square_gains_in_every_norm() {
    let square = SquareAttack {
        queries: 2_000,
        ..SquareAttack::default()
    };
    let mut victim = Linear::smooth(PICTURE, &[-100.0]);
    let mut largest: Vec<f64> = victim.w.iter().map(|w| f64::from(w.abs())).collect();
    largest.sort_by(|a, b| b.total_cmp(a));
    // Of the pixels of an l0 ball every channel goes to 0 or 1: 0.5 away.
    let mut pixels: Vec<f64> = (0..PICTURE.plane())
        .map(|p| {
            (0..3)
                .map(|c| f64::from(victim.w[c * PICTURE.plane() + p].abs()))
                .sum()
        })
        .collect();
    pixels.sort_by(|a, b| b.total_cmp(a));
    let cases = [
        (Norm::L2, 0.5, 0.5 * victim.norm(2), 0.45),
        (Norm::L1, 0.4, 0.4 * largest[0], 0.5),
        (Norm::L0, 10.0, 0.5 * pixels[..10].iter().sum::<f64>(), 0.9),
    ];
    for (norm, eps, best, least) in cases {
        let space = grey(&victim, norm, eps);
        let outcome = attack(&mut victim, &space, &square);
        let share = gain(&victim, &outcome) / best;
        // All of the ball is used.
        let size = space.measure(&Cpu, &outcome.x).unwrap()[0];
        let size = match norm {
            Norm::L2 => size.l2,
            Norm::L1 => size.l1,
            _ => size.l0 as f32,
        };
        assert!(
            size >= 0.98 * eps && size <= eps * 1.00001,
            "{norm:?}: {size}"
        );
        assert!(share >= least && share <= 1.0 + 1e-4, "{norm:?}: {share}");
    }
    // The dual norm of Fourier-l-inf is the sum of magnitudes, and at most sqrt(values of a channel) ||w||_2 in all.
    let fourier = Norm::Fourier(Band::ALL);
    let space = grey(&victim, fourier, 0.05);
    let outcome = attack(&mut victim, &space, &square);
    let spectrum = Spectrum::magnitudes(&Cpu, PICTURE, &victim.w).unwrap();
    let best = 0.05 * spectrum.iter().map(|m| f64::from(*m)).sum::<f64>();
    let share = gain(&victim, &outcome) / best;
    assert!((0.9..=1.0 + 1e-4).contains(&share), "Fourier: {share}");
}

#[test]
fn estimated_gradients_are_as_good_as_theory_says() {
    // The margin is float32, as of a cosine: of order 1.
    let mut victim = Linear::new(SMALL, 5, &[0.3, -0.2]);
    victim.w.iter_mut().for_each(|w| *w *= 0.05);
    let space = grey(&victim, Norm::L2, 1.0);
    let (task, mut watch) = (Task::detached(), Unwatched);
    let w = victim.w.clone();
    let mut context = AttackContext::new(&mut victim, &space, &Cpu, &mut watch, 3, &task).unwrap();
    let nes = Nes {
        samples: 128,
        ..Nes::default()
    };
    let spsa = Spsa::default();
    let d = SMALL.len() as f64;
    // n pairs: E g = w, E |g|^2 = |w|^2 (1 + (d + 1) / n) for normal noise, (d - 1) for signs.
    let expected = |d: f64| 1.0 / (1.0 + d / 64.0).sqrt();
    let (mut of_nes, mut of_spsa) = (0.0, 0.0);
    for step in 0..10 {
        let x = space.clean();
        let both = nes.gradient(&mut context, &[0, 1], x, step).unwrap();
        of_nes += both.chunks(SMALL.len()).map(|g| cosine(g, &w)).sum::<f64>() / 20.0;
        let both = spsa.gradient(&mut context, &[0, 1], x, step).unwrap();
        of_spsa += both.chunks(SMALL.len()).map(|g| cosine(g, &w)).sum::<f64>() / 20.0;
    }
    assert!((of_nes / expected(d + 1.0) - 1.0).abs() < 0.05, "{of_nes}");
    assert!(
        (of_spsa / expected(d - 1.0) - 1.0).abs() < 0.05,
        "{of_spsa}"
    );
    assert_eq!(context.finish().queries, vec![1 + 10 * 256; 2]);
}

#[test]
fn a_little_more_than_the_threshold_is_enough() {
    // l-inf needs |b| / ||w||_1, l2 |b| / ||w||_2. A fifth more is enough; for squares, which are a poor
    // fit to a picture of waves, in l2, two and a half times as much.
    let b = 0.8;
    let victim = || Linear::smooth(SMALL, &[-b, -b * 0.9]);
    let of_norm = |norm: Norm| match norm {
        Norm::Linf => (b / victim().norm(1)) as f32,
        _ => (b / victim().norm(2)) as f32,
    };
    let steps = 60;
    let nes: Box<dyn Attack> = Box::new(Nes {
        steps,
        ..Nes::default()
    });
    let spsa: Box<dyn Attack> = Box::new(Spsa {
        steps,
        ..Spsa::default()
    });
    let cases = [
        ("nes", &nes, 1.2),
        ("spsa", &spsa, 1.2),
        ("square", &(Box::new(SquareAttack::default()) as _), 2.5),
        ("simba", &(Box::new(Simba::default()) as _), 1.2),
        (
            "hop-skip-jump",
            &(Box::new(HopSkipJump::default()) as _),
            1.2,
        ),
    ];
    for (name, with, factor) in cases {
        for norm in [Norm::Linf, Norm::L2] {
            let mut victim = victim();
            let space = grey(&victim, norm, of_norm(norm) * factor);
            let outcome = attack(&mut victim, &space, with.as_ref());
            assert!(
                outcome.verdicts.iter().all(|v| v.fooled),
                "{name}, {norm:?}"
            );
            // And below the threshold nothing is ever found.
            let space = grey(&victim, norm, of_norm(norm) * 0.85);
            let outcome = attack(&mut victim, &space, with.as_ref());
            assert!(
                outcome.verdicts.iter().all(|v| !v.fooled),
                "{name}, {norm:?}"
            );
        }
    }
}
