//! A run trained again, to be measured along its way.

use super::along::{Along, AlongPoint, along};
use super::course::Course;
use super::ground::Ground;
use super::run::{Finish, Run};
use super::start::Start;
use crate::compute::Engine;
use crate::error::{Error, Result};
use crate::task::Task;

/// What was measured along a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// The moments.
    pub points: Vec<AlongPoint>,
    /// What is to be known of them, in sentences.
    pub notes: Vec<String>,
}

/// Trains `run` again from its start, as its setup says, and measures along it. Where it does not end with the ranks that
/// the run ended with, that is said.
///
/// # Errors
/// A run of other embeddings or of another split; as [`along`].
pub fn again(
    engine: &dyn Engine,
    ground: &Ground,
    run: &Run,
    asked: &Along,
    task: &Task,
) -> Result<Measured> {
    if run.mark != ground.mark || run.split != ground.split {
        return Err(Error::request(
            "the run is of other embeddings, or of other images",
            "Measure along a run that was trained on just these.",
        ));
    }
    let setup = &run.setup;
    let steps = ground.pairs.len() / setup.pairs_a_step() * setup.epochs;
    task.begin("Training again", steps as u64);
    let course = Course {
        engine,
        ground,
        setup,
        before: None,
        order: None,
        mined: None,
    };
    let start = Start::Random.learned(setup)?;
    let mut done = 0;
    let mut watch = |point: &AlongPoint| {
        task.add(point.step.saturating_sub(done));
        done = point.step;
    };
    let (trained, points) = along(course, start, asked, &mut watch, task)?;
    let mut notes = Vec::new();
    let last = |run: &Run| run.last().map(|point| (point.step, point.ranks.clone()));
    if run.finish == Finish::Finished && last(&trained) != last(run) {
        notes.push(
            "Trained again, the run did not end as it was kept (another start, order or engine, or it was stopped between): \
             the figures are of a run with the same settings."
                .to_owned(),
        );
    }
    if run.finish != Finish::Finished {
        notes.push(format!(
            "The run had {} steps when it was kept; trained again, it went on to {}.",
            run.steps(),
            trained.steps()
        ));
    }
    if trained.finish == Finish::Diverged {
        notes.push("The run diverged: the figures end before that.".to_owned());
    }
    Ok(Measured { points, notes })
}
