//! The map: both sides of the joint space in one plane.

mod colours;
mod command;
mod jobs;
mod palette;
mod points;
mod state;
mod trail;
mod view;

pub use command::{Command, Outline};
pub use points::{Drawn, Look, Painter};
pub use state::{
    Colouring, Dyed, Kept, LegendKey, Lines, Mode, Near, Selection, ShownMap, Sketch, State, Trail,
};
pub use trail::MOST;

use crate::desktop::core::{
    self, Basis, Change, Derived, Dialog, Filters, JobSlot, Level, Part, Query, SetsCommand, Tab,
};
use crate::desktop::feature::{Desk, Ended, Feature, View};
use crate::desktop::shell::PaletteEntry;
use crate::desktop::shell::keys::KeyLine;
use egui::{Context, Ui};
use jobs::Latest;
use std::path::PathBuf;
use std::sync::Arc;

/// Files of coordinates.
const COORDINATES: Filters = &[("Coordinates", &["parquet", "csv", "jsonl", "npy"])];

/// The map.
pub struct MapView {
    state: State,
    work: Work,
}

/// What is kept besides what is shown.
#[derive(Default)]
struct Work {
    /// The layout on its way, the latest alone.
    latest: Latest,
    /// What each map was coloured for last.
    dyed: [Option<colours::Wanted>; 2],
    /// The map and the item whose neighbours were looked for last.
    near: Option<(u64, u32)>,
    /// How often the sets have changed.
    sets: u64,
    /// The image model with its gradient.
    network: Derived<trail::SharedNetwork>,
    /// Is it known where points are drawn?
    chosen: bool,
}

/// Its kinds of jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Slot {
    /// Laying out.
    LayOut,
    /// Reading coordinates.
    Import,
    /// Colouring the map.
    Colours,
    /// Colouring the map that was kept.
    PinnedColours,
    /// Choosing points.
    Choose,
    /// Looking for words.
    Find,
    /// Looking for the neighbours of one item.
    Near,
    /// Attacking pictures.
    Trail,
    /// Writing coordinates.
    Export,
    /// A file dialog.
    Dialog,
}

impl JobSlot for Slot {
    fn parts(self) -> &'static [Part] {
        match self {
            Self::LayOut | Self::Import => &[Part::Data, Part::Embeddings, Part::Engine],
            Self::Near => &[Part::Embeddings, Part::Engine],
            Self::Trail => &[Part::Data, Part::Encoder, Part::Embeddings, Part::Engine],
            Self::Colours | Self::PinnedColours | Self::Choose | Self::Find => &[Part::Data],
            Self::Export | Self::Dialog => &[],
        }
    }

    fn is_quiet(self) -> bool {
        matches!(
            self,
            Self::Colours
                | Self::PinnedColours
                | Self::Choose
                | Self::Find
                | Self::Near
                | Self::Dialog
        )
    }

    fn writes(self) -> bool {
        self == Self::Export
    }
}

/// What its jobs report.
pub enum Event {
    /// A map is made or read.
    Made(Arc<ShownMap>),
    /// Points are coloured; of the map that was kept, or of the other.
    Dyed(Arc<Dyed>, bool),
    /// Items are chosen.
    Chosen(Vec<u32>),
    /// What holds the words.
    Found(String, Vec<u32>),
    /// The neighbours of an item.
    Near(Near),
    /// The paths of attacked pictures over the map of this number.
    Trails(u64, Arc<Vec<Trail>>),
    /// Coordinates were written here.
    Exported(PathBuf),
    /// A file to read or to write was chosen.
    Picked(PathBuf, bool),
}

impl Feature for MapView {
    type Command = Command;
    type Slot = Slot;
    type Event = Event;
    type State = State;
    type Memory = view::Memory;

    const TAB: Tab = Tab {
        title: "Map",
        hint: "Images and captions in one plane: what lies near what, and what beats it",
        show: "Show the map",
        follows: true,
        is_lab: false,
    };

    fn new() -> Self {
        Self {
            state: State::default(),
            work: Work::default(),
        }
    }

    fn state(&self) -> &State {
        &self.state
    }

