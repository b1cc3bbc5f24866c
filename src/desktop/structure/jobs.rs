//! Which jobs run while the structure is shown.

use super::state::{State, StructurePage};
use super::{Event, Slot, Structure};
use crate::compute::{Colours, Engine};
use crate::dataset::Dataset;
use crate::desktop::core::{Basis, Derived, Embedded, Part, colour_bar};
use crate::desktop::feature::{Desk, Feature};
use crate::error::Result;
use crate::retrieval::structure::matrix::{Arrangement, Order, cluster_names, range_of_scores};
use crate::retrieval::structure::{analyse, neighbours};
use crate::retrieval::{Evaluation, Side};
use crate::task::{Task, aside};
use std::sync::Arc;

impl Structure {
    /// Starts what has become possible, while the view is shown.
    pub(super) fn start_jobs(&mut self, desk: &mut Desk<'_, Self>) {
        if desk.session.tab != Self::TAB {
            self.rest_tiles(desk);
            return;
        }
        let (Some(dataset), Some(embedded), Some(engine)) = (
            desk.session.dataset().cloned(),
            desk.session.embedded().cloned(),
            desk.engine.clone(),
        ) else {
            return;
        };
        let ranking = desk.session.ranking().cloned();
        let view = &self.state;
        if let Some(ranking) = &ranking
            && self.work.asked.get(desk.session.now()) != Some(&view.plan)
        {
            let plan = view.plan.clone();
            self.work.asked = Derived::new(desk.basis(Slot::Structure), plan.clone());
            let (groups, ranking) = (Arc::clone(&embedded.groups), Arc::clone(ranking));
            let data = Arc::clone(&dataset);
            desk.start(Slot::Structure, "Analysing the structure", move |task| {
                let found = analyse(&data, &groups, &ranking.ranking, &plan, task)?;
                Ok(Event::Found(Arc::new(found)))
            });
        }
        let pairs = embedded.images.rows() as u64 * embedded.texts.rows() as u64;
        let view = &self.state;
        let quick = view.page == StructurePage::Hubs && pairs <= State::QUICK;
        let now = desk.session.now();
        let asked = self.work.neighbours_asked.get(now).is_some();
        if quick && view.neighbours.get(now).is_none() && !asked {
            self.count_neighbours(desk);
        }
        let view = &self.state;
        if view.page != StructurePage::Matrix {
            self.rest_tiles(desk);
            return;
        }
        let order = view.matrix.looks.order;
        let possible = order != Order::Rank || ranking.is_some();
        if self.work.order_asked.get(desk.session.now()) != Some(&order) && possible {
            self.work.order_asked = Derived::new(Self::order_basis(desk, order), order);
            let (e, engine) = (embedded.clone(), Arc::clone(&engine));
            desk.start(Slot::Arrange, "Ordering rows and columns", move |task| {
                // Clusters are of directions.
                let e = e.by_cosine();
                aside(|| arrange(order, &*engine, &e, &dataset, ranking.as_deref(), task))
            });
        }
        self.make_tiles(desk, &embedded, &engine);
    }

    /// What an order of rows and columns is about.
    pub(super) fn order_basis(desk: &Desk<'_, Self>, order: Order) -> Basis {
        let parts = [Part::Embeddings, Part::Engine, Part::Ranking];
        let ranked = order == Order::Rank;
        let now = desk.session.now();
        now.basis(if ranked { &parts } else { &parts[..2] })
    }

    /// Counts the nearest neighbours.
    pub(super) fn count_neighbours(&mut self, desk: &mut Desk<'_, Self>) {
        let (Some(e), Some(engine)) = (desk.session.embedded().cloned(), desk.engine.clone())
        else {
            return;
        };
        self.work.neighbours_asked = Derived::new(desk.basis(Slot::Neighbours), ());
        let k = self.state.k;
        desk.start(Slot::Neighbours, "Counting neighbours", move |task| {
            let found = neighbours(&*engine, &e.images, &e.texts, &e.groups, k, task)?;
            let found = Arc::new(found);
            Ok(Event::Neighbours(found))
        });
    }
}

/// Orders rows and columns.
fn arrange(
    order: Order,
    engine: &dyn Engine,
    e: &Embedded,
    dataset: &Dataset,
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
    let names = Arc::new(cluster_names(&arrangement, dataset, task)?);
    let range = range_of_scores(&e.images, &e.texts, &e.groups);
    let bars = [
        colour_bar(Colours::Viridis, engine)?,
        colour_bar(Colours::Magma, engine)?,
    ];
    let arrangement = Arc::new(arrangement);
    Ok(Event::Arranged(order, arrangement, names, range, bars))
}
