//! An engine against the CPU's form of each of its kernels, on made-up inputs: do they agree, and how long does each take?
//!
//! A driver can be wrong without a word, and every figure of the window would be then. The tests make the same
//! comparisons on awkward inputs; here they are for any user, on the machine at hand.

mod pixels;
mod scores;
mod training;

use super::{Cpu, Engine};
use crate::error::{Error, Result};
use crate::task::Task;
use serde::Serialize;
use std::time::Instant;

/// How much work each comparison is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// A fraction of a second each on a software adapter.
    Small,
    /// Enough to load a graphics processor.
    Full,
}

impl Scale {
    fn of(self, small: usize, full: usize) -> usize {
        match self {
            Self::Small => small,
            Self::Full => full,
        }
    }
}

/// When what two engines yield counts as the same.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Bound {
    /// All values lie this near, in parts of the largest.
    Near(f64),
    /// No more than this share of the values differ: whole numbers that rounding can move by one.
    Few(f64),
}

/// Values that are compared.
struct Made {
    values: Vec<f32>,
    bound: Bound,
}

impl Made {
    fn near(values: Vec<f32>, bound: f64) -> Self {
        Self {
            values,
            bound: Bound::Near(bound),
        }
    }

    fn few(values: Vec<f32>, share: f64) -> Self {
        Self {
            values,
            bound: Bound::Few(share),
        }
    }
}

/// Work that any engine can do, on inputs that are made.
type Work = Box<dyn Fn(&dyn Engine, &Task) -> Result<Vec<Made>>>;

/// A comparison: its name, and its work.
struct Case {
    name: String,
    work: Work,
}

impl Case {
    fn new(
        name: impl Into<String>,
        work: impl Fn(&dyn Engine, &Task) -> Result<Vec<Made>> + 'static,
    ) -> Self {
        Self {
            name: name.into(),
            work: Box::new(work),
        }
    }
}

/// What a comparison found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Compared {
    /// What was computed.
    pub name: String,
    /// How far apart the engines are at most: as a part of the largest value, or the share of whole numbers that differ.
    pub difference: f64,
    /// How far apart they may be.
    pub bound: f64,
    /// Are they as near as they may be?
    pub agrees: bool,
    /// Seconds on the CPU, the best of the runs.
    pub cpu_seconds: f64,
    /// Seconds on the engine, the best of the runs.
    pub seconds: f64,
}

/// Compares `engine` with the CPU in every case, each run `repeat` times after one that builds what it needs.
///
/// # Errors
/// A lost device, or cancellation.
pub fn compare(
    engine: &dyn Engine,
    scale: Scale,
    repeat: usize,
    task: &Task,
) -> Result<Vec<Compared>> {
    let mut cases = pixels::cases(scale);
    cases.extend(scores::cases(scale)?);
    cases.extend(training::cases(scale));
    task.begin("Comparing kernels", cases.len() as u64);
    let mut found = Vec::with_capacity(cases.len());
    for case in cases {
        task.check()?;
        found.push(case.compare(engine, repeat, task)?);
        task.add(1);
    }
    Ok(found)
}

impl Case {
    fn compare(&self, engine: &dyn Engine, repeat: usize, task: &Task) -> Result<Compared> {
        // The task's own progress is that of the comparisons.
        let inner = task.quiet();
        let timed = |engine: &dyn Engine| -> Result<(Vec<Made>, f64)> {
            let made = (self.work)(engine, &inner)?;
            let mut best = f64::INFINITY;
            for _ in 0..repeat.max(1) {
                let start = Instant::now();
                (self.work)(engine, &inner)?;
                best = best.min(start.elapsed().as_secs_f64());
            }
            Ok((made, best))
        };
        let (right, cpu_seconds) = timed(&Cpu)?;
        let (made, seconds) = timed(engine)?;
        let mut worst = Compared {
            name: self.name.clone(),
            difference: 0.0,
            bound: 0.0,
            agrees: true,
            cpu_seconds,
            seconds,
        };
        for (n, (right, made)) in right.iter().zip(&made).enumerate() {
            if right.values.len() != made.values.len() {
                return Err(Error::compute(
                    format!(
                        "{} made {} values for {} of the CPU in \"{}\"",
                        engine.name(),
                        made.values.len(),
                        right.values.len(),
                        self.name
                    ),
                    "Use --compute cpu, and report this.",
                ));
            }
            let (difference, bound) = right.bound.measure(&right.values, &made.values);
            // The part that is nearest to its bound speaks for all.
            let nearer = n == 0 || difference * worst.bound >= worst.difference * bound;
            worst.agrees &= difference <= bound;
            if nearer {
                (worst.difference, worst.bound) = (difference, bound);
            }
        }
        Ok(worst)
    }
}

