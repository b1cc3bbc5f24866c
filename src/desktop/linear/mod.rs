//! The laboratory of linear classifiers: what optimizer, penalty and architecture each withstand, without extra data.

mod command;
mod confirm;
mod drawing;
mod export;
mod form;
mod jobs;
mod moved;
mod palette;
mod state;
mod suggest;
mod view;

pub use command::{Command, Kind};
pub use confirm::attack_norm;
pub use form::{Form, Group};
pub use state::{Attacked, Line, Moved, Page, Shown, State, Studied, Worst};

use crate::desktop::core::{Basis, Derived, JobSlot, Level, Part, SAMPLING, Tab};
use crate::desktop::feature::{Desk, Ended, Feature, View};
use crate::desktop::shell::PaletteEntry;
use crate::desktop::shell::keys::KeyLine;
use crate::learn::concepts::On;
use egui::{ColorImage, Context, TextureHandle, Ui};
use std::path::PathBuf;
use std::sync::Arc;
use suggest::Suggested;

/// The laboratory.
pub struct LinearLab {
    state: State,
    /// Groups were looked for.
    asked: Derived<()>,
    /// The groups that were suggested last.
    suggested: Option<[Group; 2]>,
    /// Tensors of the image model were looked for.
    layers_asked: Derived<()>,
    /// The worst changes that were asked for last.
    worst_asked: Option<((Shown, usize), usize)>,
}

/// Its kinds of jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Slot {
    /// Studying the pixels of two groups.
    Study,
    /// Studying their embeddings.
    StudyEmbedded,
    /// Studying a tensor of the image model.
    StudyLayer,
    /// Looking for groups.
    Suggest,
    /// Looking for tensors of the image model.
    Layers,
    /// The worst changes of a row.
    Worst,
    /// Attacking a classifier.
    Confirm,
    /// Moving rows.
    Move,
    /// Writing a file.
    Export,
    /// A file dialog.
    Dialog,
}

impl JobSlot for Slot {
    fn parts(self) -> &'static [Part] {
        match self {
            Self::StudyEmbedded => &[Part::Data, Part::Embeddings],
            Self::Study | Self::Suggest | Self::Worst | Self::Move => &[Part::Data],
            Self::StudyLayer => &[Part::Data, Part::Encoder],
            Self::Layers => &[Part::Encoder],
            Self::Confirm => &[Part::Data, Part::Engine],
            Self::Export | Self::Dialog => &[],
        }
    }

    fn is_quiet(self) -> bool {
        matches!(
            self,
            Self::Suggest | Self::Layers | Self::Worst | Self::Dialog
        )
    }

    fn writes(self) -> bool {
        self == Self::Export
    }
}

/// The kind of job that studies this.
fn slot_of(on: &On) -> Slot {
    match on {
        On::Pixels { .. } => Slot::Study,
        On::Embeddings => Slot::StudyEmbedded,
        On::Layer(_) => Slot::StudyLayer,
    }
}

/// What its jobs report.
pub enum Event {
    /// What groups can be made of.
    Suggested(Suggested),
    /// Tensors of the image model.
    Layers(Vec<String>),
    /// The groups are studied.
    Studied(Arc<Studied>),
    /// The worst changes of a row.
    Worst(Arc<Worst>),
    /// Rows were moved.
    Moved(Arc<Moved>),
    /// A classifier was attacked.
    Attacked(Arc<Attacked>),
    /// A file to write was chosen.
    Picked(Kind, PathBuf),
    /// A file was written.
    Exported(PathBuf),
}

impl Feature for LinearLab {
    type Command = Command;
    type Slot = Slot;
    type Event = Event;
    type State = State;
    type Memory = view::Memory;

    const TAB: Tab = Tab {
        title: "Linear",
        hint: "Two groups told apart: what optimizer, penalty and architecture withstand, without extra data",
        show: "Show the laboratory of linear classifiers",
        follows: true,
        is_lab: true,
    };

    fn new() -> Self {
        Self {
            state: State::default(),
            asked: Derived::default(),
            suggested: None,
            layers_asked: Derived::default(),
            worst_asked: None,
        }
    }

    fn state(&self) -> &State {
        &self.state
    }

