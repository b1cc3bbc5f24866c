//! The hard-negative workbench: what the model nearly prefers to the right answer, or does; and what is decided about it.

mod command;
mod decided;
mod decisions;
mod execute;
mod export;
mod jobs;
mod outbox;
mod state;
mod told;
mod view;
mod work;

pub use command::Command;
pub use decided::Decided;
pub use state::{NegativeSet, NegativesPlan, PairOrder, Regions, State, Why};

use crate::dataset::Verdict;
use crate::dataset::export::Layout;
use crate::desktop::core::{
    self, Basis, Change, DecisionsHome, Derived, JobSlot, KeptDecisions, Level, Part, Tab,
};
use crate::desktop::feature::{Desk, Ended, Feature, View};
use crate::desktop::shell::PaletteEntry;
use crate::desktop::shell::keys::KeyLine;
use crate::retrieval::relevance::Confirmed;
use egui::{Context, Ui};
use outbox::{Outbox, SavedDecisions};
use std::path::PathBuf;
use std::sync::Arc;
use work::MiningCache;

/// The hard-negative workbench.
pub struct Negatives {
    state: State,
    work: Work,
}

/// What is kept besides what is shown.
#[derive(Default)]
struct Work {
    /// What does not change with the filters.
    mining_cache: Derived<MiningCache>,
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

/// Its kinds of jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Slot {
    /// Reading the decisions about a dataset.
    Decisions,
    /// Saving the decisions.
    SaveDecisions,
    /// Counting with confirmed pairs.
    Figures,
    /// Mining hard negatives.
    Mine,
    /// Why a negative is hard.
    Why,
    /// The regions that raise a negative's score.
    Regions,
    /// Writing hard negatives.
    Export,
    /// A file dialog.
    Dialog,
}

impl JobSlot for Slot {
    fn parts(self) -> &'static [Part] {
        match self {
            Self::Figures => &[Part::Ranking, Part::Decisions],
            Self::Why => &[Part::Negatives, Part::Encoder, Part::Protocol],
            Self::Regions => &[Part::Negatives, Part::Encoder],
            Self::Mine => &[Part::Data, Part::Ranking],
            Self::Decisions => &[Part::Data],
            // The place is for the pairs that were shown when it was asked for.
            Self::Dialog => &[Part::Negatives, Part::Decisions],
            Self::SaveDecisions | Self::Export => &[],
        }
    }

    fn is_quiet(self) -> bool {
        match self {
            Self::Decisions | Self::SaveDecisions | Self::Figures | Self::Why | Self::Dialog => {
                true
            }
            Self::Mine | Self::Regions | Self::Export => false,
        }
    }

    fn is_save(self) -> bool {
        self == Self::SaveDecisions
    }

    fn writes(self) -> bool {
        matches!(self, Self::SaveDecisions | Self::Export)
    }
}

/// What its jobs report.
pub enum Event {
    /// Pairs were mined.
    Mined(Arc<NegativeSet>),
    /// Why a pair is hard.
    Why(Arc<Why>),
    /// The regions that raise a negative's score.
    Regions(Arc<Regions>),
    /// The decisions about the open dataset were read.
    Decisions {
        /// Where they are kept.
        home: DecisionsHome,
        /// What was found there.
        kept: KeptDecisions,
        /// What the user must know of them.
        notes: Vec<String>,
    },
    /// The figures that follow from the decisions; `None` where nothing is confirmed.
    Figures(Option<Confirmed>),
    /// Decisions were saved.
    Saved(SavedDecisions),
    /// The pairs were written here.
    Exported(PathBuf),
    /// Where to write the pairs was chosen.
    Chosen(Option<Layout>, Vec<PathBuf>),
}

impl Negatives {
    /// Makes the pair that is looked at the selection of every view, while the workbench is shown.
    fn follow_pair(&mut self, desk: &mut Desk<'_, Self>) {
        if desk.session.tab == Self::TAB {
            self.look_at(desk, self.state.at);
        }
    }
}

impl Feature for Negatives {
    type Command = Command;
    type Slot = Slot;
    type Event = Event;
    type State = State;
    type Memory = view::Memory;

    const TAB: Tab = Tab {
        title: "Negatives",
        hint: "What the model nearly prefers to the right answer, or does",
        show: "Show hard negatives",
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
        self.obey(desk, command);
    }

