//! What can be chosen of a run: the optimizer, the schedule, what captions of one image are to one another.

use crate::names::named;
use serde::{Deserialize, Serialize};

/// The optimizer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OptimizerKind {
    /// Adam.
    #[default]
    Adam,
    /// `AdamW`.
    AdamW,
    /// Stochastic gradient descent.
    Sgd,
    /// `AMSGrad`.
    AmsGrad,
    /// `FedLALR`: `AMSGrad` by clients.
    FedLalr,
    /// `FedAvg`: descent by clients.
    FedAvg,
    /// `FedAdam`: descent by clients, Adam by their server.
    FedAdam,
}

const OPTIMIZERS: [(OptimizerKind, &str, &str, &str); 7] = [
    (
        OptimizerKind::Adam,
        "adam",
        "Adam",
        "Adam (arXiv 1412.6980); weight decay is part of the gradient",
    ),
    (
        OptimizerKind::AdamW,
        "adamw",
        "AdamW",
        "Adam with weight decay taken off the weights themselves (arXiv 1711.05101)",
    ),
    (
        OptimizerKind::Sgd,
        "sgd",
        "SGD",
        "Stochastic gradient descent, with momentum where it is given",
    ),
    (
        OptimizerKind::AmsGrad,
        "amsgrad",
        "AMSGrad",
        "Steps divided by the root of the largest second moment so far (arXiv 1904.09237), without corrections for the start",
    ),
    (
        OptimizerKind::FedLalr,
        "fedlalr",
        "FedLALR",
        "Simulated clients, each by AMSGrad with its own second moment; weights, first and largest second moments are averaged \
         every R steps (arXiv 2309.09719)",
    ),
    (
        OptimizerKind::FedAvg,
        "fedavg",
        "FedAvg",
        "Simulated clients, each by plain SGD; weights are averaged every R steps (arXiv 1602.05629)",
    ),
    (
        OptimizerKind::FedAdam,
        "fedadam",
        "FedAdam",
        "Simulated clients, each by plain SGD; every R steps a server takes a step of Adam along their mean change (arXiv \
         2003.00295)",
    ),
];

named!(
    OptimizerKind,
    "optimizer",
    OPTIMIZERS,
    |a, b| a == b,
    "How it moves the weights."
);

impl OptimizerKind {
    /// Do clients train, each on its own pairs?
    pub fn by_clients(self) -> bool {
        matches!(self, Self::FedLalr | Self::FedAvg | Self::FedAdam)
    }
}

/// An optimizer with its settings.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Optimizer {
    /// Which.
    pub kind: OptimizerKind,
    /// Learning rate; of clients, each one's own.
    pub rate: f32,
    /// Momentum of SGD.
    pub momentum: f32,
    /// Weight decay.
    pub decay: f32,
    /// Largest norm of the gradient over all weights; `None` for any.
    pub clip: Option<f32>,
}

impl Default for Optimizer {
    fn default() -> Self {
        Self {
            kind: OptimizerKind::Adam,
            rate: 2e-4,
            momentum: 0.0,
            decay: 0.0,
            clip: None,
        }
    }
}

/// How the learning rate changes over a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Schedule {
    /// It does not.
    #[default]
    Constant,
    /// It falls in a line to 0.
    Linear,
    /// It falls along half a cosine to 0.
    Cosine,
    /// It falls to a tenth half way, as in VSE++.
    Step,
}

const SCHEDULES: [(Schedule, &str, &str, &str); 4] = [
    (
        Schedule::Constant,
        "constant",
        "Constant",
        "The same rate to the end",
    ),
    (
        Schedule::Linear,
        "linear",
        "Linear",
        "Falls in a line to 0 at the end",
    ),
    (
        Schedule::Cosine,
        "cosine",
        "Cosine",
        "Falls along half a cosine to 0 at the end",
    ),
    (
        Schedule::Step,
        "step",
        "Step",
        "A tenth of the rate from half way on, as in VSE++",
    ),
];

named!(
    Schedule,
    "schedule",
    SCHEDULES,
    |a, b| a == b,
    "How the rate changes."
);

impl Schedule {
    /// What the rate is multiplied by where `done` of the run is done, 0 to 1.
    pub fn factor(self, done: f64) -> f64 {
        match self {
            Self::Constant => 1.0,
            Self::Linear => (1.0 - done).max(0.0),
            Self::Cosine => 0.5 * (1.0 + (std::f64::consts::PI * done.clamp(0.0, 1.0)).cos()),
            Self::Step if done < 0.5 => 1.0,
            Self::Step => 0.1,
        }
    }
}

/// What the other captions of an image are to it in a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SameImage {
    /// Neither positive nor negative.
    #[default]
    LeftOut,
    /// Negatives, as in implementations that look at the diagonal alone.
    Negative,
}

const SAME_IMAGE: [(SameImage, &str, &str, &str); 2] = [
    (
        SameImage::LeftOut,
        "left-out",
        "left out",
        "Captions of the same image are never negatives of one another",
    ),
    (
        SameImage::Negative,
        "negative",
        "negatives",
        "Captions of the same image that meet in a batch count as wrong, as where the diagonal alone is masked",
    ),
];

named!(
    SameImage,
    "way to treat captions of the same image",
    SAME_IMAGE,
    |a, b| a == b,
    "What it means."
);
