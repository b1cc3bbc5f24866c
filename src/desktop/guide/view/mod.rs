//! The guide: its pages at the left, the page in the middle.

use super::pages::linked;
use super::{Command, PAGES};
use crate::desktop::core;
use crate::desktop::shell::side_frame;
use crate::desktop::shell::widgets::heading;
use egui::{Panel, ScrollArea, Ui};
use egui_commonmark::{CommonMarkCache, CommonMarkViewer};

/// What the guide is drawn with.
pub type View<'a> = crate::desktop::feature::View<'a, super::Guide>;

/// Width of a page at most, so that lines stay short enough to read.
const WIDEST: f32 = 860.0;

/// What drawing the guide remembers between frames.
pub struct Memory {
    /// What was made of the pages; the links between them are hooks of it.
    cache: CommonMarkCache,
}

impl Default for Memory {
    fn default() -> Self {
        let mut cache = CommonMarkCache::default();
        for page in PAGES {
            cache.add_link_hook(format!("{}.md", page.name));
        }
        Self { cache }
    }
}

/// Draws the list of pages.
pub fn panels_ui(ui: &mut Ui, view: &mut View<'_>) {
    Panel::left("guide pages")
        .frame(side_frame(ui, 10))
        .default_size(270.0)
        .size_range(200.0..=420.0)
        .show(ui, |ui| {
            ui.add_space(8.0);
            heading(ui, "Guide");
            ScrollArea::vertical()
                .id_salt("guide pages")
                .auto_shrink([false; 2])
                .show(ui, |ui| list_ui(ui, view));
        });
}

fn list_ui(ui: &mut Ui, view: &mut View<'_>) {
    for (at, page) in PAGES.iter().enumerate() {
        let button = egui::Button::selectable(at == view.state.page, page.title()).truncate();
        if ui.add(button).clicked() {
            view.own(Command::Open(at));
        }
    }
    ui.add_space(8.0);
    ui.separator();
    if ui.button("Tour of the program").clicked() {
        view.shell.memory.start_tour();
    }
    if ui.button("Show a near miss of this set").clicked() {
        view.ask(core::Command::Story(core::StoryCommand::Begin));
    }
}

/// Draws the page.
pub fn guide_ui(ui: &mut Ui, view: &mut View<'_>) {
    let (at, before) = (view.state.page, !view.state.before.is_empty());
    let page = &PAGES[at.min(PAGES.len() - 1)];
    ui.horizontal(|ui| {
        if ui.add_enabled(before, egui::Button::new("Back")).clicked() {
            view.own(Command::Back);
        }
    });
    ScrollArea::vertical()
        .id_salt(("guide page", page.name))
        .auto_shrink([false; 2])
        .show(ui, |ui| {
            ui.set_max_width(ui.available_width().min(WIDEST));
            CommonMarkViewer::new().show(ui, &mut view.memory.cache, page.text);
            ui.add_space(24.0);
        });
    let hooks = view.memory.cache.link_hooks().iter();
    let clicked = hooks
        .filter(|(_, clicked)| **clicked)
        .find_map(|(link, _)| linked(link));
    if let Some(page) = clicked {
        view.own(Command::Open(page));
    }
}
