//! A linear model, whose optimum in every norm is known, and what the tests do with it.

use nearmiss::attack::{
    AscentLoss, Attack, AttackContext, HopSkipJump, Nes, Norm, Outcome, Simba, Space, Spsa,
    SquareAttack, Threat, Unwatched, ValueAndGradient, Verdict, Victim,
};
use nearmiss::compute::{Cpu, Grid};
use nearmiss::error::{Error, Result};
use nearmiss::task::Task;
use std::collections::HashMap;

/// `margin = w (x - 0.5) + b`, summed in float64; rows differ in `b`. A call for a gradient is a failure.
pub struct Linear {
    pub grid: Grid,
    pub w: Vec<f32>,
    pub b: Vec<f64>,
    /// Every point that was asked about, by row.
    pub seen: HashMap<usize, Vec<Vec<f32>>>,
    pub record: bool,
    /// Cancels the task after so many calls.
    pub patience: usize,
}

impl Linear {
    pub fn new(grid: Grid, seed: u64, b: &[f64]) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed);
        let w = (0..grid.len()).map(|_| rng.f32() * 2.0 - 1.0).collect();
        Self {
            grid: grid.with_rows(b.len()),
            w,
            b: b.to_vec(),
            seen: HashMap::new(),
            record: false,
            patience: usize::MAX,
        }
    }

    /// A smooth weight picture, as of natural features: low frequencies dominate.
    pub fn smooth(grid: Grid, b: &[f64]) -> Self {
        let mut linear = Self::new(grid, 0, b);
        let value = |i: usize| {
            let (y, x) = (i / grid.width % grid.height, i % grid.width);
            let phase = (i / grid.plane()) as f32;
            (0.4 * y as f32 + phase).sin() + (0.3 * x as f32 - phase).cos()
        };
        linear.w = (0..grid.len()).map(value).collect();
        linear
    }

    pub fn score(&self, row: usize, x: &[f32]) -> f64 {
        let term = |(w, x): (&f32, &f32)| f64::from(*w) * (f64::from(*x) - 0.5);
        self.w.iter().zip(x).map(term).sum::<f64>() + self.b[row]
    }

    pub fn norm(&self, p: i32) -> f64 {
        let power: f64 = self.w.iter().map(|w| f64::from(w.abs()).powi(p)).sum();
        power.powf(1.0 / f64::from(p))
    }
}

impl Victim for Linear {
    fn grid(&self) -> Grid {
        self.grid
    }

    fn has_gradient(&self) -> bool {
        false
    }

    fn predict(&mut self, rows: &[usize], x: &[f32], task: &Task) -> Result<Vec<Verdict>> {
        task.check()?;
        self.patience -= 1;
        if self.patience == 0 {
            task.cancel();
        }
        assert_eq!(x.len(), rows.len() * self.grid.len());
        let mut verdicts = Vec::new();
        for (&row, x) in rows.iter().zip(x.chunks_exact(self.grid.len())) {
            if self.record {
                self.seen.entry(row).or_default().push(x.to_vec());
            }
            let score = self.score(row, x);
            verdicts.push(Verdict {
                right: 0.0,
                wrong: score as f32,
                fooled: score >= 0.0,
            });
        }
        Ok(verdicts)
    }

    fn value_and_gradient(
        &mut self,
        _: &[usize],
        _: &[f32],
        _: AscentLoss<'_>,
        _: &Task,
    ) -> Result<ValueAndGradient> {
        unreachable!("an attack by queries asked for a gradient")
    }

    fn runner_ups(&mut self, _: &[usize], _: &[f32], _: usize, _: &Task) -> Result<Vec<Vec<u32>>> {
        unreachable!("an attack by queries asked for rivals")
    }
}

pub const PICTURE: Grid = Grid {
    rows: 1,
    channels: 3,
    height: 16,
    width: 16,
};

pub const SMALL: Grid = Grid {
    rows: 1,
    channels: 3,
    height: 8,
    width: 8,
};

/// Grey pictures: nothing of a small ball leaves [0, 1].
pub fn grey(victim: &Linear, norm: Norm, eps: f32) -> Space {
    let threat = Threat {
        norm,
        eps,
        ..Threat::default()
    };
    let keys = (0..victim.grid.rows as u32).collect();
    Space::pictures(victim.grid, vec![0.5; victim.grid.total()], &threat, keys).unwrap()
}

pub fn attack(victim: &mut Linear, space: &Space, attack: &dyn Attack) -> Outcome {
    let task = Task::detached();
    let mut watch = Unwatched;
    let mut context = AttackContext::new(victim, space, &Cpu, &mut watch, 3, &task).unwrap();
    attack.run(&mut context).unwrap();
    context.finish()
}

/// Every attack with a budget of `queries` a row, and what it uses of it where it finds nothing at all.
pub fn all(queries: usize) -> Vec<(&'static str, Box<dyn Attack>)> {
    let steps = queries / 21;
    vec![
        (
            "square",
            Box::new(SquareAttack {
                queries,
                ..SquareAttack::default()
            }) as _,
        ),
        (
            "nes",
            Box::new(Nes {
                steps,
                samples: 20,
                ..Nes::default()
            }) as _,
        ),
        (
            "spsa",
            Box::new(Spsa {
                steps,
                samples: 20,
                ..Spsa::default()
            }) as _,
        ),
        (
            "simba",
            Box::new(Simba {
                queries,
                ..Simba::default()
            }) as _,
        ),
        (
            "hop-skip-jump",
            Box::new(HopSkipJump {
                queries,
                ..HopSkipJump::default()
            }) as _,
        ),
    ]
}

pub fn gain(victim: &Linear, outcome: &Outcome) -> f64 {
    victim.score(0, &outcome.x) - victim.b[0]
}

/// What an attack refuses with.
pub fn refusal(victim: &mut Linear, space: &Space, attack: &dyn Attack) -> Option<Error> {
    let (task, mut watch) = (Task::detached(), Unwatched);
    let mut context = AttackContext::new(victim, space, &Cpu, &mut watch, 3, &task).unwrap();
    attack.run(&mut context).err()
}
