//! Victims in closed form, and what runs attacks on them.

use nearmiss::attack::{
    Apgd, AscentLoss, Attack, AttackContext, Fgsm, Loss, MultiEps, Norm, Outcome, Pgd, Random,
    Space, Threat, Unwatched, ValueAndGradient, Verdict, Victim, Watch, WorstCase,
};
use nearmiss::compute::{Band, Cpu, Grid};
use nearmiss::error::Result;
use nearmiss::task::Task;

/// Logits and their Jacobian, `[classes][values]`, in float64.
pub type Model = Box<dyn Fn(&[f64]) -> (Vec<f64>, Vec<Vec<f64>>)>;

/// A classifier in closed form.
pub struct Closed {
    pub grid: Grid,
    pub labels: Vec<usize>,
    pub model: Model,
    pub gradient: bool,
    pub runner_ups: bool,
    /// Climbs after which the task is cancelled.
    pub cancel_after: usize,
    pub climbs: usize,
    pub visited: Vec<Vec<f32>>,
}

impl Closed {
    pub fn new(grid: Grid, labels: Vec<usize>, model: Model) -> Self {
        Self {
            grid: grid.with_rows(labels.len()),
            labels,
            model,
            gradient: true,
            runner_ups: true,
            cancel_after: usize::MAX,
            climbs: 0,
            visited: Vec::new(),
        }
    }

    pub fn run(&self, x: &[f32]) -> (Vec<f64>, Vec<Vec<f64>>) {
        let x: Vec<f64> = x.iter().map(|&v| f64::from(v)).collect();
        (self.model)(&x)
    }

    pub fn verdict(z: &[f64], y: usize) -> Verdict {
        let wrong = (0..z.len())
            .filter(|&k| k != y)
            .map(|k| z[k])
            .fold(f64::MIN, f64::max);
        Verdict {
            right: z[y] as f32,
            wrong: wrong as f32,
            fooled: wrong >= z[y],
        }
    }
}

/// Classes by score, best first.
pub fn order(z: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..z.len()).collect();
    order.sort_by(|&a, &b| z[b].total_cmp(&z[a]));
    order
}

impl Victim for Closed {
    fn grid(&self) -> Grid {
        self.grid
    }

    fn has_gradient(&self) -> bool {
        self.gradient
    }

    fn predict(&mut self, rows: &[usize], x: &[f32], task: &Task) -> Result<Vec<Verdict>> {
        task.check()?;
        let each = x.chunks_exact(self.grid.len()).zip(rows);
        Ok(each
            .map(|(x, &r)| Self::verdict(&self.run(x).0, self.labels[r]))
            .collect())
    }

    fn value_and_gradient(
        &mut self,
        rows: &[usize],
        x: &[f32],
        up: AscentLoss<'_>,
        task: &Task,
    ) -> Result<ValueAndGradient> {
        assert!(self.gradient, "no gradient was promised");
        self.climbs += 1;
        if self.climbs > self.cancel_after {
            task.cancel();
        }
        let mut slope = ValueAndGradient::default();
        for (at, (x, &r)) in x.chunks_exact(self.grid.len()).zip(rows).enumerate() {
            self.visited.push(x.to_vec());
            let y = self.labels[r];
            let (z, jacobian) = self.run(x);
            let best = order(&z);
            let wrong = *best.iter().find(|&&k| k != y).unwrap();
            // Ratios need three and four classes; as for any classifier the margin stands in for them.
            let up = match up {
                AscentLoss::Dlr if z.len() < 3 => AscentLoss::Margin,
                AscentLoss::TargetedDlr(to) if z.len() < 4 => AscentLoss::TargetedMargin(to),
                up => up,
            };
            // The loss is numerator / denominator: weights of the logits in both.
            let mut top = vec![0.0; z.len()];
            let mut bottom = vec![0.0; z.len()];
            match up {
                AscentLoss::Margin | AscentLoss::Dlr => top[wrong] = 1.0,
                AscentLoss::TargetedMargin(to) | AscentLoss::TargetedDlr(to) => {
                    top[to[at] as usize] = 1.0;
                }
                AscentLoss::CrossEntropy => {}
            }
            top[y] -= 1.0;
            let dot = |w: &[f64]| w.iter().zip(&z).map(|(w, z)| w * z).sum::<f64>();
            let (loss, weights) = match up {
                AscentLoss::CrossEntropy => {
                    let sum: f64 = z.iter().map(|v| (v - z[best[0]]).exp()).sum();
                    let softmax = |k: usize| (z[k] - z[best[0]]).exp() / sum;
                    let mut weights: Vec<f64> = (0..z.len()).map(softmax).collect();
                    let loss = -weights[y].ln();
                    weights[y] -= 1.0;
                    (loss, weights)
                }
                AscentLoss::Dlr | AscentLoss::TargetedDlr(_) => {
                    bottom[best[0]] += 1.0;
                    if up == AscentLoss::Dlr {
                        bottom[best[2]] -= 1.0;
                    } else {
                        bottom[best[2]] -= 0.5;
                        bottom[best[3]] -= 0.5;
                    }
                    let (n, d) = (dot(&top), dot(&bottom));
                    let weight = |(t, b): (&f64, &f64)| (t * d - n * b) / (d * d);
                    (n / d, top.iter().zip(&bottom).map(weight).collect())
                }
                _ => (dot(&top), top),
            };
            slope.loss.push(loss as f32);
            slope.verdicts.push(Self::verdict(&z, y));
            for i in 0..self.grid.len() {
                let g: f64 = weights
                    .iter()
                    .zip(&jacobian)
                    .map(|(w, row)| w * row[i])
                    .sum();
                slope.gradient.push(g as f32);
            }
        }
        task.check()?;
        Ok(slope)
    }

