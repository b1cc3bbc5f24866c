//! Plain trainings, which know nothing of robustness and of which set they are given.

use super::ridge::ridge;
use crate::error::Result;
use crate::learn::linear::{Method, Problem, Training, train};
use crate::names::named;
use crate::task::Task;

/// Steps of gradient descent.
const STEPS: u64 = 5_000;

/// A plain training.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plain {
    /// That which the rows were moved for.
    Ridge,
    /// One that they were not moved for.
    Descent,
}

const TRAININGS: [(Plain, &str, &str, &str); 2] = [
    (
        Plain::Ridge,
        "ridge",
        "Ridge regression",
        "Least squares of the labels with a fixed penalty: the training that the rows are moved for.",
    ),
    (
        Plain::Descent,
        "gd",
        "Gradient descent",
        "5,000 normalised steps down the logistic loss: a training that the rows were not moved for.",
    ),
];

named!(
    Plain,
    "training",
    TRAININGS,
    |a, b| a == b,
    "What it does, in a sentence."
);

impl Plain {
    /// The weights that it ends at on `problem`; `penalty` is that of [`ridge`].
    ///
    /// # Errors
    /// As [`ridge`] and [`train`].
    pub fn weights(self, problem: &Problem, penalty: f64, task: &Task) -> Result<Vec<f64>> {
        match self {
            Self::Ridge => ridge(problem, penalty),
            Self::Descent => {
                let training = Training {
                    steps: STEPS,
                    ..Training::of(Method::Gd)
                };
                Ok(train(problem, &training, &mut |_, _| (), task)?.weights)
            }
        }
    }
}
