//! How the variance of the gradient estimate changes while heads are trained.
//!
//! As in gradient clustering (arXiv 2007.04532, section 4): at chosen moments of a run all pairs are grouped by their
//! gradients under the heads as they are, from the groups of the moment before on, and the estimates that could be drawn
//! there are compared in closed form. The run itself goes as its setup says.

use super::course::Course;
use super::paired::Paired;
use super::run::{Live, Run};
use super::setup::Setup;
use super::strata::{
    Descent, Form, LinearHeads, Strata, Variances, descend, objective, peers, variances,
};
use super::training::train;
use crate::compute::train::Learned;
use crate::error::{Error, Result};
use crate::task::Task;
use serde::{Deserialize, Serialize};

/// What is measured along a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Along {
    /// Epochs from one moment to the next; the start and the end are measured always.
    pub every: usize,
    /// Which gradient a pair gives.
    pub form: Form,
    /// Margin of the hinges; the run's ([`Setup::grouping_margin`]) where it is `None`.
    pub margin: Option<f64>,
    /// How strata are searched: how many, and at each moment from those of the moment before, the first time from random
    /// strata of its seed.
    pub descent: Descent,
}

impl Default for Along {
    fn default() -> Self {
        Self {
            every: 1,
            form: Form::default(),
            margin: None,
            descent: Descent {
                settled: 1e-3,
                ..Descent::default()
            },
        }
    }
}

/// A moment of a run. All variances are of as many pairs as there are strata; those of uniform draws, with and without
/// replacement, are the same in all three.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AlongPoint {
    /// Steps taken.
    pub step: u64,
    /// Epochs that were whole then; `None` within one.
    pub epoch: Option<usize>,
    /// Mean loss of all pairs, each with the hardest negatives of its pool; of MH, whatever is trained.
    pub loss: f64,
    /// Objective of the strata as they were the moment before, under the gradients of now; at first, of the random strata.
    pub objective_before: f64,
    /// Objective of the strata that were found from those.
    pub objective: f64,
    /// Sweeps that it took.
    pub sweeps: usize,
    /// With the strata of now.
    pub regrouped: Variances,
    /// With the strata of the start, kept as they were: what groups cost that are out of date.
    pub kept: Variances,
    /// With random strata of equal sizes, the same at all moments.
    pub random: Variances,
}

/// Trains a run as [`train`] does, and measures at its start, after each [`Along::every`] epochs and at its end; `watch`
/// sees each moment. Measuring is no time of training.
///
/// # Errors
/// Heads that are not linear or that both sides share, strata that cannot be, both before anything is trained; as [`train`].
pub fn along(
    course: Course<'_>,
    start: Learned,
    asked: &Along,
    watch: &mut dyn FnMut(&AlongPoint),
    task: &Task,
) -> Result<(Run, Vec<AlongPoint>)> {
    let Course {
        ground,
        setup,
        before,
        ..
    } = course;
    setup.check()?;
    if asked.every == 0 {
        return Err(Error::request(
            "no epochs lie between two moments",
            "Measure after each epoch (1), or more seldom.",
        ));
    }
    LinearHeads::of(&setup.head, &start.weights)?;
    let mut measuring = Measuring {
        paired: Paired::of(ground),
        setup,
        asked,
        first: None,
        last: None,
        points: Vec::new(),
        task: task.quiet(),
    };
    let epoch = before.map_or(Some(0), |run| run.last().and_then(|last| last.epoch));
    watch(measuring.measure(&start, epoch)?);
    let mut failed = None;
    let mut live = |live: Live<'_>| {
        let Live::Point(run) = live else {
            return true;
        };
        let epoch = run.last().and_then(|last| last.epoch);
        let asked = |epoch: usize| epoch.is_multiple_of(asked.every);
        if !epoch.is_some_and(asked) || measuring.knows(run.steps()) {
            return true;
        }
        match measuring.measure(&run.learned, epoch) {
            Ok(point) => watch(point),
            Err(error) => failed = Some(error),
        }
        failed.is_none()
    };
    let run = train(course, start, &mut live, task)?;
    if let Some(error) = failed {
        return Err(error);
    }
    if !measuring.knows(run.steps()) {
        let epoch = run.last().and_then(|last| last.epoch);
        watch(measuring.measure(&run.learned, epoch)?);
    }
    Ok((run, measuring.points))
}

/// What is measured so far.
struct Measuring<'a> {
    paired: Paired,
    setup: &'a Setup,
    asked: &'a Along,
    /// Strata of the start.
    first: Option<Strata>,
    /// Strata of the last moment.
    last: Option<Strata>,
    points: Vec<AlongPoint>,
    /// Measuring is no progress of the training.
    task: Task,
}

impl Measuring<'_> {
    fn knows(&self, step: u64) -> bool {
        self.points.last().is_some_and(|last| last.step == step)
    }

    fn measure(&mut self, learned: &Learned, epoch: Option<usize>) -> Result<&AlongPoint> {
        let (asked, task) = (self.asked, &self.task);
        let margin = asked.margin.unwrap_or_else(|| self.setup.grouping_margin());
        let head = &self.setup.head;
        let factors = self.paired.factors(head, &learned.weights, margin, task)?;
        let gradients = factors.gradients(asked.form)?;
        let descent = &asked.descent;
        let random = peers::random(gradients.len(), descent.strata, descent.seed)?;
        let warm = self.last.as_ref().unwrap_or(&random);
        let objective_before = objective(&gradients, warm, task)?;
        let found = descend(&gradients, descent, Some(warm), task)?;
        let first = self.first.get_or_insert_with(|| found.strata.clone());
        self.points.push(AlongPoint {
            step: learned.steps,
            epoch,
            loss: factors.mean_loss(),
            objective_before,
            objective: found.objective,
            sweeps: found.sweeps,
            regrouped: variances(&gradients, &found.strata, task)?,
            kept: variances(&gradients, first, task)?,
            random: variances(&gradients, &random, task)?,
        });
        self.last = Some(found.strata);
        Ok(&self.points[self.points.len() - 1])
    }
}
