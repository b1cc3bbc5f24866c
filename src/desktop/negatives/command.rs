//! What can be asked for in the workbench.

use crate::dataset::Verdict;
use crate::dataset::export::Layout;
use crate::desktop::negatives::state::NegativesPlan;
use std::path::PathBuf;

/// One request of the user in the workbench.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Mine something else.
    SetPlan(NegativesPlan),
    /// Mine again, with what was decided since.
    Mine,
    /// Look at the pair in this place.
    Select(usize),
    /// Look at the pair this many places further.
    Step(isize),
    /// Decide about the pair looked at, and go on to the next; `None` takes a decision back and stays.
    Decide(Option<Verdict>),
    /// Show the regions that raise the negative's score, or not.
    ShowRegions(bool),
    /// Write the pairs shown, as lines (`None`) or in a layout to train on; `None` asks where.
    Export(Option<Layout>, Option<PathBuf>),
}
