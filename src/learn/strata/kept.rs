//! What is lost when only a share of the pairs is kept.

use super::gradients::Gradients;
use super::labels::Strata;
use super::table::{Spread, Table};
use crate::error::Result;
use crate::names::named;
use crate::task::Task;
use serde::{Deserialize, Serialize};

/// How many pairs each stratum keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Allocation {
    /// In proportion to its pairs.
    Proportional,
    /// In proportion to its pairs times the deviation of their gradients (Neyman 1934): the lowest variance.
    #[default]
    Neyman,
}

const ALLOCATIONS: [(Allocation, &str, &str, &str); 2] = [
    (
        Allocation::Proportional,
        "proportional",
        "Proportional",
        "The same share of every stratum",
    ),
    (
        Allocation::Neyman,
        "neyman",
        "By spread",
        "Fewer pairs of strata that pull the same way, for the lowest error (Neyman 1934)",
    ),
];

named!(
    Allocation,
    "allocation",
    ALLOCATIONS,
    |a, b| a == b,
    "How many pairs each stratum keeps."
);

/// Errors of mean gradients of kept pairs, in closed form.
pub struct Keeping {
    /// Of each stratum.
    strata: Vec<Spread>,
    /// Of all.
    all: Spread,
}

impl Keeping {
    /// Of these strata.
    ///
    /// # Errors
    /// Labels that do not fit, cancellation.
    pub fn new(gradients: &Gradients, strata: &Strata, task: &Task) -> Result<Self> {
        let table = Table::new(gradients, strata, task)?;
        Ok(Self {
            strata: table.spreads,
            all: table.all,
        })
    }

    /// Pairs that each stratum keeps of `kept` in all: at least one each, all at most, the rest by `allocation`, whole by
    /// largest remainders. `None` where there are fewer than strata with pairs, or more than there are.
    pub fn counts(&self, kept: usize, allocation: Allocation) -> Option<Vec<usize>> {
        let size = |spread: &Spread| spread.pairs as usize;
        let filled = self.strata.iter().filter(|s| s.pairs > 0.0).count();
        if kept < filled || kept > size(&self.all) {
            return None;
        }
        let wish = |s: &Spread| match allocation {
            Allocation::Proportional => s.pairs,
            // N_k times the deviation.
            Allocation::Neyman => (s.pairs * s.scatter()).sqrt(),
        };
        let wishes: Vec<f64> = self.strata.iter().map(wish).collect();
        // Strata that would keep none, or more than they have, are settled first; the others share what is left.
        let mut fixed: Vec<Option<usize>> = self
            .strata
            .iter()
            .map(|s| (s.pairs == 0.0).then_some(0))
            .collect();
        loop {
            let left = kept - fixed.iter().flatten().sum::<usize>();
            let open: Vec<usize> = (0..fixed.len()).filter(|&k| fixed[k].is_none()).collect();
            if open.is_empty() {
                break;
            }
            let total: f64 = open.iter().map(|&k| wishes[k]).sum();
            let wished = |k: usize| {
                if total > 0.0 {
                    left as f64 * wishes[k] / total
                } else {
                    left as f64 / open.len() as f64
                }
            };
            // In this order: what is left then is at least one for each of the others.
            let under = of(&open, |k| wished(k) < 1.0);
            let over = of(&open, |k| wished(k) >= self.strata[k].pairs);
            if !under.is_empty() {
                for k in under {
                    fixed[k] = Some(1);
                }
                continue;
            }
            if !over.is_empty() {
                for k in over {
                    fixed[k] = Some(size(&self.strata[k]));
                }
                continue;
            }
            let mut order = open.clone();
            order.sort_by(|&a, &b| {
                wished(b)
                    .fract()
                    .total_cmp(&wished(a).fract())
                    .then(a.cmp(&b))
            });
            let whole: usize = open.iter().map(|&k| wished(k) as usize).sum();
            for (place, &k) in order.iter().enumerate() {
                fixed[k] = Some(wished(k) as usize + usize::from(place < left - whole));
            }
            break;
        }
        fixed.into_iter().collect()
    }

    /// The root mean square error of the mean gradient as a share of its length, when each stratum keeps as many pairs as
    /// `counts` says, drawn without replacement and weighted by `N_k / (N n_k)`:
    /// `sqrt(sum over k of (N_k / N)^2 s_k^2 / n_k (N_k - n_k) / (N_k - 1)) / |mean|`.
    /// `None` where the mean gradient is 0 or a stratum with pairs keeps none.
    pub fn error(&self, counts: &[usize]) -> Option<f64> {
        let mut variance = 0.0;
        for (stratum, &kept) in self.strata.iter().zip(counts) {
            if stratum.pairs > 0.0 {
                let share = stratum.pairs / self.all.pairs;
                variance += share * share * of_mean(stratum, kept)?;
            }
        }
        self.as_share(variance)
    }

    /// The same when `kept` pairs are drawn from all at random.
    pub fn error_at_random(&self, kept: usize) -> Option<f64> {
        self.as_share(of_mean(&self.all, kept)?)
    }

    /// Pairs at random that are as good as an error of this share; `None` where the mean gradient is 0.
    pub fn as_good_at_random(&self, error: f64) -> Option<f64> {
        // e^2 |mean|^2 = s^2 / n (N - n) / (N - 1), solved for n.
        let single = self.all.scatter() / self.all.pairs;
        let mean_square = self.all.mean_square();
        (mean_square > 0.0).then(|| {
            if single == 0.0 {
                return 1.0;
            }
            let per = error * error * mean_square * (self.all.pairs - 1.0) / single;
            self.all.pairs / (per + 1.0)
        })
    }

    fn as_share(&self, variance: f64) -> Option<f64> {
        let mean_square = self.all.mean_square();
        (mean_square > 0.0).then(|| (variance / mean_square).sqrt())
    }
}

fn of(open: &[usize], is: impl Fn(usize) -> bool) -> Vec<usize> {
    open.iter().copied().filter(|&k| is(k)).collect()
}

/// Variance of the mean of `kept` pairs drawn without replacement.
fn of_mean(spread: &Spread, kept: usize) -> Option<f64> {
    let (pairs, kept) = (spread.pairs, kept as f64);
    if kept < 1.0 || pairs < 1.0 {
        return None;
    }
    let left = (pairs - kept).max(0.0) / (pairs - 1.0).max(1.0);
    Some(spread.scatter() / pairs / kept * left)
}