    fn take(&mut self, desk: &mut Desk<'_, Self>, basis: Basis, event: Event) {
        if let Event::Mined(set) = &event {
            desk.ran(Slot::Mine, told::figure(set));
        }
        let open = &mut desk.core.session.open;
        let negatives = &mut self.state;
        match event {
            Event::Mined(set) => {
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
                self.follow_pair(desk);
            }
            Event::Why(why) => negatives.why = Derived::new(basis, why),
            Event::Regions(regions) => {
                negatives.regions = Derived::new(basis, regions);
            }
            Event::Decisions { home, kept, notes } => {
                self.work.loaded = true;
                if let Some(dataset) = open.dataset() {
                    negatives.decided = Decided::new(kept, home, dataset);
                }
                open.renew(Part::Decisions);
                self.mine_again();
                for note in notes {
                    desk.session.say(Level::Info, note, "");
                }
            }
            Event::Figures(figures) => {
                negatives.figures =
                    figures.map_or_else(Derived::default, |f| Derived::new(basis, f));
            }
            Event::Saved(done) => self.decisions_saved(desk, done),
            Event::Chosen(layout, paths) => {
                for path in paths {
                    self.obey(desk, Command::Export(layout, Some(path)));
                }
            }
            Event::Exported(path) => {
                let text = format!("Exported {}", path.display());
                desk.session.say(Level::Info, text, "");
            }
        }
    }

    fn ended(&mut self, desk: &mut Desk<'_, Self>, slot: Slot, end: Ended) {
        match (slot, end) {
            (Slot::Mine, _) => self.state.running = false,
            (Slot::Dialog, Ended::Outdated) => desk.say_place_outdated(),
            _ => {}
        }
    }

    fn changed(&mut self, desk: &mut Desk<'_, Self>, change: Change) {
        match change {
            Change::Opened => self.read_decisions(desk),
            Change::Basis => {
                self.state.clear();
                if let Some(dataset) = desk.session.dataset() {
                    self.state.decided.find(dataset);
                }
                self.mine_again();
            }
            Change::Sets => self.mine_again(),
            Change::Tab => self.follow_pair(desk),
        }
    }

    fn closing(&mut self, desk: &mut Desk<'_, Self>) {
        self.save_decisions(desk);
    }

    fn offered(&mut self, desk: &mut Desk<'_, Self>, command: &core::Command) -> bool {
        match command {
            core::Command::ShowNegatives(image) => self.show_image(desk, *image),
            core::Command::Decide(key, from, to) => self.decide_again(desk, key, [*from, *to]),
            _ => return false,
        }
        true
    }

    fn advance(&mut self, desk: &mut Desk<'_, Self>) {
        self.start_jobs(desk);
    }

    fn draw(ui: &mut Ui, view: &mut View<'_, Self>) {
        view::negatives_ui(ui, view);
    }

    fn panels(ui: &mut Ui, view: &mut View<'_, Self>) {
        view::panels_ui(ui, view);
    }

    fn key_lines() -> Vec<KeyLine> {
        view::key_lines()
    }

    fn guide_page() -> Option<&'static str> {
        Some("mining")
    }

    fn keys(ctx: &Context, view: &mut View<'_, Self>, focused: bool) {
        view::keys(ctx, view, focused);
    }

    fn palette(view: &View<'_, Self>) -> Vec<PaletteEntry<Command>> {
        if view.state.pair(view.session.now()).is_none() {
            return Vec::new();
        }
        let own = PaletteEntry::own;
        vec![
            own(
                "Negatives: confirm as right after all",
                "F",
                Command::Decide(Some(Verdict::Right)),
            ),
            own(
                "Negatives: reject, it is wrong",
                "R",
                Command::Decide(Some(Verdict::Wrong)),
            ),
            PaletteEntry::core(
                "Negatives: take the decision back",
                "",
                core::Command::Undo(core::Deeds::Decisions),
            ),
            PaletteEntry::core(
                "Negatives: redo a decision",
                "",
                core::Command::Redo(core::Deeds::Decisions),
            ),
            own(
                "Negatives: regions that pull, or none",
                "G",
                Command::ShowRegions(!view.state.show_regions),
            ),
            own("Negatives: the next pair", "J", Command::Step(1)),
            own("Negatives: the pair before", "K", Command::Step(-1)),
            own("Negatives: mine again", "", Command::Mine),
            own("Negatives: export…", "", Command::Export(None, None)),
            own(
                "Negatives: export triplets to train on…",
                "",
                Command::Export(Some(Layout::Triplet), None),
            ),
        ]
    }
}
