//! A whole set under attack: batch by batch, one or several radii, then recall of what is left.

mod batch;
mod field;
mod figure;
mod checkpoint;
mod load;
mod recalls;
mod report;
mod run_of;
mod saved;
mod size;
mod table;
mod transfer;
mod universal;

pub use figure::{Figure, direction};
pub use checkpoint::{Before, Cost, Done, Find, RowDone, UnitDone};
pub use recalls::{Recalls, Success};
pub use report::{FigureReport, GradientReport, LevelReport, SetReport};
pub use table::RowReport;
pub use transfer::{Transfer, TransferReport};

use super::description::Method;
use super::settings::Settings;
use super::victim::{Goal, Pairs, Set, Uphill, Victim};
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
pub struct SetOrder {
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
    pub settings: Settings,
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

/// Attacks every picture of `order` for every figure that stands yet. `done` holds what earlier runs did, and what this
/// one does even where it is cancelled: the same call goes on from there.
///
/// # Errors
/// A picture cannot be read again; the attack needs gradients that the model does not have; a loss that means nothing
/// for the goal; the folder cannot be written, or holds another run; the model fails; or `task` was cancelled.
pub fn attack_set(order: &SetOrder, done: &mut Done, task: &Task) -> Result<SetReport> {
    let order = &order.settled()?;
    let begun = Instant::now();
    let quiet = task.quiet();
    let clean = order.clean(&quiet)?;
    let targets = targets(order, &clean.ranking.i2t);
    done.begin(order)?;
    let mut left: Vec<usize> = (0..order.images.len())
        .filter(|&at| !done.has(order.images[at]))
        .collect();
    if !left.is_empty() {
        warm(order, &targets, task)?;
    }
    let prepared = begun.elapsed().as_secs_f64();
    let learning = Instant::now();
    let learnt = if order.settings.method == Method::Universal && !left.is_empty() {
        universal::learn(order, &targets, task)?
    } else {
        Learnt::default()
    };
    let seconds = learning.elapsed().as_secs_f64();
    let title = format!(
        "{} on {} pictures",
        order.settings.method.title(),
        order.images.len()
    );
    task.begin(title, order.images.len() as u64);
    // Those that are wrong already need no attack: by themselves they do not thin the batches out.
    left.sort_by_key(|&at| clean.ranking.i2t.ranks[order.images[at]] > 1);
    task.add((order.images.len() - left.len()) as u64);
    for batch in left.chunks(order.batch.max(1)) {
        let images: Vec<usize> = batch.iter().map(|&at| order.images[at]).collect();
        let wanted: Vec<usize> = batch.iter().map(|&at| targets[at]).collect();
        let mut made = batch::attack(order, (&images, &wanted), &clean, &learnt.shared, task)?;
        if !learnt.shared.is_empty() {
            for (row, &at) in made.rows.iter_mut().zip(batch) {
                let met = &learnt.met[at];
                row.gradients += met.gradients;
                row.blind.add(met.blind);
                row.seconds += seconds / order.images.len() as f64;
            }
        }
        done.add(order, made)?;
        task.add(batch.len() as u64);
    }
    done.prepared += prepared;
    report::report(order, &clean, done, &quiet)
}

/// The figures of those pictures of `order` that are done: of a run that was cancelled, say. `None` where none is.
///
/// # Errors
/// The engine fails, or `task` was cancelled.
pub fn report_done(order: &SetOrder, done: &Done, task: &Task) -> Result<Option<SetReport>> {
    let order = order.settled()?;
    let images = order.images.iter().copied();
    let images: Vec<usize> = images.filter(|&i| done.has(i)).collect();
    if images.is_empty() || !done.is_of(&order) {
        return Ok(None);
    }
    let order = SetOrder { images, ..order };
    let clean = order.clean(task)?;
    report::report(&order, &clean, done, task).map(Some)
}

impl SetOrder {
    /// The order with the threat model that its attack really keeps to.
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
        let order = Self {
            settings: self.settings.settled(),
            ..self.clone()
        };
        for &eps in &order.eps {
            order.settings.threat.with_eps(eps).check()?;
        }
        Ok(order)
    }

    /// Where everything stands without perturbation.
    fn clean(&self, task: &Task) -> Result<Evaluation> {
        let set = &self.set;
        let options = EvalOptions::default();
        let (engine, groups) = (set.engine.as_ref(), &set.groups);
        evaluate(engine, &set.images, &set.texts, groups, &options, task)
    }
}

/// Builds the gradient graph of a full batch before the clock starts.
fn warm(order: &SetOrder, targets: &[usize], task: &Task) -> Result<()> {
    let count = order.batch.clamp(1, order.images.len());
    let (images, targets) = (&order.images[..count], &targets[..count]);
    let aim = order.aim(Side::Image, order.ks()[0]);
    let images_only = order.kinds().contains(&Side::Image);
    let mut victim = Pairs::new(&order.set, aim, images, targets)?;
    if images_only {
        order.settings.fits(&victim)?;
    }
    order.set.network.serves(order.settings.method)?;
    if !order.settings.method.needs_gradient() {
        return Ok(());
    }
    task.begin("Preparing the gradient", 0);
    let blank = vec![0.5; count * order.set.network.grid().len()];
    let rows: Vec<usize> = (0..count).collect();
    let uphill = Uphill::of(order.settings.loss, &[]);
    victim.climb(&rows, &blank, uphill, task).map(|_| ())
}

/// What each picture is to be taken for: the caption that is hardest for it, or that caption's picture.
fn targets(order: &SetOrder, i2t: &Direction) -> Vec<usize> {
    let of = |&image: &usize| {
        let hardest = i2t.hardest.get(image).map_or(0, |h| h.index as usize);
        match order.goal {
            Goal::Match if hardest < order.set.texts.rows() => order.set.groups.owner(hardest),
            _ => hardest.min(order.set.texts.rows().saturating_sub(1)),
        }
    };
    order.images.iter().map(of).collect()
}
