//! A run that begins, and one that goes on.

use super::course::Course;
use super::run::{Finish, Run};
use super::setup::Setup;
use crate::compute::train::Learned;

/// The run of `course` before its first step; one that goes on is as it was.
pub fn begin(course: &Course<'_>) -> Run {
    let ground = course.ground;
    course.before.cloned().unwrap_or_else(|| Run {
        setup: course.setup.clone(),
        points: Vec::new(),
        first_loss: None,
        planned: 0,
        mark: ground.mark.clone(),
        decisions: ground.decisions.clone(),
        split: ground.split.clone(),
        pairs: ground.pairs.len(),
        train_images: ground.split.train.len().min(ground.split.valid.len()),
        engine: course.engine.name(),
        finish: Finish::Going,
        legs: Vec::new(),
        notes: ground.notes.clone(),
        seen: Vec::new(),
        learned: Learned::default(),
    })
}

/// Where it goes on.
pub struct Resumed {
    /// The epoch to begin with: that after the last whole one.
    pub epoch: usize,
    /// Seconds of training so far.
    pub seconds: f64,
    /// Pairs drawn so far.
    pub drawn: u64,
}

/// Where `run` goes on with `setup`; notes what is otherwise than if it had been trained through.
pub fn resume(run: &mut Run, setup: &Setup) -> Resumed {
    let whole = run.points.iter().filter_map(|point| point.epoch).max();
    let (step, seconds, drawn, within) = run.last().map_or((0, 0.0, 0, false), |last| {
        (last.step, last.seconds, last.drawn, last.epoch.is_none())
    });
    let longer = setup.epochs != run.setup.epochs || setup.budget != run.setup.budget;
    let policy_follows = setup.policy == super::Policy::default();
    let mut why = Vec::new();
    if within {
        why.push("it had ended within an epoch, and pairs of that were drawn again");
    }
    if !policy_follows {
        why.push("the policy began anew");
    }
    if longer && policy_follows && !setup.follows_through() {
        why.push("schedule and warm-up are those of the longer run from there on");
    }
    if !why.is_empty() {
        run.legs.push(step);
        run.notes
            .push(format!("Went on at step {step}: {}.", why.join(", ")));
    }
    Resumed {
        epoch: whole.unwrap_or(0),
        seconds,
        drawn,
    }
}

/// One bit for each caption that was drawn.
pub fn bits(seen: &[bool]) -> Vec<u32> {
    let words = seen.chunks(32);
    words
        .map(|word| {
            let bits = word.iter().enumerate();
            bits.fold(0, |bits, (n, &on)| bits | u32::from(on) << n)
        })
        .collect()
}

/// A seed for each epoch, so that a run that goes on draws what it would have drawn.
pub fn mixed(seed: u64, epoch: u64) -> u64 {
    // SplitMix64's step and finish.
    let mut z = seed
        .wrapping_mul(0x9e37_79b9_7f4a_7c15)
        .wrapping_add(epoch.wrapping_mul(0xbf58_476d_1ce4_e5b9));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
