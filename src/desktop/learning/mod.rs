//! The learning laboratory: heads trained on the open embeddings, and what hard negatives do to recall meanwhile.

mod baseline;
mod command;
mod export;
mod fit;
mod forget;
mod form;
mod group_by;
mod jobs;
mod kept;
mod palette;
mod state;
mod unlearn;
mod view;

pub use crate::learn::curves::Axis;
pub use baseline::Baseline;
pub use command::Command;
pub use forget::{Forgets, Forgetting, Forgotten, Which};
pub use form::Form;
pub use group_by::GroupBy;
pub use state::{Quantity, Running, State};

use crate::desktop::core::{
    self, Basis, Derived, Dialog, EncoderSource, Filters, JobSlot, KeptRun, Level, Part, Tab,
};
use crate::desktop::feature::{Desk, Ended, Feature, View};
use crate::desktop::shell::PaletteEntry;
use crate::desktop::shell::keys::KeyLine;
use egui::{Context, Ui};
use jobs::Shared;
use std::path::PathBuf;

/// Files of curves.
const CURVES: Filters = &[("Curves", &["csv", "svg", "png"])];

/// The laboratory.
pub struct Learning {
    state: State,
    shared: Shared,
}

/// Its kinds of jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Slot {
    /// Training.
    Train,
    /// Reading the runs that were kept.
    Load,
    /// Taking kept runs away.
    Forget,
    /// Forgetting pairs.
    Unlearn,
    /// Fitting random features.
    Baseline,
    /// Writing what was learned as an encoder.
    Encoder,
    /// Writing curves.
    Export,
    /// A file dialog.
    Dialog,
}

impl JobSlot for Slot {
    fn parts(self) -> &'static [Part] {
        match self {
            Self::Train | Self::Unlearn | Self::Baseline => {
                &[Part::Data, Part::Embeddings, Part::Engine]
            }
            Self::Load => &[Part::Data, Part::Embeddings],
            Self::Encoder => &[Part::Encoder, Part::Embeddings],
            Self::Forget | Self::Export | Self::Dialog => &[],
        }
    }

    fn is_quiet(self) -> bool {
        matches!(self, Self::Load | Self::Forget | Self::Dialog)
    }

    fn writes(self) -> bool {
        matches!(self, Self::Forget | Self::Encoder | Self::Export)
    }
}

/// What its jobs report.
pub enum Event {
    /// Runs that were kept for these embeddings, and what could not be read, in words.
    Loaded(Vec<KeptRun>, Vec<String>),
    /// Training is over; what could not be kept, in words.
    Trained(Option<String>),
    /// Kept runs are gone.
    Forgotten,
    /// Runs forgot pairs.
    Unlearned(Box<Forgotten>),
    /// Random features are fitted.
    Baseline(Box<Baseline>),
    /// What was learned lies in a folder: to be opened, or compared with.
    Encoder(PathBuf, bool),
    /// Curves were written here.
    Exported(PathBuf),
    /// A file to write was chosen.
    Picked(PathBuf),
}

impl Feature for Learning {
    type Command = Command;
    type Slot = Slot;
    type Event = Event;
    type State = State;
    type Memory = view::Memory;

    const TAB: Tab = Tab {
        title: "Learning",
        hint: "Heads trained on these embeddings: what hard negatives do to recall while they teach",
        show: "Show the learning laboratory",
        follows: true,
        is_lab: true,
    };

    fn new() -> Self {
        Self {
            state: State::default(),
            shared: Shared::default(),
        }
    }

    fn state(&self) -> &State {
        &self.state
    }

