//! The runs that are asked for: losses x policies x rates x seeds.

mod refused;

use super::clients::ClientArgs;
use super::files::{matrix, order};
use super::friendly::FriendlyArgs;
use super::groups::GroupArgs;
use crate::compute::Engine;
use crate::compute::train::{Activation, HeadShape, Hidden, Loss};
use crate::dataset::Dataset;
use crate::error::Result;
use crate::files::shown;
use crate::learn::{
    Course, Federation, Ground, Live, Mined, Optimizer, OptimizerKind, Policy, Run, SameImage,
    Schedule, Setup, Start, train,
};
use crate::task::Task;
use clap::Args;
use std::path::PathBuf;
use std::sync::Arc;

/// Which runs.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "flags of a command line")]
pub struct Grid {
    /// Losses, separated by commas: sh, mh, semi-hard, mixture, infonce, siglip, order
    #[arg(
        long,
        value_name = "NAMES",
        value_delimiter = ',',
        default_value = "mh"
    )]
    loss: Vec<Loss>,
    /// Values of a row that heads make (default: 64; with --residual as many as go in)
    #[arg(long, value_name = "N")]
    dim: Option<usize>,
    /// One hidden layer of this width instead of linear heads
    #[arg(long, value_name = "WIDTH")]
    hidden: Option<usize>,
    /// What follows the hidden layer: relu or gelu (default: relu)
    #[arg(long, value_name = "NAME", requires = "hidden")]
    activation: Option<Activation>,
    /// Give the first layer a bias
    #[arg(long)]
    bias: bool,
    /// One head for both sides
    #[arg(long)]
    shared: bool,
    /// Add what goes in to what comes out: training starts with the embeddings as they are
    #[arg(long)]
    residual: bool,
    /// Pairs of a batch
    #[arg(id = "pairs", long = "batch", value_name = "N", default_value_t = 128)]
    batch: usize,
    /// adam, adamw, sgd, amsgrad; by simulated clients fedlalr, fedavg or fedadam
    #[arg(long, value_name = "NAME", default_value = "adam")]
    optimizer: OptimizerKind,
    /// Learning rates, separated by commas
    #[arg(
        long,
        value_name = "RATES",
        value_delimiter = ',',
        default_value = "2e-4"
    )]
    lr: Vec<f32>,
    /// Momentum of SGD
    #[arg(long, value_name = "M", default_value_t = 0.0)]
    momentum: f32,
    /// Weight decay
    #[arg(long, value_name = "D", default_value_t = 0.0)]
    weight_decay: f32,
    /// Largest norm of the gradient over all weights
    #[arg(long, value_name = "NORM")]
    clip: Option<f32>,
    /// How the rate changes: constant, linear, cosine or step
    #[arg(long, value_name = "NAME", default_value = "constant")]
    schedule: Schedule,
    /// Share of the run over which the rate rises from 0 first
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    warmup: f32,
    /// Times that the pairs are gone through
    #[arg(long, value_name = "N", default_value_t = 30)]
    epochs: usize,
    /// Margin of the hinges (default: 0.2, of order embeddings 0.05)
    #[arg(long, value_name = "A")]
    margin: Option<f32>,
    /// Temperature of `InfoNCE` (default: 0.07)
    #[arg(long, value_name = "T")]
    temperature: Option<f32>,
    /// Train the temperature of `InfoNCE` too
    #[arg(long)]
    learn_temperature: bool,
    /// Share of the run over which the mixture goes from SH to MH (default: 0.5)
    #[arg(long, value_name = "SHARE")]
    warm: Option<f32>,
    /// Runs of each kind, by seeds that follow one another
    #[arg(long, value_name = "N", default_value_t = 1)]
    seeds: usize,
    /// The first seed
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// How pairs are chosen, separated by commas: uniform, hardest, budget, budget-ranked, curriculum, strata, expand,
    /// friendly
    #[arg(
        long,
        value_name = "NAMES",
        value_delimiter = ',',
        default_value = "uniform"
    )]
    policy: Vec<Policy>,
    /// Seconds of training that the policies "budget" and "budget-ranked" fit themselves into
    #[arg(long, value_name = "SECONDS")]
    budget: Option<f64>,
    #[command(flatten)]
    grouped: GroupArgs,
    #[command(flatten)]
    federated: ClientArgs,
    #[command(flatten)]
    friendly: FriendlyArgs,
    /// Share of each batch that are mined hard negatives of the rest of it
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    mined: f32,
    /// Other captions of an image in a batch: left-out, or negative as where the diagonal alone is masked
    #[arg(long, value_name = "NAME", default_value = "left-out")]
    same_image: SameImage,
    /// Folder with the weights to start with: image.npy and text.npy, [out, in]
    #[arg(long, value_name = "DIR")]
    init: Option<PathBuf>,
    /// The captions of every step, [steps, batch], instead of those that a policy draws
    #[arg(long, value_name = "FILE.npy")]
    order: Option<PathBuf>,
}

