//! What a changed dataset is asked for.

use crate::error::{Error, Result};
use crate::learn::linear::{Norm, Problem};

/// What a changed dataset is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// The norm of the radius and of the perturbations: l2 or l-inf.
    pub norm: Norm,
    /// How far each row may move, in the units of its values; 0 moves none.
    pub radius: f64,
    /// The size of perturbations that is to be withstood; `None` for that of `radius`.
    pub against: Option<f64>,
    /// Steps on the rows.
    pub steps: usize,
    /// Share of the rows of each group that is held out, 0 to 0.9.
    pub held_out: f64,
    /// Splits into rows to train on and held-out ones, each of a seed of its own.
    pub seeds: usize,
    /// The first seed.
    pub seed: u64,
}

impl Default for Asked {
    fn default() -> Self {
        Self {
            norm: Norm::Linf,
            radius: 0.05,
            against: None,
            steps: 60,
            held_out: 0.25,
            seeds: 1,
            seed: 1,
        }
    }
}

impl Asked {
    /// Norms that rows can be moved in.
    pub const NORMS: [Norm; 2] = [Norm::L2, Norm::Linf];
    /// Rows, or values of a row where those are fewer: the side of the square that every step solves.
    pub const MOST_SIDE: usize = 1_024;
    /// Steps at most.
    pub const MOST_STEPS: usize = 10_000;
    /// Seeds at most.
    pub const MOST_SEEDS: usize = 100;

    /// The size of perturbations that is to be withstood.
    pub fn against(&self) -> f64 {
        self.against.unwrap_or(self.radius)
    }

    /// Is it something that can be done?
    ///
    /// # Errors
    /// Another norm; a radius, a share or a number that is out of range.
    pub fn check(&self) -> Result<()> {
        let refused = |what: String, remedy: &str| Err(Error::request(what, remedy));
        if !Self::NORMS.contains(&self.norm) {
            return refused(
                format!(
                    "rows cannot be moved within a radius in {}",
                    self.norm.title()
                ),
                "Choose l2 or linf.",
            );
        }
        if !(self.radius.is_finite() && self.radius >= 0.0) {
            return refused(
                format!("{} is no radius for rows", self.radius),
                "Give a size of 0 or more, in the units of the rows.",
            );
        }
        if let Some(against) = self
            .against
            .filter(|size| !(size.is_finite() && *size > 0.0))
        {
            return refused(
                format!("{against} is no size of perturbations to withstand"),
                "Give a size above 0, or leave it out for that of the radius.",
            );
        }
        if self.steps == 0 || self.steps > Self::MOST_STEPS {
            return refused(
                format!("{} steps on rows cannot be", self.steps),
                "Choose from 1 to 10000.",
            );
        }
        if !(0.0..=0.9).contains(&self.held_out) {
            return refused(
                format!("{} is no share of rows to hold out", self.held_out),
                "Choose from 0 to 0.9.",
            );
        }
        if self.seeds == 0 || self.seeds > Self::MOST_SEEDS {
            return refused(
                format!("{} splits cannot be", self.seeds),
                "Choose from 1 to 100.",
            );
        }
        Ok(())
    }

    /// As [`Asked::check`], of these rows.
    ///
    /// # Errors
    /// The same; more rows and values than every step can solve with.
    pub fn check_of(&self, problem: &Problem) -> Result<()> {
        self.check()?;
        let side = problem.count().min(problem.width());
        if side <= Self::MOST_SIDE {
            return Ok(());
        }
        Err(Error::request(
            format!(
                "{} rows of {} values are too many to be moved: either may be {} at most",
                problem.count(),
                problem.width(),
                Self::MOST_SIDE
            ),
            "Choose fewer rows, or make the pictures smaller.",
        ))
    }

    /// The same as options of `nearmiss linear`.
    pub fn arguments(&self) -> String {
        let against = self.against.map_or_else(String::new, |against| {
            format!(" --robust-against {against}")
        });
        format!(
            "--robust-dataset {} --robust-norm {} --robust-steps {} --robust-held-out {} --robust-seeds {}{against}",
            self.radius,
            self.norm.name(),
            self.steps,
            self.held_out,
            self.seeds
        )
    }
}
