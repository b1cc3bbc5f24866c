//! What can be asked for in the laboratory of changes.

use super::form::Form;
use egui::ColorImage;
use std::path::PathBuf;
use std::sync::Arc;

/// What is written to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// All figures, and the command that makes them.
    Figures,
    /// Every step of every seed.
    History,
    /// The view as it is on the screen.
    Screen,
}

/// What becomes of the averaged encoder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Use {
    /// It is opened in place of the one that is open.
    Open,
    /// It is compared with the one that is open.
    Compare,
    /// It is kept in this folder.
    Keep(PathBuf),
}

/// One request of the user in the laboratory.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Learn the next time so.
    SetForm(Box<Form>),
    /// Learn the magnitudes.
    Learn,
    /// Show recalls with the read-out, or as they are.
    ShowReadOut(bool),
    /// Show copies of this image.
    ShowImage(u32),
    /// Make the averaged encoder.
    MakeEncoder(Use),
    /// Choose a folder to keep it in.
    SaveEncoder,
    /// Choose a file to write.
    Export(Kind),
    /// Write it.
    ExportTo(Kind, PathBuf),
    /// Write this picture of the view.
    Picture(PathBuf, Arc<ColorImage>),
    /// No picture is wanted any more.
    NoPicture,
}
