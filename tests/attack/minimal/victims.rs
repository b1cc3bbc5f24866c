//! Victims whose scores are known in closed form, and the exact smallest perturbation of linear ones in float64.

use nearmiss::attack::{AscentLoss, ValueAndGradient, Verdict, Victim};
use nearmiss::compute::Grid;
use nearmiss::error::Result;
use nearmiss::task::Task;

/// `z = V s(W x) + b` with `s` the identity where it is linear, else tanh; scores are multiplied by `scale`.
#[derive(Clone)]
pub struct Net {
    pub grid: Grid,
    pub labels: Vec<usize>,
    /// `[hidden, values]`.
    pub inner: Vec<Vec<f64>>,
    /// `[classes, hidden]`; `None`: linear, the hidden units are the classes.
    pub outer: Option<Vec<Vec<f64>>>,
    pub bias: Vec<f64>,
    pub scale: f64,
    /// Without classes there are no runner-ups.
    pub knows_classes: bool,
    /// Cancel after this many gradients.
    pub cancel_after: Option<usize>,
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

impl Net {
    /// Weights from a seed: uniform in [-1, 1).
    pub fn random(
        rows: usize,
        values: usize,
        hidden: Option<usize>,
        classes: usize,
        seed: u64,
    ) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut table = |rows: usize, columns: usize| -> Vec<Vec<f64>> {
            let mut row = || (0..columns).map(|_| 2.0 * rng.f64() - 1.0).collect();
            (0..rows).map(|_| row()).collect()
        };
        let inner = table(hidden.unwrap_or(classes), values);
        let outer = hidden.map(|hidden| table(classes, hidden));
        let bias = table(1, classes).remove(0);
        let grid = Grid {
            rows,
            channels: 1,
            height: 1,
            width: values,
        };
        Self {
            grid,
            labels: vec![0; rows],
            inner,
            outer,
            bias,
            scale: 1.0,
            knows_classes: true,
            cancel_after: None,
        }
    }

    pub fn scores(&self, x: &[f32]) -> Vec<f64> {
        let x: Vec<f64> = x.iter().map(|&x| f64::from(x)).collect();
        let hidden: Vec<f64> = self.inner.iter().map(|w| dot(w, &x)).collect();
        let scores: Vec<f64> = match &self.outer {
            None => hidden,
            Some(outer) => {
                let hidden: Vec<f64> = hidden.into_iter().map(f64::tanh).collect();
                outer.iter().map(|v| dot(v, &hidden)).collect()
            }
        };
        scores
            .iter()
            .zip(&self.bias)
            .map(|(z, b)| self.scale * (z + b))
            .collect()
    }

    /// Labels every row of `x` as the net itself does.
    pub fn label(&mut self, x: &[f32]) {
        let best = |x: &[f32]| {
            let scores = self.scores(x);
            (0..scores.len())
                .max_by(|&a, &b| scores[a].total_cmp(&scores[b]))
                .unwrap()
        };
        self.labels = x.chunks(self.grid.len()).map(best).collect();
    }

    fn gradient(&self, x: &[f32], class: usize) -> Vec<f64> {
        let Some(outer) = &self.outer else {
            return self.inner[class].iter().map(|w| self.scale * w).collect();
        };
        let x: Vec<f64> = x.iter().map(|&x| f64::from(x)).collect();
        let mut gradient = vec![0.0; x.len()];
        for (v, w) in outer[class].iter().zip(&self.inner) {
            let slope = self.scale * v * (1.0 - dot(w, &x).tanh().powi(2));
            gradient
                .iter_mut()
                .zip(w)
                .for_each(|(g, w)| *g += slope * w);
        }
        gradient
    }

    /// Classes by falling score, the label left out.
    fn order(&self, row: usize, x: &[f32]) -> Vec<u32> {
        let scores = self.scores(x);
        let mut others: Vec<u32> = (0..scores.len() as u32).collect();
        others.retain(|&k| k as usize != self.labels[row]);
        others.sort_by(|&a, &b| scores[b as usize].total_cmp(&scores[a as usize]));
        others
    }
}

impl Victim for Net {
    fn grid(&self) -> Grid {
        self.grid
    }

    fn has_gradient(&self) -> bool {
        true
    }

    fn predict(&mut self, rows: &[usize], x: &[f32], _: &Task) -> Result<Vec<Verdict>> {
        let verdict = |(&row, x): (&usize, &[f32])| {
            let scores = self.scores(x);
            let wrong = scores[self.order(row, x)[0] as usize] as f32;
            let right = scores[self.labels[row]] as f32;
            Verdict {
                right,
                wrong,
                fooled: wrong >= right,
            }
        };
        Ok(rows
            .iter()
            .zip(x.chunks(self.grid.len()))
            .map(verdict)
            .collect())
    }

