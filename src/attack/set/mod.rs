//! A whole set under attack: batch by batch, one or several radii, then recall of what is left.

mod asked;
mod assemble;
mod batch;
mod checkpoint;
mod endless;
mod field;
mod figure;
mod load;
mod piece;
mod recalls;
mod report;
mod run_of;
mod saved;
mod size;
mod table;
mod transfer;
mod universal;

pub use asked::Asked;
pub use assemble::{FoundOfSet, report_found};
pub use checkpoint::{Before, Checkpoint, Cost, FoundPerturbation, RowDone, UnitDone};
pub use figure::{Figure, direction};
pub use piece::{PieceDone, attack_order, attack_piece};
pub use recalls::{Recalls, Success};
pub use report::{FigureReport, GradientReport, LevelReport, SetAnswer, SetReport};
pub use table::RowReport;
pub use transfer::{Transfer, TransferReport};

use super::settings::AttackSettings;
use super::victim::{AscentLoss, Goal, Pairs, Set, Victim};
use crate::compute::Direction;
use crate::dataset::Dataset;
use crate::encoder::Encoder;
use crate::error::{Error, Result};
use crate::retrieval::{EvalOptions, Evaluation, Side, evaluate};
use crate::task::Task;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;
use universal::Learnt;

/// What is to be attacked, and how.
#[derive(Clone)]
pub struct SetRequest {
    /// Model, captions and embeddings; every picture is ranked among all captions.
    pub set: Set,
    /// The encoder, for its preprocessing.
    pub encoder: Arc<Encoder>,
    /// Where the pictures lie.
    pub dataset: Arc<Dataset>,
    /// The pictures to attack, by their rows.
    pub images: Vec<usize>,
    /// What the attack wants; a picture's own hardest negative is the caption that is to win.
    pub goal: Goal,
    /// Where right ones are to be lost, the ranks k of the recalls R@k to attack for, rising: each is the figure of an
    /// attack of its own.
    pub at: Vec<usize>,
    /// The directions of these recalls.
    pub sides: Vec<Side>,
    /// The attack; its radius is replaced by each of `eps`.
    pub settings: AttackSettings,
    /// Radii, rising. A query broken at one keeps that perturbation at the larger ones; where rounding to 8 bits mends
    /// it, it is attacked again.
    pub eps: Vec<f32>,
    /// Ends the figures at the first radius at which nothing is left.
    pub adaptive: bool,
    /// Pictures attacked together.
    pub batch: usize,
    /// Where to keep perturbed pictures and what is needed to go on after a cancel; `None` keeps nothing.
    pub save: Option<PathBuf>,
    /// A second encoder that sees the perturbed pictures.
    pub transfer: Option<Transfer>,
}

/// Attacks every picture of `request` for every figure that stands yet. `checkpoint` holds what earlier runs did, and what this
/// one does even where it is cancelled: the same call goes on from there.
///
/// # Errors
/// A picture cannot be read again; the attack needs gradients that the model does not have; a loss that means nothing
/// for the goal; the folder cannot be written, or holds another run; the model fails; or `task` was cancelled.
pub fn attack_set(
    request: &SetRequest,
    checkpoint: &mut Checkpoint,
    task: &Task,
) -> Result<SetReport> {
    let request = &request.settled()?;
    let begun = Instant::now();
    let quiet = task.quiet();
    let clean = request.clean(&quiet)?;
    let targets = targets(request, &clean.ranking.i2t);
    checkpoint.begin(request, task)?;
    let mut left: Vec<usize> = (0..request.images.len())
        .filter(|&at| !checkpoint.has(request.images[at]))
        .collect();
    if !left.is_empty() {
        warm(request, &targets, task)?;
    }
    let prepared = begun.elapsed().as_secs_f64();
    let learning = Instant::now();
    let learnt = if request.settings.method.is_shared() && !left.is_empty() {
        universal::learn(request, &targets, task)?
    } else {
        Learnt::default()
    };
    let seconds = learning.elapsed().as_secs_f64();
    let title = format!(
        "{} on {} pictures",
        request.settings.method.title(),
        request.images.len()
    );
    task.begin(title, request.images.len() as u64);
    // Those that are wrong already need no attack: by themselves they do not thin the batches out.
    left.sort_by_key(|&at| clean.ranking.i2t.ranks[request.images[at]] > 1);
    task.add((request.images.len() - left.len()) as u64);
    for batch in left.chunks(request.batch.max(1)) {
        let images: Vec<usize> = batch.iter().map(|&at| request.images[at]).collect();
        let wanted: Vec<usize> = batch.iter().map(|&at| targets[at]).collect();
        let mut made = batch::attack(
            request,
            (&images, &wanted),
            &clean.ranking,
            &learnt.shared,
            task,
        )?;
        if !learnt.shared.is_empty() {
            for (row, &at) in made.rows.iter_mut().zip(batch) {
                let met = &learnt.met[at];
                row.gradients += met.gradients;
                row.blind.add(met.blind);
                row.seconds += seconds / request.images.len() as f64;
            }
        }
        checkpoint.add(request, made)?;
        task.add(batch.len() as u64);
    }
    checkpoint.prepared += prepared;
    assemble::report(request, &clean, checkpoint, &quiet)
}

