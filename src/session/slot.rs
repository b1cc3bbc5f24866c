//! The kinds of jobs: each has a slot of its own.

use super::identity::Part;

/// What a job is about. A newer job in a slot outdates the one before it.
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
    /// Examining the models' gradients.
    Examine,
    /// Opening the image model for attacks.
    Network,
    /// Reading the picture under attack.
    Clean,
    /// Attacking a picture.
    Attack,
    /// Making the lab's pictures.
    Sheets,
    /// Making a saliency map.
    Saliency,
    /// Reading a mask.
    Mask,
    /// Weighing the words of a caption.
    Weigh,
    /// Looking for words to exchange.
    Words,
    /// Attacking a set.
    AttackSet,
    /// The figures of a set that was cancelled.
    PartialSet,
    /// Writing what the lab found.
    AttackExport,
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
    NegativesExport,
    /// Analysing the structure of the near misses.
    Structure,
    /// Counting nearest neighbours.
    Neighbours,
    /// Ordering the rows of the matrix.
    Arrange,
    /// Making tiles of the matrix.
    Tiles,
    /// Comparing with a second encoder.
    Compare,
    /// Writing a report.
    Report,
    /// Writing images as a dataset.
    ImagesExport,
    /// Installing a runtime.
    Install,
}

impl Slot {
    /// What the job is about: once one of these is another one, the job ends and its result is dropped.
    pub fn parts(self) -> &'static [Part] {
        match self {
            Self::Embed => &[Part::Data, Part::Encoder, Part::Measure],
            Self::Rank => &[Part::Embeddings, Part::Engine, Part::Protocol],
            Self::Query => &[Part::Embeddings, Part::Engine, Part::Encoder],
            Self::Examine | Self::Network => &[Part::Encoder],
            Self::Clean
            | Self::Attack
            | Self::Sheets
            | Self::Saliency
            | Self::Weigh
            | Self::Words
            | Self::AttackSet
            | Self::PartialSet => &[Part::Data, Part::Encoder, Part::Embeddings],
            Self::Figures => &[Part::Ranking, Part::Decisions],
            Self::Why => &[Part::Negatives, Part::Encoder, Part::Protocol],
            Self::Regions => &[Part::Negatives, Part::Encoder],
            Self::Mine | Self::Structure | Self::Compare => &[Part::Data, Part::Ranking],
            Self::Neighbours | Self::Arrange => &[Part::Embeddings, Part::Engine],
            Self::Tiles => &[Part::Arrangement, Part::Engine],
            Self::Engines
            | Self::Data
            | Self::Encoder
            | Self::Recognise
            | Self::SaveSettings
            | Self::SaveWorkspace
            | Self::Dialog
            | Self::Mask
            | Self::Decisions
            | Self::AttackExport
            | Self::SaveDecisions
            | Self::NegativesExport
            | Self::Report
            | Self::ImagesExport
            | Self::Install => &[],
        }
    }

    /// Does it save what the user did here? Such a job is short, and is finished when the program ends.
    pub fn is_save(self) -> bool {
        matches!(
            self,
            Self::SaveSettings | Self::SaveWorkspace | Self::SaveDecisions
        )
    }

    /// May it be writing files, under a name that is removed when it is cancelled?
    pub fn writes(self) -> bool {
        self.is_save()
            || matches!(
                self,
                Self::Data
                    | Self::Encoder
                    | Self::Embed
                    | Self::AttackSet
                    | Self::AttackExport
                    | Self::NegativesExport
                    | Self::Report
                    | Self::ImagesExport
                    | Self::Install
            )
    }

    /// Is it too short, or too much in the background, for the status bar?
    pub fn is_quiet(self) -> bool {
        matches!(
            self,
            Self::Query
                | Self::SaveSettings
                | Self::Dialog
                | Self::Clean
                | Self::Sheets
                | Self::Weigh
                | Self::Decisions
                | Self::SaveDecisions
                | Self::Figures
                | Self::Why
        )
    }
}
