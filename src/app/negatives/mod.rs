//! The workbench's half of the running program: which of its jobs run, and what their results change.

mod commands;
mod decisions;
mod export;
mod outbox;
mod work;

use super::App;
use super::events::Event;
use crate::retrieval::Side;
use crate::retrieval::relevance::Confirmed;
use crate::session::{
    Basis, Decided, DecisionsHome, Derived, Embedded, KeptDecisions, Level, NegativeSet, Part,
    Regions, Slot, Tab, Why,
};
use outbox::{Outbox, SavedDecisions};
use std::path::PathBuf;
use std::sync::Arc;
use work::{Bench, Ground};

/// The result of one of the workbench's jobs.
pub enum NegativesEvent {
    /// Pairs were mined.
    Mined(Arc<NegativeSet>),
    /// Why a pair is hard.
    Why(Arc<Why>),
    /// The regions that raise a negative's score.
    Regions(Arc<Regions>),
    /// The decisions about the open dataset were read.
    Decisions {
        home: DecisionsHome,
        kept: KeptDecisions,
        notes: Vec<String>,
    },
    /// The figures that follow from the decisions; `None` where nothing is confirmed.
    Figures(Option<Confirmed>),
    /// Decisions were saved.
    Saved(SavedDecisions),
    /// The pairs were written here.
    Exported(PathBuf),
}

/// What the workbench keeps besides what is shown.
#[derive(Default)]
pub struct NegativesLab {
    /// What does not change with the filters.
    ground: Derived<Ground>,
    /// Was it mined, or tried to, from what is open? It is once all that is needed is there and the view is shown.
    mining_asked: Derived<()>,
    figures_asked: Derived<()>,
    why_asked: Derived<usize>,
    regions_asked: Derived<usize>,
    /// Were the decisions about the open dataset read?
    loaded: bool,
    /// Decisions that are to be saved.
    outbox: Arc<Outbox>,
}

impl App {
    /// Forgets what belongs to data and encoder.
    pub(super) fn reset_negatives(&mut self) {
        self.session.negatives.clear();
        if let Some(dataset) = self.session.dataset().cloned() {
            self.session.negatives.decided.find(&dataset);
        }
        self.mine_again();
    }

    /// Reads the decisions about a dataset that was opened.
    pub(super) fn read_decisions(&mut self) {
        self.negatives.loaded = false;
        self.session.negatives.decided = Decided::default();
        let (Some(source), Some(dataset)) = (
            self.session.workspace.data.clone(),
            self.session.dataset().cloned(),
        ) else {
            return;
        };
        self.start(Slot::Decisions, "Reading decisions", move |_| {
            let event = decisions::read(&source, &dataset)?;
            Ok(Event::Negatives(event))
        });
    }

    pub(super) fn take_negatives(&mut self, basis: Basis, event: NegativesEvent) {
        let open = &mut self.session.open;
        let negatives = &mut self.session.negatives;
        match event {
            NegativesEvent::Mined(set) => {
                // The pair that was looked at stays, where it is still there.
                let now = open.now();
                let before = negatives.pair(now).map(|p| (p.query, p.negative));
                let same_side = negatives.set.get(now).map(|s| s.plan.side) == Some(set.plan.side);
                let found = before.filter(|_| same_side).and_then(|before| {
                    let mut pairs = set.pairs.iter();
                    pairs.position(|p| (p.query, p.negative) == before)
                });
                negatives.at = found.unwrap_or(0);
                // What was found of the pairs before is not of these.
                open.replace(Part::Negatives, basis.clone());
                negatives.set = Derived::new(basis, set);
                negatives.running = false;
                self.follow_pair();
            }
            NegativesEvent::Why(why) => negatives.why = Derived::new(basis, why),
            NegativesEvent::Regions(regions) => {
                negatives.regions = Derived::new(basis, regions);
            }
            NegativesEvent::Decisions { home, kept, notes } => {
                self.negatives.loaded = true;
                if let Some(dataset) = open.dataset() {
                    negatives.decided = Decided::new(kept, home, dataset);
                }
                open.renew(Part::Decisions);
                self.mine_again();
                for note in notes {
                    self.session.say(Level::Info, note, "");
                }
            }
            NegativesEvent::Figures(figures) => {
                negatives.figures =
                    figures.map_or_else(Derived::default, |f| Derived::new(basis, f));
            }
            NegativesEvent::Saved(done) => self.decisions_saved(done),
            NegativesEvent::Exported(path) => {
                let text = format!("Exported {}", path.display());
                self.session.say(Level::Info, text, "");
            }
        }
    }