/// The figures of those pictures of `request` that are done: of a run that was cancelled, say. `None` where none is.
///
/// # Errors
/// The engine fails, or `task` was cancelled.
pub fn report_done(
    request: &SetRequest,
    checkpoint: &Checkpoint,
    task: &Task,
) -> Result<Option<SetReport>> {
    let request = request.settled()?;
    let images = request.images.iter().copied();
    let images: Vec<usize> = images.filter(|&i| checkpoint.has(i)).collect();
    if images.is_empty() || !checkpoint.is_of(&request, task)? {
        return Ok(None);
    }
    let request = SetRequest { images, ..request };
    let clean = request.clean(task)?;
    assemble::report(&request, &clean, checkpoint, task).map(Some)
}

impl SetRequest {
    /// What is asked, without model, pictures and embeddings.
    pub fn asked(&self) -> Asked<'_> {
        Asked {
            goal: self.goal,
            at: &self.at,
            sides: &self.sides,
            settings: &self.settings,
            eps: &self.eps,
            adaptive: self.adaptive,
            images: &self.images,
            groups: &self.set.embedded.groups,
        }
    }

    /// The request with the threat model that its attack really keeps to.
    ///
    /// # Errors
    /// Nothing to attack; radii or ranks that do not rise; a radius that is none in the norm.
    fn settled(&self) -> Result<Self> {
        if self.eps.is_empty() || self.images.is_empty() {
            return Err(Error::request(
                "there is nothing to attack",
                "Give at least one picture and one epsilon.",
            ));
        }
        if self.eps.windows(2).any(|w| w[0] >= w[1]) {
            return Err(Error::request(
                "the epsilons do not rise",
                "Give them from the smallest to the largest, each once.",
            ));
        }
        let ranks = &self.at;
        if self.goal == Goal::Lose
            && (ranks.is_empty()
                || self.sides.is_empty()
                || ranks[0] == 0
                || ranks.windows(2).any(|w| w[0] >= w[1]))
        {
            return Err(Error::request(
                "there is no recall to attack for",
                "Give ranks from 1, each once and rising, and at least one direction.",
            ));
        }
        let request = Self {
            settings: self.settings.settled(),
            ..self.clone()
        };
        for &eps in &request.eps {
            request.settings.threat.with_eps(eps).check()?;
        }
        Ok(request)
    }

    /// Where everything stands without perturbation.
    fn clean(&self, task: &Task) -> Result<Evaluation> {
        let set = &self.set;
        let options = EvalOptions::default();
        let (engine, groups) = (set.engine.as_ref(), &set.embedded.groups);
        evaluate(
            engine,
            &set.embedded.images,
            &set.embedded.texts,
            groups,
            &options,
            task,
        )
    }
}

/// Builds the gradient graph of a full batch before the clock starts.
fn warm(request: &SetRequest, targets: &[usize], task: &Task) -> Result<()> {
    let count = request.batch.clamp(1, request.images.len());
    let (images, targets) = (&request.images[..count], &targets[..count]);
    let aim = request.asked().aim(Side::Image, request.asked().ks()[0]);
    let images_only = request.asked().kinds().contains(&Side::Image);
    let mut victim = Pairs::new(&request.set, aim, images, targets)?;
    if images_only {
        request.settings.fits(&victim)?;
    }
    request.settings.method.runs_on(&request.set.network)?;
    if !request.settings.method.needs_gradient() {
        return Ok(());
    }
    task.begin("Preparing the gradient", 0);
    let blank = vec![0.5; count * request.set.network.grid().len()];
    let rows: Vec<usize> = (0..count).collect();
    let ascent = AscentLoss::of(request.settings.loss, &[]);
    victim
        .value_and_gradient(&rows, &blank, ascent, task)
        .map(|_| ())
}

/// What each picture is to be taken for: the caption that is hardest for it, or that caption's picture.
fn targets(request: &SetRequest, i2t: &Direction) -> Vec<usize> {
    let of = |&image: &usize| {
        let hardest = i2t.hardest.get(image).map_or(0, |h| h.index as usize);
        match request.goal {
            Goal::Match if hardest < request.set.embedded.texts.rows() => {
                request.set.embedded.groups.owner(hardest)
            }
            _ => hardest.min(request.set.embedded.texts.rows().saturating_sub(1)),
        }
    };
    request.images.iter().map(of).collect()
}
