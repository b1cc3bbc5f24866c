//! Attacks by queries alone: they see scores, or only decisions, and never a gradient.

mod dct;
mod estimate;
mod frame;
mod hop_skip_jump;
mod nes;
mod simba;
mod spsa;
mod square;

pub use hop_skip_jump::HopSkipJump;
pub use nes::Nes;
pub use simba::Simba;
pub use spsa::Spsa;
pub(super) use square::DESCRIPTION as SQUARE;
pub use square::SquareAttack;

use super::description::Description;
use super::space::Space;
use super::victim::Verdict;
use crate::compute::Ball;
use crate::error::{Error, Result};
use fastrand::Rng;

/// The attacks of this folder, in the order of menus.
pub(super) const LIST: &[&Description] = &[
    &square::DESCRIPTION,
    &nes::DESCRIPTION,
    &spsa::DESCRIPTION,
    &simba::DESCRIPTION,
    &hop_skip_jump::DESCRIPTION,
];

/// Points of one forward run at most: what bounds the memory of attacks that ask about many points of the
/// same row.
const BATCH: usize = 64;

/// The random numbers of one row: they depend on the seed, its key and `stream` alone.
fn rng(seed: u64, key: u32, stream: u32) -> Rng {
    // SplitMix64's finaliser sends neighbouring keys far apart.
    let mut z =
        seed ^ (u64::from(stream) << 32 | u64::from(key)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    Rng::with_seed(z ^ (z >> 31))
}

/// Is `new` worth keeping in the place of `old`? A NaN never is, and gives way to any number.
fn rises(new: &Verdict, old: &Verdict) -> bool {
    new.beats(old) || (old.margin().is_nan() && !new.margin().is_nan())
}

/// The margins of verdicts, to be reported.
fn margins(verdicts: &[Verdict]) -> Vec<f32> {
    verdicts.iter().map(Verdict::margin).collect()
}

/// The length of a step of 1 along an element: half the box's width for [`Ball::Box`], otherwise 1.
fn unit(space: &Space, at: usize) -> f32 {
    match space.ball {
        Ball::Box => (space.upper()[at] - space.lower()[at]) * 0.5,
        _ => 1.0,
    }
}

/// Drops the entries whose place in `keep` is false.
fn retain<T>(values: &mut Vec<T>, keep: &[bool]) {
    let mut keep = keep.iter();
    values.retain(|_| *keep.next().unwrap_or(&false));
}

/// Drops the rows, of `len` values each, whose place in `keep` is false.
fn retain_rows(values: &mut Vec<f32>, len: usize, keep: &[bool]) {
    let mut at = 0;
    values.retain(|_| {
        at += 1;
        keep[(at - 1) / len.max(1)]
    });
}

/// An error about an option of an attack.
fn odd(attack: &str, option: &str, value: impl std::fmt::Display, remedy: &str) -> Error {
    Error::request(format!("{attack}: {value} is no {option}"), remedy)
}

/// Refuses a size that is no positive number.
fn positive(attack: &str, option: &str, value: f32) -> Result<()> {
    if value.is_finite() && value > 0.0 {
        return Ok(());
    }
    Err(odd(attack, option, value, "Give a number above 0."))
}

/// Refuses a count of 0.
fn at_least_one(attack: &str, option: &str, value: usize) -> Result<()> {
    if value > 0 {
        return Ok(());
    }
    Err(odd(attack, option, value, "Give a number from 1."))
}
