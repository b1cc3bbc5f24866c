//! The hard-negative workbench: the pairs that cost the most, one line each, walked by keys.

mod filters;
mod inspector;
mod keys;
mod reading;
mod row;
mod words;

pub use keys::{key_lines, keys};

use inspector::inspector_ui;

use crate::dataset::{Dataset, export};
use crate::desktop::core::Session;
use crate::desktop::negatives::{Command, NegativeSet};
use crate::desktop::shell::empty::{NotReady, not_ready_ui};
use crate::desktop::shell::side_frame;
use crate::desktop::shell::theme::tokens;
use crate::desktop::shell::widgets::{empty_state, grouped, weak};
use crate::retrieval::Side;
use egui::{Panel, RichText, ScrollArea, Ui};
use std::sync::Arc;

/// What the workbench is drawn with.
pub type View<'a> = crate::desktop::feature::View<'a, super::Negatives>;

/// What drawing the workbench remembers between frames.
#[derive(Default)]
pub struct Memory {
    /// The pair that was scrolled to last.
    revealed: Option<usize>,
    /// How far the list was scrolled.
    scroll: f32,
    /// The map of regions, as a texture.
    regions: Option<reading::Overlay>,
}

/// Is there all that the workbench needs?
fn is_ready(session: &Session) -> bool {
    session.dataset().is_some() && session.embedded().is_some()
}

/// Draws the inspector.
pub fn panels_ui(ui: &mut Ui, view: &mut View<'_>) {
    if is_ready(view.session) {
        Panel::right("negatives inspector")
            .frame(side_frame(ui, 12))
            .default_size(318.0)
            .size_range(280.0..=520.0)
            .show(ui, |ui| inspector_ui(ui, view));
    }
}

/// Draws the workbench's centre.
pub fn negatives_ui(ui: &mut Ui, view: &mut View<'_>) {
    let session = view.session;
    let Some(dataset) = session.dataset().cloned().filter(|_| is_ready(session)) else {
        let says = NotReady {
            busy: [
                "Getting ready…",
                "Hard negatives are mined as soon as both sides are embedded.",
            ],
            nothing: [
                "Nothing to mine",
                "Hard negatives need images, their captions, and an encoder.",
            ],
            encoder: "Open the folder of an ONNX-exported dual encoder.",
            needs_encoder: false,
        };
        not_ready_ui(ui, view, &says);
        return;
    };
    filters::filters_ui(ui, view);
    ui.add_space(4.0);
    let Some(set) = view.state.set.get(session.now()).cloned() else {
        if view.state.running || !session.jobs.is_empty() {
            empty_state(ui, "Mining…", "The status bar says how far it is.", None);
        } else if empty_state(ui, "Nothing was mined", "", Some("Mine hard negatives")) {
            view.own(Command::Mine);
        }
        return;
    };
    if set.pairs.is_empty() {
        let text =
            "No negative passes these filters. A higher margin, or fewer filters, lets more pass.";
        empty_state(ui, "No hard negatives", text, None);
        return;
    }
    if set.plan != view.state.plan {
        if !view.state.running {
            ui.horizontal(|ui| {
                let text =
                    "What is set above: not mined yet. The pairs below are of the settings before.";
                ui.label(RichText::new(text).color(tokens(ui).warn));
                if ui.button("Mine").clicked() {
                    view.own(Command::Mine);
                }
            });
        }
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
    let at = view.state.at;
    let mut area = ScrollArea::vertical()
        .id_salt("negatives")
        .auto_shrink([false; 2]);
    ui.spacing_mut().item_spacing.y = 0.0;
    if view.memory.revealed != Some(at) {
        view.memory.revealed = Some(at);
        let (top, height) = (at as f32 * row::HEIGHT, ui.available_height());
        let seen = view.memory.scroll;
        if top < seen || top + row::HEIGHT > seen + height {
            area = area.vertical_scroll_offset((top - (height - row::HEIGHT) / 2.0).max(0.0));
        }
    }
    let shown = area.show_rows(ui, row::HEIGHT, set.pairs.len(), |ui, range| {
        for place in range {
            row::row_ui(ui, view, dataset, set, place, columns);
        }
    });
    view.memory.scroll = shown.state.clamped_offset().y;
}

/// How many pairs there are, and what can be done with them all.
fn count_ui(ui: &mut Ui, view: &mut View<'_>) {
    let session = view.session;
    let set = view.state.set.get(session.now());
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
    if view.state.running {
        ui.add(egui::Spinner::new().size(14.0).color(tokens(ui).weak));
    }
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
            view.own(Command::Export(layout, None));
        }
    }
}
