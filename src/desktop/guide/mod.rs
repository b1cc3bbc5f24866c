//! The guide: short pages on what the program shows, drawn in the window; the same files are read in the repository.

mod pages;
mod view;

pub use pages::{PAGES, Page};

use crate::desktop::core::{self, Basis, Tab};
use crate::desktop::feature::{Desk, Feature, Nothing, View};
use crate::desktop::shell::PaletteEntry;
use egui::Ui;

/// The guide.
#[derive(Default)]
pub struct Guide {
    state: State,
}

/// What the guide shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {
    /// The page, by its place in [`PAGES`].
    pub page: usize,
    /// The pages before, the newest last.
    pub before: Vec<usize>,
}

/// What can be asked of the guide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// Show this page.
    Open(usize),
    /// Back to the page before.
    Back,
}

impl Guide {
    fn open(&mut self, page: usize) {
        if page != self.state.page && page < PAGES.len() {
            self.state.before.push(self.state.page);
            self.state.page = page;
        }
    }
}

impl Feature for Guide {
    type Command = Command;
    type Slot = Nothing;
    type Event = ();
    type State = State;
    type Memory = view::Memory;

    const TAB: Tab = Tab {
        title: "Guide",
        hint: "What the figures mean and how the views are used (F1)",
        show: "Show the guide",
        follows: true,
        is_lab: false,
    };

    fn new() -> Self {
        Self::default()
    }

    fn state(&self) -> &State {
        &self.state
    }

    fn execute(&mut self, desk: &mut Desk<'_, Self>, command: Command) {
        match command {
            Command::Open(page) => {
                self.open(page);
                desk.show(Self::TAB);
            }
            Command::Back => {
                if let Some(page) = self.state.before.pop() {
                    self.state.page = page;
                }
            }
        }
    }

    fn take(&mut self, _: &mut Desk<'_, Self>, _: Basis, (): ()) {}

    fn offered(&mut self, desk: &mut Desk<'_, Self>, command: &core::Command) -> bool {
        let core::Command::ShowGuide(page) = *command else {
            return false;
        };
        if let Some(at) = page.and_then(pages::named) {
            self.open(at);
        }
        desk.show(Self::TAB);
        true
    }

    fn draw(ui: &mut Ui, view: &mut View<'_, Self>) {
        view::guide_ui(ui, view);
    }

    fn panels(ui: &mut Ui, view: &mut View<'_, Self>) {
        view::panels_ui(ui, view);
    }

    fn palette(_: &View<'_, Self>) -> Vec<PaletteEntry<Command>> {
        let page = |(at, page): (usize, &Page)| {
            let title = format!("Guide: {}", page.title());
            PaletteEntry::own(&title, "", Command::Open(at))
        };
        PAGES.iter().enumerate().map(page).collect()
    }
}