    /// Makes the pair that is looked at the selection of every view, while the workbench is shown.
    pub(super) fn follow_pair(&mut self) {
        if self.session.tab == Tab::Negatives {
            self.look_at(self.session.negatives.at);
        }
    }

    /// Mines again, for other sets of images or decisions.
    pub(super) fn mine_again(&mut self) {
        self.negatives.mining_asked.clear();
    }

    /// What a job of the workbench leaves whose result does not come.
    pub(super) fn negatives_dropped(&mut self, slot: Slot) {
        if slot == Slot::Mine {
            self.session.negatives.running = false;
        }
    }

    /// Starts what has become possible.
    pub(super) fn advance_negatives(&mut self) {
        self.start_figures();
        if self.session.tab != Tab::Negatives {
            return;
        }
        self.start_mining();
        self.start_why();
        self.start_regions();
    }

    fn bench(&mut self) -> Option<Bench> {
        let (now, parts) = (self.session.now(), Slot::Mine.parts());
        let ground = Arc::clone(self.negatives.ground.get_or_default(now, parts));
        Some(Bench {
            dataset: self.session.dataset().cloned()?,
            embedded: self.session.embedded().cloned()?,
            engine: self.engine.clone()?,
            encoder: self.encoder.clone(),
            providers: self.session.settings.providers.clone(),
            ground,
            confirmed: self.session.negatives.decided.confirmed.clone(),
            rejected: self.session.negatives.decided.rejected.clone(),
            only: self.session.sets.shown().cloned(),
        })
    }

    fn start_mining(&mut self) {
        let asked = self.negatives.mining_asked.get(self.session.now());
        if asked.is_some() || self.session.ranking().is_none() {
            return;
        }
        let Some(bench) = self.bench() else { return };
        self.negatives.mining_asked = Derived::new(self.basis(Slot::Mine), ());
        self.session.negatives.running = true;
        let plan = self.session.negatives.plan;
        self.start(Slot::Mine, "Mining hard negatives", move |task| {
            let set = Arc::new(bench.mine(plan, task)?);
            Ok(Event::Negatives(NegativesEvent::Mined(set)))
        });
    }

    /// The pair looked at with its place and the margin of the losses, if it is not answered yet.
    fn start_why(&mut self) {
        let negatives = &self.session.negatives;
        let now = self.session.now();
        let (Some(set), Some(pair)) = (
            negatives.set.get(now).cloned(),
            negatives.pair(now).cloned(),
        ) else {
            return;
        };
        let at = negatives.at;
        if self.negatives.why_asked.get(now) == Some(&at) {
            return;
        }
        let Some(bench) = self.bench() else { return };
        self.negatives.why_asked = Derived::new(self.basis(Slot::Why), at);
        let margin = self.session.workspace.margin;
        let guide = self.guide();
        self.start(Slot::Why, "Weighing words", move |task| {
            let why = bench.why(set.plan.side, &pair, at, margin, &guide, task)?;
            Ok(Event::Negatives(NegativesEvent::Why(Arc::new(why))))
        });
    }

    fn start_regions(&mut self) {
        let negatives = &self.session.negatives;
        let now = self.session.now();
        let (Some(set), Some(pair)) = (
            negatives.set.get(now).cloned(),
            negatives.pair(now).cloned(),
        ) else {
            return;
        };
        let at = negatives.at;
        if !negatives.show_regions || self.negatives.regions_asked.get(now) == Some(&at) {
            return;
        }
        let Some(bench) = self.bench().filter(|b| b.encoder.is_some()) else {
            return;
        };
        self.negatives.regions_asked = Derived::new(self.basis(Slot::Regions), at);
        self.start(Slot::Regions, "Covering regions", move |task| {
            let regions = bench.regions(set.plan.side, &pair, at, task)?;
            Ok(Event::Negatives(NegativesEvent::Regions(Arc::new(regions))))
        });
    }

    fn start_figures(&mut self) {
        let asked = self.negatives.figures_asked.get(self.session.now());
        if asked.is_some() || !self.negatives.loaded {
            return;
        }
        let (Some(bench), Some(ranking)) = (self.bench(), self.session.ranking().cloned()) else {
            return;
        };
        self.negatives.figures_asked = Derived::new(self.basis(Slot::Figures), ());
        self.start(Slot::Figures, "Counting confirmed pairs", move |task| {
            let figures = bench.figures(&ranking, task)?;
            Ok(Event::Negatives(NegativesEvent::Figures(figures)))
        });
    }
}

/// Rows of one side.
fn rows_of(embedded: &Embedded, side: Side) -> &crate::compute::Embeddings {
    match side {
        Side::Image => &embedded.images,
        Side::Text => &embedded.texts,
    }
}
