//! All that can be asked for: drawing code returns commands, the running program executes them.

use super::browser::{Bin, Sort};
use super::history::Deeds;
use super::paths::PathAnswer;
use super::piece::{Form, Piece};
use super::query::Query;
use super::sets::SetsCommand;
use super::settings::{Settings, TableLooks, ThemeChoice};
use super::story::StoryCommand;
use super::tab::Tab;
use super::workspace::Workspace;
use crate::compute::Measure;
use crate::dataset::{Verdict, Wanted};
use crate::encoder::EncoderOptions;
use crate::retrieval::Side;
use crate::runtime::Flavour;
use crate::source::EncoderSource;
use crate::task::JobId;
use egui::ColorImage;
use std::path::PathBuf;
use std::sync::Arc;

/// A file or folder to be picked in the system's dialog.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pick {
    /// A folder with images and captions.
    DatasetFolder,
    /// A caption file.
    DatasetFile,
    /// A folder with an encoder.
    EncoderFolder,
    /// The image tower's file, then the text tower's.
    EncoderPair,
    /// Image embeddings, then text embeddings.
    Embeddings,
    /// A workspace file.
    Workspace,
    /// Where to save the workspace.
    SaveWorkspace,
    /// A picture to query with.
    Picture,
    /// A folder below which the pictures of the open dataset lie.
    PicturesFolder,
    /// A folder for the marked images.
    ExportImages,
}

/// One request of the user.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Show a file dialog.
    Pick(Pick),
    /// Open whatever lies at this path: workspace, dataset, encoder or picture.
    OpenPath(PathBuf),
    /// Open the same dataset file or folder again, in this part: split, language, folder of pictures.
    OpenPart(Box<Wanted>),
    /// Open an encoder.
    OpenEncoder(EncoderSource),
    /// Open a workspace; the path is its file, if it has one.
    OpenWorkspace(Box<Workspace>, Option<PathBuf>),
    /// Save the workspace, to its own file or through the dialog.
    SaveWorkspace,
    /// Ask which run of work in parts to look at.
    OpenRun,
    /// Compare the open encoder with this one.
    CompareWith(EncoderSource),
    /// Answer a question about the encoder and open it again.
    AnswerEncoder(Box<EncoderOptions>),
    /// Leave the question about the encoder unanswered.
    DismissQuestion,
    /// Embed the dataset again.
    Embed,
    /// Query with a row of the dataset, a text or a picture.
    Query(Query),
    /// Take the last of these deeds back.
    Undo(Deeds),
    /// Do the one of these deeds again that was taken back last.
    Redo(Deeds),
    /// Decide about a pair, by its key, so again or as it was: from the first verdict to the second.
    Decide((String, String), Option<Verdict>, Option<Verdict>),
    /// Which side queries.
    SetSide(Side),
    /// Words to filter the browser by.
    Filter(String),
    /// Look for images and captions that hold these words.
    Find(String),
    /// Order of the browser.
    SetSort(Sort),
    /// Show only queries whose right one does not rank first.
    SetWrongOnly(bool),
    /// Show only queries with a margin below this.
    SetMarginBelow(Option<f32>),
    /// Show only the queries of this side in a bin of a histogram; `None` for all.
    SetBin(Option<(Side, Bin)>),
    /// Select the browser's row this many places further.
    Step(isize),
    /// Images per fold; `None` for the full set.
    SetFold(Option<usize>),
    /// Margin a of the losses.
    SetMargin(f32),
    /// Rank and evaluate again, with this margin and these folds.
    Evaluate {
        /// Margin a of the losses.
        margin: f32,
        /// Images per fold; `None` for the full set.
        fold: Option<usize>,
    },
    /// How rows are compared.
    SetSimilarity(Measure),
    /// Show what gradients the encoder's models have.
    ShowModels,
    /// Take this image to the attack lab, with the caption that is to win.
    AttackPair {
        /// The image's row.
        image: usize,
        /// The caption's row; `None` for the hardest negative.
        caption: Option<usize>,
    },
    /// Attack this picture at once, until another caption than its own wins, or this one; show the verdict.
    BreakPair {
        /// The image's row.
        image: usize,
        /// The caption's row; `None` for any wrong one.
        caption: Option<usize>,
    },
    /// Look for the smallest change of this picture that puts this caption of its own first; show the verdict.
    RepairPair {
        /// The image's row.
        image: usize,
        /// The caption's row.
        caption: usize,
    },
    /// Show what an attack does to the whole set.
    ShowAttackSet,
    /// Show a page of the guide, by its name; `None` for the one that fits the view.
    ShowGuide(Option<&'static str>),
    /// Something about the first minute.
    Story(StoryCommand),
    /// Choose these images on the map, and show it.
    ShowOnMap(Vec<u32>),
    /// Show hard negatives, at the first of this image where there is one.
    ShowNegatives(u32),
    /// Something about sets of images.
    Sets(SetsCommand),
    /// Show a view.
    Show(Tab),
    /// Show the query with its answer.
    ShowAnswer,
    /// Change the settings.
    SetSettings(Box<Settings>),
    /// Light, dark or the system's.
    SetTheme(ThemeChoice),
    /// Scale of the whole interface, 1 as it is at first.
    SetZoom(f32),
    /// Cancel this job, whose ever it is.
    CancelJob(JobId),
    /// Fetch and install an ONNX Runtime.
    InstallRuntime(Flavour),
    /// Empty the log of messages.
    ClearLog,
    /// Forget the runs that have ended.
    ClearRuns,
    /// Do the run of this number again, with its settings.
    Again(u64),
    /// Take the toasts away.
    DismissToasts,
    /// Copy text to the clipboard.
    Copy(String),
    /// Make a table, plot or picture in this form and copy it.
    CopyPiece(Box<Piece>, Form),
    /// Make a table, plot or picture in this form and write it where a dialog says.
    SavePiece(Box<Piece>, Form),
    /// Copy a part of the screen.
    CopySeen(Arc<ColorImage>),
    /// Answer the question for a path.
    AnswerPath(PathAnswer),
    /// Open this image's picture large; `Key::QUERY` for the query's own.
    OpenLarge(u32),
    /// Close the picture that is seen large.
    CloseLarge,
    /// Show images that answer a query as a grid, or as a list.
    SetResultGrid(bool),
    /// Keep how a table looks, by its name.
    SetTable(String, TableLooks),
    /// Whole screen or window.
    ToggleFullscreen,
    /// End the program.
    Quit,
}
