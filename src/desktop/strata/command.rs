//! What can be asked for in the laboratory of gradient groups.

use super::form::Form;
use super::state::{Drawing, Sort};
use crate::learn::strata::Allocation;
use egui::ColorImage;
use std::path::PathBuf;
use std::sync::Arc;

/// What is written to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The group of every pair, with what sampling needs.
    Strata,
    /// The figures of every group.
    Groups,
    /// All figures, and the command that makes them.
    Figures,
    /// Variances and the cost of keeping a share, drawn.
    Drawing,
    /// The view as it is on the screen.
    Screen,
    /// The pairs that are kept, with their weights.
    Reduced,
}

/// One request of the user in the laboratory.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Group the next time so.
    SetForm(Box<Form>),
    /// Group the pairs.
    Group,
    /// Train the run whose weights are chosen again, and measure along it.
    Along,
    /// Talk about this number of groups.
    SetCount(usize),
    /// Sort groups so.
    SetSort(Sort),
    /// Show the variances of draws made so.
    SetDrawing(Drawing),
    /// Look at this group.
    Choose(usize),
    /// Keep this share of the pairs, 0 to 1.
    SetKept(f64),
    /// Keep so many of each group.
    SetAllocation(Allocation),
    /// Choose a file to write.
    Export(Kind),
    /// Write it.
    ExportTo(Kind, PathBuf),
    /// Write this picture of the view.
    Picture(PathBuf, Arc<ColorImage>),
    /// No picture is wanted any more.
    NoPicture,
    /// Keep the images of a group as a set.
    MakeSet(usize),
}
