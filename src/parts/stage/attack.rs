//! Attacking: planned once the ranking is merged, then some batches of pictures at a time.

use super::embed::open;
use super::pictures::Pictures;
use super::rows::{embeddings, read_rows};
use crate::attack::{Network, PieceDone, Set, SetRequest, attack_order, attack_piece};
use crate::compute::{Embedded, Engine, Groups, Measure, Ranking, steps_of_hinges};
use crate::encoder::Encoder;
use crate::error::{Error, Result, thousands};
use crate::parts::merge::whole_ranking;
use crate::parts::plan::{AttackPlan, AttackTerms, EmbedPlan, RankPlan};
use crate::parts::run::{Mark, Run, Stage, host, instructions, part_name, to_json};
use crate::retrieval::EvalOptions;
use crate::task::Task;
use serde::{Deserialize, Serialize};
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

/// Plans an attack on the first `limit` pictures of a run's set.
///
/// # Errors
/// The ranking is not merged yet, or one of drawn queries; what was embedded has no pictures or is not compared by
/// cosine; an attack that needs the whole set at once; more captions than a task may rank among.
pub fn plan_attack(
    run: &Run,
    terms: AttackTerms,
    limit: Option<usize>,
    task: &Task,
) -> Result<(AttackPlan, String)> {
    let (embed, embed_hash) = run.embed_plan()?;
    let (rank, rank_hash) = run.rank_plan()?;
    let terms = AttackTerms {
        settings: terms.settings.settled(),
        ..terms
    };
    for &eps in &terms.eps {
        terms.settings.threat.with_eps(eps).check()?;
    }
    let encoder = attackable(&embed, &rank, &terms)?;
    let ranking = whole_ranking(run, &rank, &rank_hash, task)?;
    let count = rank.images();
    let first: Vec<usize> = (0..limit.map_or(count, |n| n.min(count))).collect();
    let pictures = attack_order(&first, &ranking.i2t.ranks);
    let plan = AttackPlan::new([embed_hash, rank_hash, encoder], terms, pictures);
    let hash = run.write_plan(Stage::Attack, &plan)?;
    Ok((plan, hash))
}

/// Refuses what cannot be attacked in parts; the fingerprint of the encoder where it can.
fn attackable(embed: &EmbedPlan, rank: &RankPlan, terms: &AttackTerms) -> Result<String> {
    let refuse = |what: String, remedy: &str| Err(Error::request(what, remedy));
    let Some(coder) = &embed.encoder else {
        return refuse(
            "the run holds embeddings without pictures and encoder: there is nothing to attack"
                .into(),
            "Plan a run of a dataset with --encoder.",
        );
    };
    if rank.sample.is_some() {
        return refuse(
            "the ranking of the run is one of drawn queries, and an attack needs that of all"
                .into(),
            "Plan a run with the same data whose ranking has no --sample.",
        );
    }
    if embed.similarity != Measure::Cosine {
        return refuse(
            "attacks compare by cosine, and the run was embedded for the dot product".into(),
            "Plan a run with --similarity cosine.",
        );
    }
    let margin = EvalOptions::default().margin;
    if rank.margin.to_bits() != margin.to_bits() {
        return refuse(
            format!(
                "the ranking has a margin of {}, and the losses beside an attack are those of {margin}",
                rank.margin
            ),
            "Plan a run whose ranking has no --margin.",
        );
    }
    if terms.settings.method.is_shared() {
        return refuse(
            format!(
                "{} learns one perturbation from all pictures of the set together, and cannot be done in parts",
                terms.settings.method.title()
            ),
            "Run it on one machine (nearmiss attack pairs), or choose another attack.",
        );
    }
    let (captions, bytes) = (rank.texts(), needed(rank));
    if captions > terms.captions || bytes > terms.memory {
        return refuse(
            format!(
                "more captions than one task can hold: {} with {} images take {} bytes",
                thousands(captions as u64),
                thousands(rank.images() as u64),
                thousands(bytes)
            ),
            "Plan with more --memory (and --captions-per-task) for machines that have it, or attack a run of fewer \
             captions.",
        );
    }
    Ok(coder.hash.clone())
}

/// Bytes that the rows and the ranking of a set take.
fn needed(rank: &RankPlan) -> u64 {
    let rows = (rank.images() + rank.texts()) as u64;
    rows * (rank.dim as u64 * 4 + 48)
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
    set: Set,
    clean: Ranking,
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
        let (rank, hash) = self.run.rank_plan()?;
        Ok(Ready {
            set: Set {
                network: Arc::new(network),
                engine: Arc::clone(&self.engine),
                embedded: all_rows(self.run, &rank, task)?,
            },
            encoder,
            clean: whole_ranking(self.run, &rank, &hash, task)?,
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
        let (rank, _) = self.run.rank_plan()?;
        let dataset = self
            .pictures
            .of(self.run, &self.embed, &rank, images, task)?;
        let prepared = begun.elapsed().as_secs_f64();
        let terms = &self.plan.terms;
        let names = images.iter().map(|&i| dataset.images[i].name.clone());
        let names = names.collect();
        let request = SetRequest {
            set: ready.set.clone(),
            encoder: Arc::clone(&ready.encoder),
            dataset: Arc::new(dataset),
            images: images.to_vec(),
            goal: terms.goal,
            at: terms.at.clone(),
            sides: terms.sides.clone(),
            settings: terms.settings.clone(),
            eps: terms.eps.clone(),
            adaptive: terms.adaptive,
            batch: terms.batch,
            save: None,
            transfer: None,
        };
        let mut done = attack_piece(&request, &ready.clean, task)?;
        let set = &ready.set.embedded;
        let margin = EvalOptions::default().margin;
        let quiet = task.quiet();
        let hinges = steps_of_hinges(&set.images, &set.texts, &set.groups, images, margin, &quiet)?;
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
            approximate: ready.set.network.approximate().to_vec(),
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
