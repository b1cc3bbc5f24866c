//! What can be asked for about a run.

use super::state::{Page, Which};
use crate::retrieval::Side;

/// One request of the user about a run.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Look at the run in this folder or at this URL.
    Open(String),
    /// Choose the folder of a run.
    ChooseFolder,
    /// Go on watching, or stop. The run itself goes on either way.
    Watch(bool),
    /// Look at no run any more.
    Close,
    /// Show this page.
    ShowPage(Page),
    /// Which side's queries are shown.
    SetSide(Side),
    /// Which queries are listed.
    SetWhich(Which),
    /// Look at this line of the list.
    Choose(usize),
    /// Find out what these are called: is it an image, its number.
    Name(Vec<(bool, u32)>),
    /// Read the pictures of these images.
    Load(Vec<u32>),
}
