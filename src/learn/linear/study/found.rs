//! What a study found.

use super::asked::Asked;
use crate::learn::linear::{
    MaxMargin, Method, Norm, Penalised, Problem, RobustCurve, Separability, SoftMargin, Trained,
};
use std::sync::Arc;

/// A classifier and what it withstands, by norm as [`Norm::ALL`].
#[derive(Debug, Clone, PartialEq)]
pub struct Classifier {
    /// Its weights, as long as a row.
    pub weights: Vec<f64>,
    /// Its margin in each norm; below 0 where a row is wrong.
    pub margins: [f64; 4],
    /// The same as a fraction of the maximal margin; `None` where there is none.
    pub fraction: [Option<f64>; 4],
    /// Robust accuracy in each norm.
    pub curves: [RobustCurve; 4],
    /// Share of rows that it is right about.
    pub right: f64,
}

/// A method that was trained.
#[derive(Debug, Clone, PartialEq)]
pub struct Ran {
    /// The method.
    pub method: Method,
    /// Its history.
    pub trained: Trained,
    /// Where it ended.
    pub classifier: Classifier,
    /// Seconds it took.
    pub seconds: f64,
}

/// What a penalty ended at.
#[derive(Debug, Clone, PartialEq)]
pub struct Shrunk {
    /// The norm in whose dual the weights are penalised.
    pub norm: Norm,
    /// Weight of the penalty, as a multiple of the maximal margin.
    pub multiple: f64,
    /// The minimiser.
    pub penalised: Penalised,
    /// The same as a classifier.
    pub classifier: Classifier,
}

/// Two groups, studied.
pub struct Study {
    /// What was asked for.
    pub asked: Asked,
    /// The groups.
    pub problem: Arc<Problem>,
    /// Can they be told apart?
    pub separability: Separability,
    /// The classifier that errs least, where no one tells them apart.
    pub soft: Option<(SoftMargin, Classifier)>,
    /// The maximal margin in each norm, as [`Norm::ALL`]; `None` where there is none, or where it could not be found.
    pub best: [Option<MaxMargin>; 4],
    /// Seconds that each of them took.
    pub best_seconds: [f64; 4],
    /// The methods, in the order asked for.
    pub runs: Vec<Ran>,
    /// The penalties.
    pub shrunk: Vec<Shrunk>,
    /// What is to be known of the figures, in sentences.
    pub notes: Vec<String>,
    /// Seconds of all.
    pub seconds: f64,
}

impl Study {
    /// Is there a classifier that is right about all rows?
    pub fn is_separable(&self) -> bool {
        matches!(self.separability, Separability::Apart { .. })
    }

    /// The maximal margin in `norm`.
    pub fn best(&self, norm: Norm) -> Option<&MaxMargin> {
        self.best[norm.index()].as_ref()
    }

    /// Rows of each label: +1, -1.
    pub fn sizes(&self) -> [usize; 2] {
        let labels = self.problem.labels();
        let first = labels.iter().filter(|label| **label > 0).count();
        [first, labels.len() - first]
    }
}
