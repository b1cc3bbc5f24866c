//! Attacking: planned once the ranking is merged, then some batches of pictures at a time.

mod plan;
mod shortlist;

pub use plan::plan_attack;

use super::embed::open;
use super::gather;
use super::pictures::Pictures;
use super::rows::{embeddings, read_rows};
use crate::attack::{Network, PieceDone, RowDone, Set, SetRequest, attack_piece};
use crate::compute::{Embedded, Engine, Groups, Ranking, steps_of_hinges};
use crate::dataset::{Dataset, Image};
use crate::encoder::Encoder;
use crate::error::{Error, Result};
use crate::parts::merge::whole_ranking;
use crate::parts::plan::{AttackPlan, EmbedPlan, RankPlan};
use crate::parts::run::{Mark, Run, Stage, host, instructions, part_name, to_json};
use crate::retrieval::EvalOptions;
use crate::task::Task;
use serde::{Deserialize, Serialize};
use shortlist::{Beyond, Shortlist};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

/// What a mark says of a task besides.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attacked {
    /// Pictures.
    pub pictures: usize,
    /// Seconds of attacking, over all pictures.
    pub seconds: f64,
    /// Seconds of searching for each figure.
    pub searching: Vec<f64>,
    /// Seconds before the first step: rows read, graphs built.
    pub prepared: f64,
}

/// What a task says of its pictures: the same bytes whenever it is run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct AttackPart {
    /// The operators that gradients pass straight through although they round.
    pub approximate: Vec<String>,
    /// The sum of hinges of the pictures' pairs without perturbation, in the steps of [`crate::compute::Steps`].
    pub hinges: String,
    /// What the pictures are called.
    pub names: Vec<String>,
    /// What was found for them; seconds are in the mark.
    pub done: PieceDone,
}

/// What attacks the pictures of a plan, one task after the other.
pub struct Attacker<'a> {
    run: &'a Run,
    plan: &'a AttackPlan,
    hash: &'a str,
    embed: EmbedPlan,
    engine: Arc<dyn Engine>,
    ready: Option<Ready>,
    pictures: Pictures,
}

/// What every task of a process shares.
struct Ready {
    encoder: Arc<Encoder>,
    network: Arc<Network>,
    rank: RankPlan,
    /// The set with its ranking, where a task can hold it.
    whole: Option<(Set, Ranking)>,
}

impl<'a> Attacker<'a> {
    /// For this plan; `engine` ranks captions.
    ///
    /// # Errors
    /// The run cannot be read.
    pub fn new(
        run: &'a Run,
        plan: &'a AttackPlan,
        hash: &'a str,
        engine: Arc<dyn Engine>,
    ) -> Result<Self> {
        let (embed, _) = run.embed_plan()?;
        Ok(Self {
            run,
            plan,
            hash,
            pictures: Pictures::new(&embed)?,
            embed,
            engine,
            ready: None,
        })
    }

    /// Opens the encoder, and reads rows and ranking.
    fn open(&self, task: &Task) -> Result<Ready> {
        let Some(coder) = &self.embed.encoder else {
            return Err(Error::plan("the plan names no encoder"));
        };
        if coder.hash != self.plan.encoder {
            return Err(Error::plan("the attack was planned with another encoder"));
        }
        let encoder = Arc::new(open(Some(coder), task)?);
        let providers = &coder.options.providers;
        let network = Network::image_tower(&encoder, providers, self.plan.terms.batch, task)?;
        let network = Arc::new(network);
        let (rank, hash) = self.run.rank_plan()?;
        let whole = if self.plan.terms.shortlist.is_none() {
            let set = Set {
                network: Arc::clone(&network),
                engine: Arc::clone(&self.engine),
                embedded: all_rows(self.run, &rank, task)?,
                part: None,
            };
            Some((set, whole_ranking(self.run, &rank, &hash, task)?))
        } else {
            None
        };
        Ok(Ready {
            encoder,
            network,
            rank,
            whole,
        })
    }

