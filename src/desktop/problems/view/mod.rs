//! Draws the pages: what was left out, what is there twice, what lies in two splits.

mod groups;
mod left_out;
mod pages;
mod splits;

use super::{Page, Problems};
use crate::dataset::Split;
use crate::desktop::core::{Derived, Part};
use crate::desktop::problems::{Command, Slot};
use crate::desktop::shell::widgets::{grouped, segmented};
use egui::Ui;

/// What the view is drawn with.
pub type View<'a> = crate::desktop::feature::View<'a, Problems>;

/// What drawing the view remembers between frames.
#[derive(Default)]
pub struct Memory {
    /// The account of the open dataset in words, and its splits.
    account: Derived<(String, Option<Split>)>,
}

/// Draws the view.
pub fn problems_ui(ui: &mut Ui, view: &mut View<'_>) {
    let session = view.session;
    if view.memory.account.get(session.now()).is_none()
        && let Some(dataset) = session.dataset()
    {
        let account = dataset.account();
        let told = (account.describe(), account.split);
        view.memory.account = Derived::new(session.now().basis(&[Part::Data]), told);
    }
    let told = view.memory.account.get(session.now()).cloned();
    let (told, split) = told.unwrap_or_default();
    left_out::part_ui(ui, view, split.as_ref());
    if session.dataset().is_some() {
        bar_ui(ui, view);
    }
    match view.state.page {
        Page::LeftOut => left_out::left_out_ui(ui, view, &told),
        Page::Pictures => pages::pictures_ui(ui, view),
        Page::Captions => pages::captions_ui(ui, view),
        Page::Splits => splits::splits_ui(ui, view, split.as_ref()),
    }
}

/// The pages with what each holds.
fn bar_ui(ui: &mut Ui, view: &mut View<'_>) {
    let (now, state) = (view.session.now(), view.state);
    let listed = view.session.dataset().map_or(0, |d| d.problems.len());
    let found = |slot: Slot, count: Option<usize>| match count {
        Some(count) => format!(" ({})", grouped(count)),
        None if view.is_running(slot) => " (…)".to_owned(),
        None => String::new(),
    };
    let pictures = state.pictures.get(now).map(|found| found.groups.len());
    let captions = state.captions.get(now).map(|found| found.groups.len());
    let crossed = state.crossed.get(now).map(|found| found.groups.len());
    let pages = [
        (
            Page::LeftOut,
            format!("Left out ({})", grouped(listed)),
            "What was left out or is otherwise than it stands, and why",
        ),
        (
            Page::Pictures,
            format!("Pictures alike{}", found(Slot::Pictures, pictures)),
            "Groups of equal and nearly equal pictures",
        ),
        (
            Page::Captions,
            format!("Captions alike{}", found(Slot::Captions, captions)),
            "Groups of equal and nearly equal captions of several images",
        ),
        (
            Page::Splits,
            format!("Across splits{}", found(Slot::Splits, crossed)),
            "Groups of pictures or captions that lie in two splits",
        ),
    ];
    let choices: Vec<(Page, &str, &str)> = pages
        .iter()
        .map(|(page, text, hint)| (*page, text.as_str(), *hint))
        .collect();
    if let Some(page) = segmented(ui, state.page, &choices) {
        view.own(Command::ShowPage(page));
    }
    ui.add_space(6.0);
}
