//! Where an encoder comes from.

use super::{demo_folder, is_demo};
use crate::compute::{Embeddings, Measure};
use crate::dataset::Picture;
use crate::encoder::{Encoder, EncoderFiles, EncoderOptions, FolderHolds, Half, HalfFiles};
use crate::error::{Error, Result};
use crate::files::{AsBytes, file_name, folder_of};
use crate::task::Task;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Where the encoder comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EncoderSource {
    /// The towers that come with the program.
    Demo,
    /// A folder in Hugging Face or `open_clip` layout.
    Folder(#[serde(with = "AsBytes")] PathBuf),
    /// Two files picked by hand.
    Pair {
        /// The image tower.
        #[serde(with = "AsBytes")]
        image: PathBuf,
        /// The text tower.
        #[serde(with = "AsBytes")]
        text: PathBuf,
    },
    /// The image tower alone: it embeds pictures as queries for stored embeddings.
    ImageAlone(#[serde(with = "AsBytes")] PathBuf),
    /// The text tower alone: it embeds words as queries for stored embeddings.
    TextAlone(#[serde(with = "AsBytes")] PathBuf),
}

impl EncoderSource {
    /// The encoder called `path`: a folder, or the demo's.
    pub fn named(path: &Path) -> Self {
        if is_demo(path) {
            Self::Demo
        } else {
            Self::Folder(path.to_path_buf())
        }
    }

    /// Short name for titles.
    pub fn title(&self) -> String {
        match self {
            Self::Demo => "demo encoder".into(),
            Self::Folder(path)
            | Self::Pair { image: path, .. }
            | Self::ImageAlone(path)
            | Self::TextAlone(path) => file_name(path),
        }
    }

    /// The same source with every path mapped.
    #[must_use]
    pub fn with_paths(&self, map: impl Fn(&Path) -> PathBuf) -> Self {
        match self {
            Self::Demo => Self::Demo,
            Self::Folder(path) => Self::Folder(map(path)),
            Self::Pair { image, text } => Self::Pair {
                image: map(image),
                text: map(text),
            },
            Self::ImageAlone(path) => Self::ImageAlone(map(path)),
            Self::TextAlone(path) => Self::TextAlone(map(path)),
        }
    }

    /// The folder that it lies in.
    fn folder(&self) -> Result<PathBuf> {
        match self {
            Self::Demo => Ok(demo_folder()?.join("encoder")),
            Self::Folder(path) => Ok(path.clone()),
            Self::Pair { image: path, .. } | Self::ImageAlone(path) | Self::TextAlone(path) => {
                Ok(folder_of(path).to_path_buf())
            }
        }
    }

    /// The files of both towers.
    ///
    /// # Errors
    /// They are not there, or not to be told apart; it is one tower alone.
    pub fn files(&self) -> Result<EncoderFiles> {
        match self {
            Self::Pair { image, text } => EncoderFiles::from_pair(image, text),
            Self::ImageAlone(one) | Self::TextAlone(one) => Err(Error::model(
                one,
                "is one of an encoder's two models, and both are needed here",
                "Open both models of the encoder. One alone answers queries against stored embeddings.",
            )),
            Self::Demo | Self::Folder(_) => EncoderFiles::open(&self.folder()?),
        }
    }

    /// Opens both towers.
    ///
    /// # Errors
    /// A file that is missing or cannot be used; [`Error::Ask`] where something about it must be chosen; cancellation.
    pub fn open(&self, options: &EncoderOptions, task: &Task) -> Result<Encoder> {
        Encoder::open(&self.files()?, options, task)
    }

    /// The files of both towers, or of the only one that is there: enough for queries.
    ///
    /// # Errors
    /// There are no towers, or they are not to be told apart.
    pub fn query_files(&self) -> Result<QueryFiles> {
        let half = |model: &Path, is_text| {
            let model = model.to_path_buf();
            Ok(QueryFiles::Half(HalfFiles { model, is_text }))
        };
        match self {
            Self::ImageAlone(model) => half(model, false),
            Self::TextAlone(model) => half(model, true),
            Self::Pair { .. } => self.files().map(QueryFiles::Whole),
            Self::Demo | Self::Folder(_) => match FolderHolds::of(&self.folder()?)? {
                FolderHolds::Both(files) => Ok(QueryFiles::Whole(files)),
                FolderHolds::One(half, _) => Ok(QueryFiles::Half(half)),
                FolderHolds::Neither(error) => Err(error),
            },
        }
    }
}

/// The files of an encoder that embeds queries.
#[derive(Debug, Clone, PartialEq)]
pub enum QueryFiles {
    /// Of both towers.
    Whole(EncoderFiles),
    /// Of one tower.
    Half(HalfFiles),
}

/// An encoder that embeds queries for stored embeddings: both towers, or one.
pub enum QueryEncoder {
    /// Both.
    Whole(Box<Encoder>),
    /// One.
    Half(Box<Half>),
}

impl QueryEncoder {
    /// Opens the towers of `files`.
    ///
    /// # Errors
    /// As [`EncoderSource::open`].
    pub fn open(files: &QueryFiles, options: &EncoderOptions, task: &Task) -> Result<Self> {
        Ok(match files {
            QueryFiles::Whole(files) => Self::Whole(Box::new(Encoder::open(files, options, task)?)),
            QueryFiles::Half(files) => Self::Half(Box::new(Half::open(files, options)?)),
        })
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        match self {
            Self::Whole(encoder) => encoder.name(),
            Self::Half(half) => half.name(),
        }
    }

    /// Embeds words: one row, to be compared by `measure`.
    ///
    /// # Errors
    /// It has no text model, or that fails; cancellation.
    pub fn embed_text(&self, words: &str, measure: Measure, task: &Task) -> Result<Embeddings> {
        match self {
            Self::Whole(encoder) => {
                encoder.embed_texts_by(&[words.to_owned()], None, measure, task)
            }
            Self::Half(half) => half.embed_text(words, measure),
        }
    }

    /// Embeds a picture: one row, to be compared by `measure`.
    ///
    /// # Errors
    /// It has no image model, or that fails.
    pub fn embed_picture(&self, picture: &Picture, measure: Measure) -> Result<Embeddings> {
        match self {
            Self::Whole(encoder) => encoder.embed_picture_by(picture, measure),
            Self::Half(half) => half.embed_picture(picture, measure),
        }
    }
}
