//! A run of work in parts: how far it is while others work on it, and what came out. Only its files are read.

mod command;
mod jobs;
mod state;
mod textures;
mod view;

pub use command::Command;
pub use state::{Found, Known, Listed, Page, Results, State, Told, Which};
pub use textures::Textures;

use crate::desktop::core::{self, Basis, Dialog, JobSlot, Part, Tab};
use crate::desktop::feature::{Desk, Ended, Feature, View};
use crate::desktop::shell::PaletteEntry;
use crate::desktop::shell::keys::KeyLine;
use crate::error::Result;
use crate::parts::view::{Look, Named, Names, Pictures};
use egui::{ColorImage, Context, Ui};
use std::sync::{Arc, Mutex};

/// The view of a run.
#[derive(Default)]
pub struct RunView {
    state: State,
    /// What tells the ranking that is shown from another one.
    seal: Option<String>,
    memos: Option<Memos>,
    /// What the job under way reads.
    naming: Vec<(bool, u32)>,
    loading: Vec<u32>,
}

/// What jobs that read names and pictures keep for the next ones.
#[derive(Clone)]
pub struct Memos {
    names: Arc<Mutex<Names>>,
    pictures: Arc<Mutex<Pictures>>,
}

/// Its kinds of jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Slot {
    /// Seeing how far it is.
    Look,
    /// Reading what came out.
    Read,
    /// Reading the queries of a range.
    Range,
    /// Reading names.
    Names,
    /// Reading pictures.
    Pictures,
    /// A file dialog.
    Dialog,
}

impl Slot {
    /// All.
    const ALL: [Self; 6] = [
        Self::Look,
        Self::Read,
        Self::Range,
        Self::Names,
        Self::Pictures,
        Self::Dialog,
    ];
}

impl JobSlot for Slot {
    fn parts(self) -> &'static [Part] {
        &[]
    }

    fn is_quiet(self) -> bool {
        !matches!(self, Self::Read | Self::Range)
    }
}

/// What its jobs report.
pub enum Event {
    /// How far it is, or why that cannot be seen.
    Looked(Box<Result<Look>>),
    /// What came out.
    Found(Arc<Found>, Memos),
    /// What came out is not shown.
    Refused(Told),
    /// The queries of a range.
    Range(usize, Listed),
    /// Names, or why they are not known.
    Named(Vec<((bool, u32), Result<Named, String>)>),
    /// Pictures, or why there are none.
    Pictures(Vec<(u32, Result<ColorImage, String>)>),
    /// A folder was chosen.
    Picked(String),
}

impl Feature for RunView {
    type Command = Command;
    type Slot = Slot;
    type Event = Event;
    type State = State;
    type Memory = view::Memory;

    const TAB: Tab = Tab {
        title: "Run",
        hint: "Work in parts on a set that is too large for one machine: how far it is, and what came out",
        show: "Show the run",
        follows: false,
        is_lab: false,
    };

    fn new() -> Self {
        Self::default()
    }

    fn state(&self) -> &State {
        &self.state
    }

    fn is_listed(&self) -> bool {
        self.state.place.is_some()
    }

    fn is_quiet(&self, slot: Slot) -> bool {
        // The first look is worth a word: a store may take its time.
        slot.is_quiet() && (slot != Slot::Look || self.state.status.is_some())
    }

    fn execute(&mut self, desk: &mut Desk<'_, Self>, command: Command) {
        let state = &mut self.state;
        match command {
            Command::Open(place) => self.open(desk, &place),
            Command::ChooseFolder => {
                let dialog = Dialog::folder("Open the folder of a run");
                desk.choose(Slot::Dialog, dialog, |paths| {
                    let first = paths
                        .first()
                        .map(|path| path.to_string_lossy().into_owned());
                    Event::Picked(first.unwrap_or_default())
                });
            }
            Command::Watch(on) => {
                state.watching = on && state.place.is_some();
                state.looked = state.looked.filter(|_| !on);
                if !on {
                    desk.cancel(Slot::Look);
                }
            }
            Command::Close => {
                self.leave(desk);
                desk.show_answer();
            }
            Command::ShowPage(page) => state.page = page,
            Command::SetSide(side) => {
                if state.side != side {
                    (state.side, state.which, state.chosen) = (side, Which::Smallest, 0);
                }
            }
            Command::SetWhich(which) => {
                (state.which, state.chosen) = (which, 0);
                if let Which::Range(n) = which {
                    self.read_range(desk, n);
                }
            }
            Command::Choose(at) => state.chosen = at,
            Command::Name(wanted) => self.name(desk, wanted),
            Command::Load(images) => self.load(desk, &images),
        }
    }

    fn take(&mut self, desk: &mut Desk<'_, Self>, _: Basis, event: Event) {
        match event {
            Event::Looked(seen) => self.looked(desk, *seen),
            Event::Found(found, memos) => {
                self.memos = Some(memos);
                self.state.results = Results::Found(found);
                if self.state.is_complete() {
                    self.state.watching = false;
                }
            }
            Event::Refused(told) => self.state.results = Results::Refused(told),
            Event::Range(n, listed) => self.state.listed = Some((n, listed)),
            Event::Named(names) => self.state.names.extend(names),
            Event::Pictures(pictures) => {
                for (image, read) in pictures {
                    self.state.pictures.insert(desk.ctx, image, read);
                }
            }
            Event::Picked(place) => self.open(desk, &place),
        }
    }

    fn ended(&mut self, desk: &mut Desk<'_, Self>, slot: Slot, how: Ended) {
        let why = || match how {
            Ended::Failed => "it could not be read: the log says why".to_owned(),
            _ => "it was not read".to_owned(),
        };
        let told = || Told {
            what: "The merged run was not read".into(),
            remedy: "Open the run again.".into(),
        };
        match slot {
            Slot::Look => self.state.watching = false,
            Slot::Read => self.state.results = Results::Refused(told()),
            Slot::Range => {
                let n = self.state.listed.take().map(|(n, _)| n);
                self.state.listed = n.map(|n| (n, Listed::Refused(told())));
            }
            Slot::Names => {
                for key in std::mem::take(&mut self.naming) {
                    self.state.names.insert(key, Err(why()));
                }
            }
            Slot::Pictures => {
                for image in std::mem::take(&mut self.loading) {
                    self.state.pictures.insert(desk.ctx, image, Err(why()));
                }
            }
            Slot::Dialog => {}
        }
    }

    fn advance(&mut self, desk: &mut Desk<'_, Self>) {
        self.watch(desk);
    }

    fn offered(&mut self, desk: &mut Desk<'_, Self>, command: &core::Command) -> bool {
        let asked = matches!(command, core::Command::OpenRun);
        if asked {
            self.state.asked += 1;
            desk.show(Self::TAB);
        }
        asked
    }

    fn draw(ui: &mut Ui, view: &mut View<'_, Self>) {
        view::run_ui(ui, view);
    }

    fn panels(ui: &mut Ui, view: &mut View<'_, Self>) {
        view::panels_ui(ui, view);
    }

    fn key_lines() -> Vec<KeyLine> {
        view::key_lines()
    }

    fn guide_page() -> Option<&'static str> {
        Some("cluster")
    }

    fn keys(ctx: &Context, view: &mut View<'_, Self>, focused: bool) {
        view::keys(ctx, view, focused);
    }

    fn palette(_: &View<'_, Self>) -> Vec<PaletteEntry<Command>> {
        vec![PaletteEntry::core("Open run…", "", core::Command::OpenRun)]
    }
}