    fn execute(&mut self, desk: &mut Desk<'_, Self>, command: Command) {
        let state = &mut self.state;
        match command {
            Command::SetForm(form) => state.form = *form,
            Command::Study => self.study(desk),
            Command::Show(shown) => {
                state.shown = shown;
                state.line = 0;
            }
            Command::ShowPage(page) => state.page = page,
            Command::SetMoving(asked) => state.moving = asked,
            Command::Move => self.move_rows(desk),
            Command::Choose(line) => state.line = line,
            Command::ChooseRow(row) => state.row = row,
            Command::Confirm => self.confirm(desk),
            Command::Export(kind) => Self::ask_where(desk, kind),
            Command::ExportTo(kind, path) => self.export(desk, kind, path),
            Command::Picture(path, picture) => Self::write_picture(desk, path, picture),
            Command::NoPicture => state.picture = None,
            Command::OnEmbeddings => {
                state.form.on = On::Embeddings;
                self.study(desk);
            }
        }
    }

    fn take(&mut self, desk: &mut Desk<'_, Self>, basis: Basis, event: Event) {
        let state = &mut self.state;
        match event {
            Event::Suggested(suggested) => {
                // What the user named stays.
                let untouched =
                    !state.form.is_named() || self.suggested.as_ref() == Some(&state.form.groups);
                if let Some(groups) = suggested.groups.filter(|_| untouched) {
                    self.suggested = Some(groups.clone());
                    state.form.groups = groups;
                }
                state.labels = Derived::new(basis, suggested.labels);
            }
            Event::Layers(names) => state.layers = Derived::new(basis, names),
            Event::Studied(studied) => {
                let slot = slot_of(&studied.on);
                desk.ran(
                    slot,
                    crate::learn::linear::study::Answer::of(&studied.study).says,
                );
                let load = |drawn: &[ColorImage; 2]| textures(desk.ctx, drawn);
                state.textures = studied.drawn.iter().map(load).collect();
                state.moving.radius = studied.radius(state.moving.norm);
                state.moving.against = None;
                state.moved.clear();
                state.studied = Derived::new(basis, studied);
                state.shown = Shown::Methods;
                (state.line, state.row) = (0, 0);
                state.worst.clear();
                state.attacked.clear();
                self.worst_asked = None;
            }
            Event::Worst(worst) => {
                let drawn = worst.drawn.iter().flatten();
                state.worst_textures = drawn.map(|drawn| textures(desk.ctx, drawn)).collect();
                state.worst = Derived::new(basis, worst);
            }
            Event::Moved(moved) => {
                desk.ran(
                    Slot::Move,
                    crate::learn::linear::moving::headline(&moved.found),
                );
                let drawn = moved.drawn.iter();
                state.moved_textures = drawn.map(|(_, drawn)| textures(desk.ctx, drawn)).collect();
                state.moved = Derived::new(basis, moved);
            }
            Event::Attacked(attacked) => state.attacked = Derived::new(basis, attacked),
            Event::Picked(kind, path) => self.export(desk, kind, path),
            Event::Exported(path) => desk.session.say(Level::Info, export::said(&path), ""),
        }
    }

    fn ended(&mut self, _: &mut Desk<'_, Self>, slot: Slot, how: Ended) {
        if slot == Slot::Worst && how != Ended::Failed {
            self.worst_asked = None;
        }
    }

    fn advance(&mut self, desk: &mut Desk<'_, Self>) {
        self.suggest(desk);
        self.list_layers(desk);
        self.find_worst(desk);
    }

    fn draw(ui: &mut Ui, view: &mut View<'_, Self>) {
        view::linear_ui(ui, view);
    }

    fn panels(ui: &mut Ui, view: &mut View<'_, Self>) {
        view::panels_ui(ui, view);
    }

    fn key_lines() -> Vec<KeyLine> {
        view::key_lines()
    }

    fn guide_page() -> Option<&'static str> {
        Some("linear")
    }

    fn keys(ctx: &Context, view: &mut View<'_, Self>, focused: bool) {
        view::keys(ctx, view, focused);
    }

    fn palette(view: &View<'_, Self>) -> Vec<PaletteEntry<Command>> {
        palette::entries(view)
    }
}

fn textures<const N: usize>(ctx: &Context, drawn: &[ColorImage; N]) -> [TextureHandle; N] {
    std::array::from_fn(|n| ctx.load_texture("linear", drawn[n].clone(), SAMPLING))
}
