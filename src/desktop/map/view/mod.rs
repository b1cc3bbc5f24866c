//! The map, drawn: the plane with what lies over it, a table of what is chosen, the inspector.

mod camera;
mod canvas;
mod card;
mod inspector;
mod keys;
mod legend;
mod lens;
mod overlay;
mod pointer;
mod scene;
mod table;
mod toolbar;
mod tools;

pub use keys::{key_lines, keys};

use super::state::cursor;
use crate::desktop::core::{Derived, Identities, Part, Session};
use crate::desktop::map::{Command, ShownMap, Slot};
use crate::desktop::shell::empty::{NotReady, not_ready_ui};
use crate::desktop::shell::side_frame;
use crate::desktop::shell::theme::tokens;
use crate::desktop::shell::widgets::{empty_state, grouped};
use crate::retrieval::{Evaluation, Side};
use camera::Camera;
use egui::{Frame, Panel, Rect, Ui};

/// What the view is drawn with.
pub type View<'a> = crate::desktop::feature::View<'a, super::MapView>;

/// What a drag over the map does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Tool {
    /// Moves it.
    #[default]
    Move,
    /// Chooses what is in a rectangle.
    Box,
    /// Chooses what is inside an outline.
    Lasso,
}

/// A cluster, its images whose right caption ranks first, and all its images.
type Lost = (u32, usize, usize);

/// What drawing the view remembers between frames.
#[derive(Default)]
pub struct Memory {
    /// From where the map is seen, and the one that was kept.
    cameras: [Camera; 2],
    /// What a drag does.
    tool: Tool,
    /// The corners of the outline on its way, in the plane, and in which map.
    outline: Option<(usize, Vec<[f64; 2]>)>,
    /// The item under the pointer.
    hovered: Option<u32>,
    /// The pictures drawn in place of points, with their items.
    thumbnails: Vec<(Rect, u32)>,
    /// Words being typed.
    words: String,
    /// Moves by keys and buttons, until the area is known.
    moves: Vec<keys::Move>,
    /// The map had the keyboard in the frame before.
    focused: bool,
    /// The place on the path of an attacked picture.
    step: usize,
    /// The clusters where images are lost, once counted.
    lost: Derived<(u64, Vec<Lost>)>,
}

impl Memory {
    /// The clusters of a map with the smallest share of images whose right caption ranks first, with that number and all:
    /// counted once for a map and a ranking.
    fn lost(&mut self, shown: &ShownMap, ranking: &Evaluation, now: &Identities) -> Vec<Lost> {
        const LEAST: usize = 10;
        const LISTED: usize = 5;
        if let Some((_, lost)) = self.lost.get(now).filter(|(of, _)| *of == shown.id) {
            return lost.clone();
        }
        let mut counts = vec![(0_usize, 0_usize); shown.clusters.all.len()];
        let ranks = &ranking.direction(Side::Image).ranks;
        for (&cluster, &rank) in shown.clusters.of.iter().zip(ranks).take(shown.map.images) {
            let (first, all) = &mut counts[cluster as usize];
            *first += usize::from(rank == 1);
            *all += 1;
        }
        let counted = (0_u32..).zip(counts).filter(|(_, (_, all))| *all >= LEAST);
        let mut lost: Vec<_> = counted.map(|(c, (first, all))| (c, first, all)).collect();
        // By cross products: shares without rounding.
        lost.sort_by(|a, b| (a.1 * b.2).cmp(&(b.1 * a.2)).then(b.2.cmp(&a.2)));
        lost.truncate(LISTED);
        let basis = now.basis(&[Part::Ranking]);
        self.lost = Derived::new(basis, (shown.id, lost.clone()));
        lost
    }
}

/// Is there all that the view needs?
fn is_ready(session: &Session) -> bool {
    session.dataset().is_some() && session.embedded().is_some()
}

/// Draws the inspector.
pub fn panels_ui(ui: &mut Ui, view: &mut View<'_>) {
    if is_ready(view.session) {
        Panel::right("map inspector")
            .frame(side_frame(ui, 12))
            .default_size(272.0)
            .size_range(220.0..=420.0)
            .show(ui, |ui| inspector::inspector_ui(ui, view));
    }
}

/// Draws the view's centre.
pub fn map_ui(ui: &mut Ui, view: &mut View<'_>) {
    let session = view.session;
    let Some(dataset) = session.dataset().cloned().filter(|_| is_ready(session)) else {
        let says = NotReady {
            busy: [
                "Getting ready…",
                "The map shows as soon as the set is embedded.",
            ],
            nothing: [
                "Nothing is open",
                "The map needs images, captions and an encoder.",
            ],
            encoder: "Open the folder of an ONNX-exported dual encoder.",
            needs_encoder: false,
        };
        not_ready_ui(ui, view, &says);
        return;
    };
    toolbar::toolbar_ui(ui, view);
    ui.add_space(6.0);
    let now = session.now();
    let shown = view.state.shown.get(now).cloned();
    if shown.is_none() && view.state.sketch.get(now).is_none() {
        waiting_ui(ui, view);
        return;
    }
    let tall = ui.available_height();
    Panel::bottom("map table")
        .frame(Frame::NONE.fill(tokens(ui).base))
        .resizable(true)
        .default_size((tall * 0.29).clamp(128.0, 300.0))
        .size_range(72.0..=(tall * 0.6).max(80.0))
        .show(ui, |ui| {
            table::table_ui(ui, view, &dataset, shown.as_ref());
        });
    ui.add_space(4.0);
    canvas::canvas_ui(ui, view, &dataset);
}

/// What stands in place of a map that is not made.
fn waiting_ui(ui: &mut Ui, view: &mut View<'_>) {
    if view.is_running(Slot::Import) {
        let text = "They are read, then measured against the embeddings.";
        empty_state(ui, "Reading coordinates…", text, None);
        return;
    }
    if view.is_running(Slot::LayOut) {
        empty_state(ui, "Laying out…", "A first sketch shows in a moment.", None);
        return;
    }
    let embedded = view.session.embedded();
    let points = embedded.map_or(0, |e| e.images.rows() + e.texts.rows());
    let text = format!(
        "{} points. Laying them out takes a while; it can be cancelled, and coordinates can be opened from a file.",
        grouped(points)
    );
    if empty_state(ui, "No map yet", &text, Some("Lay out")) {
        view.own(Command::LayOut);
    }
}
