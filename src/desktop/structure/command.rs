//! What can be asked for in the structure view.

use super::state::{MatrixLooks, StructurePage};
use crate::retrieval::Side;
use crate::retrieval::structure::Plan;
use crate::retrieval::structure::matrix::Viewport;

/// One request of the user in the structure view.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Show another page.
    ShowPage(StructurePage),
    /// Analyse, after that was stopped or failed.
    Analyse,
    /// Analyse in another way.
    SetPlan(Plan),
    /// Count this many nearest candidates.
    SetK(usize),
    /// Count them, however long it takes.
    CountNeighbours,
    /// Look at the picture in another way.
    SetLooks(MatrixLooks),
    /// Look at this part of the picture.
    Look(Viewport),
    /// Make no more tiles until the next move.
    Stop,
    /// Show this row of a side among its candidates, in the retrieval view.
    Open(Side, usize),
}