    fn execute(&mut self, desk: &mut Desk<'_, Self>, command: Command) {
        let parts = [Part::Data];
        match command {
            Command::SetOptions(options) => self.state.options = *options,
            Command::LayOut => self.lay_out(desk),
            Command::SetColouring(colouring) => self.state.colouring = colouring,
            Command::SetLines(lines) => self.state.lines = lines,
            Command::Choose {
                outline,
                mode,
                pinned,
            } => self.choose(desk, outline, mode, pinned),
            Command::ChooseNothing => self.chosen(desk, Vec::new()),
            Command::Undo => {
                let now = desk.session.open.now();
                self.state.selection.get_or_default(now, &parts).undo();
            }
            Command::Mark => {
                let images = desk.session.dataset().map_or(0, |d| d.images.len()) as u32;
                let items = self.state.chosen(&desk.session).iter();
                let chosen: Vec<u32> = items.copied().filter(|&i| i < images).collect();
                desk.ask(core::Command::Sets(SetsCommand::MarkOnly(chosen)));
            }
            Command::Find(words) => self.find(desk, words),
            Command::ChooseFound => {
                let found = self.state.found.get(desk.session.now());
                if let Some(items) = found.map(|(_, items)| items.to_vec()) {
                    self.chosen(desk, items);
                }
            }
            Command::LookAt(item) => {
                if let Some(dataset) = desk.session.dataset() {
                    let (side, row) = state::row(dataset, item);
                    desk.set_query(Query::Row(side, row));
                }
            }
            Command::Place(words) => desk.set_query(Query::Text(words)),
            Command::Pin(pin) => {
                let now = desk.session.now();
                let shown = self.state.shown.get(now).cloned().filter(|_| pin);
                let ranking = desk.session.ranking().cloned();
                self.state.pinned = shown.map_or_else(Derived::default, |shown| {
                    Derived::new(now.basis(&parts), Kept { shown, ranking })
                });
            }
            Command::Export => {
                let dialog = Dialog::place("Write the coordinates", "map.parquet", COORDINATES);
                Self::ask_for(desk, dialog, true);
            }
            Command::Import => {
                Self::ask_for(desk, Dialog::file("Open coordinates", COORDINATES), false);
            }
            Command::ImportFrom(path) => self.import(desk, path),
            Command::Attack(images) => self.attack(desk, &images),
            Command::ForgetTrails => self.state.trails.clear(),
        }
    }

    fn take(&mut self, desk: &mut Desk<'_, Self>, basis: Basis, event: Event) {
        match event {
            Event::Made(shown) => {
                desk.ran(Slot::LayOut, shown.figure());
                // Opened again with the workspace.
                desk.session.workspace.map.clone_from(&shown.file);
                self.state.show(basis, shown);
            }
            Event::Dyed(dyed, pinned) => {
                let place = if pinned {
                    &mut self.state.pinned_dyed
                } else {
                    &mut self.state.dyed
                };
                *place = Some(dyed);
            }
            Event::Chosen(items) => self.chosen(desk, items),
            Event::Found(words, items) => {
                self.state.found = Derived::new(basis, (words, Arc::new(items)));
            }
            // Of a map that is shown no more: nothing of it holds for the next one.
            Event::Near(near) if self.is_shown(desk, near.of) => {
                self.state.near = Derived::new(basis, near);
            }
            Event::Trails(of, trails) if self.is_shown(desk, of) => {
                self.state.trails = Derived::new(basis, trails);
            }
            Event::Near(_) | Event::Trails(..) => {}
            Event::Exported(path) => {
                let text = format!("Coordinates written to {}.", path.display());
                desk.session.say(Level::Info, text, "");
            }
            Event::Picked(path, true) => self.export(desk, path),
            Event::Picked(path, false) => self.import(desk, path),
        }
    }

    fn ended(&mut self, _: &mut Desk<'_, Self>, slot: Slot, how: Ended) {
        if slot == Slot::LayOut {
            self.state.sketch.clear();
            if how == Ended::Outdated {
                self.state.asked.clear();
            }
        }
    }

    fn changed(&mut self, _: &mut Desk<'_, Self>, change: Change) {
        match change {
            Change::Basis => self.work.near = None,
            Change::Sets => self.work.sets += 1,
            Change::Opened | Change::Tab => {}
        }
    }

    fn offered(&mut self, desk: &mut Desk<'_, Self>, command: &core::Command) -> bool {
        let core::Command::ShowOnMap(images) = command else {
            return false;
        };
        self.chosen(desk, images.clone());
        desk.show(Self::TAB);
        true
    }

    fn advance(&mut self, desk: &mut Desk<'_, Self>) {
        self.start_jobs(desk);
    }

    fn draw(ui: &mut Ui, view: &mut View<'_, Self>) {
        view::map_ui(ui, view);
    }

    fn panels(ui: &mut Ui, view: &mut View<'_, Self>) {
        view::panels_ui(ui, view);
    }

    fn key_lines() -> Vec<KeyLine> {
        view::key_lines()
    }

    fn guide_page() -> Option<&'static str> {
        Some("structure")
    }

    fn keys(ctx: &Context, view: &mut View<'_, Self>, focused: bool) {
        view::keys(ctx, view, focused);
    }

    fn palette(view: &View<'_, Self>) -> Vec<PaletteEntry<Command>> {
        palette::entries(view)
    }
}

impl MapView {
    /// Is this the map that is shown?
    fn is_shown(&self, desk: &Desk<'_, Self>, id: u64) -> bool {
        let shown = self.state.shown.get(desk.session.now());
        shown.is_some_and(|shown| shown.id == id)
    }

    /// Other items are chosen.
    fn chosen(&mut self, desk: &Desk<'_, Self>, items: Vec<u32>) {
        let now = desk.session.open.now();
        let selection = self.state.selection.get_or_default(now, &[Part::Data]);
        if *selection.items != items {
            selection.choose(items);
        }
    }

    fn ask_for(desk: &mut Desk<'_, Self>, dialog: Dialog, to_write: bool) {
        desk.choose(Slot::Dialog, dialog, move |mut paths| {
            Event::Picked(paths.pop().unwrap_or_default(), to_write)
        });
    }
}
