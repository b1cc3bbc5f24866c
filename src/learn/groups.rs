//! Runs that seeds alone tell apart, put together.

use super::bands::Band;
use super::efficiency::Efficiency;
use super::run::{Finish, Point, Run};
use super::setup::Setup;
use std::sync::Arc;

/// A moment of one seed is that of another where their steps differ by at most this part.
const NEAR: u64 = 20;

/// Runs of one setup on the same images, in the order of their seeds.
#[derive(Debug, Clone)]
pub struct Group {
    /// The runs; at least one.
    pub runs: Vec<Arc<Run>>,
}

impl Group {
    /// The first run, whose setup all have but for the seed.
    pub fn first(&self) -> &Run {
        &self.runs[0]
    }

    /// Moments that all runs have.
    pub fn len(&self) -> usize {
        let counts = self.runs.iter().map(|run| run.points.len());
        counts.min().unwrap_or(0)
    }

    /// Is this run one of them?
    pub fn has(&self, run: &Arc<Run>) -> bool {
        self.runs.iter().any(|own| Arc::ptr_eq(own, run))
    }

    /// Was nothing measured yet?
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The band over seeds of a figure at moment `n`; `None` where a run lacks it, or was elsewhere: of a time budget the
    /// moments of seeds differ.
    pub fn band(&self, n: usize, of: &dyn Fn(&Point) -> Option<f64>) -> Option<Band> {
        let first = self.first().points.get(n)?;
        let near = |point: &Point| {
            let apart = point.step.abs_diff(first.step);
            point.epoch == first.epoch && apart * NEAR <= first.step
        };
        let values = self.runs.iter().map(|run| {
            let point = run.points.get(n)?;
            of(point).filter(|_| near(point))
        });
        self.banded(values.collect())
    }

    /// The band at the end of the runs.
    pub fn last(&self, of: &dyn Fn(&Point) -> Option<f64>) -> Option<Band> {
        self.banded(self.runs.iter().map(|run| of(run.last()?)).collect())
    }

    /// The bands over seeds of the area under a figure against pairs drawn, and of the pairs that nine tenths of its last
    /// value took ([`Efficiency`]); `None` where a run has none.
    pub fn efficiency(&self, of: &dyn Fn(&Point) -> Option<f64>) -> Option<[Band; 2]> {
        let all = self.runs.iter().map(|run| Efficiency::of(&run.points, of));
        let all: Vec<Efficiency> = all.collect::<Option<_>>()?;
        let area = all.iter().map(|e| Some(e.area)).collect();
        let needed = all.iter().map(|e| Some(e.needed)).collect();
        Some([self.banded(area)?, self.banded(needed)?])
    }

    /// The bands of a figure with the means of another, at each moment that the runs have in common and at their end.
    pub fn series(
        &self,
        x: &dyn Fn(&Point) -> f64,
        of: &dyn Fn(&Point) -> Option<f64>,
    ) -> Vec<(f64, Band)> {
        let x = |point: &Point| Some(x(point));
        let moments =
            (0..self.len()).filter_map(|n| Some((self.band(n, &x)?.mean, self.band(n, of)?)));
        let mut all: Vec<(f64, Band)> = moments.collect();
        let end = self.last(&x).zip(self.last(of));
        if let Some((x, band)) = end
            && all.last().is_none_or(|(last, _)| *last < x.mean)
        {
            all.push((x.mean, band));
        }
        all
    }

    /// A band of these values, one of each run; without a width where two runs are one and the same.
    fn banded(&self, values: Option<Vec<f64>>) -> Option<Band> {
        let mut band = Band::of(&values?)?;
        let weights = |run: &Run| !run.learned.weights.is_empty();
        let twins = self.runs.iter().enumerate().any(|(n, run)| {
            let mut before = self.runs[..n].iter();
            weights(run) && before.any(|other| other.learned.weights == run.learned.weights)
        });
        if twins {
            band.half = None;
        }
        Some(band)
    }

    /// The moment at which the mean of a figure is largest, with that band.
    pub fn best(&self, of: &dyn Fn(&Point) -> Option<f64>) -> Option<(usize, Band)> {
        let all = (0..self.len()).filter_map(|n| Some((n, self.band(n, of)?)));
        all.max_by(|a, b| a.1.mean.total_cmp(&b.1.mean))
    }

    /// The band of the differences at the end of this group less `other`, paired by seed; `None` where they share no seed.
    pub fn less(&self, other: &Self, of: &dyn Fn(&Point) -> Option<f64>) -> Option<Band> {
        let differences = self.runs.iter().filter_map(|run| {
            let mut others = other.runs.iter();
            let same = others.find(|other| other.setup.seed == run.setup.seed)?;
            Some(of(run.last()?)? - of(same.last()?)?)
        });
        Band::of(&differences.collect::<Vec<f64>>())
    }

