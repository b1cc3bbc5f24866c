//! Candidates that are the hardest negative of many queries.

use super::View;
use super::inspector::picture_in;
use super::words::{extent, known, name};
use crate::desktop::core::Cells;
use crate::desktop::run::Found;
use crate::desktop::shell::select::order_of;
use crate::desktop::shell::table::{self, Column, Row, Rows, Table, figure, text};
use crate::desktop::shell::theme::tokens;
use crate::desktop::shell::widgets::{grouped, weak};
use crate::retrieval::Side;
use egui::{Rect, Ui, Vec2};

const COLUMNS: [Column; 4] = [
    figure("Hardest of", 0.0),
    figure("Wins", 0.12),
    figure("Share", 0.24),
    text("Candidate", 0.38),
];
/// The same with room for a picture before the name.
const OF_IMAGES: [Column; 5] = [
    figure("Hardest of", 0.0),
    figure("Wins", 0.12),
    figure("Share", 0.24),
    text("", 0.38),
    text("Candidate", 0.44),
];

/// Height of a row with a picture, and of the picture.
const TALL: f32 = 46.0;
const PICTURE: f32 = 40.0;

/// Draws the page.
pub fn hubs_ui(ui: &mut Ui, view: &mut View<'_>, found: &Found) {
    let survey = view.state.survey(found);
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
    let table = Table {
        name: if image {
            "hubs of the run (images)"
        } else {
            "hubs of the run (captions)"
        },
        columns: if image { &OF_IMAGES } else { &COLUMNS },
        sort: None,
    };
    table.head_ui(ui, view);
    let all = survey.extent.read.max(1) as f64;
    let row = |view: &mut View<'_>, at: usize| {
        let hub = survey.hubs[at];
        let called = name(view, image, hub.candidate);
        let share = format!("{:.2} %", 100.0 * hub.queries as f64 / all);
        let told = format!(
            "{called}: hardest negative of {} queries, wins {}",
            grouped(hub.queries),
            grouped(hub.won)
        );
        let mut cells = vec![
            (grouped(hub.queries), t.text),
            (grouped(hub.won), t.bad),
            (share, t.weak),
        ];
        if image {
            cells.push((String::new(), t.text));
        }
        cells.push((called, t.text));
        Row {
            name: told,
            cells,
            ..Row::default()
        }
    };
    let hubs = &survey.hubs;
    let picture = |ui: &Ui, view: &mut View<'_>, at: usize, cell: &dyn Fn(usize) -> Rect| {
        if image {
            let cell = cell(3);
            let min = egui::pos2(cell.left() + 8.0, cell.center().y - PICTURE / 2.0);
            let to = Rect::from_min_size(min, Vec2::splat(PICTURE));
            picture_in(ui.painter(), &t, view, hubs[at].candidate, to);
        }
    };
    // Without asking for the names of all.
    let (state, all_hubs) = (view.state, hubs.clone());
    let cells = || {
        let (names, hubs) = (state.names.clone(), all_hubs.clone());
        Cells::made(move |at| {
            let hub = hubs[at];
            let share = format!("{:.2} %", 100.0 * hub.queries as f64 / all);
            let mut cells = vec![grouped(hub.queries), grouped(hub.won), share];
            if image {
                cells.push(String::new());
            }
            cells.push(known(&names, image, hub.candidate));
            cells
        })
    };
    let rows = Rows {
        tall: if image { TALL } else { table::TALL },
        of: order_of(&hubs.iter().map(|hub| hub.candidate).collect::<Vec<_>>()),
        cells: Some(&cells),
        ..Rows::of(hubs.len())
    };
    table.rows_ui(ui, view, rows, row, picture);
}