impl Grid {
    /// Values that heads make of rows of `inputs`.
    fn outputs(&self, inputs: usize) -> usize {
        self.dim.unwrap_or(if self.residual { inputs } else { 64 })
    }

    /// The setups, but for their seeds, of rows of `inputs` values.
    fn setups(&self, inputs: usize) -> Vec<Setup> {
        let mut all = Vec::new();
        let federations = self.federated.federations();
        for &loss in &self.loss {
            for &policy in &self.policy {
                for &rate in &self.lr {
                    for &federation in &federations {
                        all.push(self.setup(inputs, loss, policy, rate, federation));
                    }
                }
            }
        }
        all
    }

    fn setup(
        &self,
        inputs: usize,
        loss: Loss,
        policy: Policy,
        rate: f32,
        federation: Federation,
    ) -> Setup {
        let usual = Setup::new(loss, inputs, self.outputs(inputs));
        Setup {
            head: HeadShape {
                hidden: self.hidden.map(|width| Hidden {
                    width,
                    activation: self.activation.unwrap_or(Activation::Relu),
                }),
                bias: self.bias,
                shared: self.shared,
                residual: self.residual,
                ..usual.head
            },
            margin: self.margin.unwrap_or(usual.margin),
            temperature: self.temperature.unwrap_or(usual.temperature),
            learn_temperature: self.learn_temperature,
            warm: self.warm.unwrap_or(usual.warm),
            optimizer: Optimizer {
                kind: self.optimizer,
                rate,
                momentum: self.momentum,
                decay: self.weight_decay,
                clip: self.clip,
            },
            schedule: self.schedule,
            warmup: self.warmup,
            batch: self.batch,
            epochs: self.epochs,
            policy,
            budget: self.budget,
            expansion: self.grouped.expansion(),
            federation,
            friendly: self.friendly.settings(),
            mined: self.mined,
            same_image: self.same_image,
            seed: self.seed,
            ..usual
        }
        .normalised()
    }

    /// `ground` with its captions grouped as asked for.
    ///
    /// # Errors
    /// As [`GroupArgs::ground`].
    pub fn grouped(
        &self,
        ground: Ground,
        dataset: Option<&Dataset>,
        task: &Task,
    ) -> Result<Ground> {
        self.grouped.ground(ground, dataset, task)
    }

    /// Trains all runs, one after the other: seconds are those of one run alone.
    ///
    /// # Errors
    /// Files that cannot be read or do not fit; as [`train`].
    pub fn train(
        &self,
        engine: &dyn Engine,
        ground: &Ground,
        task: &Task,
    ) -> Result<Vec<Arc<Run>>> {
        let inputs = ground.embedded.images.dim();
        let outputs = self.outputs(inputs);
        let start = match &self.init {
            Some(folder) => Start::Given([
                matrix(&folder.join("image.npy"), ground, outputs)?,
                matrix(&folder.join("text.npy"), ground, outputs)?,
            ]),
            None => Start::Random,
        };
        let order = self.order.as_deref().map(order).transpose()?;
        let setups = self.setups(inputs);
        let mined = if self.mined > 0.0 {
            Some(Mined::of(ground, engine, task)?)
        } else {
            None
        };
        let count = setups.len() * self.seeds;
        let mut runs = Vec::with_capacity(count);
        for setup in &setups {
            for n in 0..self.seeds {
                let setup = Setup {
                    seed: self.seed.wrapping_add(n as u64),
                    ..setup.clone()
                };
                let title = format!(
                    "Run {} of {count}, {}, seed {}",
                    runs.len() + 1,
                    setup.title(),
                    setup.seed
                );
                task.begin(title, 0);
                let course = Course {
                    engine,
                    ground,
                    setup: &setup,
                    before: None,
                    order: order.as_deref(),
                    mined: mined.as_ref(),
                };
                let mut at = 0;
                let mut watch = |live: Live<'_>| {
                    let step = match live {
                        Live::Step { step, .. } => step,
                        Live::Point(run) => run.steps(),
                    };
                    task.add(step.saturating_sub(at));
                    at = at.max(step);
                    true
                };
                let mut run = train(course, start.learned(&setup)?, &mut watch, task)?;
                let files = [
                    ("Start weights of", &self.init),
                    ("Pairs in the order of", &self.order),
                ];
                for (what, path) in files {
                    run.notes
                        .extend(path.iter().map(|path| format!("{what} {}.", shown(path))));
                }
                runs.push(Arc::new(run));
            }
        }
        Ok(runs)
    }
}
