//! How fast training goes.

use super::course::Course;
use crate::compute::train::Learned;
use crate::error::Result;
use crate::task::Task;
use std::time::Instant;

/// Steps that are timed.
const STEPS: usize = 8;

/// Steps a second, of some steps of a copy that is thrown away.
///
/// # Errors
/// A lost device, cancellation.
pub fn pace(course: &Course<'_>, learned: Learned, task: &Task) -> Result<f64> {
    let Course {
        engine,
        ground,
        setup,
        ..
    } = *course;
    let mut copy = engine.trainer(setup.plan(), learned)?;
    let captions: Vec<u32> = ground.pairs.iter().copied().take(setup.batch).collect();
    let mut start = Instant::now();
    for step in 0..=STEPS {
        copy.step(&course.batch(&captions), &setup.step(0.0))?;
        copy.losses()?;
        // The first one warms up.
        if step == 0 {
            start = Instant::now();
        }
        task.check()?;
    }
    Ok(STEPS as f64 / start.elapsed().as_secs_f64().max(1e-9))
}
