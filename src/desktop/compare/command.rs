//! What can be asked for in the comparison.

use super::state::{CompareColumn, Outcome};
use crate::source::EncoderSource;

/// Something in the comparison.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Compare with this encoder.
    Open(EncoderSource),
    /// Choose an encoder to compare with.
    Choose,
    /// Compare with the same encoder again.
    Again,
    /// Forget the second encoder.
    Close,
    /// The k at which a query is right.
    SetK(u32),
    /// List only these queries; all of them.
    Show(Option<Outcome>),
    /// Order of the list; a second time the other way round.
    Sort(CompareColumn),
    /// Select the query this many places further down the list.
    Step(isize),
}
