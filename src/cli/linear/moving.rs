//! A changed dataset from which plain training is robust.

use crate::cli::common::positive;
use crate::error::{Error, Result};
use crate::learn::linear::Norm;
use crate::learn::linear::moving::{Answer, Asked, percent, signed};
use clap::Args;
use std::fmt::Write as _;

/// A changed dataset.
#[derive(Debug, Args)]
#[expect(clippy::struct_field_names, reason = "names of flags")]
pub struct MovingArgs {
    /// Move rows within this radius, in the units of their values, so that plain training on them withstands perturbations
    #[arg(long, value_name = "RADIUS")]
    robust_dataset: Option<f64>,
    /// Norm of the radius and of the perturbations
    #[arg(long, value_name = "l2|linf", default_value = "linf")]
    robust_norm: Norm,
    /// Size of the perturbations that are to be withstood (default: the radius)
    #[arg(long, value_name = "SIZE")]
    robust_against: Option<f64>,
    /// Steps on the rows
    #[arg(long, value_name = "N", value_parser = positive, default_value = "60")]
    robust_steps: usize,
    /// Share of the rows of each group that is held out from both trainings
    #[arg(long, value_name = "SHARE", default_value_t = 0.25)]
    robust_held_out: f64,
    /// Random splits into rows to train on and held-out ones, from --seed on; figures have 95 % bands from two on
    #[arg(long, value_name = "N", value_parser = positive, default_value = "1")]
    robust_seeds: usize,
}

impl MovingArgs {
    /// What is asked for, with splits from `seed` on; `None` where nothing is.
    ///
    /// # Errors
    /// What cannot be done; options without `--robust-dataset`.
    pub fn asked(&self, seed: u64) -> Result<Option<Asked>> {
        let Some(radius) = self.robust_dataset else {
            if self.robust_against.is_some() {
                return Err(Error::request(
                    "--robust-against says what a changed dataset is for, and there is none",
                    "Give --robust-dataset RADIUS too.",
                ));
            }
            return Ok(None);
        };
        let asked = Asked {
            norm: self.robust_norm,
            radius,
            against: self.robust_against,
            steps: self.robust_steps,
            held_out: self.robust_held_out,
            seeds: self.robust_seeds,
            seed,
        };
        asked.check()?;
        Ok(Some(asked))
    }
}

/// The answer as text.
pub fn describe(text: &mut String, answer: &Answer) {
    // Writing to a string does not fail.
    let _ = writeln!(
        text,
        "\nChanged dataset: {} rows of a split, moved by {:.4} at most and {:.4} on average ({})\n{}",
        answer.rows[0], answer.moved.largest, answer.moved.mean, answer.norm, answer.says
    );
    let _ = writeln!(
        text,
        "{:<34}{:>10}{:>18}{:>18}{:>18}",
        "Right, %", "size", "unchanged set", "changed set", "gain"
    );
    for training in &answer.trainings {
        let title = format!(
            "{}, {} rows",
            training.training,
            training.rows.replace('_', "-")
        );
        for (size, both) in [(0.0, training.natural), (answer.against, training.robust)] {
            let _ = writeln!(
                text,
                "{title:<34}{size:>10}{:>18}{:>18}{:>18}",
                percent(both.before.into()),
                percent(both.after.into()),
                signed(both.gain.into())
            );
        }
    }
    for note in &answer.notes {
        let _ = writeln!(text, "{note}");
    }
}
