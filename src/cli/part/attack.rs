//! What `nearmiss part plan --stage attack` is told besides.

use crate::attack::{Network, SetRequest};
use crate::cli::attack::{AimArgs, MethodArgs, ThreatArgs};
use crate::cli::common::positive;
use crate::compute::Choice;
use crate::error::{Error, Result};
use crate::parts::plan::AttackTerms;
use crate::retrieval::Side;
use clap::Args;
use std::path::PathBuf;

/// The options of an attack on a run's set.
#[derive(Debug, Args)]
pub struct AttackArgs {
    #[command(flatten)]
    method: MethodArgs,
    #[command(flatten)]
    threat: ThreatArgs,
    #[command(flatten)]
    aim: AimArgs,
    /// Pictures that one task attacks: whole batches of them
    #[arg(long, value_name = "N", default_value = "32", value_parser = positive)]
    pictures_per_task: usize,
    /// Captions that one task may hold: of larger sets each picture is attacked among a shortlist
    #[arg(long, value_name = "N", default_value = "5,000,000", value_parser = positive)]
    captions_per_task: usize,
    /// Attack each picture among so many of its hardest captions (1,000 where the set is too large for a task); what is
    /// found is held against the whole set, and success is a lower bound
    #[arg(long, value_name = "N", value_parser = positive)]
    shortlist: Option<usize>,
    /// As in `attack pairs`; refused here with the reason
    #[arg(long, value_name = "DIR", hide = true)]
    save: Option<PathBuf>,
    /// As in `attack pairs`; refused here with the reason
    #[arg(long, value_name = "DIR|demo", hide = true)]
    transfer: Option<PathBuf>,
}

/// What other options of the command say of an attack.
pub struct Besides {
    /// The directions.
    pub sides: Vec<Side>,
    /// Seed of every random number.
    pub seed: u64,
    /// Pictures attacked together.
    pub batch: Option<usize>,
    /// Where captions are ranked.
    pub compute: Choice,
    /// Bytes of memory that a task may take.
    pub memory: u64,
}

impl AttackArgs {
    /// What is asked, and of how many pictures.
    ///
    /// # Errors
    /// Options that do not go together, or that cannot be in parts.
    pub fn terms(&self, besides: Besides) -> Result<(AttackTerms, Option<usize>)> {
        if self.transfer.is_some() {
            return Err(Error::request(
                "a second encoder has rows of its own for the whole set, which this run does not hold",
                "Leave out --transfer, or run \"nearmiss attack pairs\" on one machine.",
            ));
        }
        if self.save.is_some() {
            return Err(Error::request(
                "an attack in parts keeps what it found for each picture, not the perturbed pictures",
                "Leave out --save, or run \"nearmiss attack pairs\" on one machine.",
            ));
        }
        let settings = self.method.settings(self.threat.threat()?, besides.seed)?;
        let terms = AttackTerms {
            goal: self.aim.goal,
            at: self
                .aim
                .ranks(besides.sides.len() < SetRequest::SIDES.len())?,
            sides: besides.sides,
            eps: self.threat.radii(settings.threat.norm),
            adaptive: self.threat.is_open(),
            settings,
            batch: besides.batch.unwrap_or(Network::BATCH),
            compute: besides.compute,
            memory: besides.memory,
            captions: self.captions_per_task,
            shortlist: self.shortlist,
            per_task: self.pictures_per_task,
        };
        Ok((terms, self.aim.limit))
    }
}
