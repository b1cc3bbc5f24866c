//! Every part of a stage as it was written: what is missing, torn or damaged is named, and its mark taken away.

use crate::error::Result;
use crate::parts::run::{Mark, Run, Stage};
use crate::task::Task;
use rayon::prelude::*;
use serde::Serialize;
use serde_json::Value;
use std::ops::Range;

/// A task that must be done again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Broken {
    /// Its number.
    pub task: usize,
    /// Why.
    pub why: String,
}

/// Reads every file of some tasks of a stage, whose plan has this hash, and compares its hash. The marks of broken tasks
/// are removed.
///
/// # Errors
/// A mark cannot be read or removed; cancellation.
pub fn check(
    run: &Run,
    stage: Stage,
    hash: &str,
    tasks: Range<usize>,
    task: &Task,
) -> Result<Vec<Broken>> {
    task.begin("Checking parts", tasks.len() as u64);
    let kind = stage.name();
    let found: Vec<Option<Broken>> = tasks
        .into_par_iter()
        .map(|n| {
            task.check()?;
            let broken = |why: String| Ok(Some(Broken { task: n, why }));
            let Some(mark): Option<Mark<Value>> = run.mark(kind, n, hash)? else {
                run.unmark(kind, n, hash)?;
                return broken("is not done, or its mark is torn or of another plan".into());
            };
            let outcome = mark
                .files
                .iter()
                .map(|file| run.read(file))
                .find_map(Result::err);
            task.add(1);
            match outcome {
                None => Ok(None),
                Some(error) => {
                    run.unmark(kind, n, hash)?;
                    broken(error.to_string())
                }
            }
        })
        .collect::<Result<_>>()?;
    Ok(found.into_iter().flatten().collect())
}
