//! The structure view's half of the running program: which of its jobs run, and what their results change.

mod bench;
mod tiles;

use super::App;
use super::events::Event;
use super::jobs::{STRUCTURE, STRUCTURE_NEIGHBOURS, STRUCTURE_ORDER, STRUCTURE_TILES};
use super::lab::bar;
use crate::compute::{Colours, Engine};
use crate::error::Result;
use crate::retrieval::structure::matrix::{Arrangement, Order, Range, range_of_scores};
use crate::retrieval::structure::{Neighbours, Plan, Structure, analyse, neighbours};
use crate::retrieval::{Evaluation, Side};
use crate::session::{Embedded, Query, StructureCommand, StructurePage, StructureView, Tab};
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
    asked: Option<Plan>,
    neighbours_asked: bool,
    order_asked: Option<Order>,
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
        for slot in [
            STRUCTURE,
            STRUCTURE_NEIGHBOURS,
            STRUCTURE_ORDER,
            STRUCTURE_TILES,
        ] {
            self.jobs.cancel(slot);
        }
        self.session.structure.clear();
        self.structure = Work::default();
        self.pictures.matrix.clear();
    }

    /// The ranking is another one: what was made from it is made again.
    pub(super) fn restructure(&mut self) {
        self.structure.asked = None;
        if self.session.structure.matrix.looks.order == Order::Rank {
            self.structure.order_asked = None;
        }
    }

    /// Starts what has become possible, while the view is shown.
    pub(super) fn advance_structure(&mut self, ctx: &egui::Context) {
        if self.session.tab != Tab::Structure {
            self.rest_tiles();
            return;
        }
        let (Some(dataset), Some(embedded), Some(engine)) = (
            self.session.dataset.clone(),
            self.session.embedded.clone(),
            self.engine.clone(),
        ) else {
            return;
        };
        let ranking = self.session.ranking.clone();
        let view = &self.session.structure;
        if let Some(ranking) = &ranking
            && self.structure.asked.as_ref() != Some(&view.plan)
        {
            let plan = view.plan.clone();
            self.structure.asked = Some(plan.clone());
            let (groups, ranking) = (Arc::clone(&embedded.groups), Arc::clone(ranking));
            self.jobs
                .start(STRUCTURE, "Analysing the structure", move |task| {
                    let found = analyse(&dataset, &groups, &ranking.ranking, &plan, task)?;
                    Ok(Event::Structure(StructureEvent::Found(Arc::new(found))))
                });
        }
        let pairs = embedded.images.rows() as u64 * embedded.texts.rows() as u64;
        let view = &self.session.structure;
        let quick = view.page == StructurePage::Hubs && pairs <= StructureView::QUICK;
        if quick && view.neighbours.is_none() && !self.structure.neighbours_asked {
            self.count_neighbours();
        }
        let view = &self.session.structure;
        if view.page != StructurePage::Matrix {
            self.rest_tiles();
            return;
        }
        let order = view.matrix.looks.order;
        let possible = order != Order::Rank || ranking.is_some();
        if self.structure.order_asked != Some(order) && possible {
            self.structure.order_asked = Some(order);
            let (e, engine) = (embedded.clone(), Arc::clone(&engine));
            self.jobs
                .start(STRUCTURE_ORDER, "Ordering rows and columns", move |task| {
                    // Clusters are of directions.
                    let e = e.by_cosine();
                    aside(|| arrange(order, &*engine, &e, ranking.as_deref(), task))
                });
        }
        self.make_tiles(ctx, &embedded, &engine);
    }

    fn count_neighbours(&mut self) {
        let (Some(e), Some(engine)) = (self.session.embedded.clone(), self.engine.clone()) else {
            return;
        };
        self.structure.neighbours_asked = true;
        let k = self.session.structure.k;
        self.jobs
            .start(STRUCTURE_NEIGHBOURS, "Counting neighbours", move |task| {
                let found = neighbours(&*engine, &e.images, &e.texts, &e.groups, k, task)?;
                let found = Arc::new(found);
                Ok(Event::Structure(StructureEvent::Neighbours(found)))
            });
    }

    pub(super) fn take_structure(&mut self, event: StructureEvent) {
        let view = &mut self.session.structure;
        match event {
            StructureEvent::Found(found) => view.found = Some(found),
            StructureEvent::Neighbours(found) => view.neighbours = Some(found),
            StructureEvent::Arranged(order, arrangement, range, bars) => {
                self.pictures.matrix.bars = bars;
                let matrix = &mut view.matrix;
                let same =
                    matrix.arrangement.as_ref().map(|a| a.size()) == Some(arrangement.size());
                if !same {
                    matrix.viewport = None;
                }
                matrix.arrangement = Some(arrangement);
                matrix.whole = Some(range);
                matrix.range = range;
                matrix.tiles.clear();
                self.jobs.cancel(STRUCTURE_TILES);
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
                self.structure.asked = None;
            }
            StructureCommand::SetK(k) => {
                view.k = k.max(1);
                view.neighbours = None;
                self.structure.neighbours_asked = false;
                self.jobs.cancel(STRUCTURE_NEIGHBOURS);
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
    pub(super) fn structure_ended(&mut self, slot: &str) {
        match slot {
            STRUCTURE_TILES => self.stop_tiles(),
            STRUCTURE_ORDER => {
                let order = self.structure.arranged.unwrap_or_default();
                self.session.structure.matrix.looks.order = order;
                if self.structure.arranged.is_some() {
                    self.structure.order_asked = Some(order);
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
