//! APGD and MI-FGSM step by step, against the papers.

use super::closed::{GRID, apgd, attack, grey, order, pgd};
use super::models::bent;
use nearmiss::attack::{
    AscentLoss, Attack, AttackContext, Loss, Norm, Pgd, Space, Threat, Unwatched, ValueAndGradient,
    Verdict, Victim,
};
use nearmiss::compute::{Cpu, Grid};
use nearmiss::error::Result;
use nearmiss::task::Task;

/// Tells a scripted loss and slope at each point of a line, whatever the point.
struct Scripted {
    script: Vec<(f32, f32)>,
    visited: Vec<f32>,
}

impl Victim for Scripted {
    fn grid(&self) -> Grid {
        Grid {
            rows: 1,
            channels: 1,
            height: 1,
            width: 1,
        }
    }

    fn has_gradient(&self) -> bool {
        true
    }

    fn predict(&mut self, _: &[usize], x: &[f32], _: &Task) -> Result<Vec<Verdict>> {
        self.visited.push(x[0]);
        Ok(vec![Verdict::default()])
    }

    fn value_and_gradient(
        &mut self,
        _: &[usize],
        x: &[f32],
        _: AscentLoss<'_>,
        _: &Task,
    ) -> Result<ValueAndGradient> {
        self.visited.push(x[0]);
        let (loss, slope) = self.script[self.visited.len() - 2];
        Ok(ValueAndGradient {
            loss: vec![loss],
            verdicts: vec![Verdict::default()],
            gradient: vec![slope],
        })
    }

    fn runner_ups(&mut self, _: &[usize], _: &[f32], _: usize, _: &Task) -> Result<Vec<Vec<u32>>> {
        Ok(vec![Vec::new()])
    }
}

/// Algorithm 1 of arXiv 2003.01690 on a line: the points it visits, and how often it halves its step.
fn algorithm(script: &[(f32, f32)], start: f64, eps: f64) -> (Vec<f64>, usize) {
    let n = script.len();
    let f: Vec<f64> = script.iter().map(|s| f64::from(s.0)).collect();
    let sign = |k: usize| f64::from(script[k].1.signum());
    let inside = |x: f64| x.clamp(0.5 - eps, 0.5 + eps);
    let mut marks = vec![0.0, 0.22];
    while *marks.last().unwrap() < 1.0 {
        let [.., a, b] = marks[..] else {
            unreachable!()
        };
        marks.push(b + (b - a - 0.03_f64).max(0.06));
    }
    let marks: Vec<usize> = marks
        .iter()
        .map(|p| (p * n as f64 - 1e-9).ceil() as usize)
        .collect();
    let (mut here, mut before, mut eta) = (start, start, 2.0 * eps);
    let (mut best, mut at_best) = (0, start);
    let (mut seen, mut halved) = (Vec::new(), 0);
    let (mut loss_here, mut rose, mut mark, mut old) = (f[0], 0, 1, (eta, f[0]));
    for k in 0..n {
        seen.push(here);
        let mut from = k;
        if k > 0 {
            rose += usize::from(f[k] > loss_here);
            loss_here = f[k];
            if f[k] > f[best] {
                (best, at_best) = (k, here);
            }
            if k == marks[mark] {
                let few = (rose as f64) < 0.75 * (marks[mark] - marks[mark - 1]) as f64;
                let same = old == (eta, f[best]);
                old = (eta, f[best]);
                if few || same {
                    eta /= 2.0;
                    halved += 1;
                    (here, loss_here, from) = (at_best, f[best], best);
                }
                rose = 0;
                mark += 1;
            }
        }
        let alpha = if k == 0 { 1.0 } else { 0.75 };
        let z = inside(here + eta * sign(from));
        let next = inside(here + alpha * (z - here) + (1.0 - alpha) * (here - before));
        (before, here) = (here, next);
    }
    seen.push(here);
    (seen, halved)
}

#[test]
fn apgd_follows_algorithm_one() {
    let eps = 0.4;
    let mut halvings = 0;
    for seed in 0..40 {
        let mut rng = fastrand::Rng::with_seed(seed);
        // From scripts that only fall to scripts that only rise.
        let rising = f64::from(seed as u32 % 8) / 7.0;
        let mut loss = 0.0;
        let script: Vec<(f32, f32)> = (0..100)
            .map(|_| {
                loss += if rng.f64() < rising {
                    rng.f32()
                } else {
                    -rng.f32()
                };
                (loss, rng.f32() - 0.5)
            })
            .collect();
        let grid = Grid {
            rows: 1,
            channels: 1,
            height: 1,
            width: 1,
        };
        let space = Space::pictures(grid, vec![0.5], &Threat::linf(eps), vec![0]).unwrap();
        let mut victim = Scripted {
            script: script.clone(),
            visited: Vec::new(),
        };
        let task = Task::detached();
        let mut watch = Unwatched;
        let mut context =
            AttackContext::new(&mut victim, &space, &Cpu, &mut watch, seed, &task).unwrap();
        apgd(Loss::Margin).run(&mut context).unwrap();
        let start = f64::from(victim.visited[1]);
        let (expected, halved) = algorithm(&script, start, f64::from(eps));
        halvings += halved;
        assert_eq!(victim.visited.len(), expected.len() + 1);
        for (k, (got, want)) in victim.visited[1..].iter().zip(&expected).enumerate() {
            assert!(
                (f64::from(*got) - want).abs() < 1e-5,
                "script {seed}, point {k}: {got} {want}"
            );
        }
    }
    assert!(halvings > 40, "the scripts must halve the step: {halvings}");
}

#[test]
fn momentum_sums_gradients_of_unit_mean() {
    let (eps, share) = (0.05_f64, 0.25_f64);
    let mut victim = bent(1, 3);
    let each = Pgd {
        decay: Some(0.9),
        ..pgd(12)
    };
    attack(&mut victim, &grey(1, Norm::Linf, eps as f32), &each, 0);
    let mut x = vec![0.5; GRID.len()];
    let mut velocity = vec![0.0; GRID.len()];
    let model = bent(1, 3).model;
    for visited in &victim.visited {
        for (got, want) in visited.iter().zip(&x) {
            assert!((f64::from(*got) - want).abs() < 1e-6);
        }
        let (z, jacobian) = model(&x);
        let wrong = order(&z)[1];
        let pairs = jacobian[wrong].iter().zip(&jacobian[0]);
        let g: Vec<f64> = pairs.map(|(a, b)| a - b).collect();
        let mean = g.iter().map(|v| v.abs()).sum::<f64>() / g.len() as f64;
        for i in 0..g.len() {
            velocity[i] = 0.9 * velocity[i] + g[i] / mean;
            x[i] = (x[i] + share * eps * f64::signum(velocity[i])).clamp(0.5 - eps, 0.5 + eps);
        }
    }
    assert_eq!(victim.visited.len(), 12);
}
