//! Attacks: how little it takes to change a model's mind.
//!
//! A [`Victim`] turns rows of pixels into verdicts and gradients; a [`Space`] says where the rows may go (made from a
//! [`Threat`], or from raw bounds); an [`Attack`] looks in that space for rows that reach the victim's goal. [`run`]
//! puts them together:
//!
//! ```no_run
//! use nearmiss::attack::{Classifier, Method, Network, AttackSettings, Space, Unwatched, Victim, run};
//! use nearmiss::compute::{Choice, choose};
//! use nearmiss::runtime::Provider;
//! use nearmiss::task::Task;
//! # fn main() -> nearmiss::error::Result<()> {
//! # let (lower, upper) = (vec![0.0; 784], vec![1.0; 784]);
//! let task = Task::detached();
//! let network = Network::open("net.onnx".as_ref(), &Provider::ALL, &task)?;
//! let mut victim = Classifier::new(network.into(), vec![4]);
//! let space = Space::boxed(victim.grid(), lower, upper, vec![0])?;
//! let settings = AttackSettings { method: "apgd".parse()?, ..AttackSettings::default() };
//! let engine = choose(Choice::Auto)?;
//! let outcome = run(&mut victim, &space, &settings, engine.as_ref(), &mut Unwatched, &task)?;
//! println!("fooled: {}", outcome.verdicts[0].fooled);
//! # Ok(())
//! # }
//! ```
//!
//! # A new attack
//!
//! One file in `white/` (with gradients) or `query/` (without) with a struct that implements [`Attack`] and a
//! [`Description`] of it, and in the `mod.rs` of that folder its `mod` line and its line of the list. It asks the victim
//! through the [`AttackContext`], offers what it finds there, and reports each step; a test shows it on a victim whose
//! optimum is known. Menus, `--help` and the guide's table follow from the description
//! (the test `attacks_of_the_guide` writes the table with `NEARMISS_WRITE_DOCS=1`).

pub mod caption;
pub mod confirm;
mod context;
mod description;
mod list;
mod loss;
mod mask;
mod occlusion;
pub mod pictures;
mod possible;
mod query;
mod report;
mod resized;
mod saliency;
mod set;
mod settings;
mod single;
mod space;
mod threat;
mod victim;
mod white;
mod worst_case;

pub use context::{AttackContext, Outcome, StepEvent, Unwatched, Watch};
pub use description::{Description, Method, Needs, Parameter, Parameters, Seeks, StepCost, Unit};
pub use list::{by_queries, table};
pub use loss::Loss;
pub use mask::Mask;
pub use occlusion::{Occlusion, occlusion};
pub use possible::{gradient_fault, possible};
pub use query::{HopSkipJump, Nes, Simba, Spsa, SquareAttack};
pub use report::{AttackReport, Export, export, heatmap};
pub use resized::Resized;
pub use saliency::{Baseline, Saliency, SaliencyKind, saliency};
pub use set::{
    Asked, Before, Checkpoint, Cost, Figure, FigureReport, FoundOfSet, FoundPerturbation,
    GradientReport, LevelReport, PieceDone, Recalls, RowDone, RowReport, SetAnswer, SetReport,
    SetRequest, Success, Transfer, TransferReport, UnitDone, attack_order, attack_piece,
    attack_set, direction, report_done, report_found,
};
pub use settings::AttackSettings;
pub use single::{
    AttackRequest, AttackResult, CaptionRanking, Live, LiveSlot, Path, Point, attack_path,
    attack_picture, scores, start, victim,
};
pub use space::{Space, pick, put};
pub use threat::{Norm, Region, Threat, levels, levels_and_value};
pub use victim::{
    AscentLoss, Classifier, Goal, GradientDefects, Network, Pairs, PartOf, RankedGoal, Set,
    ValueAndGradient, Verdict, Victim,
};
pub use white::{
    Apgd, CarliniWagner, DeepFool, Fab, Fgsm, MultiEps, Pgd, Random, SharedDelta, Universal,
};
pub use worst_case::WorstCase;

use crate::compute::{Engine, Grid};
use crate::error::{Error, Result};
use crate::task::Task;

/// Looks for perturbations that reach the victim's goal.
pub trait Attack: Send + Sync {
    /// Attacks every row of `context` and offers what it finds. Rows that already reach the goal may be left alone.
    ///
    /// # Errors
    /// The model fails, there is no gradient where one is needed, or the task was cancelled.
    fn run(&self, context: &mut AttackContext<'_>) -> Result<()>;

    /// How many times it will call [`AttackContext::report_step`] at most, for progress.
    fn steps(&self) -> usize;
}

/// Runs the attack of `settings` on every row of `victim`. The verdicts of the outcome are the plain forward
/// model's, and its rows lie inside `space`.
///
/// # Errors
/// The attack needs gradients and the victim has none; the model fails; or the task was cancelled.
pub fn run(
    victim: &mut dyn Victim,
    space: &Space,
    settings: &AttackSettings,
    engine: &dyn Engine,
    watch: &mut dyn Watch,
    task: &Task,
) -> Result<Outcome> {
    if settings.method.needs_gradient() && !victim.has_gradient() {
        return Err(Error::request(
            format!(
                "{} needs gradients, which this model does not have",
                settings.method.title()
            ),
            list::choose_queries(),
        ));
    }
    let attack = settings.attack();
    let mut never_fooled;
    let seen: &mut dyn Victim = if settings.full && settings.method.can_go_on() {
        never_fooled = NeverFooled(victim);
        &mut never_fooled
    } else {
        victim
    };
    let mut context = AttackContext::new(seen, space, engine, watch, settings.seed, task)?;
    // How many scores there are is known after the first prediction.
    settings.fits(context.victim())?;
    attack.run(&mut context)?;
    let mut outcome = context.finish();
    space.project(engine, &mut outcome.x)?;
    let rows: Vec<usize> = (0..space.rows()).collect();
    outcome.verdicts = victim.confirm(&rows, &outcome.x, task)?;
    for queries in &mut outcome.queries {
        *queries += 1;
    }
    Ok(outcome)
}

/// Never says that the goal is reached, so that an attack goes on to its last step.
struct NeverFooled<'a>(&'a mut dyn Victim);

impl Victim for NeverFooled<'_> {
    fn grid(&self) -> Grid {
        self.0.grid()
    }

    fn has_gradient(&self) -> bool {
        self.0.has_gradient()
    }

    fn refuses(&self, loss: Loss) -> Option<String> {
        self.0.refuses(loss)
    }

    fn predict(&mut self, rows: &[usize], x: &[f32], task: &Task) -> Result<Vec<Verdict>> {
        let mut verdicts = self.0.predict(rows, x, task)?;
        for verdict in &mut verdicts {
            verdict.fooled = false;
        }
        Ok(verdicts)
    }

    fn value_and_gradient(
        &mut self,
        rows: &[usize],
        x: &[f32],
        up: AscentLoss<'_>,
        task: &Task,
    ) -> Result<ValueAndGradient> {
        let mut slope = self.0.value_and_gradient(rows, x, up, task)?;
        for verdict in &mut slope.verdicts {
            verdict.fooled = false;
        }
        Ok(slope)
    }

    fn runner_ups(
        &mut self,
        rows: &[usize],
        x: &[f32],
        k: usize,
        task: &Task,
    ) -> Result<Vec<Vec<u32>>> {
        self.0.runner_ups(rows, x, k, task)
    }
}
