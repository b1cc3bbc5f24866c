//! The hard-negative workbench: the pairs that cost the most, one line each, walked by keys.

mod filters;
mod inspector;
mod reading;
mod row;
mod words;

pub use inspector::inspector_ui;

use crate::desktop::shell::View;
use crate::desktop::shell::theme::tokens;
use crate::desktop::shell::views::not_ready_ui;
use crate::desktop::shell::widgets::{empty_state, grouped, weak};
use crate::dataset::{Dataset, export};
use crate::retrieval::Side;
use crate::desktop::core::{Command, NegativeSet, NegativesCommand, Session};
use egui::{Align, Layout, ScrollArea, Ui};
use std::sync::Arc;

/// What drawing the workbench remembers between frames.
#[derive(Default)]
pub struct NegativesState {
    /// The pair that was scrolled to last.
    revealed: Option<usize>,
    /// How far the list was scrolled.
    scroll: f32,
    /// The map of regions, as a texture.
    regions: Option<reading::Overlay>,
}

/// Is there all that the workbench needs?
pub fn is_ready(session: &Session) -> bool {
    session.dataset().is_some() && session.embedded().is_some()
}

/// Draws the workbench's centre.
pub fn negatives_ui(ui: &mut Ui, view: &mut View<'_>) {
    let session = view.session;
    let Some(dataset) = session.dataset().cloned().filter(|_| is_ready(session)) else {
        let texts = [
            "Hard negatives are mined as soon as both sides are embedded.",
            "Nothing to mine",
            "Hard negatives need images, their captions, and an encoder.",
        ];
        not_ready_ui(ui, view, texts);
        return;
    };
    filters::filters_ui(ui, view);
    ui.add_space(4.0);
    let Some(set) = session.negatives.set.get(session.now()).cloned() else {
        if session.negatives.running || !session.jobs.is_empty() {
            empty_state(ui, "Mining…", "The status bar says how far it is.", None);
        } else if empty_state(ui, "Nothing was mined", "", Some("Mine hard negatives")) {
            view.ask(Command::Negatives(NegativesCommand::Mine));
        }
        return;
    };
    if set.pairs.is_empty() {
        let text =
            "No negative passes these filters. A higher margin, or fewer filters, lets more pass.";
        empty_state(ui, "No hard negatives", text, None);
        return;
    }
    if set.plan != session.negatives.plan {
        ui.multiply_opacity(0.55);
    }
    let columns = row::Columns::of(ui.available_width() - 8.0);
    row::head_ui(ui, view, &columns, set.plan.side);
    rows_ui(ui, view, &dataset, &set, &columns);
}

fn rows_ui(
    ui: &mut Ui,
    view: &mut View<'_>,
    dataset: &Dataset,
    set: &Arc<NegativeSet>,
    columns: &row::Columns,
) {
    let at = view.session.negatives.at;
    let mut area = ScrollArea::vertical()
        .id_salt("negatives")
        .auto_shrink([false; 2]);
    ui.spacing_mut().item_spacing.y = 0.0;
    if view.state.negatives.revealed != Some(at) {
        view.state.negatives.revealed = Some(at);
        let (top, height) = (at as f32 * row::HEIGHT, ui.available_height());
        let seen = view.state.negatives.scroll;
        if top < seen || top + row::HEIGHT > seen + height {
            area = area.vertical_scroll_offset((top - (height - row::HEIGHT) / 2.0).max(0.0));
        }
    }
    let shown = area.show_rows(ui, row::HEIGHT, set.pairs.len(), |ui, range| {
        for place in range {
            row::row_ui(ui, view, dataset, set, place, columns);
        }
    });
    view.state.negatives.scroll = shown.state.clamped_offset().y;
}

/// How many pairs there are, and what can be done with them all.
fn count_ui(ui: &mut Ui, view: &mut View<'_>) {
    let session = view.session;
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        let set = session.negatives.set.get(session.now());
        let enabled = set.is_some_and(|s| !s.pairs.is_empty());
        ui.add_enabled_ui(enabled, |ui| {
            ui.menu_button("Export…", |ui| export_ui(ui, view))
                .response
                .on_hover_text("Write the pairs shown, without those confirmed as right");
        });
        if let Some(set) = set {
            let noun = if set.pairs.len() == 1 {
                "pair"
            } else {
                "pairs"
            };
            let text = format!("{} {noun}", grouped(set.pairs.len()));
            let hover = format!(
                "Of {} {}, mined in {:.2} s",
                grouped(set.units),
                match set.plan.side {
                    Side::Image => "images",
                    Side::Text => "captions",
                },
                set.seconds
            );
            weak(ui, text).on_hover_text(hover);
        }
        if session.negatives.running {
            ui.add(egui::Spinner::new().size(14.0).color(tokens(ui).weak));
        }
    });
}

/// What the pairs shown can be written as.
fn export_ui(ui: &mut Ui, view: &mut View<'_>) {
    let choices = [
        (None, "Pairs with scores and reasons…"),
        (Some(export::Layout::Triplet), "Triplets to train on…"),
        (Some(export::Layout::NTuple), "n-tuples…"),
        (Some(export::Layout::NTupleScores), "n-tuples with scores…"),
        (Some(export::Layout::LabeledPair), "Labelled pairs…"),
        (Some(export::Layout::LabeledList), "Labelled lists…"),
    ];
    for (layout, name) in choices {
        if ui.button(name).clicked() {
            view.ask(Command::Negatives(NegativesCommand::Export(layout, None)));
        }
    }
}
