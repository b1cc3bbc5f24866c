//! Strata with a low J, found by moving one pair at a time.
//!
//! Moving pair i from stratum a to b changes J by exactly `F_b - F_a`, `F_k = sum over j in k of |g_i - g_j|^2` with i
//! where it is. All pairs at once, each to its own best stratum, would raise J and end with one stratum. So each pair is
//! moved by itself, by sums that know of all moves before it; J falls with every move and the descent ends where no
//! single move lowers it.

use super::gradients::Gradients;
use super::labels::Strata;
use super::objective::objective;
use super::peers::random_labels;
use super::same::same;
use super::search::Search;
use crate::error::{Error, Result, thousands};
use crate::task::Task;
use serde::{Deserialize, Serialize};

/// How strata are searched.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Descent {
    /// Strata.
    pub strata: usize,
    /// Descents, each from another start; the lowest J counts. At least one.
    pub restarts: usize,
    /// Sweeps over all pairs of one descent, at most. At least one.
    pub sweeps: usize,
    /// A descent ends after a sweep that lowers J by less than this share of it; 0: when no pair moves.
    pub settled: f64,
    /// Starts and order of visits follow from it.
    pub seed: u64,
}

impl Default for Descent {
    fn default() -> Self {
        Self {
            strata: 64,
            restarts: 1,
            sweeps: 200,
            settled: 0.0,
            seed: 0,
        }
    }
}

/// Strata that a search found.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The strata, numbered by their first pair. None is empty unless there are fewer distinct gradients.
    pub strata: Strata,
    /// Their J.
    pub objective: f64,
    /// J of every descent, in order.
    pub restarts: Vec<f64>,
    /// Sweeps of the best descent.
    pub sweeps: usize,
    /// Pairs it moved, by sweep.
    pub moved: Vec<usize>,
    /// Did it end because no move lowers J (by more than [`Descent::settled`])?
    pub settled: bool,
    /// Distinct gradients.
    pub distinct: usize,
}

/// Strata of `gradients` with a low J. The first descent starts at `warm` where it is given, the others at random strata of
/// equal sizes. Where there are as many strata as distinct gradients each has its own, and J is 0. The same seed gives the
/// same strata on any number of threads.
///
/// # Errors
/// Settings that cannot be, strata to start with that do not fit, cancellation.
pub fn descend(
    gradients: &Gradients,
    descent: &Descent,
    warm: Option<&Strata>,
    task: &Task,
) -> Result<Found> {
    check(gradients, descent, warm)?;
    task.begin(
        "Grouping pairs by their gradients",
        descent.restarts.max(1) as u64,
    );
    let same = same(gradients);
    if same.distinct <= descent.strata {
        let strata = Strata::new(same.group, descent.strata)?;
        task.add(descent.restarts.max(1) as u64);
        return Ok(Found {
            objective: 0.0,
            restarts: vec![0.0],
            sweeps: 0,
            moved: Vec::new(),
            settled: true,
            strata,
            distinct: same.distinct,
        });
    }
    let mut best: Option<Found> = None;
    let mut restarts = Vec::new();
    for restart in 0..descent.restarts.max(1) {
        let mut random = fastrand::Rng::with_seed(descent.seed);
        (0..restart).for_each(|_| random = random.fork());
        let labels = match warm {
            Some(warm) if restart == 0 => warm.labels().to_vec(),
            _ => random_labels(gradients.len(), descent.strata, &mut random),
        };
        let start = Strata::new(labels, descent.strata)?;
        let mut found = once(gradients, descent, &start, &mut random, task)?;
        found.distinct = same.distinct;
        task.add(1);
        restarts.push(found.objective);
        if best.as_ref().is_none_or(|b| found.objective < b.objective) {
            best = Some(found);
        }
    }
    let best = best.ok_or(Error::Cancelled)?;
    Ok(Found { restarts, ..best })
}

fn check(gradients: &Gradients, descent: &Descent, warm: Option<&Strata>) -> Result<()> {
    if descent.strata == 0 || descent.strata > gradients.len() {
        return Err(Error::request(
            format!(
                "{} pairs cannot be parted into {} strata",
                gradients.len(),
                descent.strata
            ),
            format!("Choose from 1 to {} strata.", gradients.len()),
        ));
    }
    if !(descent.settled >= 0.0 && descent.settled < 1.0) {
        return Err(Error::request(
            format!("a descent cannot end at a share of {}", descent.settled),
            "Give a share from 0 to below 1.",
        ));
    }
    let Some(warm) = warm else {
        return Ok(());
    };
    warm.check(gradients)?;
    if warm.count() > descent.strata {
        return Err(Error::request(
            format!(
                "the strata to start with are {}, more than {}",
                warm.count(),
                descent.strata
            ),
            "Start with as many strata or fewer.",
        ));
    }
    Ok(())
}

/// One descent from `start`.
fn once(
    gradients: &Gradients,
    descent: &Descent,
    start: &Strata,
    random: &mut fastrand::Rng,
    task: &Task,
) -> Result<Found> {
    let mut search = Search::new(gradients, start, random, task)?;
    let total = gradients.len() as f64;
    let most = descent.sweeps.max(1);
    let mut moved = Vec::new();
    let mut settled = false;
    let mut last = 0;
    let mut objective_now = search.start_objective();
    while moved.len() < most && !settled {
        let sweep = moved.len();
        let (moves, change) = search.sweep(task, |visited| {
            let share = (sweep as f64 + visited as f64 / total) / most as f64;
            let before = thousands(last as u64);
            let detail = match sweep {
                0 => "first sweep".to_owned(),
                _ => format!("sweep {}: {before} pairs moved in the last", sweep + 1),
            };
            task.within(share, detail);
        })?;
        moved.push(moves);
        last = moves;
        settled = moves == 0 || -change < descent.settled * objective_now;
        objective_now += change;
    }
    let strata = Strata::new(numbered(&search.labels), descent.strata)?;
    Ok(Found {
        objective: objective(gradients, &strata, task)?,
        restarts: Vec::new(),
        sweeps: moved.len(),
        settled,
        distinct: gradients.len(),
        moved,
        strata,
    })
}

/// `labels` numbered by the first pair that has each.
fn numbered(labels: &[u32]) -> Vec<u32> {
    let mut numbers = std::collections::HashMap::new();
    let number = |label: &u32| {
        let next = numbers.len() as u32;
        *numbers.entry(*label).or_insert(next)
    };
    labels.iter().map(number).collect()
}
