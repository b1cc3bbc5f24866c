//! What can be asked for in the learning laboratory.

use super::forget::Forgetting;
use super::form::Form;
use super::state::Quantity;
use crate::learn::Figure;
use crate::learn::curves::Axis;
use egui::ColorImage;
use std::path::PathBuf;
use std::sync::Arc;

/// One request of the user in the learning laboratory.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Train the next runs so.
    SetForm(Box<Form>),
    /// Train.
    Train,
    /// Stop the run under way, and begin none of the others.
    Stop,
    /// Let these runs go on for so many epochs more; where they were stopped, to their end.
    GoOn(Vec<String>, usize),
    /// Look at this run.
    Choose(String),
    /// Take these runs away.
    Delete(Vec<String>),
    /// Show the form for forgetting pairs, or no longer.
    ShowForgetting(bool),
    /// Forget so next.
    SetForgetting(Forgetting),
    /// Let these runs forget pairs.
    Forget(Vec<String>),
    /// Fit random features on what the runs that are looked at were trained on.
    FitBaseline,
    /// Talk about this recall.
    SetFigure(Figure),
    /// Plot this.
    SetQuantity(Quantity),
    /// Plot it against this.
    SetAxis(Axis),
    /// Compare ranks between these moments of the run.
    SetMoments(usize, usize),
    /// Write what a run learned as an encoder, and open it.
    OpenAsEncoder(String),
    /// Write what a run learned as an encoder, and compare it with the one that is open.
    Compare(String),
    /// Choose a file for the curves.
    Export,
    /// Write the curves.
    ExportTo(PathBuf),
    /// Write this picture of the curves, as they are on the screen.
    Picture(PathBuf, Arc<ColorImage>),
    /// No picture is wanted any more.
    NoPicture,
}
