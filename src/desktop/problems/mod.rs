//! What of the dataset was left out, and what is in it twice.

mod jobs;
mod state;
mod view;

pub use state::{Crossed, Item, Page, SplitRead, State};

use crate::desktop::core::{Basis, Derived, JobSlot, Part, Session, Tab};
use crate::desktop::feature::{Desk, Feature, View};
use crate::error::counted;
use crate::retrieval::alike::{Captions, Pictures};
use egui::Ui;
use std::sync::Arc;

/// The view.
pub struct Problems {
    state: State,
    asked: Asked,
}

/// What was asked for about what is open; it is not asked for again by itself.
#[derive(Default)]
struct Asked {
    pictures: Derived<()>,
    captions: Derived<()>,
}

/// What can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// Show a page.
    ShowPage(Page),
    /// Compare the pictures with each other.
    ComparePictures,
    /// Compare the captions with each other.
    CompareCaptions,
    /// Read every split and compare pictures and captions across them.
    CompareSplits,
}

/// Its kinds of jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Slot {
    /// Comparing pictures.
    Pictures,
    /// Comparing captions.
    Captions,
    /// Comparing splits.
    Splits,
}

impl JobSlot for Slot {
    fn parts(self) -> &'static [Part] {
        &[Part::Data]
    }

    fn is_quiet(self) -> bool {
        self == Self::Captions
    }
}

/// What its jobs report.
pub enum Event {
    /// Pictures were compared.
    Pictures(Arc<Pictures>),
    /// Captions were compared.
    Captions(Arc<Captions>),
    /// Splits were compared.
    Splits(Arc<Crossed>),
}

impl Feature for Problems {
    type Command = Command;
    type Slot = Slot;
    type Event = Event;
    type State = State;
    type Memory = view::Memory;

    const TAB: Tab = Tab {
        title: "Problems",
        hint: "What of the dataset was left out and why; pictures and captions that are in it twice",
        show: "Show problems",
        follows: false,
        is_lab: false,
    };

    fn new() -> Self {
        Self {
            state: State::default(),
            asked: Asked::default(),
        }
    }

    fn state(&self) -> &State {
        &self.state
    }

    fn execute(&mut self, desk: &mut Desk<'_, Self>, command: Command) {
        match command {
            Command::ShowPage(page) => self.state.page = page,
            Command::ComparePictures => self.compare_pictures(desk),
            Command::CompareCaptions => self.compare_captions(desk),
            Command::CompareSplits => Self::compare_splits(desk),
        }
    }

    fn take(&mut self, desk: &mut Desk<'_, Self>, basis: Basis, event: Event) {
        let (slot, groups) = match &event {
            Event::Pictures(found) => (Slot::Pictures, found.groups.len()),
            Event::Captions(found) => (Slot::Captions, found.groups.len()),
            Event::Splits(found) => (Slot::Splits, found.groups.len()),
        };
        let figure = counted(groups, "group");
        desk.ran(slot, figure);
        match event {
            Event::Pictures(found) => self.state.pictures = Derived::new(basis, found),
            Event::Captions(found) => self.state.captions = Derived::new(basis, found),
            Event::Splits(found) => self.state.crossed = Derived::new(basis, found),
        }
    }

    fn advance(&mut self, desk: &mut Desk<'_, Self>) {
        if desk.session.tab == Self::TAB && (desk.encoder.is_none() || desk.is_settled()) {
            self.start_jobs(desk);
        }
    }

    fn badge(session: &Session) -> Option<usize> {
        session.dataset().map(|d| d.problems.len())
    }

    fn guide_page() -> Option<&'static str> {
        Some("formats")
    }

    fn draw(ui: &mut Ui, view: &mut View<'_, Self>) {
        view::problems_ui(ui, view);
    }
}
