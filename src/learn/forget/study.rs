//! One run that forgets, beside one that never saw what is forgotten.

use super::ascent::{Ascent, Forgot, forget};
use super::asked::{Asked, can_forget};
use super::chosen::Chosen;
use super::figures::State;
use super::state::Bench;
use crate::compute::Engine;
use crate::error::{Error, Result};
use crate::learn::{Course, Finish, Ground, Live, Run, Start, train};
use crate::task::Task;

/// What one run forgot, and how that compares.
#[derive(Debug, Clone, PartialEq)]
pub struct Study {
    /// Seed of the run.
    pub seed: u64,
    /// The heads that forgot.
    pub forgot: Forgot,
    /// The heads that were trained without what is forgotten, with their history.
    pub without: Run,
    /// The figures before, after forgetting, and of heads trained without.
    pub states: [State; 3],
    /// What is to be known of them, in sentences.
    pub notes: Vec<String>,
}

/// Lets `run` forget `chosen` of the `ground` that it was trained on, trains heads without them from the same start, and
/// measures all three.
///
/// # Errors
/// A run of other embeddings or images, or one that did not end; as [`forget`] and [`train`].
pub fn study(
    engine: &dyn Engine,
    ground: &Ground,
    run: &Run,
    chosen: &Chosen,
    asked: &Asked,
    task: &Task,
) -> Result<Study> {
    let setup = &run.setup;
    can_forget(setup)?;
    if run.mark != ground.mark || run.split != ground.split {
        return Err(Error::request(
            "the run is of other embeddings, or of other images",
            "Choose a run that was trained on just these.",
        ));
    }
    if run.finish != Finish::Finished {
        return Err(Error::request(
            "the run did not end, and one without the forgotten pairs would go on to its end",
            "Let it go on to its end first, or train one that does.",
        ));
    }
    let mut notes = chosen.notes.clone();
    if !run.legs.is_empty() {
        notes.push(
            "The run went on after its end or within an epoch; that without the forgotten pairs is trained through.".into(),
        );
    }
    let ascent = Ascent {
        engine,
        setup,
        weights: &run.learned.weights,
        asked,
        seed: setup.seed,
    };
    let forgot = forget(&ascent, chosen, task)?;
    let without = without(engine, run, chosen, task)?;
    let start = |run: &Run| run.points.first().map(|point| point.ranks.clone());
    if start(&without) != start(run) {
        notes.push(
            "The run did not start as its seed says (from given weights, or on another engine): the heads trained without \
             the forgotten pairs started elsewhere."
                .into(),
        );
    }
    if run.decisions != ground.decisions {
        notes.push(
            "Other pairs were confirmed as right when the run was trained than are now, when heads are trained without the \
             forgotten ones."
                .into(),
        );
    }
    task.begin(format!("Measuring, seed {}", setup.seed), 3);
    let bench = Bench::new(chosen);
    let [before, after, never] = [
        &run.learned.weights,
        &forgot.weights,
        &without.learned.weights,
    ]
    .map(|weights| {
        let measured = bench.measure(engine, (setup, weights), chosen, task);
        task.add(1);
        measured
    });
    let (before, after, never) = (before?, after?, never?);
    if bench.retained < chosen.retained.split.train.len() {
        notes.push(format!(
            "Recall and rankings are among the forgotten images and {} of the {} retained ones.",
            bench.retained,
            chosen.retained.split.train.len()
        ));
    }
    Ok(Study {
        seed: setup.seed,
        states: [&before, &after, &never].map(|of| bench.state(of, &never)),
        forgot,
        without,
        notes,
    })
}

/// Trains as `run` was, without what is forgotten.
fn without(engine: &dyn Engine, run: &Run, chosen: &Chosen, task: &Task) -> Result<Run> {
    let setup = &run.setup;
    let ground = &chosen.retained;
    ground.fills(setup.batch)?;
    let course = Course {
        engine,
        ground,
        setup,
        before: None,
        order: None,
        mined: None,
    };
    let steps = ground.pairs.len() / setup.batch * setup.epochs;
    task.begin(
        format!("Training without them, seed {}", setup.seed),
        steps as u64,
    );
    let mut done = 0;
    let mut watch = |live: Live<'_>| {
        let step = match live {
            Live::Step { step, .. } => step,
            Live::Point(run) => run.steps(),
        };
        task.add(step.saturating_sub(done));
        done = done.max(step);
        true
    };
    let trained = train(course, Start::Random.learned(setup)?, &mut watch, task)?;
    if trained.finish == Finish::Finished {
        return Ok(trained);
    }
    Err(Error::request(
        "the heads trained without the forgotten pairs diverged: there is nothing to compare with",
        "Train with a smaller rate, or clip the gradient.",
    ))
}
