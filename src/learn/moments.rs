//! Moments of a run: recall measured under what is learned then.

use super::by_group::Queries;
use super::course::Course;
use super::ground::Ground;
use super::hard::hardest;
use super::recall::{Ranked, Recalls, trained_on};
use super::run::{Exchange, HardPair, Point, Run};
use crate::compute::train::Trainer;
use crate::error::Result;
use crate::task::Task;

/// Parts of the first epoch after which recall is measured too.
pub const EARLY: [usize; 3] = [8, 4, 2];

/// What recall is measured on.
pub struct Moments {
    valid: Ranked,
    train: Ranked,
    /// The groups of the queries held out.
    queries: Option<Queries>,
}

/// What is told of a moment besides its recall.
pub struct Told<'a> {
    /// Steps taken.
    pub step: u64,
    /// Epochs that are whole; `None` within one.
    pub epoch: Option<usize>,
    /// Seconds of training.
    pub seconds: f64,
    /// Pairs drawn.
    pub drawn: u64,
    /// By caption: was it drawn?
    pub seen: &'a [bool],
    /// Losses of the steps that it tells the mean of.
    pub losses: &'a [f64],
    /// The hardest pairs of the last batch, and its mean number of active hinges.
    pub hard: Option<(Vec<HardPair>, f64)>,
    /// What clients sent.
    pub exchange: Exchange,
}

impl Moments {
    /// Of the images of `ground`.
    pub fn of(ground: &Ground) -> Self {
        Self {
            valid: Ranked::new(ground, &ground.split.valid),
            train: Ranked::new(ground, &trained_on(ground)),
            queries: Queries::of(ground),
        }
    }

    /// Says where recall in training is among other numbers of candidates than that on the images held out.
    pub fn note(&self, run: &mut Run) {
        let (trained, held_out) = (self.train.captions(), self.valid.captions());
        let apart = trained.abs_diff(held_out) * 10 > held_out;
        if apart || run.train_images < run.split.valid.len() {
            run.notes.push(format!(
                "Recall in training is on {} images with {trained} captions, that held out on {} with {held_out}: among \
                 fewer candidates it is higher.",
                run.train_images,
                run.split.valid.len()
            ));
        }
    }

    /// Recall under what `trainer` has learned.
    ///
    /// # Errors
    /// A lost device, cancellation.
    pub fn measure(
        &self,
        course: &Course<'_>,
        trainer: &mut dyn Trainer,
        told: Told<'_>,
        task: &Task,
    ) -> Result<Point> {
        let Course {
            engine,
            ground,
            setup,
            ..
        } = *course;
        let outputs = setup.head.outputs;
        let by_order = setup.loss.description().by_order;
        let ranks = self.valid.ranks(engine, trainer, outputs, by_order, task)?;
        let trained = self.train.ranks(engine, trainer, outputs, by_order, task)?;
        let count = told.seen.iter().filter(|&&seen| seen).count();
        let (hard, active) = told.hard.unzip();
        let losses = told.losses;
        let queries = self.queries.as_ref();
        Ok(Point {
            step: told.step,
            epoch: told.epoch,
            seconds: told.seconds,
            drawn: told.drawn,
            seen: count as f64 / ground.pairs.len() as f64,
            loss: (!losses.is_empty()).then(|| losses.iter().sum::<f64>() / losses.len() as f64),
            exchange: told.exchange,
            valid: Recalls::of(&ranks),
            train: Recalls::of(&trained),
            by_group: queries.map_or_else(Vec::new, |queries| queries.recalls(&ranks)),
            ranks,
            hard: hard.unwrap_or_default(),
            active,
        })
    }
}

/// The mean of the last losses, for who watches; 0 before the first.
pub fn recent(losses: &[f64]) -> f64 {
    let recent = &losses[losses.len().saturating_sub(32)..];
    recent.iter().sum::<f64>() / recent.len().max(1) as f64
}

/// The pairs of a batch whose hardest negative is hardest, under the weights as they are.
///
/// # Errors
/// A lost device.
pub fn hardest_of(
    course: &Course<'_>,
    trainer: &mut dyn Trainer,
    captions: &[u32],
) -> Result<(Vec<HardPair>, f64)> {
    let scores = trainer.scores(&course.batch(captions))?;
    Ok(hardest(&scores, captions, course.setup))
}