    fn execute(&mut self, desk: &mut Desk<'_, Self>, command: Command) {
        match command {
            Command::SetForm(form) => self.state.form = *form,
            Command::Train => self.train(desk),
            Command::Stop => self.shared.stop(),
            Command::GoOn(ids, epochs) => self.go_on(desk, &ids, epochs),
            Command::Choose(id) => self.state.choose(id, desk.session.now()),
            Command::Delete(ids) => self.delete(desk, &ids),
            Command::ShowForgetting(is_shown) => self.state.forgets.is_shown = is_shown,
            Command::SetForgetting(form) => self.state.forgets.form = form,
            Command::Forget(ids) => self.forget(desk, &ids),
            Command::FitBaseline => self.fit_baseline(desk),
            Command::SetFigure(figure) => self.state.figure = figure,
            Command::SetQuantity(quantity) => self.state.quantity = quantity,
            Command::SetAxis(axis) => self.state.axis = axis,
            Command::SetMoments(from, to) => self.state.moments = Some((from, to)),
            Command::OpenAsEncoder(id) => self.encoder(desk, &id, false),
            Command::Compare(id) => self.encoder(desk, &id, true),
            Command::Export => {
                let dialog = Dialog::place("Write the curves", "curves.csv", CURVES);
                desk.choose(Slot::Dialog, dialog, |mut paths| {
                    Event::Picked(paths.pop().unwrap_or_default())
                });
            }
            Command::ExportTo(path) => self.export(desk, path),
            Command::Picture(path, picture) => Self::write_picture(desk, path, picture),
            Command::NoPicture => self.state.picture = None,
        }
    }

    fn take(&mut self, desk: &mut Desk<'_, Self>, basis: Basis, event: Event) {
        match event {
            Event::Loaded(kept, problems) => {
                self.state.loaded(basis, kept, desk.session.now());
                for problem in problems {
                    desk.session.say(Level::Warning, problem, "");
                }
            }
            Event::Trained(unkept) => {
                self.collect(desk);
                self.state.end(desk.session.now());
                let figure = self.state.last_told(desk.session.now());
                desk.ran(Slot::Train, figure);
                if let Some(problem) = unkept {
                    let remedy = "The runs stay as long as the program is open.";
                    desk.session.say(Level::Warning, problem, remedy);
                }
            }
            Event::Forgotten => {}
            Event::Unlearned(found) => {
                desk.ran(Slot::Unlearn, found.says.clone());
                self.state.forgets.take(Derived::new(basis, *found));
            }
            Event::Baseline(found) => {
                desk.ran(Slot::Baseline, found.told());
                self.state.baseline = Derived::new(basis, *found);
            }
            Event::Encoder(folder, compare) => {
                let source = EncoderSource::Folder(folder);
                desk.ask(if compare {
                    core::Command::CompareWith(source)
                } else {
                    core::Command::OpenEncoder(source)
                });
            }
            Event::Exported(path) => {
                let text = format!("Curves written to {}.", path.display());
                desk.session.say(Level::Info, text, "");
            }
            Event::Picked(path) => self.export(desk, path),
        }
    }

    fn ended(&mut self, desk: &mut Desk<'_, Self>, slot: Slot, how: Ended) {
        if slot == Slot::Train {
            // Those that ended before are kept; the one under way is not.
            if how != Ended::Outdated {
                self.collect(desk);
            }
            self.shared = Shared::default();
            let ended = self.state.end(desk.session.now());
            if ended && how == Ended::Cancelled {
                let remedy =
                    "Stop, rather than cancel, keeps a run up to its last measured moment.";
                desk.session
                    .say(Level::Info, "The run under way was dropped.", remedy);
            }
        }
    }

    fn advance(&mut self, desk: &mut Desk<'_, Self>) {
        self.state.turn(desk.session.now());
        self.collect(desk);
        self.load(desk);
    }

    fn pace(&self) -> f32 {
        0.06
    }

    fn draw(ui: &mut Ui, view: &mut View<'_, Self>) {
        view::learning_ui(ui, view);
    }

    fn panels(ui: &mut Ui, view: &mut View<'_, Self>) {
        view::panels_ui(ui, view);
    }

    fn key_lines() -> Vec<KeyLine> {
        view::key_lines()
    }

    fn guide_page() -> Option<&'static str> {
        Some("learning")
    }

    fn keys(ctx: &Context, view: &mut View<'_, Self>, focused: bool) {
        view::keys(ctx, view, focused);
    }

    fn palette(view: &View<'_, Self>) -> Vec<PaletteEntry<Command>> {
        palette::entries(view)
    }
}