    /// Attacks the pictures of task `n` unless its mark says that it is done; true where there was something to do.
    ///
    /// # Errors
    /// What was planned with has changed; a file cannot be read or written; a model fails; cancellation.
    pub fn attack(&mut self, n: usize, task: &Task) -> Result<bool> {
        let (kind, images) = (Stage::Attack.name(), self.plan.task(n)?);
        if self.run.mark::<Attacked>(kind, n, self.hash)?.is_some() {
            return Ok(false);
        }
        let begun = Instant::now();
        if self.ready.is_none() {
            self.ready = Some(self.open(task)?);
        }
        let Some(ready) = &self.ready else {
            return Err(Error::plan("nothing was opened"));
        };
        let pictures = self
            .pictures
            .of(self.run, &self.embed, &ready.rank, images, task)?;
        let prepared = begun.elapsed().as_secs_f64();
        let names = images.iter().map(|i| pictures[i].name.clone()).collect();
        let (mut done, hinges) = match &ready.whole {
            Some((set, clean)) => {
                let request = self.request(ready, set, images.to_vec(), images, &pictures);
                let done = attack_piece(&request, clean, task)?;
                let (set, margin) = (&set.embedded, EvalOptions::default().margin);
                let quiet = task.quiet();
                let (rows, texts) = (&set.images, &set.texts);
                (
                    done,
                    steps_of_hinges(rows, texts, &set.groups, images, margin, &quiet)?,
                )
            }
            None => self.among_shortlists(ready, images, &pictures, task)?,
        };
        // Times would make two runs of a task differ.
        let take = |seconds: &mut f64| std::mem::take(seconds);
        let of = Attacked {
            pictures: images.len(),
            seconds: done.rows.iter_mut().map(|r| take(&mut r.seconds)).sum(),
            searching: done
                .costs
                .iter_mut()
                .map(|c| take(&mut c.seconds))
                .collect(),
            prepared,
        };
        let part = AttackPart {
            approximate: ready.network.approximate().to_vec(),
            hinges: hinges.to_string(),
            names,
            done,
        };
        let mark = Mark {
            plan: self.hash.to_owned(),
            task: n,
            files: Vec::new(),
            host: host(),
            engine: ready.encoder.describe().image_provider.clone(),
            instructions: instructions().into(),
            seconds: begun.elapsed().as_secs_f64(),
            of,
        };
        task.check()?;
        let file = (part_name(kind, n, "json"), to_json(&part)?);
        self.run.finish(kind, mark, &[file])?;
        Ok(true)
    }

    /// The pictures `images`, each among the captions that are hardest for it, and the sum of their hinges.
    fn among_shortlists(
        &self,
        ready: &Ready,
        images: &[usize],
        pictures: &BTreeMap<usize, Image>,
        task: &Task,
    ) -> Result<(PieceDone, i128)> {
        let beyond = Beyond {
            set: gather::Set::new(self.run, &ready.rank),
            plan: &ready.rank,
            engine: &self.engine,
        };
        let terms = &self.plan.terms;
        let captions = terms.shortlist.unwrap_or_default();
        let shortlist =
            Shortlist::new(&beyond, &ready.network, images, (captions, &terms.at), task)?;
        let rows = shortlist.pictures.clone();
        let request = self.request(ready, &shortlist.set, rows, images, pictures);
        let mut done = attack_piece(&request, &shortlist.clean, task)?;
        shortlist.verify(&beyond, terms, &mut done.rows, task)?;
        // In the order of the plan again.
        let place = |row: &RowDone| images.iter().position(|&image| image == row.image);
        done.rows.sort_by_key(place);
        Ok((done, shortlist.hinges))
    }

    /// What is asked of `rows` of `set`, which are the pictures `images` of the run.
    fn request(
        &self,
        ready: &Ready,
        set: &Set,
        rows: Vec<usize>,
        images: &[usize],
        pictures: &BTreeMap<usize, Image>,
    ) -> SetRequest {
        let mut all = vec![Image::unseen(""); set.embedded.groups.images()];
        for (&row, image) in rows.iter().zip(images) {
            all[row] = pictures[image].clone();
        }
        let terms = &self.plan.terms;
        SetRequest {
            set: set.clone(),
            encoder: Arc::clone(&ready.encoder),
            dataset: Arc::new(Dataset::of_images("part", "part", all, Vec::new())),
            images: rows,
            goal: terms.goal,
            at: terms.at.clone(),
            sides: terms.sides.clone(),
            settings: terms.settings.clone(),
            eps: terms.eps.clone(),
            adaptive: terms.adaptive,
            batch: terms.batch,
            save: None,
            transfer: None,
        }
    }
}

/// The rows of all images and captions of a run.
fn all_rows(run: &Run, plan: &RankPlan, task: &Task) -> Result<Embedded> {
    task.begin("Reading rows", plan.shards.len() as u64);
    let (mut images, mut texts) = (Vec::new(), Vec::new());
    images.reserve_exact(plan.images() * plan.dim);
    texts.reserve_exact(plan.texts() * plan.dim);
    let mut offsets = vec![0];
    for shard in &plan.shards {
        task.check()?;
        let rows = read_rows(run, &shard.file)?;
        let before = offsets.last().copied().unwrap_or(0);
        let own = rows.offsets.iter().skip(1);
        offsets.extend(own.map(|offset| before + offset));
        images.extend(rows.images);
        texts.extend(rows.texts);
        task.add(1);
    }
    let of = |values, most| embeddings(values, plan.dim, plan.similarity, most);
    Embedded::new(
        of(images, plan.norms[0])?,
        of(texts, plan.norms[1])?,
        Groups::new(offsets)?,
    )
}