    fn runner_ups(
        &mut self,
        rows: &[usize],
        x: &[f32],
        k: usize,
        _: &Task,
    ) -> Result<Vec<Vec<u32>>> {
        let each = x.chunks_exact(self.grid.len()).zip(rows);
        let found = each.map(|(x, &r)| {
            let others = order(&self.run(x).0)
                .into_iter()
                .filter(|&c| c != self.labels[r]);
            let others: Vec<u32> = others.map(|c| c as u32).take(k).collect();
            if self.runner_ups { others } else { Vec::new() }
        });
        Ok(found.collect())
    }
}

pub const GRID: Grid = Grid {
    rows: 1,
    channels: 2,
    height: 3,
    width: 4,
};

pub const NORMS: [Norm; 4] = [Norm::Linf, Norm::L2, Norm::L1, Norm::Fourier(Band::ALL)];

/// Grey rows under this threat.
pub fn grey(rows: usize, norm: Norm, eps: f32) -> Space {
    let threat = Threat {
        norm,
        eps,
        ..Threat::default()
    };
    let grid = GRID.with_rows(rows);
    Space::pictures(
        grid,
        vec![0.5; grid.total()],
        &threat,
        (0..rows as u32).collect(),
    )
    .unwrap()
}

pub fn attack(victim: &mut Closed, space: &Space, attack: &dyn Attack, seed: u64) -> Outcome {
    watched(victim, space, attack, seed, &mut Unwatched)
}

pub fn watched(
    victim: &mut Closed,
    space: &Space,
    attack: &dyn Attack,
    seed: u64,
    watch: &mut dyn Watch,
) -> Outcome {
    let task = Task::detached();
    let mut context = AttackContext::new(victim, space, &Cpu, watch, seed, &task).unwrap();
    attack.run(&mut context).unwrap();
    context.finish()
}

pub fn margin(outcome: &Outcome, row: usize) -> f64 {
    f64::from(outcome.verdicts[row].margin())
}

pub fn pgd(steps: usize) -> Pgd {
    Pgd {
        steps,
        ..Pgd::default()
    }
}

pub fn apgd(loss: Loss) -> Apgd {
    Apgd {
        loss,
        ..Apgd::default()
    }
}

/// Every attack of this part that treats rows one by one.
pub fn all() -> Vec<Box<dyn Attack>> {
    let multi = MultiEps {
        levels: 4,
        steps: 10,
        ..MultiEps::default()
    };
    let worst = WorstCase {
        steps: 10,
        levels: 3,
        queries: 50,
        ..WorstCase::default()
    };
    let targeted = Pgd {
        loss: Loss::TargetedDlr,
        restarts: 3,
        ..Pgd::default()
    };
    let momentum = Pgd {
        decay: Some(1.0),
        ..targeted
    };
    let auto = Apgd {
        steps: 20,
        restarts: 2,
        ..apgd(Loss::TargetedDlr)
    };
    vec![
        Box::new(Random::default()),
        Box::new(Fgsm::default()),
        Box::new(targeted),
        Box::new(momentum),
        Box::new(auto),
        Box::new(apgd(Loss::Dlr)),
        Box::new(multi),
        Box::new(worst),
    ]
}

/// Pictures of random pixels, a third of them at the ends of the range.
pub fn pictures(rows: usize, threat: &Threat) -> Space {
    let mut rng = fastrand::Rng::with_seed(1);
    let grid = GRID.with_rows(rows);
    let pixel = |_| (rng.f32() * 1.5 - 0.25).clamp(0.0, 1.0);
    let clean = (0..grid.total()).map(pixel).collect();
    let keys = (0..rows as u32).map(|k| 100 + 3 * k).collect();
    Space::pictures(grid, clean, threat, keys).unwrap()
}

pub fn within(space: &Space, row: usize, x: &[f32]) {
    let len = space.len();
    for (i, x) in x.iter().enumerate() {
        let at = row * len + i;
        assert!(
            space.lower()[at] <= *x && *x <= space.upper()[at],
            "value {i} of row {row}: {x}"
        );
    }
}
