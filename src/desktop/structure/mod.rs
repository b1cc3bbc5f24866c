//! The structure view's half of the running program: which of its jobs run, and what their results change.

mod bench;
mod tiles;

use super::App;
use crate::desktop::core::events::Event;
use crate::desktop::attack::bar;
use crate::compute::{Colours, Engine};
use crate::error::Result;
use crate::retrieval::structure::matrix::{Arrangement, Order, Range, range_of_scores};
use crate::retrieval::structure::{Neighbours, Plan, Structure, analyse, neighbours};
use crate::retrieval::{Evaluation, Side};
use crate::desktop::core::{
    Basis, Derived, Embedded, Part, Query, Slot, StructureCommand, StructurePage, StructureView,
    Tab,
};
use crate::task::{Task, aside};
use egui::Color32;
use std::sync::Arc;
use tiles::Tiles;

/// The result of one of the view's jobs.
pub enum StructureEvent {
    /// The ranking is analysed.
    Found(Arc<Structure>),
    /// The neighbours are counted.
    Neighbours(Arc<Neighbours>),
    /// Rows and columns are ordered; with the range of all scores and the colour bars.
    Arranged(Order, Arc<Arrangement>, Range, [Vec<Color32>; 2]),
    /// No tile is wanted any more.
    Rest,
}

/// What the view keeps besides what is shown.
#[derive(Default)]
pub struct Work {
    asked: Derived<Plan>,
    neighbours_asked: Derived<()>,
    order_asked: Derived<Order>,
    arranged: Option<Order>,
    tiles: Tiles,
}

impl Work {
    /// Are there tiles to be taken in?
    pub fn is_busy(&self) -> bool {
        self.tiles.is_busy()
    }
}

impl App {
    /// Forgets what belongs to data and encoder.
    pub(super) fn reset_structure(&mut self) {
        self.session.structure.clear();
        self.structure = Work::default();
        self.pictures.matrix.clear();
    }

    /// Starts what has become possible, while the view is shown.
    pub(super) fn advance_structure(&mut self, ctx: &egui::Context) {
        if self.session.tab != Tab::Structure {
            self.rest_tiles();
            return;
        }
        let (Some(dataset), Some(embedded), Some(engine)) = (
            self.session.dataset().cloned(),
            self.session.embedded().cloned(),
            self.engine.clone(),
        ) else {
            return;
        };
        let ranking = self.session.ranking().cloned();
        let view = &self.session.structure;
        if let Some(ranking) = &ranking
            && self.structure.asked.get(self.session.now()) != Some(&view.plan)
        {
            let plan = view.plan.clone();
            self.structure.asked = Derived::new(self.basis(Slot::Structure), plan.clone());
            let (groups, ranking) = (Arc::clone(&embedded.groups), Arc::clone(ranking));
            self.start(Slot::Structure, "Analysing the structure", move |task| {
                let found = analyse(&dataset, &groups, &ranking.ranking, &plan, task)?;
                Ok(Event::Structure(StructureEvent::Found(Arc::new(found))))
            });
        }
        let pairs = embedded.images.rows() as u64 * embedded.texts.rows() as u64;
        let view = &self.session.structure;
        let quick = view.page == StructurePage::Hubs && pairs <= StructureView::QUICK;
        let now = self.session.now();
        let asked = self.structure.neighbours_asked.get(now).is_some();
        if quick && view.neighbours.get(now).is_none() && !asked {
            self.count_neighbours();
        }
        let view = &self.session.structure;
        if view.page != StructurePage::Matrix {
            self.rest_tiles();
            return;
        }
        let order = view.matrix.looks.order;
        let possible = order != Order::Rank || ranking.is_some();
        if self.structure.order_asked.get(self.session.now()) != Some(&order) && possible {
            self.structure.order_asked = Derived::new(self.order_basis(order), order);
            let (e, engine) = (embedded.clone(), Arc::clone(&engine));
            self.start(Slot::Arrange, "Ordering rows and columns", move |task| {
                // Clusters are of directions.
                let e = e.by_cosine();
                aside(|| arrange(order, &*engine, &e, ranking.as_deref(), task))
            });
        }
        self.make_tiles(ctx, &embedded, &engine);
    }

    /// What an order of rows and columns is about.
    fn order_basis(&self, order: Order) -> Basis {
        let parts = [Part::Embeddings, Part::Engine, Part::Ranking];
        let ranked = order == Order::Rank;
        let now = self.session.now();
        now.basis(if ranked { &parts } else { &parts[..2] })
    }

