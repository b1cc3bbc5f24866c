//! A run as it is kept: how it goes, its history, what is learned.

use super::grouping::Grouping;
use super::pair_groups::Grouped;
use super::recall::Recalls;
use super::setup::Setup;
use super::split::Split;
use crate::compute::train::Learned;
use serde::{Deserialize, Serialize};

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Finish {
    /// It goes on.
    Going,
    /// All epochs, or all seconds, are done.
    Finished,
    /// It was stopped.
    Stopped,
    /// The loss became infinite or no number: nothing after the last point holds.
    Diverged,
}

/// An image of a batch with the caption that is hardest for it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct HardPair {
    /// The caption of the pair.
    pub caption: u32,
    /// Its score with its image.
    pub positive: f32,
    /// The caption of another pair that scores best with the image.
    pub negative: u32,
    /// Its score.
    pub score: f32,
    /// Captions of the batch whose hinge is active.
    pub active: u32,
}

/// What clients and their server sent one another so far; nothing where there are none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Exchange {
    /// Rounds: times that all clients sent what they had learned, and were sent what came of it.
    pub rounds: u64,
    /// Bytes that all clients sent.
    pub up: u64,
    /// Bytes that they were sent.
    pub down: u64,
}

impl Exchange {
    /// Was nothing sent?
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// Bytes of both ways.
    pub fn bytes(&self) -> u64 {
        self.up + self.down
    }
}

/// A moment at which recall was measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Steps taken; where there are clients, by each of them.
    pub step: u64,
    /// Epochs that were whole then; `None` within one. Clients share heads at the end of a round alone: theirs is told at the
    /// first one after the end of an epoch.
    pub epoch: Option<usize>,
    /// Seconds of training, without those of measuring.
    pub seconds: f64,
    /// Pairs drawn.
    pub drawn: u64,
    /// Share of the pairs to train on that were seen, 0 to 1.
    pub seen: f64,
    /// Mean loss of the steps of the epoch so far; of clients, since the moment before. `None` before the first.
    pub loss: Option<f64>,
    /// What clients sent.
    #[serde(default, skip_serializing_if = "Exchange::is_nothing")]
    pub exchange: Exchange,
    /// Recall on the images held out.
    pub valid: Recalls,
    /// Recall on images that are trained on.
    pub train: Recalls,
    /// Recall on the images held out by group of their captions, where there are groups; `None` of one without any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by_group: Vec<Option<Recalls>>,
    /// Ranks on the images held out, from 1: of images, of captions.
    #[serde(skip)]
    pub ranks: [Vec<u32>; 2],
    /// The hardest of the last batch before this moment, hardest first.
    pub hard: Vec<HardPair>,
    /// Captions with an active hinge for an image of that batch, on average.
    pub active: Option<f64>,
}

/// A run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// How it goes.
    pub setup: Setup,
    /// Its history; the first is before training.
    pub points: Vec<Point>,
    /// Loss of the first batch before its step.
    pub first_loss: Option<f64>,
    /// Steps, in all, as far as they can be told.
    pub planned: u64,
    /// What it was trained on: the embeddings' [`super::Ground::mark`].
    pub mark: String,
    /// The same for the pairs that were confirmed; empty for none.
    #[serde(default)]
    pub decisions: String,
    /// The groups of its captions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grouped: Option<Grouped>,
    /// Pairs to train on.
    pub pairs: usize,
    /// Pairs of each client; empty where there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub client_pairs: Vec<usize>,
    /// What was trained on and what was held out.
    #[serde(flatten)]
    pub split: Split,
    /// Images that recall in training was measured on.
    pub train_images: usize,
    /// The engine.
    pub engine: String,
    /// How it ended.
    pub finish: Finish,
    /// Steps at which it went on otherwise than if it had been trained through.
    #[serde(default)]
    pub legs: Vec<u64>,
    /// What is to be known of its figures, in sentences.
    pub notes: Vec<String>,
    /// By caption of the whole set, one bit each: was it drawn?
    #[serde(skip)]
    pub seen: Vec<u32>,
    /// What is learned, at the last point.
    #[serde(skip)]
    pub learned: Learned,
    /// What clients keep to themselves then: the second moment of each, `[clients, values]`, where they have one.
    #[serde(skip)]
    pub local: Vec<f32>,
}

impl Run {
    /// The last moment at which recall was measured.
    pub fn last(&self) -> Option<&Point> {
        self.points.last()
    }

    /// The moments at which an epoch was whole.
    pub fn epochs(&self) -> impl Iterator<Item = &Point> {
        self.points
            .iter()
            .filter(|point| point.epoch.is_some_and(|e| e > 0))
    }

    /// The same without what is learned, which is large.
    #[must_use]
    pub fn without_learned(&self) -> Self {
        Self {
            setup: self.setup.clone(),
            points: self.points.clone(),
            first_loss: self.first_loss,
            planned: self.planned,
            mark: self.mark.clone(),
            decisions: self.decisions.clone(),
            grouped: self.grouped.clone(),
            pairs: self.pairs,
            client_pairs: self.client_pairs.clone(),
            split: self.split.clone(),
            train_images: self.train_images,
            engine: self.engine.clone(),
            finish: self.finish,
            legs: self.legs.clone(),
            notes: self.notes.clone(),
            seen: Vec::new(),
            learned: Learned::default(),
            local: Vec::new(),
        }
    }

    /// Do seeds alone tell it from `other`, and did both end alike? Their figures can be put together in a band.
    pub fn is_like(&self, other: &Self) -> bool {
        let whole = self.finish == Finish::Finished;
        self.is_of_setup(other)
            && self.finish == other.finish
            && (whole || self.steps() == other.steps())
    }

    /// Do seeds alone tell it from `other`, however far they came?
    pub fn is_of_setup(&self, other: &Self) -> bool {
        let setup = Setup {
            seed: self.setup.seed,
            ..other.setup.clone()
        };
        setup == self.setup
            && self.mark == other.mark
            && self.decisions == other.decisions
            && self.groups_mark() == other.groups_mark()
            && self.legs == other.legs
            && self.engine == other.engine
            && self.split.train == other.split.train
            && self.split.valid == other.split.valid
    }

    /// How its captions were grouped; empty where they were not.
    pub fn grouped_by(&self) -> &[Grouping] {
        self.grouped.as_ref().map_or(&[], |grouped| &grouped.by)
    }

    /// What the groups of its captions are called by their content; `None` for none.
    pub fn groups_mark(&self) -> Option<&str> {
        self.grouped.as_ref().map(|grouped| grouped.mark.as_str())
    }

    /// Steps taken.
    pub fn steps(&self) -> u64 {
        self.last().map_or(0, |point| point.step)
    }

    /// Seconds of training.
    pub fn seconds(&self) -> f64 {
        self.last().map_or(0.0, |point| point.seconds)
    }
}

/// What a run tells while it goes.
pub enum Live<'a> {
    /// Where it is.
    Step {
        /// The run up to its last point.
        run: &'a Run,
        /// Steps taken.
        step: u64,
        /// Steps in all, as far as they can be told.
        planned: u64,
        /// Seconds of training.
        seconds: f64,
        /// Mean loss of the last steps.
        loss: f64,
    },
    /// Recall was measured again; the run so far.
    Point(&'a Run),
}
