//! What can be asked for in the lab.

use super::repeat::Repeat;
use super::state::{LabPage, Looks, SetPlan, WordsPlan};
use crate::attack::{AttackSettings, Goal, Loss, Mask, Norm};
use std::path::PathBuf;

/// A file or folder to be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// A picture that says where may be changed.
    Mask,
    /// A list of words that may come into a caption.
    Vocabulary,
    /// A list of words that may stand for others.
    Synonyms,
    /// Where to export an attack.
    Export,
    /// Where to export the figures of a set.
    ExportSet,
    /// A folder for perturbed pictures.
    SetFolder,
    /// A second encoder's folder.
    TransferFolder,
}

/// One request of the user in the lab.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Choose a file or folder in the system's dialog.
    Choose(Choice),
    /// Another attack or other parameters.
    SetSettings(Box<AttackSettings>),
    /// Another norm.
    SetNorm(Norm),
    /// Another goal.
    SetGoal(Goal),
    /// A caption that is to win (or whose picture is to be matched); `None` for the hardest negative.
    SetTarget(Option<usize>),
    /// Another loss.
    SetLoss(Loss),
    /// At the picture's own resolution, or at the model's input.
    SetOwnSize(bool),
    /// Where may be changed; `None` for everywhere.
    SetMask(Option<Mask>),
    /// Read a mask from this picture.
    OpenMask(PathBuf),
    /// Attack the picture.
    Run,
    /// Take the last attack back.
    Undo,
    /// Do it again.
    Redo,
    /// Look at it in another way.
    SetLooks(Looks),
    /// Save picture, exact values, heatmap and report; `None` asks where.
    Export(Option<PathBuf>),
    /// Show another page.
    ShowPage(LabPage),
    /// Look at the words of this caption.
    SetCaption(usize),
    /// Another plan for the words.
    SetWords(Box<WordsPlan>),
    /// Look for words to exchange.
    RunWords,
    /// Another plan for the set.
    SetPlan(Box<SetPlan>),
    /// Attack this picture as the set was, at the radius that breaks it; `None`: at the largest.
    OpenFound {
        /// The picture's row.
        image: usize,
        /// The radius.
        eps: Option<f32>,
    },
    /// Attack the set, going on from what is done.
    RunSet,
    /// Run what was run before, with its settings.
    Repeat(Box<Repeat>),
    /// Save the set's figures as JSON and CSV; `None` asks where.
    ExportSet(Option<PathBuf>),
}