    /// Are both trained the same, on the same images, but for the loss and what it reads?
    pub fn differs_by_loss(&self, other: &Self) -> bool {
        self.is_alike(other, like_loss)
    }

    /// The same, but for the policy too: they stand in one panel.
    pub fn shares_panel(&self, other: &Self) -> bool {
        self.is_alike(other, |setup, like| {
            like_loss(setup, like);
            like_policy(setup, like);
        })
    }

    /// The same, but for the rate too: rates can be compared.
    pub fn differs_by_rate(&self, other: &Self) -> bool {
        self.is_alike(other, |setup, like| {
            like_loss(setup, like);
            like_policy(setup, like);
            setup.optimizer.rate = like.optimizer.rate;
        })
    }

    /// Seeds that both have.
    pub fn shared_seeds(&self, other: &Self) -> usize {
        let has = |seed: u64| other.runs.iter().any(|run| run.setup.seed == seed);
        self.runs.iter().filter(|run| has(run.setup.seed)).count()
    }

    /// Are both alike once `forget` made what may differ of a setup that of another?
    fn is_alike(&self, other: &Self, forget: impl Fn(&mut Setup, &Setup)) -> bool {
        let (a, b) = (self.first(), other.first());
        let mut setup = b.setup.clone();
        forget(&mut setup, &a.setup);
        setup.seed = a.setup.seed;
        let whole = a.finish == Finish::Finished;
        setup == a.setup
            && (whole || a.steps() == b.steps())
            && a.finish == b.finish
            && a.mark == b.mark
            && a.decisions == b.decisions
            && a.split.train == b.split.train
            && a.split.valid == b.split.valid
    }
}

/// `runs` by groups, in the order of the first of each; the same run of one seed trained twice counts once, the later one.
pub fn groups(runs: &[Arc<Run>]) -> Vec<Group> {
    let mut found: Vec<Group> = Vec::new();
    for run in runs {
        let Some(group) = found.iter_mut().find(|group| group.first().is_like(run)) else {
            let runs = vec![Arc::clone(run)];
            found.push(Group { runs });
            continue;
        };
        let seed = run.setup.seed;
        group.runs.retain(|other| other.setup.seed != seed);
        group.runs.push(Arc::clone(run));
        group.runs.sort_by_key(|run| run.setup.seed);
    }
    found
}

fn like_loss(setup: &mut Setup, like: &Setup) {
    setup.loss = like.loss;
    setup.margin = like.margin;
    setup.temperature = like.temperature;
    setup.learn_temperature = like.learn_temperature;
    setup.warm = like.warm;
}

fn like_policy(setup: &mut Setup, like: &Setup) {
    setup.policy = like.policy;
    setup.budget = like.budget;
    setup.expansion = like.expansion;
    setup.friendly = like.friendly;
}

#[cfg(test)]
mod tests {
    use super::super::setup::Setup;
    use super::*;
    use crate::compute::train::Learned;
    use crate::learn::{Exchange, Recalls, Split};

    fn run(seed: u64, r1: f64) -> Arc<Run> {
        let mut setup = Setup::new("mh".parse().unwrap(), 4, 2);
        setup.seed = seed;
        let recalls = Recalls {
            i2t: [r1, 0.0, 0.0],
            t2i: [0.0; 3],
        };
        Arc::new(Run {
            setup,
            points: vec![Point {
                step: 1,
                epoch: Some(1),
                seconds: 0.0,
                drawn: 0,
                seen: 1.0,
                loss: None,
                exchange: Exchange::default(),
                valid: recalls,
                train: recalls,
                by_group: Vec::new(),
                ranks: Default::default(),
                hard: Vec::new(),
                active: None,
            }],
            first_loss: None,
            planned: 1,
            mark: String::new(),
            decisions: String::new(),
            grouped: None,
            pairs: 10,
            client_pairs: Vec::new(),
            split: Split::default(),
            train_images: 8,
            engine: String::new(),
            finish: Finish::Finished,
            legs: Vec::new(),
            notes: Vec::new(),
            seen: Vec::new(),
            learned: Learned::default(),
            local: Vec::new(),
        })
    }

    #[test]
    fn differences_are_paired_by_seed() {
        let group = |runs: &[(u64, f64)]| Group {
            runs: runs.iter().map(|&(seed, r1)| run(seed, r1)).collect(),
        };
        let first = group(&[(1, 3.0), (2, 5.0)]);
        let second = group(&[(2, 3.5), (1, 2.0), (9, 3.0)]);
        let recall = |point: &Point| Some(point.valid.i2t[0]);
        let band = first.less(&second, &recall).unwrap();
        assert!((band.mean - 1.25).abs() < 1e-12);
        assert_eq!(first.shared_seeds(&second), 2);
        assert!(first.less(&group(&[]), &recall).is_none());
    }
}
