//! Compares the open encoder with a second one on the same data.

mod command;
mod jobs;
mod palette;
mod state;
mod view;

pub use command::Command;
pub use state::{CompareColumn, ComparedWith, Outcome, State};

use crate::desktop::core::{
    self, Basis, Derived, Dialog, EncoderSource, JobSlot, Part, Query, Tab,
};
use crate::desktop::feature::{Desk, Feature, View};
use crate::desktop::shell::PaletteEntry;
use crate::desktop::shell::keys::KeyLine;
use egui::{Context, Ui};
use std::path::PathBuf;

/// The comparison of two encoders.
pub struct Compare {
    state: State,
}

/// Its kinds of jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Slot {
    /// Comparing with a second encoder.
    Compare,
    /// A file dialog.
    Dialog,
}

impl JobSlot for Slot {
    fn parts(self) -> &'static [Part] {
        match self {
            Self::Compare => &[Part::Data, Part::Ranking],
            Self::Dialog => &[],
        }
    }

    fn is_quiet(self) -> bool {
        self == Self::Dialog
    }

    fn writes(self) -> bool {
        self == Self::Compare
    }
}

/// What its jobs report.
pub enum Event {
    /// Two encoders were compared.
    Compared(ComparedWith),
    /// The folder of an encoder was chosen.
    Chosen(Vec<PathBuf>),
}

impl Feature for Compare {
    type Command = Command;
    type Slot = Slot;
    type Event = Event;
    type State = State;
    type Memory = view::Memory;

    const TAB: Tab = Tab {
        title: "Compare",
        hint: "Two encoders on the same data: what one gets right and the other wrong",
        show: "Show the comparison",
        follows: true,
        is_lab: false,
    };

    fn new() -> Self {
        let state = State::default();
        Self { state }
    }

    fn state(&self) -> &State {
        &self.state
    }

    fn execute(&mut self, desk: &mut Desk<'_, Self>, command: Command) {
        let side = desk.session.side;
        let state = &mut self.state;
        match command {
            Command::Open(source) => {
                desk.show(Self::TAB);
                self.compare_with(desk, source);
            }
            Command::Choose => {
                let dialog = Dialog::folder("The folder of a second encoder");
                desk.choose(Slot::Dialog, dialog, Event::Chosen);
            }
            Command::Again => match state.source.clone() {
                Some(source) => self.compare_with(desk, source),
                None => self.execute(desk, Command::Choose),
            },
            Command::Close => {
                desk.cancel(Slot::Compare);
                self.state = State::default();
            }
            Command::SetK(k) => {
                let cuts = crate::retrieval::compare::CUTS;
                state.cut = cuts.iter().position(|&cut| cut == k).unwrap_or(0);
                state.refresh(side, desk.session.open.now());
            }
            Command::Show(outcome) => {
                state.outcome = outcome;
                state.refresh(side, desk.session.open.now());
            }
            Command::ShowShifts(shifts) => {
                state.shifts = shifts;
                state.refresh(side, desk.session.open.now());
            }
            Command::Sort(column, falls) => {
                state.sort = (column, falls);
                state.refresh(side, desk.session.open.now());
            }
            Command::Step(step) => {
                let now = desk.session.selected();
                let rows = &self.state.rows;
                let at = now.and_then(|i| rows.iter().position(|&r| r as usize == i));
                let next = match at {
                    Some(at) => at
                        .saturating_add_signed(step)
                        .min(rows.len().saturating_sub(1)),
                    None => 0,
                };
                if let Some(&row) = rows.get(next) {
                    desk.set_query(Query::Row(side, row as usize));
                }
            }
        }
    }

    fn take(&mut self, desk: &mut Desk<'_, Self>, basis: Basis, event: Event) {
        match event {
            Event::Compared(found) => {
                desk.ran(Slot::Compare, found.figure());
                self.state.found = Derived::new(basis, found);
                self.state.refresh(desk.session.side, desk.session.now());
            }
            Event::Chosen(paths) => {
                for folder in paths {
                    self.execute(desk, Command::Open(EncoderSource::Folder(folder)));
                }
            }
        }
    }

    fn offered(&mut self, desk: &mut Desk<'_, Self>, command: &core::Command) -> bool {
        let core::Command::CompareWith(source) = command else {
            return false;
        };
        self.execute(desk, Command::Open(source.clone()));
        true
    }

    fn advance(&mut self, desk: &mut Desk<'_, Self>) {
        self.state.turn(desk.session.side, desk.session.now());
    }

    fn draw(ui: &mut Ui, view: &mut View<'_, Self>) {
        view::compare_ui(ui, view);
    }

    fn panels(ui: &mut Ui, view: &mut View<'_, Self>) {
        view::panels_ui(ui, view);
    }

    fn key_lines() -> Vec<KeyLine> {
        view::key_lines()
    }

    fn guide_page() -> Option<&'static str> {
        Some("ranking")
    }

    fn keys(ctx: &Context, view: &mut View<'_, Self>, focused: bool) {
        view::keys(ctx, view, focused);
    }

    fn palette(view: &View<'_, Self>) -> Vec<PaletteEntry<Command>> {
        palette::entries(view)
    }
}
