//! What a run over a set has done so far: in memory, and in a folder where it is to be saved.

use super::super::victim::GradientDefects;
use super::SetRequest;
use super::endless;
use super::run_of::RunOf;
use super::saved::{self, Written};
use crate::compute::Size;
use crate::error::{Error, Result};
use crate::files::{TEXT, read_all, replace};
use crate::retrieval::Side;
use crate::task::Task;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::Write;

/// Where a query stands without perturbation.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Before {
    /// Rank of the best right candidate, from 1.
    pub rank: u32,
    /// `wrong - right` at each rank that is attacked for; `None` where there are not so many wrong candidates.
    pub margins: Vec<Option<f32>>,
    /// Is the goal reached already, at each of these ranks?
    pub reached: Vec<bool>,
    /// Its rank for the second encoder.
    pub elsewhere: Option<u32>,
}

/// A perturbation that was found for a query.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FoundPerturbation {
    /// The radius it was made at.
    pub eps: f32,
    /// Which rank it was made for, counted through those that are attacked for; `None` where it was made for another
    /// query of the same picture.
    pub made_for: Option<usize>,
    /// The ranks whose search it ended, found or not.
    pub tried_for: Vec<usize>,
    /// Its size in the threat model's norm; `None` for one without.
    #[serde(with = "endless")]
    pub norm: Option<f32>,
    /// Its size in the usual norms.
    pub size: Size,
    /// Rank of the best right candidate under it.
    pub rank: u32,
    /// As [`Before::margins`].
    pub margins: Vec<Option<f32>>,
    /// Does it reach the goal, at each rank?
    pub reached: Vec<bool>,
    /// The same after rounding to 8 bits.
    pub saved_reached: Vec<bool>,
    /// The rank for the second encoder, after rounding.
    pub elsewhere: Option<u32>,
    /// Of part of a larger set: the picture's embedding, of unit norm, exactly and after rounding.
    #[serde(skip)]
    pub embeddings: Option<Box<[Vec<f32>; 2]>>,
}

/// One query: a picture that looks for captions, or a caption that looks for its picture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UnitDone {
    /// The caption that looks for the picture; `None` where the picture looks for captions.
    pub caption: Option<usize>,
    /// Where it stands without perturbation.
    pub before: Before,
    /// What was found, in the order of the radii.
    pub finds: Vec<FoundPerturbation>,
}

impl UnitDone {
    /// Which side the query is on.
    pub fn side(&self) -> Side {
        match self.caption {
            None => Side::Image,
            Some(_) => Side::Text,
        }
    }
}

/// One picture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RowDone {
    /// Its row in the dataset.
    pub image: usize,
    /// The queries that it was attacked for.
    pub units: Vec<UnitDone>,
    /// Gradients computed.
    pub gradients: u32,
    /// Forward runs besides.
    pub queries: u32,
    /// What was wrong with its gradients.
    pub blind: GradientDefects,
    /// Its share of the time.
    pub seconds: f64,
}

/// What a figure cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// Searches for it: pictures of image to text, captions of text to image.
    pub searches: u32,
    /// Gradients computed.
    pub gradients: u64,
    /// Forward runs besides.
    pub queries: u64,
    /// Seconds of searching.
    pub seconds: f64,
}

impl Cost {
    /// Adds another part of the search.
    pub(super) fn add(&mut self, other: &Self) {
        self.searches += other.searches;
        self.gradients += other.gradients;
        self.queries += other.queries;
        self.seconds += other.seconds;
    }
}

/// Some pictures with what their search cost.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct BatchDone {
    pub rows: Vec<RowDone>,
    /// One per figure of the request; one in all for goals without.
    pub costs: Vec<Cost>,
    pub files: Vec<Written>,
}

/// What is done of a set. A cancelled run goes on from it.
#[derive(Debug, Clone, Default)]
pub struct Checkpoint {
    /// What makes two runs the same: data, model and all parameters.
    run: RunOf,
    rows: BTreeMap<usize, RowDone>,
    costs: Vec<Cost>,
    /// Seconds before the first step: graphs built, the clean set ranked.
    pub prepared: f64,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    run: String,
    batch: BatchDone,
}

impl Checkpoint {
    /// Takes up what belongs to `request`, from memory or from its folder.
    ///
    /// # Errors
    /// The folder cannot be read, or holds another run.
    pub(super) fn begin(&mut self, request: &SetRequest, task: &Task) -> Result<()> {
        let run = RunOf::new(request, task)?;
        if self.run != run {
            *self = Self {
                run,
                ..Self::default()
            };
        }
        let Some(folder) = &request.save else {
            return Ok(());
        };
        self.run.claim(folder)?;
        let batches = folder.join("batches");
        std::fs::create_dir_all(&batches).map_err(Error::io("create", &batches))?;
        let entries = std::fs::read_dir(&batches).map_err(Error::io("read", &batches))?;
        let digest = self.run.digest();
        for entry in entries.flatten() {
            let read = read_all(&entry.path(), TEXT).ok();
            let stored = read.and_then(|text| serde_json::from_slice::<Stored>(&text).ok());
            // A batch that was cut off, or whose pictures are gone or damaged, is done again.
            let whole = |s: &Stored| s.run == digest && saved::are_whole(folder, &s.batch.files);
            if let Some(stored) = stored.filter(whole)
                && !stored.batch.rows.iter().all(|r| self.has(r.image))
            {
                self.take(stored.batch);
            }
        }
        Ok(())
    }

    /// Was it done for the data, model and parameters of `request`?
    ///
    /// # Errors
    /// As [`RunOf::new`].
    pub(super) fn is_of(&self, request: &SetRequest, task: &Task) -> Result<bool> {
        Ok(self.run == RunOf::new(request, task)?)
    }

    /// Is this picture done?
    pub fn has(&self, image: usize) -> bool {
        self.rows.contains_key(&image)
    }

    /// How many pictures are done.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Is none done?
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The pictures that are done, by row.
    pub fn rows(&self) -> impl Iterator<Item = &RowDone> {
        self.rows.values()
    }

    /// What each figure cost, in the order of [`SetRequest::figures`].
    pub fn costs(&self) -> &[Cost] {
        &self.costs
    }

    fn take(&mut self, batch: BatchDone) {
        self.costs.resize(batch.costs.len(), Cost::default());
        for (sum, cost) in self.costs.iter_mut().zip(&batch.costs) {
            sum.add(cost);
        }
        self.rows
            .extend(batch.rows.into_iter().map(|r| (r.image, r)));
    }

    pub(super) fn add(&mut self, request: &SetRequest, batch: BatchDone) -> Result<()> {
        if let (Some(folder), Some(first)) = (&request.save, batch.rows.first()) {
            let path = folder
                .join("batches")
                .join(format!("{:08}.json", first.image));
            let stored = Stored {
                run: self.run.digest(),
                batch: batch.clone(),
            };
            let text = serde_json::to_vec(&stored)
                .map_err(|e| Error::request(format!("cannot write {}: {e}", path.display()), ""))?;
            replace(&path, |out| out.write_all(&text))?;
        }
        self.take(batch);
        Ok(())
    }
}
