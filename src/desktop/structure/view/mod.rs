//! The structure of the near misses: the matrix, margins, hubs, concepts, slices.

mod camera;
mod concepts;
mod examples;
mod hubs;
mod inspector;
mod margins;
mod marks;
mod matrix;
mod moves;
mod slices;
mod words;

pub use moves::{key_lines, keys};

use inspector::inspector_ui;

use crate::dataset::Dataset;
use crate::desktop::core::{Derived, Session};
use crate::desktop::shell::empty::{NotReady, not_ready_ui};
use crate::desktop::shell::side_frame;
use crate::desktop::shell::theme::tokens;
use crate::desktop::shell::widgets::{empty_state, segmented, weak};
use crate::desktop::structure::{Command, Slot, StructurePage};
use crate::retrieval::Side;
use crate::retrieval::structure::{SliceKind, Structure};
use egui::{Align, Layout, Panel, RichText, Ui};
use std::sync::Arc;

/// What the view is drawn with.
pub type View<'a> = crate::desktop::feature::View<'a, super::Structure>;

/// What drawing the view remembers between frames.
pub struct Memory {
    /// Where the matrix is looked at.
    camera: camera::Camera,
    /// Moves of the matrix by keys and buttons, until its area is known.
    moves: Vec<moves::Move>,
    /// The matrix had the keyboard in the frame before.
    focused: bool,
    /// Whose queries the lists are of.
    side: Side,
    /// Are counts drawn on a logarithmic scale?
    log: bool,
    /// The hub looked at, and the queries it wins.
    hub: Derived<(Side, u32, Arc<Vec<u32>>)>,
    /// The pair of concepts looked at.
    pair: Derived<(u32, u32)>,
    /// Only slices of this kind.
    kind: Option<SliceKind>,
    /// Are slices with few queries shown?
    few: bool,
    /// Only slices whose name holds this.
    filter: String,
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            camera: camera::Camera::default(),
            moves: Vec::new(),
            focused: false,
            side: Side::Image,
            log: false,
            hub: Derived::default(),
            pair: Derived::default(),
            kind: None,
            few: false,
            filter: String::new(),
        }
    }
}

impl Memory {
    /// Moves the matrix as soon as its area is known.
    fn pending(&mut self, by: moves::Move) {
        self.moves.push(by);
    }
}

/// Width from which pages and tools stand beside each other, in points.
const BESIDE: f32 = 800.0;

/// Is there all that the view needs?
fn is_ready(session: &Session) -> bool {
    session.dataset().is_some() && session.embedded().is_some()
}

/// Draws the inspector.
pub fn panels_ui(ui: &mut Ui, view: &mut View<'_>) {
    if is_ready(view.session) {
        Panel::right("structure inspector")
            .frame(side_frame(ui, 12))
            .default_size(264.0)
            .size_range(200.0..=420.0)
            .show(ui, |ui| inspector_ui(ui, view));
    }
}

/// Draws the view's centre.
pub fn structure_ui(ui: &mut Ui, view: &mut View<'_>) {
    let session = view.session;
    let Some(dataset) = session.dataset().cloned().filter(|_| is_ready(session)) else {
        let says = NotReady {
            busy: [
                "Getting ready…",
                "The structure shows as soon as the set is embedded.",
            ],
            nothing: [
                "Nothing is open",
                "The structure of the near misses needs images, captions and an encoder.",
            ],
            encoder: "Open the folder of an ONNX-exported dual encoder.",
            needs_encoder: false,
        };
        not_ready_ui(ui, view, &says);
        return;
    };
    let page = view.state.page;
    let tools = |ui: &mut Ui, view: &mut View<'_>| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| match page {
            StructurePage::Matrix => matrix::head_ui(ui, view),
            StructurePage::Margins => margins::head_ui(ui, view),
            StructurePage::Hubs | StructurePage::Concepts | StructurePage::Slices => {
                side_ui(ui, view, page);
            }
        });
    };
    // Where both do not fit beside each other, the tools stand below the pages.
    let fits = ui.available_width() >= BESIDE;
    ui.horizontal_wrapped(|ui| {
        if let Some(page) = segmented(ui, page, &StructurePage::ALL) {
            view.own(Command::ShowPage(page));
        }
        if fits {
            tools(ui, view);
        }
    });
    if !fits {
        ui.horizontal(|ui| tools(ui, view));
    }
    ui.add_space(4.0);
    if page == StructurePage::Matrix {
        matrix::matrix_ui(ui, view, &dataset);
        return;
    }
    let Some(found) = view.state.found.get(session.now()).cloned() else {
        waiting_ui(ui, view);
        return;
    };
    if found.plan != view.state.plan && !view.is_running(Slot::Structure) {
        ui.horizontal(|ui| {
            let text =
                "What is set now: not analysed yet. The figures below are of the settings before.";
            ui.label(RichText::new(text).color(tokens(ui).warn));
            if ui.button("Analyse").clicked() {
                view.own(Command::Analyse);
            }
        });
    }
    match page {
        StructurePage::Matrix => {}
        StructurePage::Margins => margins::margins_ui(ui, view, &found),
        StructurePage::Hubs => hubs::hubs_ui(ui, view, &dataset, &found),
        StructurePage::Concepts => concepts::concepts_ui(ui, view, &dataset, &found),
        StructurePage::Slices => slices::slices_ui(ui, view, &found),
    }
}

/// Whose queries the lists are of.
fn side_ui(ui: &mut Ui, view: &mut View<'_>, page: StructurePage) {
    let texts = if page == StructurePage::Hubs {
        [
            (
                "Captions",
                "Captions that win over the right one of an image",
            ),
            ("Images", "Images that win over the right one of a caption"),
        ]
    } else {
        [
            ("I→T", "Images look for captions"),
            ("T→I", "Captions look for images"),
        ]
    };
    // Right to left.
    for (side, (text, hint)) in [Side::Image, Side::Text].into_iter().zip(texts).rev() {
        let state = &mut *view.memory;
        let button = egui::Button::selectable(state.side == side, text).frame_when_inactive(true);
        if ui.add(button).on_hover_text(hint).clicked() {
            state.side = side;
            state.pair.clear();
        }
    }
}

fn waiting_ui(ui: &mut Ui, view: &mut View<'_>) {
    if view.session.jobs.is_empty() {
        let text = "It was cancelled, or failed; the log says why.";
        if empty_state(ui, "Not analysed", text, Some("Analyse")) {
            view.own(Command::Analyse);
        }
    } else {
        let text = if view.session.ranking().is_some() {
            "Analysing…"
        } else {
            "Shows as soon as the set is ranked; the matrix shows already."
        };
        weak(ui, text);
    }
}

/// The name of a row for lists and AccessKit: an image's name, a caption's text.
fn name_of(dataset: &Dataset, side: Side, row: usize) -> &str {
    match side {
        Side::Image => dataset.images.get(row).map_or("", |image| &image.name),
        Side::Text => dataset.captions.get(row).map_or("", |caption| caption),
    }
}

/// The structure of the side chosen.
fn side_of<'a>(
    view: &View<'_>,
    found: &'a Structure,
) -> &'a crate::retrieval::structure::SideStructure {
    found.side(view.memory.side)
}