impl Bound {
    /// How far apart the values are, and how far they may be. What is no number on one side alone is as far as can be.
    fn measure(self, right: &[f32], made: &[f32]) -> (f64, f64) {
        let pairs = right.iter().zip(made);
        match self {
            Self::Few(share) => {
                let differ = pairs.filter(|(a, b)| a != b).count();
                (differ as f64 / right.len().max(1) as f64, share)
            }
            Self::Near(bound) => {
                let largest = right.iter().filter(|x| x.is_finite());
                let largest = largest.fold(0.0_f32, |most, x| most.max(x.abs()));
                let far = pairs.map(|(&a, &b)| {
                    if a == b || a.is_nan() && b.is_nan() {
                        0.0
                    } else {
                        let far = (f64::from(a) - f64::from(b)).abs();
                        if far.is_finite() { far } else { f64::MAX }
                    }
                });
                let far = far.fold(0.0, f64::max);
                (far / f64::from(largest.max(f32::MIN_POSITIVE)), bound)
            }
        }
    }
}

/// Random numbers from -`size` to `size`.
fn numbers(count: usize, size: f32, seed: u64) -> Vec<f32> {
    let mut random = fastrand::Rng::with_seed(seed);
    (0..count)
        .map(|_| (random.f32() * 2.0 - 1.0) * size)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_measured() {
        let near = |a: &[f32], b: &[f32]| Bound::Near(0.1).measure(a, b).0;
        assert_eq!(near(&[1.0, 2.0], &[1.0, 2.0]), 0.0);
        assert_eq!(near(&[1.0, 2.0], &[1.0, 1.5]), 0.25);
        assert_eq!(near(&[f32::INFINITY, 1.0], &[f32::INFINITY, 1.0]), 0.0);
        assert!(near(&[f32::NAN, 1.0], &[0.0, 1.0]) > 1e300);
        assert!(near(&[0.0], &[f32::INFINITY]) > 1e300);
        assert_eq!(near(&[f32::NAN], &[f32::NAN]), 0.0);
        let few = |a: &[f32], b: &[f32]| Bound::Few(0.1).measure(a, b).0;
        assert_eq!(few(&[1.0, 2.0, 3.0, 4.0], &[1.0, 2.0, 3.0, 5.0]), 0.25);
    }

    #[test]
    fn the_part_nearest_to_its_bound_speaks() {
        let case = Case::new("parts", |engine, _| {
            let off = if engine.name().starts_with("CPU") {
                0.0
            } else {
                1.0
            };
            Ok(vec![
                Made::near(vec![1.0 + off * 0.001], 0.1),
                Made::few(vec![off, 1.0, 1.0, 1.0], 0.3),
            ])
        });
        let same = case.compare(&Cpu, 1, &Task::detached()).unwrap();
        assert!(same.agrees && same.difference == 0.0);
        let Ok(gpu) = crate::compute::choose(crate::compute::Choice::Gpu) else {
            return;
        };
        let other = case.compare(&*gpu, 1, &Task::detached()).unwrap();
        assert!(other.agrees);
        assert_eq!((other.difference, other.bound), (0.25, 0.3));
    }
}
