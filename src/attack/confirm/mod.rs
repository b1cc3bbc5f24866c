//! Closed-form radii of a classifier held against the attacks: none may find less, and each should find little more.
//!
//! A classifier `w` without bias changes its answer about a row at the distance `|w . x| / |w|_dual`, exactly. That number
//! is computed without an attack, so both check each other: a smaller perturbation that changes the answer refutes the
//! closed form, a much larger one shows an attack that is too weak. [`confirm`] looks for the smallest radius at which
//! each attack changes the answer.
//!
//! # What the attack knows
//!
//! The model as a file, its gradients, and a radius; never the closed form, which only says where the search for the
//! radius begins. Rows stay as they are: what is scaled is the perturbation, which the attack sees in units of the
//! radius that is tried, so that each row of a batch can have its own. That holds for any model, and every norm here
//! is homogeneous.
//!
//! There is no box, as there is none in the closed form: the attack's own reaches a billion radii in each direction,
//! so values may leave [0, 1].
//!
//! # At the boundary
//!
//! Changed is an answer where another logit is at least as high as the label's, the logits being those that the file
//! gives for that row alone: a tie counts. Some projections aim up to four parts in a million inside their ball; rows,
//! weights and logits are float32, so that the answer may change a little early or late. [`Confirmed::rounding`] says by how
//! much: about a part in a hundred thousand, more for a row whose radius is small against the row itself.

mod bracket;
mod changes;
mod confirmed;
mod list;
mod size;

pub use confirmed::{Agreement, Confirmed, NEAR, ROUNDING};
pub use list::pairs;

use super::settings::AttackSettings;
use super::space::{Space, pick};
use super::threat::{Norm, Threat};
use super::victim::{Classifier, Network, Victim};
use super::{Loss, Method, Unwatched, run};
use crate::compute::{Engine, Grid};
use crate::error::{Error, Result};
use crate::task::Task;
use bracket::Bracket;
use changes::Changes;
use confirmed::OF_ROW;
use std::sync::Arc;

/// Steps of an attack at the least: its own number is taken where it is higher.
const STEPS: usize = 50;
/// The box, in radii.
const WIDE: f32 = 1e9;

/// What [`confirm`] is asked for.
#[derive(Clone, Copy)]
pub struct Confirm<'a> {
    /// The model; its first output of floats is the logits.
    pub network: &'a Arc<Network>,
    /// How many rows there are, and how the values of each lie: the Fourier transform runs over each channel of this
    /// grid, whatever shape the model declares.
    pub grid: Grid,
    /// The rows, float32 `[rows, channels, height, width]`, as the model takes them.
    pub rows: &'a [f32],
    /// The class of each row, `[rows]`: which logit is right.
    pub labels: &'a [usize],
    /// Norms, each with the closed-form radius of every row, `[rows]`, above 0, in units of the rows' values.
    pub radii: &'a [(Norm, Vec<f64>)],
    /// Attacks, each with the norm in which it is run; see [`pairs`]. Those in a norm without radii are left out.
    pub pairs: &'a [(Method, Norm)],
    /// What computes steps and projections.
    pub engine: &'a dyn Engine,
    /// Seed of every random start.
    pub seed: u64,
}

/// The smallest radius at which each attack changes the answer about each row, by bisection: by norm in the order of
/// the radii, then by attack in the order of the pairs, then by row. Progress counts attacks.
///
/// # Errors
/// Numbers of values, labels or radii that do not fit the grid, or a grid that does not fit the model; a label that the
/// model has no logit for; a radius that is not finite or not above 0; an attack that does not work in its norm, or needs
/// gradients that the model does not have; the model fails; or `task` was cancelled.
pub fn confirm(asked: &Confirm<'_>, task: &Task) -> Result<Vec<Confirmed>> {
    asked.check()?;
    task.check()?;
    if asked.grid.rows == 0 {
        return Ok(Vec::new());
    }
    let all: Vec<usize> = (0..asked.grid.rows).collect();
    let clean = Classifier::new(Arc::clone(asked.network), asked.labels.to_vec())
        .confirm(&all, asked.rows, task)?;
    let wrong: Vec<bool> = clean.iter().map(|verdict| verdict.fooled).collect();
    let trials: Vec<_> = asked
        .radii
        .iter()
        .flat_map(|of_norm| {
            let pairs = asked.pairs.iter().filter(|(_, n)| n.is_like(of_norm.0));
            pairs.map(move |(method, _)| (*method, of_norm))
        })
        .collect();
    task.begin("Attacking rows with known radii", trials.len() as u64);
    let mut confirmed = Vec::with_capacity(trials.len() * all.len());
    for (method, (norm, radii)) in trials {
        confirmed.extend(asked.search(method, *norm, radii, &wrong, task)?);
        task.add(1);
    }
    Ok(confirmed)
}

