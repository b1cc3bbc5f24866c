//! Retrieval both ways: captions ranked for an image, images for a caption.

mod report;
mod state;
mod view;

pub use state::{Distributions, State};

use crate::desktop::core::{Basis, Derived, Dialog, Filters, JobSlot, Level, Part, Tab};
use crate::desktop::feature::{Desk, Ended, Feature, View};
use crate::desktop::shell::PaletteEntry;
use crate::desktop::shell::keys::KeyLine;
use crate::retrieval::Side;
use egui::{Context, Ui};
use std::path::PathBuf;
use std::sync::Arc;

/// Retrieval, both ways.
pub struct Retrieval {
    state: State,
    distributions_asked: Derived<()>,
}

/// What can be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Choose where to write a report.
    ChooseReport,
    /// Write a report of the full set to this file.
    WriteReport(PathBuf),
}

/// Its kinds of jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Slot {
    /// Writing a report.
    Report,
    /// Counting ranks and scores.
    Distributions,
    /// A file dialog.
    Dialog,
}

impl JobSlot for Slot {
    fn parts(self) -> &'static [Part] {
        match self {
            // A place is for a report of what was ranked when it was asked for.
            Self::Distributions | Self::Dialog => &[Part::Ranking],
            Self::Report => &[],
        }
    }

    fn is_quiet(self) -> bool {
        matches!(self, Self::Distributions | Self::Dialog)
    }

    fn writes(self) -> bool {
        self == Self::Report
    }
}

/// What its jobs report.
pub enum Event {
    /// A report of this many bytes was written.
    Reported(PathBuf, u64),
    /// Ranks and scores were counted.
    Distributions(Arc<[Distributions; 2]>),
    /// Where to write a report was chosen.
    Chosen(Vec<PathBuf>),
}

impl Feature for Retrieval {
    type Command = Command;
    type Slot = Slot;
    type Event = Event;
    type State = State;
    type Memory = view::Memory;

    const TAB: Tab = Tab {
        title: "Retrieval",
        hint: "Rank captions for an image and images for a caption",
        show: "Show retrieval",
        follows: true,
        is_lab: false,
    };

    fn new() -> Self {
        Self {
            state: State::default(),
            distributions_asked: Derived::default(),
        }
    }

    fn state(&self) -> &State {
        &self.state
    }

    fn execute(&mut self, desk: &mut Desk<'_, Self>, command: Command) {
        match command {
            Command::ChooseReport => {
                const PAGE: Filters = &[("HTML page", &["html"])];
                let title = "Write a report: one HTML page with its pictures";
                let dialog = Dialog::place(title, "report.html", PAGE);
                desk.choose(Slot::Dialog, dialog, Event::Chosen);
            }
            Command::WriteReport(path) => Self::write_report(desk, path),
        }
    }

    fn ended(&mut self, desk: &mut Desk<'_, Self>, slot: Slot, end: Ended) {
        if (slot, end) == (Slot::Dialog, Ended::Outdated) {
            desk.say_place_outdated();
        }
    }

    fn take(&mut self, desk: &mut Desk<'_, Self>, basis: Basis, event: Event) {
        match event {
            Event::Reported(path, bytes) => {
                let text = format!("Wrote {} ({:.1} MB)", path.display(), bytes as f64 / 1e6);
                desk.session.say(Level::Info, text, "");
            }
            Event::Distributions(found) => self.state.distributions = Derived::new(basis, found),
            Event::Chosen(paths) => {
                for path in paths {
                    Self::write_report(desk, path);
                }
            }
        }
    }

    fn advance(&mut self, desk: &mut Desk<'_, Self>) {
        if desk.session.tab != Self::TAB
            || self.distributions_asked.get(desk.session.now()).is_some()
        {
            return;
        }
        let Some(ranking) = desk.session.ranking().cloned() else {
            return;
        };
        self.distributions_asked = Derived::new(desk.basis(Slot::Distributions), ());
        desk.start(Slot::Distributions, "Counting ranks", move |_| {
            let of = |side| Distributions::of(ranking.direction(side));
            let found = [of(Side::Image), of(Side::Text)];
            Ok(Event::Distributions(Arc::new(found)))
        });
    }

    fn draw(ui: &mut Ui, view: &mut View<'_, Self>) {
        view::retrieval_ui(ui, view);
    }

    fn panels(ui: &mut Ui, view: &mut View<'_, Self>) {
        view::panels_ui(ui, view);
    }

    fn key_lines() -> Vec<KeyLine> {
        view::key_lines()
    }

    fn guide_page() -> Option<&'static str> {
        Some("ranking")
    }

    fn keys(ctx: &Context, view: &mut View<'_, Self>, focused: bool) {
        view::keys(ctx, view, focused);
    }

    fn palette(_: &View<'_, Self>) -> Vec<PaletteEntry<Command>> {
        let title = "Write a report (HTML)…";
        vec![PaletteEntry::own(title, "", Command::ChooseReport)]
    }
}
