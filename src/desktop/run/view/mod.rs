//! A run, drawn: its place, its stages, and what came out.

mod figures;
mod head;
mod hubs;
mod inspector;
mod negatives;
mod plots;
mod stages;
mod words;

use super::{Command, Found, Page, Results, Slot, Told};
use crate::desktop::shell::keys::{
    BACK, Binding, KeyLine, acts, back_keys, held, lines, once, plain,
};
use crate::desktop::shell::side_frame;
use crate::desktop::shell::theme::tokens;
use crate::desktop::shell::widgets::{empty_state, segmented, weak};
use crate::retrieval::Side;
use egui::{Context, Key, Panel, ProgressBar, RichText, Ui};
use std::collections::BTreeSet;

/// What the view is drawn with.
pub type View<'a> = crate::desktop::feature::View<'a, super::RunView>;

/// What drawing the view remembers between frames.
#[derive(Default)]
pub struct Memory {
    /// The place while it is typed.
    place: String,
    /// The place that is open, as the field was last set to.
    set: Option<String>,
    /// How often the field got the keyboard.
    asked: usize,
    /// The line that was scrolled to.
    revealed: Option<usize>,
    /// Names that were drawn and are not known.
    names: BTreeSet<(bool, u32)>,
    /// Images whose pictures were drawn and are not known.
    pictures: BTreeSet<u32>,
}

/// Draws the panel beside the centre.
pub fn panels_ui(ui: &mut Ui, view: &mut View<'_>) {
    let found = view.state.found().cloned();
    if let Some(found) = found.filter(|_| view.state.page == Page::Negatives) {
        Panel::right("run inspector")
            .frame(side_frame(ui, 12))
            .default_size(300.0)
            .size_range(240.0..=460.0)
            .show(ui, |ui| inspector::inspector_ui(ui, view, &found));
    }
}

/// Draws the centre.
pub fn run_ui(ui: &mut Ui, view: &mut View<'_>) {
    head::head_ui(ui, view);
    ui.add_space(8.0);
    let state = view.state;
    if state.place.is_none() {
        head::nothing_ui(ui, view);
        return;
    }
    if let Some(trouble) = &state.trouble {
        told_ui(ui, trouble);
    }
    let Some(status) = &state.status else {
        match view.progress(Slot::Look) {
            Some(progress) => _ = empty_state(ui, "Reading the run…", &progress.stage, None),
            None => head::nothing_ui(ui, view),
        }
        return;
    };
    stages::stages_ui(ui, view, status);
    ui.add_space(10.0);
    results_ui(ui, view);
    ask_for_missing(view);
}

fn results_ui(ui: &mut Ui, view: &mut View<'_>) {
    match view.state.results.clone() {
        Results::NotYet => {
            let text = "Figures, negatives and hubs appear here once the ranking is merged: nearmiss part merge.";
            weak(ui, text);
        }
        Results::Reading => reading_ui(ui, view),
        Results::Refused(told) => told_ui(ui, &told),
        Results::Found(found) => found_ui(ui, view, &found),
    }
}

fn reading_ui(ui: &mut Ui, view: &mut View<'_>) {
    let Some(progress) = view.progress(Slot::Read) else {
        return;
    };
    ui.horizontal(|ui| {
        let bar = ProgressBar::new(progress.share).desired_height(6.0);
        ui.add(bar.desired_width((ui.available_width() * 0.4).max(80.0)));
        weak(ui, progress.stage);
    });
}

fn found_ui(ui: &mut Ui, view: &mut View<'_>, found: &Found) {
    let pages = [
        (
            Page::Figures,
            "Figures",
            "Recall, losses, ranks and margins",
        ),
        (
            Page::Negatives,
            "Negatives",
            "Queries with their hard negatives",
        ),
        (
            Page::Hubs,
            "Hubs",
            "Candidates that are the hardest negative of many queries",
        ),
    ];
    let (page, side) = (view.state.page, view.state.side);
    ui.horizontal(|ui| {
        if let Some(page) = segmented(ui, page, &pages) {
            view.own(Command::ShowPage(page));
        }
        if page == Page::Figures {
            return;
        }
        ui.add_space(12.0);
        let sides = [
            (Side::Image, "Images look for captions", "I→T"),
            (Side::Text, "Captions look for images", "T→I"),
        ];
        if let Some(side) = segmented(ui, side, &sides) {
            view.own(Command::SetSide(side));
        }
        ui.add_space(12.0);
        if page == Page::Negatives {
            negatives::which_ui(ui, view, found);
        }
    });
    ui.add_space(4.0);
    match page {
        Page::Figures => figures::figures_ui(ui, view, found),
        Page::Negatives => negatives::negatives_ui(ui, view, found),
        Page::Hubs => hubs::hubs_ui(ui, view, found),
    }
}

/// Why something is not shown.
pub fn told_ui(ui: &mut Ui, told: &Told) {
    let t = tokens(ui);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        ui.label(RichText::new(&told.what).color(t.warn));
        weak(ui, told.remedy.clone());
    });
}

/// Asks for the names and pictures that were drawn and are not known.
fn ask_for_missing(view: &mut View<'_>) {
    let names = std::mem::take(&mut view.memory.names);
    let pictures = std::mem::take(&mut view.memory.pictures);
    if !names.is_empty() && !view.is_running(Slot::Names) {
        view.own(Command::Name(names.into_iter().collect()));
    }
    if !pictures.is_empty() && !view.is_running(Slot::Pictures) {
        view.own(Command::Load(pictures.into_iter().collect()));
    }
}

/// What a key does: so many lines further, or to the other side.
#[derive(Debug, Clone, Copy)]
enum Act {
    Step(isize),
    Turn,
}

const KEYS: [Binding<Act>; 5] = [
    held(&[plain(Key::ArrowDown)], Act::Step(1), "the next negative"),
    held(&[plain(Key::ArrowUp)], Act::Step(-1), "the one before"),
    held(&[plain(Key::PageDown)], Act::Step(8), "eight further"),
    held(&[plain(Key::PageUp)], Act::Step(-8), "eight back"),
    once(&[plain(Key::D)], Act::Turn, "the other direction"),
];

/// The lines of the list's keys.
pub fn key_lines() -> Vec<KeyLine> {
    lines(&KEYS).into_iter().chain(lines(&BACK)).collect()
}

/// The keys of the list: up and down, and D for the other side.
pub fn keys(ctx: &Context, view: &mut View<'_>, focused: bool) {
    back_keys(ctx, view);
    let Some(found) = view.state.found().cloned() else {
        return;
    };
    let count = view.state.list(&found).map_or(0, <[_]>::len);
    if focused || view.state.page != Page::Negatives || count == 0 {
        return;
    }
    for act in acts(ctx, &KEYS) {
        match act {
            Act::Step(step) => {
                let at = view.state.chosen.saturating_add_signed(step);
                view.own(Command::Choose(at.min(count - 1)));
            }
            Act::Turn => view.own(Command::SetSide(view.state.side.other())),
        }
    }
}
