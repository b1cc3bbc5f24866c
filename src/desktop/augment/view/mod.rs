//! The laboratory of changes, drawn: what became of the magnitudes, what averaging brings, copies of pictures.

mod copies;
mod inspector;
mod looks;
mod plots;
mod result;
mod settings;
mod toolbar;
mod tour;

use super::{Command, Slot, Studied};
use crate::desktop::core::{self, DataSource, Session};
use crate::desktop::shell::empty::{NotReady, not_ready_ui};
use crate::desktop::shell::keys::{
    Binding, KeyLine, acts, command, common_keys, common_lines, held, lines,
};
use crate::desktop::shell::screen::Screen;
use crate::desktop::shell::side_frame;
use crate::desktop::shell::theme::tokens;
use crate::desktop::shell::widgets::{column, empty_state, weak};
use egui::{Context, Key, Label, Panel, ProgressBar, RichText, ScrollArea, Ui};

/// What the laboratory is drawn with.
pub type View<'a> = crate::desktop::feature::View<'a, super::AugmentLab>;

/// What drawing the laboratory remembers between frames.
#[derive(Default)]
pub struct Memory {
    /// The picture of the view on its way.
    screen: Screen,
    /// The card of the tour, where one is under way.
    tour: Option<usize>,
}

/// Width of the centre from which the tables stand side by side, and that of the first.
const BESIDE: f32 = 1_010.0;
const MAGNITUDES: f32 = 580.0;

fn is_ready(session: &Session) -> bool {
    let embedded = session.embedded();
    session.dataset().is_some()
        && session.encoder().is_some()
        && embedded.is_some_and(|e| e.texts.rows() > 0)
}

fn is_given(session: &Session) -> bool {
    matches!(session.workspace.data, Some(DataSource::Embeddings { .. }))
}

/// Draws the inspector.
pub fn panels_ui(ui: &mut Ui, view: &mut View<'_>) {
    if is_ready(view.session) && !is_given(view.session) {
        Panel::right("augment inspector")
            .frame(side_frame(ui, 12))
            .default_size(300.0)
            .size_range(250.0..=420.0)
            .show(ui, |ui| inspector::inspector_ui(ui, view));
    }
}

/// Draws the view's centre.
pub fn augment_ui(ui: &mut Ui, view: &mut View<'_>) {
    let session = view.session;
    if session.embedded().is_some_and(|e| e.texts.rows() == 0) {
        let text = "Magnitudes are learned on pairs of images and captions, and there are no captions here.";
        empty_state(ui, "Images alone", text, None);
        return;
    }
    if is_given(session) && session.dataset().is_some() {
        let said = view.state.refusal(session).unwrap_or_default();
        empty_state(ui, "Embeddings alone", &said.join(" "), None);
        return;
    }
    if !is_ready(session) {
        let says = NotReady {
            busy: [
                "Getting ready…",
                "Magnitudes can be learned as soon as the set is embedded.",
            ],
            nothing: [
                "Nothing is open",
                "The laboratory of changes needs images, captions and an encoder with a gradient.",
            ],
            encoder: "Open the folder of an ONNX-exported dual encoder: its image model is what changes are learned for.",
            needs_encoder: true,
        };
        not_ready_ui(ui, view, &says);
        return;
    }
    toolbar::toolbar_ui(ui, view);
    ui.add_space(6.0);
    tour::tour_ui(ui, view);
    refusal_ui(ui, view);
    progress_ui(ui, view);
    let area = ui.available_rect_before_wrap();
    let live = view.state.live.get(session.now()).cloned();
    let studied = view.state.studied(session.now()).cloned();
    if let Some(curves) = live.filter(|_| view.is_running(Slot::Learn)) {
        plots::plots_ui(ui, view, &curves);
    } else if let Some(studied) = studied.filter(|_| !view.is_running(Slot::Learn)) {
        ScrollArea::vertical()
            .id_salt("augment")
            .auto_shrink([false; 2])
            .show(ui, |ui| {
                ui.set_max_width(ui.available_width() - 8.0);
                result_ui(ui, view, &studied);
            });
        picture(ui, view, area);
    } else {
        start_ui(ui, view);
    }
}

