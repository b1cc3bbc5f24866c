//! What is asked of the next grouping.

use crate::desktop::core::HeldOut;
use crate::error::{Error, Result};
use crate::files::quoted;
use crate::learn::strata::Form as Gradient;
use crate::learn::survey::Asked;

/// Heads that gradients are taken of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heads {
    /// Random ones, as a run starts with.
    Start,
    /// Those that a kept run learned.
    Run(String),
}

/// The next grouping.
#[derive(Debug, Clone, PartialEq)]
pub struct Form {
    /// Numbers of groups, as they are typed.
    pub counts: String,
    /// Which gradient a pair gives.
    pub gradient: Gradient,
    /// The heads.
    pub heads: Heads,
    /// Values of a row that start heads make.
    pub outputs: usize,
    /// Descents from different starts.
    pub restarts: usize,
    /// Margin of the hinges.
    pub margin: f64,
    /// Seed.
    pub seed: u64,
    /// What is held out; of heads that a run learned, that of the run.
    pub held_out: HeldOut,
}

impl Default for Form {
    fn default() -> Self {
        let asked = Asked::default();
        Self {
            counts: "8, 16, 64".into(),
            gradient: Gradient::default(),
            heads: Heads::Start,
            outputs: 64,
            restarts: asked.restarts,
            margin: asked.margin,
            seed: asked.seed,
            held_out: HeldOut::default(),
        }
    }
}

impl Form {
    /// The numbers of groups.
    ///
    /// # Errors
    /// One is no number from 1, or there is none.
    pub fn counts(&self) -> Result<Vec<usize>> {
        let words = self.counts.split([',', ' ', ';']);
        let counts = words.filter(|word| !word.is_empty()).map(|word| {
            word.parse().ok().filter(|&count| count > 0).ok_or_else(|| {
                Error::request(
                    format!("{word:?} is no number of groups"),
                    "Type numbers such as 8, 16, 64.",
                )
            })
        });
        let mut counts: Vec<usize> = counts.collect::<Result<_>>()?;
        counts.sort_unstable();
        counts.dedup();
        if counts.is_empty() {
            return Err(Error::request(
                "there is no number of groups",
                "Type one, such as 64.",
            ));
        }
        Ok(counts)
    }

    /// What is asked for.
    ///
    /// # Errors
    /// As [`Form::counts`].
    pub fn asked(&self) -> Result<Asked> {
        Ok(Asked {
            counts: self.counts()?,
            form: self.gradient,
            restarts: self.restarts,
            margin: self.margin,
            seed: self.seed,
            ..Asked::default()
        })
    }

    /// The same in words.
    pub fn told(&self) -> String {
        let heads = match &self.heads {
            Heads::Start => format!("random heads of {} values", self.outputs),
            Heads::Run(id) => format!("the heads of the run {id}"),
        };
        format!(
            "{} groups · {heads} · {} descents · margin {} · seed {}",
            self.counts, self.restarts, self.margin, self.seed
        )
    }

    /// The same as arguments of `nearmiss strata`; the source of the data is left to the reader.
    /// `run` is the file of the run whose heads are taken; what it held out is held out there too, and has to be said.
    pub fn command(&self, run: Option<&str>) -> String {
        let counts = self.counts().map_or_else(
            |_| format!("'{}'", self.counts),
            |counts| {
                let counts: Vec<String> = counts.iter().map(usize::to_string).collect();
                counts.join(",")
            },
        );
        let heads = match &self.heads {
            Heads::Start => format!("--dim {}", self.outputs),
            Heads::Run(id) => format!("--heads {}", quoted(run.unwrap_or(id))),
        };
        format!(
            "nearmiss strata --k {counts} --form {} {heads} --restarts {} --margin {} --seed {} {}",
            self.gradient.name(),
            self.restarts,
            self.margin,
            self.seed,
            match self.heads {
                Heads::Start => self.held_out.arguments(),
                Heads::Run(_) => String::new(),
            }
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_groups_are_read_and_refused() {
        let of = |counts: &str| Form {
            counts: counts.into(),
            ..Form::default()
        };
        assert_eq!(of("64, 8;16 8").counts().unwrap(), [8, 16, 64]);
        for wrong in ["", "0", "many", "8,-1", "2.5"] {
            assert!(of(wrong).counts().is_err(), "{wrong:?}");
        }
        assert!(
            of("8,16")
                .command(None)
                .contains("--k 8,16 --form signal --dim 64")
        );
    }
}
