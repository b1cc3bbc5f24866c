//! A run that begins, and one that goes on.

use super::course::Course;
use super::run::{Finish, Run};
use super::setup::Setup;
use crate::compute::train::Learned;
use crate::error::{Error, Result};

/// The run of `course` before its first step; one that goes on is as it was.
///
/// # Errors
/// It had other groups: its figures would be of these before, and of those from now on.
pub fn begin(course: &Course<'_>) -> Result<Run> {
    let ground = course.ground;
    let grouped = ground.groups.as_ref().map(|groups| groups.about.clone());
    if let Some(before) = course.before {
        let mark = grouped.as_ref().map(|grouped| grouped.mark.as_str());
        if before.groups_mark() != mark {
            return Err(Error::request(
                "the groups of the captions are not those that the run was trained with",
                "Train another run, or group as it was.",
            ));
        }
        return Ok(before.clone());
    }
    Ok(Run {
        setup: course.setup.clone(),
        points: Vec::new(),
        first_loss: None,
        planned: 0,
        mark: ground.mark.clone(),
        decisions: ground.decisions.clone(),
        grouped,
        split: ground.split.clone(),
        pairs: ground.pairs.len(),
        client_pairs: Vec::new(),
        train_images: ground.split.train.len().min(ground.split.valid.len()),
        engine: course.engine.name(),
        finish: Finish::Going,
        legs: Vec::new(),
        notes: ground.notes.clone(),
        seen: Vec::new(),
        learned: Learned::default(),
        local: Vec::new(),
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
    let policy_follows = setup.policy.description().follows;
    let mut why = Vec::new();
    if within {
        why.push("it had ended within an epoch, and pairs of that were drawn again");
    }
    if !policy_follows {
        why.push("the policy began anew");
    }
    if longer && policy_follows && !setup.follows_through() {
        why.push(OTHER_SCHEDULE);
    }
    note_leg(run, step, &why);
    Resumed {
        epoch: whole.unwrap_or(0),
        seconds,
        drawn,
    }
}

/// Notes that a run went on at `step` otherwise than if it had been trained through, and why; nothing where it did not.
pub fn note_leg(run: &mut Run, step: u64, why: &[&str]) {
    if !why.is_empty() {
        run.legs.push(step);
        run.notes
            .push(format!("Went on at step {step}: {}.", why.join(", ")));
    }
}

/// Why a run that goes on for longer is another one where its rate changes.
pub const OTHER_SCHEDULE: &str = "schedule and warm-up are those of the longer run from there on";

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

/// Which captions were drawn, from what [`bits`] made of it; those beyond it were not.
pub fn from_bits(words: &[u32], seen: &mut [bool]) {
    for (caption, seen) in seen.iter_mut().enumerate() {
        let word = words.get(caption / 32).copied().unwrap_or(0);
        *seen = word >> (caption % 32) & 1 == 1;
    }
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
