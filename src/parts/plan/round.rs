//! The plans of further rounds of mining: of what waits when the rounds before are done.

use super::MinePlan;
use super::embed::{check_version, version};
use crate::error::{Error, Result};
use crate::parts::run::{FileMark, Run, Stage, hash, plan_name, to_json};
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// Some queries, or pairs, that wait.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// Are the queries images?
    pub of_images: bool,
    /// Where what is known of them lies.
    pub slices: Vec<Slice>,
}

/// Of what waits of a task, `from` up to `to`; where the round chooses among it, of what is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slice {
    /// The task.
    pub task: usize,
    /// The first.
    pub from: usize,
    /// One beyond the last.
    pub to: usize,
}

/// A group against some cuts of the other side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchBlock {
    /// The group.
    pub group: usize,
    /// The first cut.
    pub from: usize,
    /// One beyond the last.
    pub to: usize,
}

/// A further round of mining. Its tasks search the set for longer lists, or walk down the lists that are there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Round {
    /// The program's version.
    pub program: String,
    /// The hash of the plan before.
    pub before: String,
    /// The hash of everything that the tasks before left.
    pub of: String,
    /// The number of its first task.
    pub first: usize,
    /// Candidates by which a list grows.
    pub page: usize,
    /// With a bound on the uses of a negative: how many a query may ask for.
    pub limit: usize,
    /// The queries.
    pub groups: Vec<Group>,
    /// Which of those that wait are meant, by task; `None`: all.
    pub chosen: Option<FileMark>,
    /// What is searched, a task each; none where each group walks down its lists.
    pub blocks: Vec<SearchBlock>,
    /// Did the round before search for these groups?
    pub searched: bool,
}

impl Round {
    /// Its tasks.
    pub fn tasks(&self) -> Range<usize> {
        let count = if self.is_search() {
            self.blocks.len()
        } else {
            self.groups.len()
        };
        self.first..self.first + count
    }

    /// Does it search?
    pub fn is_search(&self) -> bool {
        !self.blocks.is_empty()
    }

    /// The round that walks down the lists that this one searched for.
    #[must_use]
    pub fn walk(&self, before: String, of: String) -> Self {
        Self {
            program: version(),
            before,
            of,
            first: self.tasks().end,
            blocks: Vec::new(),
            searched: true,
            ..self.clone()
        }
    }
}

/// The plan of mining with its further rounds, as far as they are planned.
#[derive(Debug, Clone, PartialEq)]
pub struct Mining {
    /// The plan.
    pub plan: MinePlan,
    /// Its hash.
    pub hash: String,
    /// Further rounds with their hashes, in order.
    pub rounds: Vec<(Round, String)>,
}

/// What a task of mining does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// Mines a piece.
    Piece(usize),
    /// Searches a block of a further round, counted from 0.
    Search(usize, usize),
    /// Walks down the lists of a group of a further round.
    Walk(usize, usize),
}

impl Mining {
    /// Tasks of all rounds.
    pub fn tasks(&self) -> usize {
        let last = self.rounds.last();
        last.map_or(self.plan.pieces.len(), |(round, _)| round.tasks().end)
    }

    /// The tasks of each round with the hash of its plan.
    pub fn parts(&self) -> Vec<(Range<usize>, &str)> {
        let rounds = self.rounds.iter();
        let rounds = rounds.map(|(round, hash)| (round.tasks(), hash.as_str()));
        std::iter::once((0..self.plan.pieces.len(), self.hash.as_str()))
            .chain(rounds)
            .collect()
    }

    /// What a task does, and the hash of its plan.
    ///
    /// # Errors
    /// There is no such task.
    pub fn work(&self, task: usize) -> Result<(Work, &str)> {
        if task < self.plan.pieces.len() {
            return Ok((Work::Piece(task), &self.hash));
        }
        let found = self.rounds.iter().enumerate();
        let mut found = found.filter(|(_, (round, _))| round.tasks().contains(&task));
        let Some((r, (round, hash))) = found.next() else {
            return Err(Error::plan(format!(
                "there is no task {task}: there are {}",
                self.tasks()
            )));
        };
        let n = task - round.first;
        let work = if round.is_search() {
            Work::Search(r, n)
        } else {
            Work::Walk(r, n)
        };
        Ok((work, hash))
    }

    /// Does one of these tasks search the set?
    pub fn searches(&self, tasks: &Range<usize>) -> bool {
        let meets = |own: Range<usize>| own.start < tasks.end && tasks.start < own.end;
        let mut rounds = self.rounds.iter().map(|(round, _)| round);
        rounds.any(|round| round.is_search() && meets(round.tasks()))
    }
}

/// The name of the plan of further round `n`, counted from 0.
fn round_name(n: usize) -> String {
    let name = plan_name(Stage::Mine);
    format!("{}.{}.json", name.trim_end_matches(".json"), n + 2)
}

impl Run {
    /// The plan of mining with its further rounds.
    ///
    /// # Errors
    /// There is none, or one of another version.
    pub fn mining(&self) -> Result<Mining> {
        let (plan, own) = self.mine_plan()?;
        let mut mining = Mining {
            plan,
            hash: own,
            rounds: Vec::new(),
        };
        loop {
            let name = round_name(mining.rounds.len());
            let Some(bytes) = self.store().read_if_there(&name)? else {
                return Ok(mining);
            };
            let last = mining.rounds.last();
            let before = last.map_or(&mining.hash, |(_, hash)| hash);
            // One of a plan that was there before is none of this one.
            let Ok(round) = serde_json::from_slice::<Round>(&bytes) else {
                return Ok(mining);
            };
            if round.before != *before {
                return Ok(mining);
            }
            check_version(&round.program)?;
            mining.rounds.push((round, hash(&bytes)));
        }
    }

    /// Writes the plan of the round after those of `mining`.
    ///
    /// # Errors
    /// It cannot be written.
    pub(in crate::parts) fn write_round(&self, mining: &Mining, round: &Round) -> Result<()> {
        let name = round_name(mining.rounds.len());
        self.store().write(&name, &to_json(round)?)
    }
}
