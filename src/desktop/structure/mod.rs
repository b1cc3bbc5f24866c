//! The structure of the near misses: where they lie in the similarity matrix, by margin, hub, concept and slice.

mod command;
mod jobs;
mod state;
mod textures;
mod tile_job;
mod tiles;
mod view;

pub use command::Command;
pub use state::{Matrix, MatrixLooks, Reduction, State, StructurePage};

use crate::desktop::core::{Basis, Change, Derived, JobSlot, Part, Query, Tab};
use crate::desktop::feature::{Desk, Ended, Feature, View};
use crate::desktop::shell::PaletteEntry;
use crate::desktop::shell::keys::KeyLine;
use crate::retrieval::structure::matrix::{Arrangement, Order, Range};
use crate::retrieval::structure::{Neighbours, Plan, Structure as Analysis};
use egui::{Color32, Context, Ui};
use std::sync::Arc;
use tiles::Tiles;

/// The structure of the near misses.
pub struct Structure {
    state: State,
    work: Work,
}

/// What is kept besides what is shown.
#[derive(Default)]
struct Work {
    asked: Derived<Plan>,
    neighbours_asked: Derived<()>,
    order_asked: Derived<Order>,
    arranged: Option<Order>,
    tiles: Tiles,
}

/// Its kinds of jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Slot {
    /// Analysing the structure of the near misses.
    Structure,
    /// Counting nearest neighbours.
    Neighbours,
    /// Ordering the rows of the matrix.
    Arrange,
    /// Making tiles of the matrix.
    Tiles,
}

impl JobSlot for Slot {
    fn parts(self) -> &'static [Part] {
        match self {
            Self::Structure => &[Part::Data, Part::Ranking],
            Self::Neighbours | Self::Arrange => &[Part::Embeddings, Part::Engine],
            Self::Tiles => &[Part::Arrangement, Part::Engine],
        }
    }
}

/// What its jobs report.
pub enum Event {
    /// The ranking is analysed.
    Found(Arc<Analysis>),
    /// The neighbours are counted.
    Neighbours(Arc<Neighbours>),
    /// Rows and columns are ordered; with the names of clusters, the range of all scores and the colour bars.
    Arranged(
        Order,
        Arc<Arrangement>,
        Arc<Vec<String>>,
        Range,
        [Vec<Color32>; 2],
    ),
    /// No tile is wanted any more.
    Rest,
}

impl Feature for Structure {
    type Command = Command;
    type Slot = Slot;
    type Event = Event;
    type State = State;
    type Memory = view::Memory;

    const TAB: Tab = Tab {
        title: "Structure",
        hint: "Where the near misses lie: the similarity matrix, margins, hubs, concepts, slices",
        show: "Show the structure of the near misses",
        follows: true,
        is_lab: false,
    };

    fn new() -> Self {
        Self {
            state: State::new(),
            work: Work::default(),
        }
    }

    fn state(&self) -> &State {
        &self.state
    }

    fn execute(&mut self, desk: &mut Desk<'_, Self>, command: Command) {
        let view = &mut self.state;
        match command {
            Command::ShowPage(page) => {
                view.page = page;
                desk.show(Self::TAB);
            }
            Command::Analyse => self.work.asked.clear(),
            Command::SetPlan(plan) => {
                view.plan = plan;
            }
            Command::SetK(k) => {
                view.k = k.max(1);
                view.neighbours.clear();
                self.work.neighbours_asked.clear();
                desk.cancel(Slot::Neighbours);
            }
            Command::CountNeighbours => self.count_neighbours(desk),
            Command::SetLooks(looks) => {
                view.matrix.looks = looks;
                view.matrix.stopped = false;
                if !looks.stretch {
                    view.matrix.range = view.matrix.whole.unwrap_or_default();
                }
            }
            Command::Look(viewport) => {
                view.matrix.viewport = Some(viewport);
                view.matrix.stopped = false;
            }
            Command::Stop => self.stop_tiles(desk),
            Command::Open(side, row) => {
                desk.set_query(Query::Row(side, row));
                desk.show_answer();
            }
        }
    }

    fn take(&mut self, desk: &mut Desk<'_, Self>, basis: Basis, event: Event) {
        let view = &mut self.state;
        match event {
            Event::Found(found) => view.found = Derived::new(basis, found),
            Event::Neighbours(found) => view.neighbours = Derived::new(basis, found),
            Event::Arranged(order, arrangement, names, range, bars) => {
                let basis = Self::order_basis(desk, order);
                let view = &mut self.state;
                view.textures.bars = bars;
                let matrix = &mut view.matrix;
                let now = desk.session.open.now();
                let same =
                    matrix.arrangement.get(now).map(|a| a.size()) == Some(arrangement.size());
                if !same {
                    matrix.viewport = None;
                }
                desk.session.open.replace(Part::Arrangement, basis.clone());
                matrix.arrangement = Derived::new(basis, arrangement);
                matrix.names = names;
                matrix.whole = Some(range);
                matrix.range = range;
                matrix.tiles.clear();
                self.work.arranged = Some(order);
                self.work.tiles = Tiles::default();
                self.state.textures.clear();
            }
            Event::Rest => {}
        }
    }

    fn ended(&mut self, desk: &mut Desk<'_, Self>, slot: Slot, how: Ended) {
        if how == Ended::Outdated {
            return;
        }
        match slot {
            Slot::Tiles => self.stop_tiles(desk),
            Slot::Arrange => {
                let order = self.work.arranged.unwrap_or_default();
                self.state.matrix.looks.order = order;
                if self.work.arranged.is_some() {
                    self.work.order_asked = Derived::new(Self::order_basis(desk, order), order);
                }
            }
            Slot::Structure | Slot::Neighbours => {}
        }
    }

    fn changed(&mut self, _: &mut Desk<'_, Self>, change: Change) {
        if change == Change::Basis {
            self.state.clear();
            self.work = Work::default();
        }
    }

    fn advance(&mut self, desk: &mut Desk<'_, Self>) {
        self.start_jobs(desk);
    }

    fn is_quiet(&self, slot: Slot) -> bool {
        slot == Slot::Tiles && !self.state.matrix.looks.exact
    }

    fn is_busy(&self) -> bool {
        self.work.tiles.is_busy()
    }

    fn draw(ui: &mut Ui, view: &mut View<'_, Self>) {
        view::structure_ui(ui, view);
    }

    fn panels(ui: &mut Ui, view: &mut View<'_, Self>) {
        view::panels_ui(ui, view);
    }

    fn palette(_: &View<'_, Self>) -> Vec<PaletteEntry<Command>> {
        let page = |(page, name, _): (StructurePage, &str, &str)| {
            PaletteEntry::own(&format!("Structure: {name}"), "", Command::ShowPage(page))
        };
        let analyse = PaletteEntry::own("Structure: analyse again", "", Command::Analyse);
        StructurePage::ALL
            .map(page)
            .into_iter()
            .chain([analyse])
            .collect()
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
}
