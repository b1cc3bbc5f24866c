//! The variance along a run, for `strata --along`.

use crate::compute::Engine;
use crate::error::Result;
use crate::learn::strata::{Descent, Variances};
use crate::learn::survey::Asked;
use crate::learn::survey::words::change;
use crate::learn::{Along, AlongPoint, Ground, Run, again};
use crate::task::Task;
use serde::Serialize;
use std::fmt::Write as _;

/// The moments of a run.
#[derive(Serialize)]
pub struct Moments {
    /// The run, in words.
    run: String,
    /// Groups, and pairs drawn.
    k: usize,
    points: Vec<Moment>,
    notes: Vec<String>,
}

/// One moment.
#[derive(Serialize)]
struct Moment {
    step: u64,
    epoch: Option<usize>,
    /// Mean loss of all pairs, of MH.
    loss: f64,
    /// |mean gradient|^2.
    mean_square: f64,
    variance: Variance,
    /// The same with draws in proportion to the sizes of the groups.
    proportional: Grouped,
}

#[derive(Serialize)]
struct Variance {
    uniform: f64,
    without_replacement: f64,
    #[serde(flatten)]
    grouped: Grouped,
}

#[derive(Serialize)]
struct Grouped {
    /// Groups made anew from those of the moment before.
    gradient: f64,
    /// Groups of the start.
    gradient_kept: f64,
    random: f64,
}

impl Moments {
    /// Trains `run` again and measures along it.
    ///
    /// # Errors
    /// As [`again`].
    pub fn of(
        engine: &dyn Engine,
        ground: &Ground,
        run: &Run,
        asked: &Asked,
        every: usize,
        task: &Task,
    ) -> Result<Self> {
        let k = asked.counts().last().copied().unwrap_or(1);
        let along = Along {
            every,
            form: asked.form,
            margin: Some(asked.margin),
            descent: Descent {
                strata: k,
                seed: asked.seed,
                ..Along::default().descent
            },
        };
        let measured = again(engine, ground, run, &along, task)?;
        Ok(Self {
            run: format!("{}, seed {}", run.setup.title(), run.setup.seed),
            k,
            points: measured.points.iter().map(moment).collect(),
            notes: measured.notes,
        })
    }

    /// The same as text.
    pub fn describe(&self) -> String {
        let mut text = format!(
            "\nAlong {}, {} groups, one pair each: change of the variance against uniform draws\n{:<8}{:>8}{:>14}{:>14}{:>14}\n",
            self.run, self.k, "epoch", "step", "made anew", "of the start", "random"
        );
        for point in &self.points {
            let uniform = point.variance.uniform;
            let above = |variance: f64| {
                if uniform > 0.0 {
                    change(variance / uniform - 1.0)
                } else {
                    String::new()
                }
            };
            let grouped = &point.variance.grouped;
            let epoch = point.epoch.map_or_else(String::new, |e| e.to_string());
            // Writing to a string does not fail.
            let _ = writeln!(
                text,
                "{epoch:<8}{:>8}{:>14}{:>14}{:>14}",
                point.step,
                above(grouped.gradient),
                above(grouped.gradient_kept),
                above(grouped.random)
            );
        }
        for note in &self.notes {
            let _ = writeln!(text, "{note}");
        }
        text
    }
}

fn moment(point: &AlongPoint) -> Moment {
    let grouped = |of: fn(&Variances) -> f64| Grouped {
        gradient: of(&point.regrouped),
        gradient_kept: of(&point.kept),
        random: of(&point.random),
    };
    Moment {
        step: point.step,
        epoch: point.epoch,
        loss: point.loss,
        mean_square: point.regrouped.mean_square,
        variance: Variance {
            uniform: point.regrouped.uniform,
            without_replacement: point.regrouped.without_replacement,
            grouped: grouped(|v| v.stratified),
        },
        proportional: grouped(|v| v.proportional),
    }
}
