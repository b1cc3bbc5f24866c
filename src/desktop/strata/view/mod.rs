//! The laboratory of gradient groups, drawn: groups as pictures, what they gain, what keeping a share costs.

mod along;
mod bars;
mod group;
mod inspector;
mod keep;
mod list;
mod settings;
mod toolbar;
mod tour;

use super::{Command, Slot, Surveyed};
use crate::desktop::core::Session;
use crate::desktop::shell::empty::{NotReady, not_ready_ui};
use crate::desktop::shell::keys::{
    Binding, KeyLine, acts, command, common_keys, common_lines, held, lines,
};
use crate::desktop::shell::screen::Screen;
use crate::desktop::shell::side_frame;
use crate::desktop::shell::theme::tokens;
use crate::desktop::shell::widgets::{column, empty_state, weak};
use crate::learn::survey::AtCount;
use crate::learn::survey::words::{all_pull, detail, headline};
use egui::{Context, Key, Label, Panel, ProgressBar, RichText, ScrollArea, Ui};

/// What the laboratory is drawn with.
pub type View<'a> = crate::desktop::feature::View<'a, super::StrataLab>;

/// What drawing the laboratory remembers between frames.
#[derive(Default)]
pub struct Memory {
    /// Are all groups listed, and not the first and the last alone?
    all: bool,
    /// The picture of the view on its way.
    screen: Screen,
    /// The card of the tour, where one is under way.
    tour: Option<usize>,
}

/// Width of the figures beside the groups.
const FIGURES: f32 = 330.0;
/// Width of the centre from which groups and figures stand side by side.
const BESIDE: f32 = 700.0;

fn is_ready(session: &Session) -> bool {
    session.dataset().is_some() && session.embedded().is_some_and(|e| e.texts.rows() > 0)
}

/// Draws the inspector.
pub fn panels_ui(ui: &mut Ui, view: &mut View<'_>) {
    if is_ready(view.session) {
        Panel::right("strata inspector")
            .frame(side_frame(ui, 12))
            .default_size(300.0)
            .size_range(250.0..=420.0)
            .show(ui, |ui| inspector::inspector_ui(ui, view));
    }
}

