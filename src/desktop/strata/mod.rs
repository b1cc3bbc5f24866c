//! The laboratory of gradient groups: which pairs pull the same way, and what sampling by groups gains.

mod along;
mod command;
mod export;
mod form;
mod jobs;
mod state;
mod view;

pub use command::{Command, Kind};
pub use form::{Form, Heads};
pub use state::{AlongRun, Drawing, Row, Sort, State, Surveyed};

use crate::desktop::core::{self, Basis, Derived, JobSlot, KeptRun, Level, Part, SetsCommand, Tab};
use crate::desktop::feature::{Desk, Feature, View};
use crate::desktop::shell::PaletteEntry;
use crate::desktop::shell::keys::KeyLine;
use egui::{Context, Ui};
use std::path::PathBuf;
use std::sync::Arc;

/// The laboratory.
pub struct StrataLab {
    state: State,
    /// Was it shown in the frame before?
    seen: bool,
    /// Reading the kept runs was asked for.
    asked: Derived<()>,
}

/// Its kinds of jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Slot {
    /// Grouping.
    Survey,
    /// Measuring along a run.
    Along,
    /// Reading the runs that were kept.
    Load,
    /// Writing a file.
    Export,
    /// A file dialog.
    Dialog,
}

impl JobSlot for Slot {
    fn parts(self) -> &'static [Part] {
        match self {
            Self::Along => &[Part::Data, Part::Embeddings, Part::Engine],
            Self::Survey | Self::Load => &[Part::Data, Part::Embeddings],
            Self::Export | Self::Dialog => &[],
        }
    }

    fn is_quiet(self) -> bool {
        matches!(self, Self::Load | Self::Dialog)
    }

    fn writes(self) -> bool {
        self == Self::Export
    }
}

/// What its jobs report.
pub enum Event {
    /// The runs that were kept for these embeddings, and their folder.
    Runs(Vec<KeptRun>, String),
    /// Pairs are grouped, by the decisions of then.
    Surveyed(Arc<Surveyed>, Basis),
    /// The variance was measured along a run.
    Along(Arc<AlongRun>),
    /// A file to write was chosen.
    Picked(Kind, PathBuf),
    /// What was written, in words.
    Exported(String),
}

impl Feature for StrataLab {
    type Command = Command;
    type Slot = Slot;
    type Event = Event;
    type State = State;
    type Memory = view::Memory;

    const TAB: Tab = Tab {
        title: "Strata",
        hint: "Pairs grouped by their gradients: which pull the same way, and what sampling by groups gains",
        show: "Show the laboratory of gradient groups",
        follows: true,
        is_lab: true,
    };

    fn new() -> Self {
        Self {
            state: State::default(),
            seen: false,
            asked: Derived::default(),
        }
    }

    fn state(&self) -> &State {
        &self.state
    }

    fn execute(&mut self, desk: &mut Desk<'_, Self>, command: Command) {
        let state = &mut self.state;
        match command {
            Command::SetForm(form) => state.form = *form,
            Command::Group => self.group(desk),
            Command::Along => self.along(desk),
            Command::SetCount(count) => state.set_count(count, desk.session.now()),
            Command::SetSort(sort) => state.set_sort(sort, desk.session.now()),
            Command::SetDrawing(drawing) => state.drawing = drawing,
            Command::Choose(group) => state.choose(group),
            Command::SetKept(share) => state.kept = share.clamp(0.0, 1.0),
            Command::SetAllocation(allocation) => state.allocation = allocation,
            Command::Export(kind) => Self::ask_where(desk, kind),
            Command::ExportTo(kind, path) => self.export(desk, kind, path),
            Command::Picture(path, picture) => Self::write_picture(desk, path, picture),
            Command::NoPicture => state.picture = None,
            Command::MakeSet(group) => self.make_set(desk, group),
        }
    }

    fn take(&mut self, desk: &mut Desk<'_, Self>, basis: Basis, event: Event) {
        match event {
            Event::Runs(runs, home) => {
                self.state.home = home;
                self.state.runs = Derived::new(basis, runs);
            }
            Event::Surveyed(surveyed, decided) => {
                desk.ran(Slot::Survey, surveyed.figure());
                self.state.take(basis, surveyed, desk.session.now());
                self.state.decided = Some(decided);
            }
            Event::Along(along) => self.state.along = Derived::new(basis, along),
            Event::Picked(kind, path) => self.export(desk, kind, path),
            Event::Exported(said) => desk.session.say(Level::Info, said, ""),
        }
    }

    fn advance(&mut self, desk: &mut Desk<'_, Self>) {
        self.load(desk);
    }

    fn draw(ui: &mut Ui, view: &mut View<'_, Self>) {
        view::strata_ui(ui, view);
    }

    fn panels(ui: &mut Ui, view: &mut View<'_, Self>) {
        view::panels_ui(ui, view);
    }

    fn key_lines() -> Vec<KeyLine> {
        view::key_lines()
    }

    fn guide_page() -> Option<&'static str> {
        Some("strata")
    }

    fn keys(ctx: &Context, view: &mut View<'_, Self>, focused: bool) {
        view::keys(ctx, view, focused);
    }

    fn palette(_: &View<'_, Self>) -> Vec<PaletteEntry<Command>> {
        vec![
            PaletteEntry::own("Strata: group the pairs", "", Command::Group),
            PaletteEntry::own(
                "Strata: write groups and sampling weights…",
                "",
                Command::Export(Kind::Strata),
            ),
            PaletteEntry::own(
                "Strata: write the reduced set…",
                "",
                Command::Export(Kind::Reduced),
            ),
        ]
    }
}

impl StrataLab {
    /// Keeps the images of a group as a set.
    fn make_set(&mut self, desk: &mut Desk<'_, Self>, group: usize) {
        let now = desk.session.now();
        let Some(surveyed) = self.state.surveyed(now) else {
            return;
        };
        let Some((place, at)) = self.state.at(surveyed) else {
            return;
        };
        let Some(images) = surveyed.pictures[place].get(group) else {
            return;
        };
        let words = match at.names[group].as_str() {
            "" => String::new(),
            name => format!(" ({name})"),
        };
        let name = format!("gradients {group} of {}{words}", at.count);
        let said = format!("{} images are the set {name:?} now.", images.len());
        let keep = SetsCommand::Keep(name, images.clone());
        desk.ask(core::Command::Sets(keep));
        desk.session.say(Level::Info, said, "");
    }
}
