//! The laboratory of linear classifiers, drawn: the table of what each withstands over robust accuracy.

mod agree;
mod curves;
mod dataset;
mod figures;
mod inspector;
mod looks;
mod settings;
mod spark;
mod table;
mod toolbar;
mod tour;
mod worst;

use super::{Command, Group, Page, Slot, Studied};
use crate::desktop::shell::empty::{NotReady, not_ready_ui};
use crate::desktop::shell::keys::{
    Binding, KeyLine, acts, command, common_keys, common_lines, held, lines,
};
use crate::desktop::shell::screen::Screen;
use crate::desktop::shell::side_frame;
use crate::desktop::shell::theme::tokens;
use crate::desktop::shell::widgets::{empty_state, weak};
use crate::learn::linear::study::words::{detail, headline};
use egui::{Context, Key, Label, Panel, ProgressBar, RichText, ScrollArea, Ui};

/// What the laboratory is drawn with.
pub type View<'a> = crate::desktop::feature::View<'a, super::LinearLab>;

/// What drawing the laboratory remembers between frames.
#[derive(Default)]
pub struct Memory {
    /// The picture of the view on its way.
    screen: Screen,
    /// The card of the tour, where one is under way.
    tour: Option<usize>,
}

/// Is a study under way?
fn is_studying(view: &View<'_>) -> bool {
    [Slot::Study, Slot::StudyEmbedded, Slot::StudyLayer]
        .into_iter()
        .any(|slot| view.is_running(slot))
}

/// Draws the inspector.
pub fn panels_ui(ui: &mut Ui, view: &mut View<'_>) {
    if view.session.dataset().is_some() {
        Panel::right("linear inspector")
            .frame(side_frame(ui, 12))
            .default_size(300.0)
            .size_range(250.0..=420.0)
            .show(ui, |ui| inspector::inspector_ui(ui, view));
    }
}

/// Draws the view's centre.
pub fn linear_ui(ui: &mut Ui, view: &mut View<'_>) {
    if view.session.dataset().is_none() {
        let says = NotReady {
            busy: ["Getting ready…", "Groups are made of what is opened."],
            nothing: [
                "Nothing is open",
                "The laboratory of linear classifiers needs images; an encoder only for embeddings.",
            ],
            encoder: "",
            needs_encoder: false,
        };
        not_ready_ui(ui, view, &says);
        return;
    }
    toolbar::toolbar_ui(ui, view);
    ui.add_space(6.0);
    tour::tour_ui(ui, view);
    progress_ui(ui, view);
    let Some(studied) = view.state.studied(view.session.now()).cloned() else {
        start_ui(ui, view);
        return;
    };
    let area = ui.available_rect_before_wrap();
    ScrollArea::vertical()
        .id_salt("linear")
        .auto_shrink([false; 2])
        .show(ui, |ui| {
            ui.set_max_width(ui.available_width() - 8.0);
            if view.state.page == Page::Dataset {
                dataset::dataset_ui(ui, view, &studied);
                return;
            }
            headline_ui(ui, view, &studied);
            table::table_ui(ui, view, &studied);
            ui.add_space(10.0);
            curves::curves_ui(ui, view, &studied);
        });
    picture(ui, view, area);
}

/// One true sentence over the table, and what else is to be known.
fn headline_ui(ui: &mut Ui, view: &View<'_>, studied: &Studied) {
    let t = tokens(ui);
    let study = &studied.study;
    let text = RichText::new(headline(study)).size(17.0).color(t.text);
    ui.add(Label::new(text).wrap());
    ui.add(Label::new(RichText::new(detail(study)).color(t.weak)).wrap());
    let warn = |ui: &mut Ui, text: String| {
        ui.add(Label::new(RichText::new(text).size(12.0).color(t.warn)).wrap());
    };
    if studied.form != view.state.form {
        let text = format!(
            "Not trained yet as the settings say. Below: {} against {}, {}, {} steps, {}.",
            studied.titles[0],
            studied.titles[1],
            studied.on,
            crate::desktop::shell::widgets::grouped(studied.form.steps as usize),
            studied.form.step.name()
        );
        warn(ui, text);
    }
    for (group, before) in studied.form.groups.iter().zip(&studied.members) {
        let moved = match group {
            Group::Set(_) => group.members(view.session).ok().as_ref() != Some(before),
            // They are of the data, which is the same.
            Group::Words(_) | Group::Label(_) => false,
        };
        if moved {
            warn(
                ui,
                format!(
                    "The set {:?} has changed since: train again.",
                    group.title()
                ),
            );
        }
    }
    for note in &studied.notes {
        warn(ui, note.clone());
    }
    ui.add_space(8.0);
}

/// How far the study under way is.
fn progress_ui(ui: &mut Ui, view: &mut View<'_>) {
    let slots = [
        Slot::Study,
        Slot::StudyEmbedded,
        Slot::StudyLayer,
        Slot::Confirm,
        Slot::Move,
    ];
    let Some(progress) = slots.into_iter().find_map(|slot| view.progress(slot)) else {
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

/// What stands in place of the table before anything was trained.
fn start_ui(ui: &mut Ui, view: &mut View<'_>) {
    if is_studying(view) {
        let text = "The largest margins come first, then each way of training.";
        empty_state(ui, "Training…", text, None);
        return;
    }
    let text = "Two groups of images are told apart by linear classifiers. Which one of all that are right a training ends at \
                depends on the optimizer, the penalty and the architecture, and with it what the classifier withstands \
                (arXiv 2102.08868). Name the groups above by words that captions have, or choose sets.";
    let button = view.state.form.is_named().then_some("Train all five");
    if empty_state(ui, "Nothing trained yet", text, button) {
        view.own(Command::Study);
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

const KEYS: [Binding<()>; 1] = [held(&[command(Key::Enter)], (), "train")];

/// The lines of the laboratory's keys.
pub fn key_lines() -> Vec<KeyLine> {
    lines(&KEYS).into_iter().chain(common_lines()).collect()
}

/// Takes the laboratory's keys.
pub fn keys(ctx: &Context, view: &mut View<'_>, focused: bool) {
    if !acts(ctx, &KEYS).is_empty() {
        view.own(Command::Study);
    }
    common_keys(ctx, view, focused);
}