fn result_ui(ui: &mut Ui, view: &mut View<'_>, studied: &Studied) {
    result::headline_ui(ui, view, studied);
    let wide = ui.available_width();
    if wide >= BESIDE {
        ui.horizontal_top(|ui| {
            let size = |wide: f32| egui::vec2(wide, 0.0);
            column(ui, size(MAGNITUDES), |ui| {
                result::magnitudes_ui(ui, view, studied);
            });
            let rest = ui.available_width();
            column(ui, size(rest), |ui| result::recalls_ui(ui, view, studied));
        });
    } else {
        result::magnitudes_ui(ui, view, studied);
        ui.add_space(12.0);
        result::recalls_ui(ui, view, studied);
    }
    ui.add_space(12.0);
    copies::copies_ui(ui, view, studied);
    ui.add_space(12.0);
    plots::plots_ui(ui, view, &studied.curves);
    ui.add_space(8.0);
}

/// Why nothing can be learned, and what helps.
fn refusal_ui(ui: &mut Ui, view: &mut View<'_>) {
    let Some([text, remedy]) = view.state.refusal(view.session) else {
        return;
    };
    let t = tokens(ui);
    ui.add(Label::new(RichText::new(text).color(t.warn)).wrap());
    ui.add(Label::new(RichText::new(remedy).color(t.weak)).wrap());
    if view.state.is_blocked(view.session.now()) {
        let hint = "Lists the operators that no gradient passes";
        if ui.button("Show the models").on_hover_text(hint).clicked() {
            view.ask(core::Command::ShowModels);
        }
    }
    ui.add_space(6.0);
}

/// How far the learning under way is.
fn progress_ui(ui: &mut Ui, view: &mut View<'_>) {
    let Some(progress) = view.progress(Slot::Learn) else {
        return;
    };
    ui.horizontal(|ui| {
        ui.add(
            ProgressBar::new(progress.share)
                .desired_height(6.0)
                .desired_width((ui.available_width() * 0.4).max(80.0)),
        );
        weak(ui, progress.stage);
    });
    ui.add_space(4.0);
}

/// What stands in place of the result before anything was learned.
fn start_ui(ui: &mut Ui, view: &mut View<'_>) {
    if view.is_running(Slot::Learn) {
        let text = "Pictures are read first; then every step shows where the magnitudes are, seed by seed.";
        empty_state(ui, "Learning…", text, None);
        return;
    }
    let text = "Which changes of a picture should its embedding not see? Random copies of each picture are turned, moved, scaled, \
                brightened, coloured and blurred; how far is learned so that captions still find held-out pictures by the mean over \
                their copies (arXiv 2202.02142).";
    let can = view.state.refusal(view.session).is_none();
    if empty_state(
        ui,
        "No magnitudes learned yet",
        text,
        can.then_some("Learn magnitudes"),
    ) {
        view.own(Command::Learn);
    }
}

/// Takes the view from the screen, where a picture of it is wanted.
fn picture(ui: &Ui, view: &mut View<'_>, area: egui::Rect) {
    let wanted = view.state.picture.as_deref();
    if let Some((path, image)) = view.memory.screen.take(ui, wanted, area) {
        view.own(Command::Picture(path, image));
        view.own(Command::NoPicture);
    }
}

const KEYS: [Binding<()>; 1] = [held(&[command(Key::Enter)], (), "learn magnitudes")];

/// The lines of the laboratory's keys.
pub fn key_lines() -> Vec<KeyLine> {
    lines(&KEYS).into_iter().chain(common_lines()).collect()
}

/// Takes the laboratory's keys.
pub fn keys(ctx: &Context, view: &mut View<'_>, focused: bool) {
    if !acts(ctx, &KEYS).is_empty() {
        view.own(Command::Learn);
    }
    common_keys(ctx, view, focused);
}
