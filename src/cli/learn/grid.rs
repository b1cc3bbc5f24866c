//! The runs that are asked for: losses x policies x rates x seeds.

use crate::compute::Engine;
use crate::compute::train::{Activation, HeadShape, Hidden, Loss};
use crate::dataset::npy::{read_array, read_npy};
use crate::error::{Error, Result};
use crate::files::shown;
use crate::learn::{
    Course, Ground, Live, Mined, Optimizer, OptimizerKind, Policy, Run, SameImage, Schedule, Setup,
    Start, train,
};
use crate::task::Task;
use clap::Args;
use std::path::{Path, PathBuf};
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
    /// adam, adamw or sgd
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
    /// How pairs are chosen, separated by commas: uniform, hardest, budget, curriculum, strata
    #[arg(
        long,
        value_name = "NAMES",
        value_delimiter = ',',
        default_value = "uniform"
    )]
    policy: Vec<Policy>,
    /// Seconds of training that the policy "budget" fits itself into
    #[arg(long, value_name = "SECONDS")]
    budget: Option<f64>,
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
    /// Refuses what can be seen to be no set of runs before any data is read.
    ///
    /// # Errors
    /// No runs, or several that would be one.
    pub fn check(&self) -> Result<()> {
        if self.seeds == 0 {
            return Err(Error::request(
                "no seeds make no runs",
                "Give --seeds from 1.",
            ));
        }
        if self.seeds > 1 && self.init.is_some() && self.order.is_some() {
            return Err(Error::request(
                "with the same start and the same order all seeds give the same run, and their band would be false",
                "Leave out --seeds, or one of --init and --order.",
            ));
        }
        if self.seeds > 1 && self.order.is_some() && self.residual && self.hidden.is_none() {
            return Err(Error::request(
                "linear heads that start from the embeddings as they are start alike, and with one order all seeds give the \
                 same run: their band would be false",
                "Leave out --seeds, --residual or --order.",
            ));
        }
        if self.order.is_some() {
            let uniform = self
                .policy
                .iter()
                .all(|policy| *policy == Policy::default());
            if !uniform || self.mined > 0.0 {
                return Err(Error::request(
                    "a given order leaves a policy nothing to choose",
                    "Leave out --policy and --mined, or --order.",
                ));
            }
        }
        for (what, twice) in [
            ("loss", repeated(&self.loss)),
            ("policy", repeated(&self.policy)),
            ("rate", repeated(&self.lr)),
        ] {
            if twice {
                return Err(Error::request(
                    format!("a {what} is named twice"),
                    "Name each once.",
                ));
            }
        }
        self.check_foreign()?;
        // With sizes that fit, so that what is wrong with the rest is told now.
        for setup in self.setups(self.dim.unwrap_or(64)) {
            setup.check()?;
        }
        Ok(())
    }

    /// Refuses what none of the runs would read: a figure would be taken for one with it.
    fn check_foreign(&self) -> Result<()> {
        let any = |has: fn(Loss) -> bool| self.loss.iter().any(|&loss| has(loss));
        let policy = self
            .policy
            .iter()
            .any(|policy| policy.description().by_seconds);
        let temperature = any(Loss::has_temperature);
        let foreign = [
            (
                "--temperature",
                self.temperature.is_some() && !temperature,
                "infonce",
            ),
            (
                "--learn-temperature",
                self.learn_temperature && !temperature,
                "infonce",
            ),
            (
                "--margin",
                self.margin.is_some() && !any(|loss| loss.description().margin.is_some()),
                "mh",
            ),
            (
                "--warm",
                self.warm.is_some() && !any(|loss| loss.description().warms),
                "mixture",
            ),
        ];
        if let Some((flag, _, loss)) = foreign.into_iter().find(|(_, foreign, _)| *foreign) {
            return Err(Error::request(
                format!("none of the losses has what {flag} says"),
                format!("Leave out {flag}, or train by --loss {loss} too."),
            ));
        }
        if self.budget.is_some() && !policy {
            return Err(Error::request(
                "none of the policies keeps a time budget",
                "Leave out --budget, or add --policy budget.",
            ));
        }
        Ok(())
    }

    /// Values that heads make of rows of `inputs`.
    fn outputs(&self, inputs: usize) -> usize {
        self.dim.unwrap_or(if self.residual { inputs } else { 64 })
    }

    /// The setups, but for their seeds, of rows of `inputs` values.
    fn setups(&self, inputs: usize) -> Vec<Setup> {
        let outputs = self.outputs(inputs);
        let mut all = Vec::new();
        for &loss in &self.loss {
            for &policy in &self.policy {
                for &rate in &self.lr {
                    let usual = Setup::new(loss, inputs, outputs);
                    let setup = Setup {
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
                        mined: self.mined,
                        same_image: self.same_image,
                        seed: self.seed,
                        ..usual
                    };
                    all.push(setup.normalised());
                }
            }
        }
        all
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

fn repeated<T: PartialEq>(values: &[T]) -> bool {
    let mut all = values.iter().enumerate();
    all.any(|(n, value)| values[..n].contains(value))
}

/// Start weights of one side, `[out, in]`.
fn matrix(path: &Path, ground: &Ground, outputs: usize) -> Result<Vec<f32>> {
    let (values, rows, columns) = read_npy(path)?;
    let inputs = ground.embedded.images.dim();
    if (rows, columns) != (outputs, inputs) {
        return Err(Error::dataset(
            path,
            format!(
                "has the shape [{rows}, {columns}]; heads of {inputs} to {outputs} values have [{outputs}, {inputs}]"
            ),
            "Give weights of that shape, or another --dim.",
        ));
    }
    Ok(values)
}

/// The captions of every step.
fn order(path: &Path) -> Result<Vec<Vec<u32>>> {
    // Beyond it float32 does not hold every whole number.
    const MOST: f32 = 16_777_216.0;
    let (values, shape) = read_array(path)?;
    let remedy = "Write an array of whole numbers, [steps, batch].";
    let &[_, batch] = shape.as_slice() else {
        return Err(Error::dataset(
            path,
            "is no matrix of steps by pairs",
            remedy,
        ));
    };
    if let Some(wrong) = values
        .iter()
        .find(|v| v.fract() != 0.0 || !(0.0..MOST).contains(*v))
    {
        return Err(Error::dataset(
            path,
            format!("holds {wrong}, which is no caption"),
            remedy,
        ));
    }
    let rows = values.chunks_exact(batch.max(1));
    Ok(rows
        .map(|row| row.iter().map(|&v| v as u32).collect())
        .collect())
}
