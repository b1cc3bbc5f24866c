//! All that can be asked for: drawing code returns commands, the running program executes them.

use crate::desktop::attack::state::AttackCommand;
use super::browser::Sort;
use crate::desktop::compare::state::CompareCommand;
use crate::desktop::negatives::state::NegativesCommand;
use super::sets::SetsCommand;
use super::settings::{Settings, ThemeChoice};
use super::slot::Slot;
use super::state::{Query, Tab};
use crate::desktop::structure::state::StructureCommand;
use super::workspace::Workspace;
use crate::compute::Measure;
use crate::dataset::export::Layout;
use crate::encoder::EncoderOptions;
use crate::retrieval::Side;
use crate::runtime::Flavour;
use crate::source::EncoderSource;
use std::path::PathBuf;

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
    /// A picture that says where may be changed.
    Mask,
    /// A list of words that may come into a caption.
    Vocabulary,
    /// A list of words that may stand for others.
    Synonyms,
    /// Where to export an attack.
    ExportAttack,
    /// Where to export the figures of a set.
    ExportSet,
    /// A folder for perturbed pictures.
    SetFolder,
    /// A second encoder's folder.
    TransferFolder,
    /// Where to write hard negatives: as lines, or in a layout to train on.
    ExportNegatives(Option<Layout>),
    /// The folder of an encoder to compare with.
    SecondEncoder,
    /// A folder for the marked images.
    ExportImages,
    /// Where to write a report.
    SaveReport,
}

/// One request of the user.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Show a file dialog.
    Pick(Pick),
    /// Open whatever lies at this path: workspace, dataset, encoder or picture.
    OpenPath(PathBuf),
    /// Open an encoder.
    OpenEncoder(EncoderSource),
    /// Open a workspace; the path is its file, if it has one.
    OpenWorkspace(Box<Workspace>, Option<PathBuf>),
    /// Save the workspace, to its own file or through the dialog.
    SaveWorkspace,
    /// Answer a question about the encoder and open it again.
    AnswerEncoder(Box<EncoderOptions>),
    /// Leave the question about the encoder unanswered.
    DismissQuestion,
    /// Embed the dataset again.
    Embed,
    /// Query with a row of the dataset, a text or a picture.
    Query(Query),
    /// Back to the query before.
    Back,
    /// Which side queries.
    SetSide(Side),
    /// Words to filter the browser by.
    Filter(String),
    /// Order of the browser.
    SetSort(Sort),
    /// Show only queries whose right one does not rank first.
    SetWrongOnly(bool),
    /// Show only queries with a margin below this.
    SetMarginBelow(Option<f32>),
    /// Select the browser's row this many places further.
    Step(isize),
    /// Images per fold; `None` for the full set.
    SetFold(Option<usize>),
    /// Margin a of the losses.
    SetMargin(f32),
    /// How rows are compared.
    SetSimilarity(Measure),
    /// Write a report of the full set to this file.
    WriteReport(PathBuf),
    /// Something in the attack lab.
    Attack(AttackCommand),
    /// Something about sets of images.
    Sets(SetsCommand),
    /// Something in the hard-negative workbench.
    Negatives(NegativesCommand),
    /// Something in the structure view.
    Structure(StructureCommand),
    /// Something in the comparison of two encoders.
    Compare(CompareCommand),
    /// Show a view.
    Show(Tab),
    /// Change the settings.
    SetSettings(Box<Settings>),
    /// Light, dark or the system's.
    SetTheme(ThemeChoice),
    /// Cancel the job in this slot.
    Cancel(Slot),
    /// Fetch and install an ONNX Runtime.
    InstallRuntime(Flavour),
    /// Examine the open encoder's models (again).
    Examine,
    /// Empty the log of messages.
    ClearLog,
    /// Take the toasts away.
    DismissToasts,
    /// Copy text to the clipboard.
    Copy(String),
    /// Whole screen or window.
    ToggleFullscreen,
    /// End the program.
    Quit,
}
