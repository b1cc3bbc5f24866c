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
    /// List only queries whose rank moves by this much, from the first to the second; all of them.
    ShowShifts(Option<[i64; 2]>),
    /// Order of the list, and whether it falls.
    Sort(CompareColumn, bool),
    /// Select the query this many places further down the list.
    Step(isize),
}
