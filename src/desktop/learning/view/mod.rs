//! The learning laboratory, drawn: curves over what teaches them, the settings beside.

mod changed;
mod forget;
mod hardest;
mod inspector;
mod looks;
mod panels;
mod plot;
mod toolbar;
mod tour;

use super::{Command, State};
use crate::desktop::core::Session;
use crate::desktop::shell::empty::{NotReady, not_ready_ui};
use crate::desktop::shell::keys::{
    Binding, KeyLine, acts, command, common_keys, common_lines, held, lines,
};
use crate::desktop::shell::screen::Screen;
use crate::desktop::shell::side_frame;
use crate::desktop::shell::theme::tokens;
use crate::desktop::shell::widgets::{empty_state, weak};
use crate::learn::headline;
use egui::{Context, Key, Panel, Rect, RichText, ScrollArea, Ui};

/// What the laboratory is drawn with.
pub type View<'a> = crate::desktop::feature::View<'a, super::Learning>;

/// What drawing the laboratory remembers between frames.
#[derive(Default)]
pub struct Memory {
    /// What changed rank, once counted.
    changed: Option<changed::Changed>,
    /// The picture of the curves on its way.
    screen: Screen,
    /// The card of the tour, where one is under way.
    tour: Option<usize>,
}

/// Is there all that training needs?
fn is_ready(session: &Session) -> bool {
    session.dataset().is_some() && session.embedded().is_some_and(|e| e.texts.rows() > 0)
}

/// Draws the inspector.
pub fn panels_ui(ui: &mut Ui, view: &mut View<'_>) {
    if is_ready(view.session) {
        Panel::right("learning inspector")
            .frame(side_frame(ui, 12))
            .default_size(348.0)
            .size_range(270.0..=460.0)
            .show(ui, |ui| inspector::inspector_ui(ui, view));
    }
}

/// Draws the view's centre.
pub fn learning_ui(ui: &mut Ui, view: &mut View<'_>) {
    let session = view.session;
    if session.embedded().is_some_and(|e| e.texts.rows() == 0) {
        let text =
            "Heads are trained on pairs of an image and a caption, and there are no captions here.";
        empty_state(ui, "Images alone", text, None);
        return;
    }
    if !is_ready(session) {
        let says = NotReady {
            busy: [
                "Getting ready…",
                "Training begins on the embeddings, as soon as the set is embedded.",
            ],
            nothing: [
                "Nothing is open",
                "The learning laboratory needs images, captions and an encoder.",
            ],
            encoder: "Open the folder of an ONNX-exported dual encoder.",
            needs_encoder: false,
        };
        not_ready_ui(ui, view, &says);
        return;
    }
    toolbar::toolbar_ui(ui, view);
    ui.add_space(6.0);
    tour::tour_ui(ui, view);
    if view.state.groups().is_empty() {
        start_ui(ui, view);
        return;
    }
    headline_ui(ui, view.state);
    ScrollArea::vertical()
        .id_salt("learning")
        .auto_shrink([false; 2])
        .show(ui, |ui| {
            // What was asked for is seen at once.
            forget::forget_ui(ui, view);
            let curves = ui.scope(|ui| panels::panels_ui(ui, view)).response.rect;
            picture(ui, view, curves);
            ui.separator();
            hardest::hardest_ui(ui, view);
            ui.separator();
            changed::changed_ui(ui, view);
        });
}

/// One true sentence over the curves.
fn headline_ui(ui: &mut Ui, state: &State) {
    let t = tokens(ui);
    let text = headline(state.groups(), state.figure);
    let label = RichText::new(text).size(17.0).color(t.text);
    ui.add(egui::Label::new(label).wrap());
    ui.add_space(4.0);
}

/// Takes the curves from the screen, where a picture of them is wanted.
fn picture(ui: &Ui, view: &mut View<'_>, curves: Rect) {
    let wanted = view.state.picture.as_deref();
    if let Some((path, image)) = view.memory.screen.take(ui, wanted, curves) {
        view.own(Command::Picture(path, image));
        view.own(Command::NoPicture);
    }
}

/// What stands in place of curves before anything was trained.
fn start_ui(ui: &mut Ui, view: &mut View<'_>) {
    if view.is_running(super::Slot::Load) {
        empty_state(
            ui,
            "Reading kept runs…",
            "They were trained on these embeddings before.",
            None,
        );
        return;
    }
    if view.is_running(super::Slot::Train) {
        empty_state(ui, "Training…", "The first curve shows in a moment.", None);
        return;
    }
    let text = "Heads on the frozen embeddings of both towers learn from hard negatives, live: SH lets all of them pull, MH \
                the hardest alone (VSE++). A part of the images is held out, and recall is measured there.";
    if empty_state(
        ui,
        "Nothing trained yet",
        text,
        Some("Train SH, MH and InfoNCE"),
    ) {
        view.own(Command::Train);
    }
    ui.vertical_centered(|ui| {
        weak(
            ui,
            "Losses, rates, seeds and all else are set on the right.",
        );
    });
}

const KEYS: [Binding<()>; 1] = [held(&[command(Key::Enter)], (), "train")];

/// The lines of the laboratory's keys.
pub fn key_lines() -> Vec<KeyLine> {
    lines(&KEYS).into_iter().chain(common_lines()).collect()
}

/// Takes the laboratory's keys.
pub fn keys(ctx: &Context, view: &mut View<'_>, focused: bool) {
    if !acts(ctx, &KEYS).is_empty() {
        view.own(Command::Train);
    }
    common_keys(ctx, view, focused);
}
