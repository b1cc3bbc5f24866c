//! The retrieval view: the browser on the left, the query and its answer in the middle, the summary on the right.

mod keys;
mod pictures;
mod query;
mod results;
mod summary;

pub use keys::{key_lines, keys};
pub use results::retrieval_ui;

use crate::desktop::shell::browser::browser_ui;
use crate::desktop::shell::side_frame;
use egui::{Panel, Ui};
use summary::summary_ui;

/// What the retrieval view is drawn with.
pub type View<'a> = crate::desktop::feature::View<'a, super::Retrieval>;

/// What drawing the view remembers between frames.
#[derive(Default)]
pub struct Memory {
    /// The query while it is typed, and the query that was current when it began.
    query: String,
    of: Option<crate::desktop::core::Query>,
    /// The answer that the keys are at.
    highlighted: usize,
    reveal_highlighted: bool,
}

/// Draws the browser and the summary.
pub fn panels_ui(ui: &mut Ui, view: &mut View<'_>) {
    if view.session.dataset().is_none() {
        return;
    }
    let width = (ui.available_width() * 0.22).clamp(210.0, 420.0);
    Panel::left("browser")
        .frame(side_frame(ui, 10))
        .default_size(width)
        .size_range(180.0..=620.0)
        .show(ui, |ui| browser_ui(ui, view));
    Panel::right("inspector")
        .frame(side_frame(ui, 12))
        .default_size(318.0)
        .size_range(250.0..=460.0)
        .show(ui, |ui| summary_ui(ui, view));
}