/// Draws the view's centre.
pub fn strata_ui(ui: &mut Ui, view: &mut View<'_>) {
    let session = view.session;
    if session.embedded().is_some_and(|e| e.texts.rows() == 0) {
        let text = "Pairs of an image and a caption are grouped, and there are no captions here.";
        empty_state(ui, "Images alone", text, None);
        return;
    }
    if !is_ready(session) {
        let says = NotReady {
            busy: [
                "Getting ready…",
                "Pairs can be grouped as soon as the set is embedded.",
            ],
            nothing: [
                "Nothing is open",
                "The laboratory of gradient groups needs images, captions and an encoder.",
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
    progress_ui(ui, view);
    let surveyed = view.state.surveyed(session.now()).cloned();
    let Some(surveyed) = surveyed else {
        start_ui(ui, view);
        return;
    };
    let Some((place, at)) = view.state.at(&surveyed) else {
        return;
    };
    let area = ui.available_rect_before_wrap();
    ScrollArea::vertical()
        .id_salt("strata")
        .auto_shrink([false; 2])
        .show(ui, |ui| found_ui(ui, view, &surveyed, place, at));
    picture(ui, view, area);
}

fn found_ui(ui: &mut Ui, view: &mut View<'_>, surveyed: &Surveyed, place: usize, at: &AtCount) {
    ui.set_max_width(ui.available_width() - 8.0);
    headline_ui(ui, view, surveyed, at);
    let wide = ui.available_width();
    if wide < BESIDE {
        bars::figures_ui(ui, view, surveyed, at);
        keep::keep_ui(ui, view, surveyed, place, at);
        ui.add_space(10.0);
        along::along_ui(ui, view);
        ui.add_space(10.0);
        list::list_ui(ui, view, surveyed, place, at);
        return;
    }
    let gap = 24.0;
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = gap;
        let left = wide - FIGURES - gap;
        column(ui, egui::vec2(left, 10.0), |ui| {
            ui.spacing_mut().item_spacing.x = 6.0;
            list::list_ui(ui, view, surveyed, place, at);
        });
        column(ui, egui::vec2(FIGURES, 10.0), |ui| {
            ui.spacing_mut().item_spacing.x = 6.0;
            bars::figures_ui(ui, view, surveyed, at);
            ui.add_space(14.0);
            keep::keep_ui(ui, view, surveyed, place, at);
            ui.add_space(14.0);
            along::along_ui(ui, view);
        });
    });
}

/// One true sentence over the groups, and what else is to be known.
fn headline_ui(ui: &mut Ui, view: &View<'_>, surveyed: &Surveyed, at: &AtCount) {
    let t = tokens(ui);
    let survey = &surveyed.survey;
    let text = RichText::new(headline(at)).size(17.0).color(t.text);
    ui.add(Label::new(text).wrap());
    let rest = format!(
        "{} {} At {}.",
        detail(at),
        all_pull(survey.pairs(), survey.pulls(), survey.still),
        surveyed.heads
    );
    ui.add(Label::new(RichText::new(rest.trim()).color(t.weak)).wrap());
    let state = view.state;
    let decided = state
        .decided
        .as_ref()
        .is_some_and(|basis| !view.session.now().holds(basis));
    if surveyed.form != state.form {
        let text = format!(
            "Not grouped yet as the settings say. Below: {} gradients, {}, {}, {} descents, margin {}, {}.",
            survey.asked.form.name(),
            surveyed.heads,
            surveyed.split,
            survey.asked.restarts,
            survey.asked.margin,
            counts(surveyed)
        );
        ui.add(Label::new(RichText::new(text).size(12.0).color(t.warn)).wrap());
    }
    if decided {
        let text =
            "Pairs were decided on since: which negatives count may be another now. Group again.";
        ui.add(Label::new(RichText::new(text).size(12.0).color(t.warn)).wrap());
    }
    for note in &survey.notes {
        ui.add(Label::new(RichText::new(note).size(12.0).color(t.warn)).wrap());
    }
    ui.add_space(8.0);
}

fn counts(surveyed: &Surveyed) -> String {
    let counts = surveyed.survey.counts.iter();
    let counts: Vec<String> = counts.map(|at| at.count.to_string()).collect();
    format!("{} groups", counts.join(", "))
}

/// How far the grouping under way is.
fn progress_ui(ui: &mut Ui, view: &mut View<'_>) {
    let slots = [Slot::Survey, Slot::Along];
    let Some(progress) = slots.into_iter().find_map(|slot| view.progress(slot)) else {
        return;
    };
    ui.horizontal(|ui| {
        ui.add(
            ProgressBar::new(progress.share)
                .desired_height(6.0)
                .desired_width((ui.available_width() * 0.4).max(80.0)),
        );
        let told = match progress.detail.as_str() {
            "" => progress.stage.clone(),
            detail => format!("{}: {detail}", progress.stage),
        };
        weak(ui, told);
    });
    ui.add_space(4.0);
}

/// What stands in place of groups before any were made.
fn start_ui(ui: &mut Ui, view: &mut View<'_>) {
    if view.is_running(Slot::Survey) {
        let text = "Single pairs move from group to group as long as the variance falls.";
        empty_state(ui, "Grouping…", text, None);
        return;
    }
    let text = "Every pair of an image and a caption pulls at the head with its gradient. Pairs that pull the same way are put \
                into one group: which they are, how few of them would do, and how much a step gains when it draws one pair \
                from each group (gradient clustering, arXiv 2007.04532).";
    if empty_state(ui, "No groups yet", text, Some("Group the pairs")) {
        view.own(Command::Group);
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

const KEYS: [Binding<()>; 1] = [held(&[command(Key::Enter)], (), "group the pairs")];

/// The lines of the laboratory's keys.
pub fn key_lines() -> Vec<KeyLine> {
    lines(&KEYS).into_iter().chain(common_lines()).collect()
}

/// Takes the laboratory's keys.
pub fn keys(ctx: &Context, view: &mut View<'_>, focused: bool) {
    if !acts(ctx, &KEYS).is_empty() {
        view.own(Command::Group);
    }
    common_keys(ctx, view, focused);
}