impl Confirm<'_> {
    fn check(&self) -> Result<()> {
        let (grid, count) = (self.grid, self.grid.rows);
        if self.rows.len() != grid.total()
            || self.labels.len() != count
            || self.radii.iter().any(|(_, radii)| radii.len() != count)
            || self.network.grid().len() != grid.len()
        {
            return Err(Error::request(
                format!(
                    "{} values and {} labels do not fit {grid:?} for a model that takes {} values a row",
                    self.rows.len(),
                    self.labels.len(),
                    self.network.grid().len()
                ),
                "Give as many values per row as the model takes, and one label and one radius in each norm for each row.",
            ));
        }
        for (norm, radii) in self.radii {
            let odd = radii.iter().position(|r| !(r.is_finite() && *r > 0.0));
            if let Some(row) = odd {
                return Err(Error::request(
                    format!(
                        "row {row} has the radius {} in {}",
                        radii[row],
                        norm.title()
                    ),
                    "Choose rows that the classifier is right about: only they have a radius above 0.",
                ));
            }
        }
        for (method, norm) in self.pairs {
            if !method.works_in(*norm) || matches!(norm, Norm::L0 | Norm::Free) {
                return Err(Error::request(
                    format!("{} finds no radius in {}", method.title(), norm.title()),
                    "Choose l2, l-inf, l1 or Fourier-l-inf, and an attack that works in it.",
                ));
            }
            method.runs_on(self.network)?;
        }
        Ok(())
    }

    /// One attack in one norm on all rows but those that are `wrong` already.
    fn search(
        &self,
        method: Method,
        norm: Norm,
        radii: &[f64],
        wrong: &[bool],
        task: &Task,
    ) -> Result<Vec<Confirmed>> {
        let exact: Vec<f64> = self.rows.iter().map(|&v| f64::from(v)).collect();
        let like = match norm {
            Norm::Fourier(_) => Norm::L2,
            norm => norm,
        };
        let sizes = size::sizes(self.engine, like, self.grid, &exact)?;
        let of_row = |(row, (&closed, &wrong)): (usize, (&f64, &bool))| Confirmed {
            norm,
            method,
            row,
            closed,
            found: wrong.then_some(0.0),
            size: wrong.then_some(0.0),
            rounding: ROUNDING * closed + OF_ROW * sizes[row],
        };
        let mut found: Vec<Confirmed> = radii.iter().zip(wrong).enumerate().map(of_row).collect();
        let mut brackets: Vec<(usize, Bracket)> = found
            .iter()
            .filter(|of_row| of_row.found.is_none())
            .map(|of_row| (of_row.row, Bracket::new(of_row.closed)))
            .collect();
        loop {
            let open = brackets.iter().enumerate();
            let open: Vec<(usize, usize, f64)> = open
                .filter_map(|(at, (row, bracket))| Some((at, *row, bracket.next()?)))
                .collect();
            if open.is_empty() {
                return Ok(found);
            }
            let (rows, tried): (Vec<usize>, Vec<f64>) =
                open.iter().map(|&(_, row, radius)| (row, radius)).unzip();
            let sizes = self.attempt(method, norm, &rows, &tried, task)?;
            for (&(at, row, radius), size) in open.iter().zip(sizes) {
                brackets[at].1.saw(size.is_some());
                if size.is_some() {
                    found[row].found = Some(radius);
                    found[row].size = size;
                }
            }
        }
    }

    /// Attacks `rows`, each within its own radius: the size of the perturbation that changed the answer, where one did.
    fn attempt(
        &self,
        method: Method,
        norm: Norm,
        rows: &[usize],
        radii: &[f64],
        task: &Task,
    ) -> Result<Vec<Option<f64>>> {
        let grid = self.grid.with_rows(rows.len());
        let labels = rows.iter().map(|&row| self.labels[row]).collect();
        let mut victim = Changes::new(
            Classifier::new(Arc::clone(self.network), labels),
            grid,
            pick(self.rows, grid.len(), rows),
            radii.to_vec(),
        );
        let settings = AttackSettings {
            method,
            threat: Threat {
                norm,
                eps: 1.0,
                ..Threat::default()
            },
            loss: Loss::Margin,
            steps: Some(method.description().steps.max(STEPS)),
            seed: self.seed,
            ..AttackSettings::default()
        };
        let space = Space::boxed(
            grid,
            vec![-WIDE; grid.total()],
            vec![WIDE; grid.total()],
            rows.iter().map(|&row| row as u32).collect(),
        )?
        .with_ball(settings.threat.ball());
        let outcome = run(
            &mut victim,
            &space,
            &settings,
            self.engine,
            &mut Unwatched,
            task,
        )?;
        let sizes = size::sizes(self.engine, norm, grid, &victim.made(&outcome.x))?;
        let changed = outcome.verdicts.iter().map(|verdict| verdict.fooled);
        Ok(changed
            .zip(sizes)
            .map(|(changed, size)| changed.then_some(size))
            .collect())
    }
}
