//! The baseline beside the runs: random features, fitted in closed form.

use super::figures::{BandAnswer, BandsAnswer, Measured, said, six};
use crate::compute::Engine;
use crate::error::Result;
use crate::learn::random_features::{Fitted, RandomFeatures, fit};
use crate::learn::{Band, Finish, Ground, Run};
use crate::task::Task;
use clap::Args;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

/// Which baseline.
#[derive(Debug, Args)]
pub struct BaselineArgs {
    /// Fit heads of so many random features beside the runs, by the same seeds and in closed form: the cheap baseline of what
    /// pairs bring
    #[arg(long, value_name = "D")]
    random_features: Option<usize>,
    /// What the squares of their read-out weigh against the mean square error (default: 0.001)
    #[arg(long, value_name = "WEIGHT", requires = "random_features")]
    ridge: Option<f64>,
}

/// Heads of random features.
#[derive(Serialize)]
pub struct BaselineAnswer {
    /// Of each side.
    pub features: usize,
    pub ridge: f64,
    /// Pairs that they were fitted to, each once.
    pub pairs: usize,
    /// Without measuring.
    pub seconds: BandAnswer,
    pub bands: BandsAnswer,
    pub runs: Vec<FittedAnswer>,
    /// By the keys of the runs' bands: their recall less that of the runs' end, paired by seed.
    pub less: BTreeMap<String, BandsAnswer>,
}

#[derive(Serialize)]
pub struct FittedAnswer {
    pub seed: u64,
    pub seconds: f64,
    #[serde(flatten)]
    pub recall: Measured,
}

impl BaselineArgs {
    /// What is asked for; `None` for no baseline.
    pub fn asked(&self) -> Option<RandomFeatures> {
        let usual = RandomFeatures::default();
        Some(RandomFeatures {
            features: self.random_features?,
            ridge: self.ridge.unwrap_or(usual.ridge),
        })
    }

    /// Fits what is asked for by each of the runs' seeds.
    ///
    /// # Errors
    /// As [`fit`].
    pub fn fit(
        &self,
        engine: &dyn Engine,
        ground: &Ground,
        runs: &[Arc<Run>],
        task: &Task,
    ) -> Result<Vec<Fitted>> {
        let Some(asked) = self.asked() else {
            return Ok(Vec::new());
        };
        let mut seeds: Vec<u64> = runs.iter().map(|run| run.setup.seed).collect();
        seeds.sort_unstable();
        seeds.dedup();
        let all = seeds
            .into_iter()
            .map(|seed| fit(&asked, engine, ground, seed, task));
        all.collect()
    }

    /// What is printed of `fitted`, beside the runs, each with its key; `None` for none.
    pub fn answer(&self, fitted: &[Fitted], runs: &[(&str, &Run)]) -> Option<BaselineAnswer> {
        let asked = self.asked()?;
        let band =
            |of: &dyn Fn(&Fitted) -> f64| Band::of(&fitted.iter().map(of).collect::<Vec<f64>>());
        let bands = six(|figure| band(&|one| one.valid.get(figure.way, figure.at)))?;
        let mut less = BTreeMap::new();
        let ended = runs
            .iter()
            .filter(|(_, run)| run.finish == Finish::Finished);
        let mut kinds: BTreeMap<&str, Vec<&Run>> = BTreeMap::new();
        for &(key, run) in ended {
            kinds.entry(key).or_default().push(run);
        }
        for (key, own) in kinds {
            let found = six(|figure| {
                let pairs = own.iter().filter_map(|run| {
                    let same = fitted.iter().find(|one| one.seed == run.setup.seed)?;
                    let last = run.last()?.valid.get(figure.way, figure.at);
                    Some(same.valid.get(figure.way, figure.at) - last)
                });
                Band::of(&pairs.collect::<Vec<f64>>())
            });
            less.extend(found.map(|bands| (key.to_owned(), BandsAnswer::new(&bands, own.len()))));
        }
        Some(BaselineAnswer {
            features: asked.features,
            ridge: asked.ridge,
            pairs: fitted.first()?.pairs,
            seconds: band(&|one| one.seconds)?.into(),
            bands: BandsAnswer::new(&bands, fitted.len()),
            runs: fitted
                .iter()
                .map(|one| FittedAnswer {
                    seed: one.seed,
                    seconds: one.seconds,
                    recall: (&one.valid).into(),
                })
                .collect(),
            less,
        })
    }
}

/// The baseline as text; nothing where there is none.
pub fn baseline(text: &mut String, found: Option<&BaselineAnswer>) {
    let Some(found) = found else { return };
    let told = |band: &BandAnswer| band.band().told();
    let _ = writeln!(
        text,
        "random features ({} a side, ridge {}), each of {} pairs once, {} s: i2t R@1 {}, t2i R@1 {}",
        found.features,
        found.ridge,
        found.pairs,
        told(&found.seconds),
        told(&found.bands.i2t.r1),
        told(&found.bands.t2i.r1)
    );
    for (key, bands) in &found.less {
        let _ = writeln!(
            text,
            "random features less {key}: i2t R@1 {}, t2i R@1 {}",
            said(bands.i2t.r1.band()),
            said(bands.t2i.r1.band())
        );
    }
}
