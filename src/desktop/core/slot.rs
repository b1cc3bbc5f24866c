//! The kinds of jobs: each has a slot of its own.

use super::identity::Part;
use crate::task::{JobId, Progress};
use std::fmt::Debug;
use std::hash::Hash;

/// The kinds of jobs of the core or of a feature. A newer job in a slot outdates the one before it.
pub trait JobSlot: Copy + Eq + Hash + Debug + Send + 'static {
    /// What the job is about: once one of these is another one, the job ends and its result is dropped.
    fn parts(self) -> &'static [Part];

    /// Is it too short, or too much in the background, for the status bar?
    fn is_quiet(self) -> bool {
        false
    }

    /// Does it save what the user did here? Such a job is short, and is finished when the program ends.
    fn is_save(self) -> bool {
        false
    }

    /// May it be writing files, under names that are removed when it is cancelled?
    fn writes(self) -> bool {
        self.is_save()
    }
}

/// A job under way, as the status bar shows it.
#[derive(Debug, Clone)]
pub struct JobView {
    /// Which one, for [`super::Command::CancelJob`].
    pub job: JobId,
    /// Progress.
    pub progress: Progress,
}

/// The core's own kinds of jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Slot {
    /// Finding runtime and compute engine.
    Engines,
    /// Opening a dataset.
    Data,
    /// Opening an encoder.
    Encoder,
    /// Embedding.
    Embed,
    /// Ranking the whole set.
    Rank,
    /// Answering one query.
    Query,
    /// Finding out what a path is.
    Recognise,
    /// Saving settings.
    SaveSettings,
    /// Saving a workspace.
    SaveWorkspace,
    /// A file dialog.
    Dialog,
    /// Writing images as a dataset.
    ImagesExport,
    /// Installing a runtime.
    Install,
    /// Listing the rows of the browser.
    Browse,
    /// Looking for words.
    Find,
    /// Making what goes to the clipboard.
    Copy,
    /// A file dialog for what is taken out of the window.
    Place,
    /// Writing what is taken out of the window.
    Piece,
    /// Choosing the case of the first minute.
    Story,
    /// Reading a picture that is seen large.
    Large,
}

impl JobSlot for Slot {
    fn parts(self) -> &'static [Part] {
        match self {
            Self::Embed => &[Part::Data, Part::Encoder, Part::Measure],
            Self::Rank => &[Part::Embeddings, Part::Engine, Part::Protocol],
            Self::Query => &[Part::Embeddings, Part::Engine, Part::Encoder],
            Self::Browse | Self::Find | Self::Large => &[Part::Data],
            Self::Story => &[Part::Data, Part::Embeddings, Part::Ranking],
            Self::Engines
            | Self::Data
            | Self::Encoder
            | Self::Recognise
            | Self::SaveSettings
            | Self::SaveWorkspace
            | Self::Dialog
            | Self::ImagesExport
            | Self::Install
            | Self::Copy
            | Self::Place
            | Self::Piece => &[],
        }
    }

    fn is_quiet(self) -> bool {
        matches!(
            self,
            Self::Query
                | Self::SaveSettings
                | Self::Dialog
                | Self::Browse
                | Self::Find
                | Self::Place
                | Self::Story
                | Self::Large
        )
    }

    fn is_save(self) -> bool {
        matches!(self, Self::SaveSettings | Self::SaveWorkspace)
    }

    fn writes(self) -> bool {
        self.is_save()
            || matches!(
                self,
                Self::Data
                    | Self::Encoder
                    | Self::Embed
                    | Self::ImagesExport
                    | Self::Install
                    | Self::Piece
            )
    }
}
