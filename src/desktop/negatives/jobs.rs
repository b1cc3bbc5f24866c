//! Which jobs of the workbench run.

use super::work::JobInputs;
use super::{Command, Decided, Event, Negatives, Slot, decisions, told};
use crate::desktop::core::{Derived, JobSlot, Part};
use crate::desktop::feature::{Desk, Feature};
use std::collections::BTreeSet;
use std::sync::Arc;

impl Negatives {
    /// Reads the decisions about a dataset that was opened.
    pub(super) fn read_decisions(&mut self, desk: &mut Desk<'_, Self>) {
        self.work.loaded = false;
        self.state.decided = Decided::default();
        let (Some(source), Some(dataset)) = (
            desk.session.workspace.data.clone(),
            desk.session.dataset().cloned(),
        ) else {
            return;
        };
        desk.start(Slot::Decisions, "Reading decisions", move |_| {
            decisions::read(&source, &dataset)
        });
    }

    /// Mines again, for other sets of images or decisions.
    pub(super) fn mine_again(&mut self) {
        self.work.mining_asked.clear();
    }

    /// Starts what has become possible.
    pub(super) fn start_jobs(&mut self, desk: &mut Desk<'_, Self>) {
        self.start_figures(desk);
        if desk.session.tab != Self::TAB {
            return;
        }
        self.start_mining(desk);
        self.start_why(desk);
        self.start_regions(desk);
    }

    fn inputs(&mut self, desk: &mut Desk<'_, Self>) -> Option<JobInputs> {
        let (now, parts) = (desk.session.now(), Slot::Mine.parts());
        let mining_cache = Arc::clone(self.work.mining_cache.get_or_default(now, parts));
        Some(JobInputs {
            dataset: desk.session.dataset().cloned()?,
            embedded: desk.session.embedded().cloned()?,
            engine: desk.engine.clone()?,
            encoder: desk.encoder.clone(),
            providers: desk.session.settings.providers.clone(),
            mining_cache,
            confirmed: self.state.decided.confirmed.clone(),
            rejected: self.state.decided.rejected.clone(),
            only: desk.session.sets.shown().cloned(),
        })
    }

    fn start_mining(&mut self, desk: &mut Desk<'_, Self>) {
        let asked = self.work.mining_asked.get(desk.session.now());
        if asked.is_some() || desk.session.ranking().is_none() {
            return;
        }
        let Some(inputs) = self.inputs(desk) else {
            return;
        };
        self.work.mining_asked = Derived::new(desk.basis(Slot::Mine), ());
        self.state.running = true;
        let plan = self.state.plan;
        let decided = self.state.decided.confirmed.len() + self.state.decided.rejected.len();
        let only = inputs.only.as_ref().map(BTreeSet::len);
        let settings = told::settings(&plan, decided, only);
        let about = [Part::Data, Part::Encoder, Part::Measure, Part::Embeddings];
        let again = [Command::SetPlan(plan), Command::Mine];
        desk.began(Slot::Mine, "Mining", settings, &about, again);
        desk.start(Slot::Mine, "Mining hard negatives", move |task| {
            let set = Arc::new(inputs.mine(plan, task)?);
            Ok(Event::Mined(set))
        });
    }

    /// The pair looked at with its place and the margin of the losses, if it is not answered yet.
    fn start_why(&mut self, desk: &mut Desk<'_, Self>) {
        let negatives = &self.state;
        let now = desk.session.now();
        let (Some(set), Some(pair)) = (
            negatives.set.get(now).cloned(),
            negatives.pair(now).cloned(),
        ) else {
            return;
        };
        let at = negatives.at;
        if self.work.why_asked.get(now) == Some(&at) {
            return;
        }
        let Some(inputs) = self.inputs(desk) else {
            return;
        };
        self.work.why_asked = Derived::new(desk.basis(Slot::Why), at);
        let margin = desk.session.workspace.margin;
        let guide = desk.guide();
        desk.start(Slot::Why, "Weighing words", move |task| {
            let why = inputs.why(set.plan.side, &pair, at, margin, &guide, task)?;
            Ok(Event::Why(Arc::new(why)))
        });
    }

    fn start_regions(&mut self, desk: &mut Desk<'_, Self>) {
        let negatives = &self.state;
        let now = desk.session.now();
        let (Some(set), Some(pair)) = (
            negatives.set.get(now).cloned(),
            negatives.pair(now).cloned(),
        ) else {
            return;
        };
        let at = negatives.at;
        if !negatives.show_regions || self.work.regions_asked.get(now) == Some(&at) {
            return;
        }
        let Some(inputs) = self.inputs(desk).filter(|b| b.encoder.is_some()) else {
            return;
        };
        self.work.regions_asked = Derived::new(desk.basis(Slot::Regions), at);
        desk.start(Slot::Regions, "Covering regions", move |task| {
            let regions = inputs.regions(set.plan.side, &pair, at, task)?;
            Ok(Event::Regions(Arc::new(regions)))
        });
    }

    fn start_figures(&mut self, desk: &mut Desk<'_, Self>) {
        let asked = self.work.figures_asked.get(desk.session.now());
        if asked.is_some() || !self.work.loaded {
            return;
        }
        let (Some(inputs), Some(ranking)) = (self.inputs(desk), desk.session.ranking().cloned())
        else {
            return;
        };
        self.work.figures_asked = Derived::new(desk.basis(Slot::Figures), ());
        desk.start(Slot::Figures, "Counting confirmed pairs", move |task| {
            let figures = inputs.figures(&ranking, task)?;
            Ok(Event::Figures(figures))
        });
    }
}
