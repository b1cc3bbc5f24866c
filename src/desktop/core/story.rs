//! The first minute: the case that is shown first.

use super::identity::Derived;
use crate::retrieval::NearMiss;

/// What can be asked of the first minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoryCommand {
    /// Look for the case and show it, with a sentence over the view.
    Begin,
    /// Make the model wrong on it.
    Break,
    /// Take the sentence away.
    Leave,
}

/// The first minute with what is open.
#[derive(Debug, Clone, Default)]
pub struct Story {
    /// Is the sentence over the view asked for?
    pub shown: bool,
    /// The case; none in a set where the model is nowhere barely right.
    pub case: Derived<Option<NearMiss>>,
    /// The case is to be looked for, and shown.
    pub(super) wanted: bool,
}
