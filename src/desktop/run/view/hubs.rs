//! Candidates that are the hardest negative of many queries.

use super::View;
use super::words::{extent, name};
use crate::desktop::run::Found;
use crate::desktop::shell::table::{Column, Row, figure, rows_ui, text, titles_ui};
use crate::desktop::shell::theme::tokens;
use crate::desktop::shell::widgets::{grouped, weak};
use crate::retrieval::Side;
use egui::Ui;

const COLUMNS: [Column; 4] = [
    figure("Hardest of", 0.0),
    figure("Wins", 0.12),
    figure("Share", 0.24),
    text("Candidate", 0.38),
];

/// Draws the page.
pub fn hubs_ui(ui: &mut Ui, view: &mut View<'_>, found: &Found) {
    let survey = view.state.survey(found).clone();
    let (noun, other, image) = match view.state.side {
        Side::Image => ("images", "captions", false),
        Side::Text => ("captions", "images", true),
    };
    let told = format!(
        "{}: {} of {} {other} are the hardest negative of any. Wins: queries that score it above every right one, or equal.",
        extent(&survey.extent, noun),
        grouped(survey.candidates),
        grouped(found.finished.all(image))
    );
    weak(ui, told);
    let t = tokens(ui);
    titles_ui(ui, &COLUMNS);
    let all = survey.extent.read.max(1) as f64;
    let row = |at: usize| {
        let hub = survey.hubs[at];
        let called = name(view, image, hub.candidate);
        let share = format!("{:.2} %", 100.0 * hub.queries as f64 / all);
        Row {
            name: format!(
                "{called}: hardest negative of {} queries, wins {}",
                grouped(hub.queries),
                grouped(hub.won)
            ),
            cells: vec![
                (grouped(hub.queries), t.text),
                (grouped(hub.won), t.bad),
                (share, t.weak),
                (called, t.text),
            ],
            chosen: false,
            pale: false,
        }
    };
    let count = survey.hubs.len();
    rows_ui(ui, "run hubs", &COLUMNS, (count, 24.0), row, |_, _, _| {});
}
