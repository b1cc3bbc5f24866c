//! What can be asked for in the laboratory of linear classifiers.

use super::form::Form;
use super::state::{Page, Shown};
use crate::learn::linear::moving::Asked;
use egui::ColorImage;
use std::path::PathBuf;
use std::sync::Arc;

/// What is written to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Robust accuracy at every corner of every curve.
    Curves,
    /// Margins along every training.
    History,
    /// All figures, and the command that makes them.
    Figures,
    /// Robust accuracy and fractions, drawn.
    Drawing,
    /// The view as it is on the screen.
    Screen,
    /// The classifier that is looked at, as a model.
    Model,
    /// The rows that were moved, with their labels and places.
    Rows,
}

/// One request of the user in the laboratory.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Study the next time so.
    SetForm(Box<Form>),
    /// Study the groups.
    Study,
    /// Show methods or penalties.
    Show(Shown),
    /// Show this page.
    ShowPage(Page),
    /// Move rows the next time so.
    SetMoving(Asked),
    /// Move the rows of the last study.
    Move,
    /// Look at this classifier.
    Choose(usize),
    /// Look at this row.
    ChooseRow(usize),
    /// Attack the classifier that is looked at, and compare with the closed form.
    Confirm,
    /// Choose a file to write.
    Export(Kind),
    /// Write it.
    ExportTo(Kind, PathBuf),
    /// Write this picture of the view.
    Picture(PathBuf, Arc<ColorImage>),
    /// No picture is wanted any more.
    NoPicture,
    /// Study the same groups on embeddings, beside the captions' own classifier.
    OnEmbeddings,
}
