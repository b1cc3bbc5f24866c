//! The plan of attacking.

use super::embed::{check_version, version};
use crate::attack::{Asked, AttackSettings, Goal};
use crate::compute::{Choice, Groups};
use crate::error::{Error, Result};
use crate::parts::run::{Run, Stage};
use crate::retrieval::Side;
use serde::{Deserialize, Serialize};

/// What is asked of an attack on a run's set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AttackTerms {
    /// What the attack wants.
    pub goal: Goal,
    /// The ranks to attack for, rising.
    pub at: Vec<usize>,
    /// The directions.
    pub sides: Vec<Side>,
    /// The attack, with the threat model that it really keeps to.
    pub settings: AttackSettings,
    /// Radii, rising.
    pub eps: Vec<f32>,
    /// Ends the figures at the first radius at which nothing is left.
    pub adaptive: bool,
    /// Pictures attacked together. What comes out for a picture may depend on those beside it in the last digits:
    /// batches are those of one machine, and never cut.
    pub batch: usize,
    /// Where captions are ranked.
    pub compute: Choice,
    /// Bytes of memory that a task may take.
    pub memory: u64,
    /// Captions that a task may hold.
    pub captions: usize,
    /// Captions that each picture is attacked among, the hardest of all; `None` for all.
    #[serde(default)]
    pub shortlist: Option<usize>,
    /// Pictures of a task: whole batches.
    pub per_task: usize,
}

/// The plan of attacking; a task is some batches of pictures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AttackPlan {
    /// The program's version.
    pub program: String,
    /// The plan of embedding.
    pub embed: String,
    /// The plan of ranking.
    pub rank: String,
    /// [`crate::encoder::Encoder::fingerprint`] of the encoder: of what it holds, not of where it lies.
    pub encoder: String,
    /// What is asked.
    pub terms: AttackTerms,
    /// The pictures to attack by their rows, in the order in which one machine attacks them.
    pub pictures: Vec<usize>,
}

impl AttackPlan {
    /// Of these pictures.
    pub fn new(
        [embed, rank, encoder]: [String; 3],
        terms: AttackTerms,
        pictures: Vec<usize>,
    ) -> Self {
        let batch = terms.batch.max(1);
        Self {
            program: version(),
            embed,
            rank,
            encoder,
            terms: AttackTerms {
                batch,
                per_task: terms.per_task.max(1).next_multiple_of(batch),
                ..terms
            },
            pictures,
        }
    }

    /// Tasks.
    pub fn tasks(&self) -> usize {
        self.pictures.len().div_ceil(self.terms.per_task)
    }

    /// The pictures of a task.
    ///
    /// # Errors
    /// There is no such task.
    pub fn task(&self, n: usize) -> Result<&[usize]> {
        let mut tasks = self.pictures.chunks(self.terms.per_task);
        tasks
            .nth(n)
            .ok_or_else(|| Error::plan(format!("there is no task {n}: there are {}", self.tasks())))
    }

    /// What is asked, of pictures of a set with these captions.
    pub fn asked<'a>(&'a self, images: &'a [usize], groups: &'a Groups) -> Asked<'a> {
        Asked {
            goal: self.terms.goal,
            at: &self.terms.at,
            sides: &self.terms.sides,
            settings: &self.terms.settings,
            eps: &self.terms.eps,
            adaptive: self.terms.adaptive,
            images,
            groups,
        }
    }
}

impl Run {
    /// The plan of attacking, with its hash.
    ///
    /// # Errors
    /// There is none, or one of another version, or of another embedding or ranking than the run has.
    pub fn attack_plan(&self) -> Result<(AttackPlan, String)> {
        let (plan, hash) = self.planned::<AttackPlan>(Stage::Attack)?;
        check_version(&plan.program)?;
        let (embed, rank) = (self.embed_plan()?.1, self.rank_plan()?.1);
        if (&embed, &rank) == (&plan.embed, &plan.rank) {
            return Ok((plan, hash));
        }
        Err(Error::Plan {
            what: "the attack was planned for another embedding or ranking than the run has".into(),
        })
    }
}