    fn value_and_gradient(
        &mut self,
        rows: &[usize],
        x: &[f32],
        up: AscentLoss<'_>,
        task: &Task,
    ) -> Result<ValueAndGradient> {
        if let Some(left) = &mut self.cancel_after {
            *left = left.saturating_sub(1);
            if *left == 0 {
                task.cancel();
            }
        }
        let mut slope = ValueAndGradient {
            verdicts: self.predict(rows, x, task)?,
            ..ValueAndGradient::default()
        };
        for (at, (&row, x)) in rows.iter().zip(x.chunks(self.grid.len())).enumerate() {
            let wrong = match up {
                AscentLoss::TargetedMargin(classes) => classes[at] as usize,
                _ => self.order(row, x)[0] as usize,
            };
            let scores = self.scores(x);
            slope
                .loss
                .push((scores[wrong] - scores[self.labels[row]]) as f32);
            let (wrong, right) = (self.gradient(x, wrong), self.gradient(x, self.labels[row]));
            slope
                .gradient
                .extend(wrong.iter().zip(right).map(|(w, r)| (w - r) as f32));
        }
        Ok(slope)
    }

    fn runner_ups(
        &mut self,
        rows: &[usize],
        x: &[f32],
        k: usize,
        _: &Task,
    ) -> Result<Vec<Vec<u32>>> {
        if !self.knows_classes {
            return Ok(vec![Vec::new(); rows.len()]);
        }
        let runner_ups = |(&row, x): (&usize, &[f32])| {
            let mut runner_ups = self.order(row, x);
            runner_ups.truncate(k);
            runner_ups
        };
        Ok(rows
            .iter()
            .zip(x.chunks(self.grid.len()))
            .map(runner_ups)
            .collect())
    }
}

/// The norms of the references.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Size {
    Linf,
    L2,
    L1,
    /// l-inf in units of half the box's width.
    Share,
}

impl Size {
    pub fn of(self, clean: &[f32], x: &[f32], half: &[f64]) -> f64 {
        let d = clean
            .iter()
            .zip(x)
            .map(|(&c, &x)| (f64::from(x) - f64::from(c)).abs());
        match self {
            Self::Linf => d.fold(0.0, f64::max),
            Self::L2 => d.map(|d| d * d).sum::<f64>().sqrt(),
            Self::L1 => d.sum(),
            Self::Share => {
                let shares = d.zip(half).filter(|(_, h)| **h > 0.0).map(|(d, h)| d / h);
                shares.fold(0.0, f64::max)
            }
        }
    }

    /// The least size of a change that closes `gap` along `w` inside the box, by bisection of the multiplier (for l1
    /// of the price below which an element stays); `None` where the box does not reach so far.
    pub fn least(self, gap: f64, w: &[f64], room: &[(f64, f64)], half: &[f64]) -> Option<f64> {
        // Room towards higher scores, and gain per unit of it.
        let ways: Vec<(f64, f64, f64)> = w
            .iter()
            .zip(room)
            .zip(half)
            .map(|((&w, &(down, up)), &half)| (w.abs(), if w > 0.0 { up } else { down }, half))
            .collect();
        if ways.iter().map(|(a, u, _)| a * u).sum::<f64>() < gap {
            return None;
        }
        if self == Self::L1 {
            let gain = |price: f64| -> f64 {
                ways.iter()
                    .filter(|(a, ..)| *a > price)
                    .map(|(a, u, _)| a * u)
                    .sum()
            };
            let price = bisect(0.0, 1e3, |price| gain(price) < gap);
            let all: f64 = ways
                .iter()
                .filter(|(a, ..)| *a > price)
                .map(|(_, u, _)| u)
                .sum();
            return Some(all + (gap - gain(price)) / price.max(1e-300));
        }
        let moved = |t: f64, &(a, u, half): &(f64, f64, f64)| match self {
            Self::L2 => (t * a).min(u),
            Self::Share => (t * half).min(u),
            _ => t.min(u),
        };
        let t = bisect(0.0, 1e6, |t| {
            ways.iter().map(|w| w.0 * moved(t, w)).sum::<f64>() >= gap
        });
        Some(match self {
            Self::L2 => ways.iter().map(|w| moved(t, w).powi(2)).sum::<f64>().sqrt(),
            _ => t,
        })
    }
}

/// Where `holds` begins to hold.
fn bisect(mut low: f64, mut high: f64, holds: impl Fn(f64) -> bool) -> f64 {
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if holds(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
    high
}
