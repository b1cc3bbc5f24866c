//! What the core's jobs report.

use super::piece::{Form, Made, Piece};
use super::{AnswerView, DataSource, Embedded, Pick, Query, SavedSettings, Workspace};
use crate::compute::{Adapter, Engine};
use crate::dataset::Dataset;
use crate::encoder::Encoder;
use crate::error::Error;
use crate::retrieval::{Evaluation, NearMiss};
use crate::runtime::RuntimeInfo;
use std::path::PathBuf;
use std::sync::Arc;

/// The result of a job.
pub enum Event {
    /// Runtime and compute engine were found.
    Engines {
        runtime: Box<Result<RuntimeInfo, Error>>,
        engine: Arc<dyn Engine>,
        adapters: Vec<Adapter>,
        /// What the program keeps of its own, and where.
        places: Vec<(&'static str, String)>,
    },
    /// Another compute engine was chosen.
    Engine(Arc<dyn Engine>),
    /// A dataset was opened; with its embeddings where they are all there is.
    Data {
        source: DataSource,
        dataset: Arc<Dataset>,
        embedded: Option<Embedded>,
        notes: Vec<String>,
    },
    /// An encoder was opened.
    Encoder(Arc<Encoder>),
    /// The dataset was embedded; `dataset` lacks what could not be.
    Embedded {
        dataset: Arc<Dataset>,
        embedded: Embedded,
        warnings: Vec<String>,
    },
    /// The ranking of the full set, and the evaluation by the protocol.
    Ranked {
        full: Arc<Evaluation>,
        shown: Arc<Evaluation>,
    },
    /// A query was answered.
    Answered(AnswerView),
    /// A file dialog was closed; empty when it was cancelled.
    Picked(Pick, Vec<PathBuf>),
    /// A workspace file was read.
    Workspace(Box<Workspace>, PathBuf),
    /// A path turned out to be this.
    Dataset(PathBuf),
    /// A path turned out to be an encoder.
    EncoderFolder(PathBuf),
    /// A picture was opened as a query.
    Picture(Query),
    /// A picture was read to be seen large: its row, its pixels, its columns and rows.
    Large {
        image: u32,
        texture: egui::TextureHandle,
        size: [u32; 2],
    },
    /// A runtime was installed.
    Installed(PathBuf),
    /// The workspace was saved to this file.
    WorkspaceSaved(PathBuf),
    /// Images were written as a dataset to this folder.
    ImagesExported(PathBuf, crate::dataset::export::Written),
    /// The browser's rows.
    Listed(Vec<u32>),
    /// What holds the words of a text: titles and rows.
    Found(String, Vec<(String, Query)>),
    /// Something for the clipboard was made.
    Copied(Made),
    /// A dialog said where this is to be written.
    Placed(Piece, Form, Option<Arc<Dataset>>, PathBuf),
    /// What is taken out of the window was written to this file.
    PieceWritten(PathBuf),
    /// The case of the first minute was chosen, or there is none.
    Case(Option<NearMiss>),
    /// Settings were saved.
    SettingsSaved(Box<SavedSettings>),
}
