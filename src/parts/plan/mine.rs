//! The plan of mining.

use super::embed::check_version;
use super::{Pace, RankPlan};
use crate::dataset::Verdict;
use crate::dataset::export::Layout;
use crate::error::{Error, Result};
use crate::parts::run::{FileMark, Run, Stage};
use crate::retrieval::Side;
use crate::retrieval::mine::MineOptions;
use serde::{Deserialize, Serialize};

/// Queries `from` up to `to` of a merged range; where candidates were given, of all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece {
    /// The range.
    pub merge: usize,
    /// The first query, counted within the range.
    pub from: usize,
    /// One beyond the last.
    pub to: usize,
    /// Are the queries images?
    pub of_images: bool,
}

/// The plan of mining; a task is a piece.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MinePlan {
    /// The program's version.
    pub program: String,
    /// The plan of the ranking that is mined; empty where candidates were given.
    pub rank: String,
    /// What is mined.
    pub options: MineOptions,
    /// The layout of the examples to train on; `None` for a line for each pair.
    pub layout: Option<String>,
    /// Cosines of captions of one image, which say how alike such captions are.
    pub learnt: Vec<f32>,
    /// Pairs that were decided about, by the image's name and the caption's text.
    pub decisions: Vec<(String, String, Verdict)>,
    /// Images and captions of the set.
    pub size: [usize; 2],
    /// The tasks.
    pub pieces: Vec<Piece>,
    /// Queries of a task.
    pub queries: usize,
    /// What bounds a task.
    pub pace: Pace,
    /// The candidates, where an index found them.
    #[serde(default)]
    pub candidates: Option<Candidates>,
}

/// Candidates that an index found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Candidates {
    /// The file that they were read from.
    pub file: String,
    /// What was in it.
    pub found: Found,
    /// The candidates of each task.
    pub parts: Vec<FileMark>,
    /// The set, which need not be ranked.
    pub set: RankPlan,
}

/// What a file of candidates held.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// Different pairs of query and candidate.
    pub pairs: u64,
    /// Places without a candidate: -1, or null.
    pub none: u64,
    /// Pairs that were there before.
    pub duplicates: u64,
    /// Queries without any candidate.
    pub queries_without: u64,
}

impl MinePlan {
    /// The task of this number.
    ///
    /// # Errors
    /// There is none.
    pub fn piece(&self, task: usize) -> Result<Piece> {
        self.pieces.get(task).copied().ok_or_else(|| {
            Error::plan(format!(
                "there is no task {task}: there are {}",
                self.pieces.len()
            ))
        })
    }

    /// The set that is mined.
    ///
    /// # Errors
    /// It is that of a ranking, which is not planned.
    pub fn set(&self, run: &Run) -> Result<RankPlan> {
        match &self.candidates {
            Some(candidates) => Ok(candidates.set.clone()),
            None => Ok(run.rank_plan()?.0),
        }
    }

    /// The layout of examples.
    ///
    /// # Errors
    /// It is none that this version writes.
    pub fn layout(&self) -> Result<Option<Layout>> {
        let parse = |name: &String| name.parse().map_err(|what| Error::Plan { what });
        self.layout.as_ref().map(parse).transpose()
    }

    /// Candidates of the queries of a side.
    pub fn candidates(&self, side: Side) -> usize {
        self.size[usize::from(side == Side::Image)]
    }
}

impl Run {
    /// The plan of mining, with its hash.
    ///
    /// # Errors
    /// There is none, or one of another version.
    pub fn mine_plan(&self) -> Result<(MinePlan, String)> {
        let (plan, hash) = self.planned::<MinePlan>(Stage::Mine)?;
        check_version(&plan.program)?;
        Ok((plan, hash))
    }
}
