//! The laboratory of changes: which changes of a picture the encoder should not see, learned on held-out pairs.

mod command;
mod curves;
mod encoder;
mod export;
mod form;
mod jobs;
mod lab;
mod palette;
mod plain;
mod state;
mod view;

pub use command::{Command, Kind, Use};
pub use curves::{Curve, Curves};
pub use form::{Form, Part as Taken, command};
pub use plain::plain;
pub use state::{Copies, State, Studied};

use crate::attack::Network;
use crate::desktop::core::{
    self, Basis, Derived, EncoderSource, JobSlot, Level, Part, SAMPLING, Tab,
};
use crate::desktop::feature::{Desk, Ended, Feature, View};
use crate::desktop::shell::PaletteEntry;
use crate::desktop::shell::keys::KeyLine;
use egui::{Context, TextureHandle, Ui};
use jobs::Told;
use std::path::PathBuf;
use std::sync::Arc;

/// The laboratory.
pub struct AugmentLab {
    state: State,
    /// The gradient of the image model was looked for.
    examined: Derived<()>,
    /// The image that was selected last in any view.
    followed: Option<u32>,
    /// The image whose copies were asked for last.
    copies_asked: Derived<u32>,
    /// What the learning under way tells.
    told: Told,
}

/// Its kinds of jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Slot {
    /// Looking for the gradient of the image model.
    Examine,
    /// Learning magnitudes.
    Learn,
    /// Making copies of a picture.
    Copies,
    /// Making the averaged encoder.
    Encoder,
    /// Writing a file.
    Export,
    /// A file dialog.
    Dialog,
}

impl JobSlot for Slot {
    fn parts(self) -> &'static [Part] {
        match self {
            Self::Examine => &[Part::Encoder],
            Self::Learn | Self::Copies | Self::Encoder => {
                &[Part::Data, Part::Encoder, Part::Embeddings]
            }
            Self::Export | Self::Dialog => &[],
        }
    }

    fn is_quiet(self) -> bool {
        matches!(self, Self::Examine | Self::Copies | Self::Dialog)
    }

    fn writes(self) -> bool {
        self == Self::Export
    }
}

/// What its jobs report.
pub enum Event {
    /// The image model, with its gradient or why there is none.
    Examined(Arc<Network>),
    /// Magnitudes are learned.
    Studied(Arc<Studied>),
    /// Copies of a picture.
    Copies(Copies),
    /// The averaged encoder is in this folder.
    Encoder(PathBuf, Use),
    /// A folder for the averaged encoder was chosen.
    Folder(PathBuf),
    /// A file to write was chosen.
    Picked(Kind, PathBuf),
    /// What was written, in words.
    Kept(String),
}

impl Feature for AugmentLab {
    type Command = Command;
    type Slot = Slot;
    type Event = Event;
    type State = State;
    type Memory = view::Memory;

    const TAB: Tab = Tab {
        title: "Augment",
        hint: "Which changes of a picture the encoder should not see: how far, learned on held-out pairs",
        show: "Show the laboratory of changes",
        follows: true,
        is_lab: true,
    };

    fn new() -> Self {
        Self {
            state: State::default(),
            examined: Derived::default(),
            followed: None,
            copies_asked: Derived::default(),
            told: Told::default(),
        }
    }

    fn state(&self) -> &State {
        &self.state
    }

    fn execute(&mut self, desk: &mut Desk<'_, Self>, command: Command) {
        let state = &mut self.state;
        match command {
            Command::SetForm(form) => state.form = *form,
            Command::Learn => self.learn(desk),
            Command::ShowReadOut(shown) => state.read_out = shown,
            Command::ShowImage(image) => {
                state.image = Derived::new(desk.basis(Slot::Copies), image);
            }
            Command::MakeEncoder(to) => self.make_encoder(desk, to),
            Command::SaveEncoder => Self::ask_folder(desk),
            Command::Export(kind) => Self::ask_where(desk, kind),
            Command::ExportTo(kind, path) => self.export(desk, kind, path),
            Command::Picture(path, picture) => Self::write_picture(desk, path, picture),
            Command::NoPicture => state.picture = None,
        }
    }

    fn take(&mut self, desk: &mut Desk<'_, Self>, basis: Basis, event: Event) {
        let state = &mut self.state;
        match event {
            Event::Examined(network) => state.network = Derived::new(basis, network),
            Event::Studied(studied) => {
                desk.ran(Slot::Learn, studied.answer.says.clone());
                state.live.clear();
                state.copies.clear();
                self.copies_asked.clear();
                state.studied = Derived::new(basis, studied);
            }
            Event::Copies(copies) => {
                let load = |picture| desk.ctx.load_texture("copy", picture, SAMPLING);
                let textures: Vec<TextureHandle> = copies.pictures.into_iter().map(load).collect();
                state.copies = Derived::new(basis, (copies.image, textures));
            }
            Event::Encoder(folder, to) => {
                let source = EncoderSource::Folder(folder);
                desk.ask(if to == Use::Compare {
                    core::Command::CompareWith(source)
                } else {
                    core::Command::OpenEncoder(source)
                });
            }
            Event::Folder(folder) => self.make_encoder(desk, Use::Keep(folder)),
            Event::Picked(kind, path) => self.export(desk, kind, path),
            Event::Kept(said) => desk.session.say(Level::Info, said, ""),
        }
    }

    fn ended(&mut self, _: &mut Desk<'_, Self>, slot: Slot, how: Ended) {
        match slot {
            Slot::Learn => {
                self.told = Told::default();
                self.state.live.clear();
            }
            Slot::Copies if how != Ended::Failed => self.copies_asked.clear(),
            _ => {}
        }
    }

    fn advance(&mut self, desk: &mut Desk<'_, Self>) {
        self.examine(desk);
        self.collect(desk);
        self.make_copies(desk);
    }

    fn draw(ui: &mut Ui, view: &mut View<'_, Self>) {
        view::augment_ui(ui, view);
    }

    fn panels(ui: &mut Ui, view: &mut View<'_, Self>) {
        view::panels_ui(ui, view);
    }

    fn key_lines() -> Vec<KeyLine> {
        view::key_lines()
    }

    fn guide_page() -> Option<&'static str> {
        Some("augment")
    }

    fn keys(ctx: &Context, view: &mut View<'_, Self>, focused: bool) {
        view::keys(ctx, view, focused);
    }

    fn palette(view: &View<'_, Self>) -> Vec<PaletteEntry<Command>> {
        palette::entries(view)
    }
}