    fn count_neighbours(&mut self) {
        let (Some(e), Some(engine)) = (self.session.embedded().cloned(), self.engine.clone())
        else {
            return;
        };
        self.structure.neighbours_asked = Derived::new(self.basis(Slot::Neighbours), ());
        let k = self.session.structure.k;
        self.start(Slot::Neighbours, "Counting neighbours", move |task| {
            let found = neighbours(&*engine, &e.images, &e.texts, &e.groups, k, task)?;
            let found = Arc::new(found);
            Ok(Event::Structure(StructureEvent::Neighbours(found)))
        });
    }

    pub(super) fn take_structure(&mut self, basis: Basis, event: StructureEvent) {
        let view = &mut self.session.structure;
        match event {
            StructureEvent::Found(found) => view.found = Derived::new(basis, found),
            StructureEvent::Neighbours(found) => view.neighbours = Derived::new(basis, found),
            StructureEvent::Arranged(order, arrangement, range, bars) => {
                let basis = self.order_basis(order);
                let view = &mut self.session.structure;
                self.pictures.matrix.bars = bars;
                let matrix = &mut view.matrix;
                let now = self.session.open.now();
                let same =
                    matrix.arrangement.get(now).map(|a| a.size()) == Some(arrangement.size());
                if !same {
                    matrix.viewport = None;
                }
                self.session.open.replace(Part::Arrangement, basis.clone());
                matrix.arrangement = Derived::new(basis, arrangement);
                matrix.whole = Some(range);
                matrix.range = range;
                matrix.tiles.clear();
                self.structure.arranged = Some(order);
                self.structure.tiles = Tiles::default();
                self.pictures.matrix.clear();
            }
            StructureEvent::Rest => {}
        }
    }

    pub(super) fn execute_structure(&mut self, command: StructureCommand) {
        let view = &mut self.session.structure;
        match command {
            StructureCommand::ShowPage(page) => view.page = page,
            StructureCommand::SetPlan(plan) => {
                view.plan = plan;
            }
            StructureCommand::SetK(k) => {
                view.k = k.max(1);
                view.neighbours.clear();
                self.structure.neighbours_asked.clear();
                self.jobs.cancel(Slot::Neighbours);
            }
            StructureCommand::CountNeighbours => self.count_neighbours(),
            StructureCommand::SetLooks(looks) => {
                view.matrix.looks = looks;
                view.matrix.stopped = false;
                if !looks.stretch {
                    view.matrix.range = view.matrix.whole.unwrap_or_default();
                }
            }
            StructureCommand::Look(viewport) => {
                view.matrix.viewport = Some(viewport);
                view.matrix.stopped = false;
            }
            StructureCommand::Stop => self.stop_tiles(),
            StructureCommand::Open(side, row) => {
                self.set_query(Query::Row(side, row));
                self.session.tab = Tab::Retrieval;
            }
        }
    }

    /// A job was cancelled by the user, or failed.
    pub(super) fn structure_ended(&mut self, slot: Slot) {
        match slot {
            Slot::Tiles => self.stop_tiles(),
            Slot::Arrange => {
                let order = self.structure.arranged.unwrap_or_default();
                self.session.structure.matrix.looks.order = order;
                if self.structure.arranged.is_some() {
                    self.structure.order_asked = Derived::new(self.order_basis(order), order);
                }
            }
            _ => {}
        }
    }
}

/// Orders rows and columns.
fn arrange(
    order: Order,
    engine: &dyn Engine,
    e: &Embedded,
    ranking: Option<&Evaluation>,
    task: &Task,
) -> Result<Event> {
    let arrangement = match (order, ranking) {
        (Order::Cluster, _) => Arrangement::by_cluster(engine, &e.images, &e.groups, task)?,
        (Order::Rank, Some(ranking)) => {
            Arrangement::by_rank(ranking.direction(Side::Image), &e.groups)
        }
        (Order::Dataset | Order::Rank, _) => Arrangement::dataset(&e.groups),
    };
    let range = range_of_scores(&e.images, &e.texts, &e.groups);
    let bars = [bar(Colours::Viridis, engine)?, bar(Colours::Magma, engine)?];
    let arrangement = Arc::new(arrangement);
    Ok(Event::Structure(StructureEvent::Arranged(
        order,
        arrangement,
        range,
        bars,
    )))
}
