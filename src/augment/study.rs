//! Several partings put together.

use super::asked::Asked;
use super::change::{Change, Changes, Magnitudes};
use super::ground::Ground;
use super::judge::{Judged, judge};
use super::layer::Layer;
use super::learning::{Moment, learn};
use super::parts::Parts;
use crate::error::Result;
use crate::learn::{Band, Recalls};
use crate::runtime::Provider;
use crate::task::Task;
use std::time::Instant;

/// One parting.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// Its seed.
    pub seed: u64,
    /// The images.
    pub parts: Parts,
    /// Judged images whose picture is also in another part.
    pub seen_before: usize,
    /// Every step; none where nothing is learned.
    pub moments: Vec<Moment>,
    /// The magnitudes after the last.
    pub magnitudes: Magnitudes,
    /// Recalls on the images that neither level saw.
    pub judged: Judged,
}

/// All partings.
#[derive(Debug, Clone, PartialEq)]
pub struct Study {
    /// What was asked for.
    pub asked: Asked,
    /// The changes that were learned.
    pub learned: Changes,
    /// A change that does nothing to these pictures, with the reason.
    pub without_effect: Option<(Change, String)>,
    /// Operators that round, which the gradient passes as if they did not.
    pub approximate: Vec<String>,
    /// Where the magnitudes began.
    pub start: Magnitudes,
    /// The partings.
    pub runs: Vec<Run>,
    /// Seconds of all.
    pub seconds: f64,
}

/// What became of a magnitude.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Course {
    /// It was given, and stayed.
    Given,
    /// It is not made.
    LeftOut,
    /// Larger after the last step than at the start: the seeds settle it.
    Grew,
    /// Smaller: the seeds settle it.
    Fell,
    /// The seeds do not settle which.
    NotSettled,
}

impl Course {
    /// Its name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Given => "given",
            Self::LeftOut => "left_out",
            Self::Grew => "grew",
            Self::Fell => "fell",
            Self::NotSettled => "not_settled",
        }
    }

    /// The same in words.
    pub fn title(self) -> &'static str {
        match self {
            Self::Given => "given",
            Self::LeftOut => "left out",
            Self::Grew => "grew",
            Self::Fell => "fell",
            Self::NotSettled => "not settled",
        }
    }
}

/// Learns magnitudes on each parting of `ground` and measures what averaging brings; `watch` sees each step.
///
/// # Errors
/// What cannot be asked, too few images; as [`learn`] and [`judge`].
pub fn study(
    ground: &Ground,
    asked: &Asked,
    providers: &[Provider],
    watch: &mut dyn FnMut(&Moment),
    task: &Task,
) -> Result<Study> {
    let begun = Instant::now();
    let learned = asked.learned(ground)?;
    let start = asked.start(learned);
    let mut made = start.made();
    learned.iter().for_each(|change| made.add(change));
    let layer = Layer::new(ground.grid(), made, providers, task)?;
    let mut runs = Vec::with_capacity(asked.seeds);
    for seed in (asked.seed..).take(asked.seeds) {
        let parts = Parts::drawn(ground.images(), seed)?;
        let here = (ground, &layer);
        let (magnitudes, moments) = learn(here, asked, learned, (&parts, seed), watch, task)?;
        let judged = judge(here, asked, &magnitudes, (&parts, seed), task)?;
        runs.push(Run {
            seed,
            seen_before: parts.seen_before(ground),
            parts,
            moments,
            magnitudes,
            judged,
        });
    }
    Ok(Study {
        asked: asked.clone(),
        learned,
        without_effect: ground.without_effect(),
        approximate: ground.network().approximate().to_vec(),
        start,
        runs,
        seconds: begun.elapsed().as_secs_f64(),
    })
}

impl Study {
    /// The magnitude of `change` after the last step, over seeds.
    pub fn end(&self, change: Change) -> Option<Band> {
        self.over(|run| run.magnitudes.get(change))
    }

    /// By how much it grew, over seeds.
    pub fn growth(&self, change: Change) -> Option<Band> {
        self.over(|run| run.magnitudes.get(change) - self.start.get(change))
    }

    /// What became of the magnitude of `change`.
    pub fn course(&self, change: Change) -> Course {
        if self.asked.given.iter().any(|given| given.change == change) {
            return Course::Given;
        }
        if !self.learned.has(change) {
            return Course::LeftOut;
        }
        match self.growth(change) {
            Some(growth) if growth.is_settled() && growth.mean > 0.0 => Course::Grew,
            Some(growth) if growth.is_settled() => Course::Fell,
            _ => Course::NotSettled,
        }
    }

    /// The mean over seeds of each magnitude: what is exported.
    pub fn magnitudes(&self) -> Magnitudes {
        let mut mean = Magnitudes::default();
        for change in Change::ALL {
            mean.set(change, self.end(change).map_or(0.0, |band| band.mean));
        }
        mean
    }

    /// Something of each parting, over seeds; `None` without any.
    pub fn over(&self, of: impl Fn(&Run) -> f64) -> Option<Band> {
        Band::of(&self.runs.iter().map(of).collect::<Vec<f64>>())
    }

    /// The mean of the six recalls of the averaged embedding less the plain one's, with the read-out or without, paired by
    /// seed, in points.
    pub fn gain(&self, read_out: bool) -> Option<Band> {
        let at = usize::from(read_out);
        self.over(|run| mean(&run.judged.averaged[at]) - mean(&run.judged.plain[at]))
    }
}

/// The mean of all six recalls.
pub fn mean(recalls: &Recalls) -> f64 {
    recalls.all().iter().sum::<f64>() / 6.0
}
