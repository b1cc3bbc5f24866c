//! How a run goes.

use super::choices::{Optimizer, OptimizerKind, SameImage, Schedule};
use super::expansion::Expansion;
use super::federation::Federation;
use super::friendly::Friendly;
use super::policy::Policy;
use crate::compute::train::losses::Scalars;
use crate::compute::train::{HeadShape, Loss, Plan, Rule, Step};
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::fmt::Display;

/// How a run goes: with its data it gives the run again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Setup {
    /// The heads.
    pub head: HeadShape,
    /// What they are trained by.
    pub loss: Loss,
    /// Margin a of the hinges.
    pub margin: f32,
    /// Temperature of `InfoNCE`.
    pub temperature: f32,
    /// Is the temperature trained too?
    pub learn_temperature: bool,
    /// Share of the run over which a mixture warms up.
    pub warm: f32,
    /// The optimizer.
    pub optimizer: Optimizer,
    /// How the rate changes.
    pub schedule: Schedule,
    /// Share of the run over which the rate rises from 0 first.
    pub warmup: f32,
    /// Pairs in a batch.
    pub batch: usize,
    /// Times that the pairs are gone through.
    pub epochs: usize,
    /// How pairs are chosen.
    pub policy: Policy,
    /// Seconds of training that the policy may use; of those that have a budget.
    pub budget: Option<f64>,
    /// How the data grow; of policies that draw evenly from groups.
    #[serde(default)]
    pub expansion: Expansion,
    /// How clients train; of optimizers that have some.
    #[serde(default)]
    pub federation: Federation,
    /// How far embeddings are moved; of policies that make pairs easier.
    #[serde(default)]
    pub friendly: Friendly,
    /// Share of a batch that are hard negatives of the rest of it.
    pub mined: f32,
    /// What other captions of an image are to it.
    pub same_image: SameImage,
    /// Seed of start and order.
    pub seed: u64,
}

impl Setup {
    /// VSE++'s way for heads of `inputs` to `outputs` values.
    pub fn new(loss: Loss, inputs: usize, outputs: usize) -> Self {
        Self {
            head: HeadShape::linear(inputs, outputs),
            loss,
            margin: loss.description().margin.unwrap_or(0.2),
            temperature: 0.07,
            learn_temperature: false,
            warm: 0.5,
            optimizer: Optimizer::default(),
            schedule: Schedule::default(),
            warmup: 0.0,
            batch: 128,
            epochs: 30,
            policy: Policy::default(),
            budget: None,
            expansion: Expansion::default(),
            federation: Federation::default(),
            friendly: Friendly::default(),
            mined: 0.0,
            same_image: SameImage::default(),
            seed: 1,
        }
    }

    /// With what it does not read as it usually is: two setups that train the same are equal.
    #[must_use]
    pub fn normalised(mut self) -> Self {
        let usual = Self::new(self.loss, self.head.inputs, self.head.outputs);
        let about = self.loss.description();
        if about.margin.is_none() {
            self.margin = usual.margin;
        }
        if !self.loss.has_temperature() {
            self.temperature = usual.temperature;
            self.learn_temperature = false;
        }
        if !about.warms {
            self.warm = usual.warm;
        }
        if !self.policy.description().by_seconds {
            self.budget = None;
        }
        if !self.policy.description().by_groups {
            self.expansion = usual.expansion;
        }
        self.federation = self.federation.normalised(self.optimizer.kind);
        if !self.policy.description().eases {
            self.friendly = usual.friendly;
        }
        self
    }

    /// Would a run with more epochs begin as this one does, and one that goes on be as if it had been trained through?
    pub fn follows_through(&self) -> bool {
        let same_rate = self.schedule == Schedule::Constant && self.warmup == 0.0;
        same_rate && !self.loss.description().warms && self.policy.description().follows
    }

    /// Refuses what no run can be made with.
    ///
    /// # Errors
    /// A value out of range; a budget that is missing, or that no policy would keep.
    pub fn check(&self) -> Result<()> {
        self.head.check()?;
        let o = &self.optimizer;
        within("a batch", self.batch, 2..=MOST_PAIRS)?;
        within("epochs", self.epochs, 1..=1_000_000)?;
        within("a margin", self.margin, 0.0..=10.0)?;
        within("a temperature", self.temperature, 0.001..=100.0)?;
        if !(o.rate > 0.0 && o.rate <= MOST_RATE) {
            return Err(Error::request(
                format!("a learning rate of {} trains nothing", o.rate),
                format!("Choose one above 0, up to {MOST_RATE}."),
            ));
        }
        within("a momentum", o.momentum, 0.0..=0.999_9)?;
        within("a weight decay", o.decay, 0.0..=10.0)?;
        within("a largest norm", o.clip.unwrap_or(1.0), 1e-9..=1e9)?;
        within("a warm-up share", self.warmup, 0.0..=1.0)?;
        within("a share in which SH becomes MH", self.warm, 0.001..=1.0)?;
        within("a share of mined negatives", self.mined, 0.0..=0.5)?;
        within(
            "a budget in seconds",
            self.budget.unwrap_or(1.0),
            0.05..=1e7,
        )?;
        if o.momentum > 0.0 && o.kind != OptimizerKind::Sgd {
            return Err(Error::request(
                format!("{} takes no momentum", o.kind.title()),
                "Leave the momentum out, or train by SGD.",
            ));
        }
        self.expansion.check()?;
        self.federation.check()?;
        let draws_otherwise = self.policy != Policy::default() || self.mined > 0.0;
        if o.kind.by_clients() && draws_otherwise {
            return Err(Error::request(
                "each client goes through its own pairs evenly, without mined negatives: these are pairs of others",
                "Leave out the policy and the mined negatives, or train by an optimizer without clients.",
            ));
        }
        self.friendly.check()?;
        if self.learn_temperature && !self.loss.has_temperature() {
            return Err(Error::request(
                format!("{} has no temperature to be learned", self.loss.title()),
                "Leave it out, or train by InfoNCE.",
            ));
        }
        if self.learn_temperature && self.temperature < 0.01 {
            return Err(Error::request(
                format!(
                    "a trained temperature does not start at {}: it is kept at 0.01 or above",
                    self.temperature
                ),
                "Start at 0.01 or above, or keep the temperature fixed.",
            ));
        }
        let two_linear = self.head.hidden.is_none() && !self.head.shared;
        if self.policy.description().by_gradients && !two_linear {
            return Err(Error::request(
                format!(
                    "{} groups pairs by the gradients of one linear head for each side",
                    self.policy.title()
                ),
                "Leave out the hidden layer and shared heads, or choose another policy.",
            ));
        }
        match (self.policy.description().by_seconds, self.budget) {
            (true, None) => Err(Error::request(
                format!("{} needs a number of seconds", self.policy.title()),
                "Say how many seconds training may take (--budget).",
            )),
            (false, Some(_)) => Err(Error::request(
                format!("{} keeps no time budget", self.policy.title()),
                "Leave the budget out, or choose a policy \"budget\" or \"budget-ranked\".",
            )),
            _ => Ok(()),
        }
    }

    /// Margin of the MH hinges by whose gradients pairs are grouped: the run's where its loss has one, else the usual one.
    pub fn grouping_margin(&self) -> f64 {
        let own = self.loss.description().margin.map(|_| self.margin);
        let usual = || Loss::default().description().margin;
        own.or_else(usual).map_or(0.2, f64::from)
    }

    /// What the engine trains.
    pub fn plan(&self) -> Plan {
        Plan {
            shape: self.head,
            loss: self.loss,
            margin: self.margin,
            scalars: self.trains_scalars(),
            batch: self.batch,
        }
    }

    /// Are the scalars trained?
    pub fn trains_scalars(&self) -> bool {
        match self.loss.description().scalars {
            Scalars::None => false,
            Scalars::Temperature(_) => self.learn_temperature,
            Scalars::Trained { .. } => true,
        }
    }

    /// Where the scalars start: the logarithm of the scale, and the offset.
    pub fn scalars(&self) -> [f32; 2] {
        match self.loss.description().scalars {
            Scalars::None => [0.0, 0.0],
            Scalars::Temperature(_) => [-self.temperature.ln(), 0.0],
            Scalars::Trained { scale, offset } => [scale.ln(), offset],
        }
    }

    /// Pairs that a step draws at most, of all clients where there are some.
    pub fn pairs_a_step(&self) -> usize {
        if self.optimizer.kind.by_clients() {
            self.batch * self.federation.clients
        } else {
            self.batch
        }
    }

    /// The step where `done` of the run is done, 0 to 1.
    pub fn step(&self, done: f64) -> Step {
        let o = &self.optimizer;
        let warmup = f64::from(self.warmup);
        let rising = if done < warmup { done / warmup } else { 1.0 };
        let betas = [0.9, 0.999];
        let epsilon = 1e-8;
        Step {
            rule: match o.kind {
                OptimizerKind::Sgd => Rule::Sgd {
                    momentum: f64::from(o.momentum),
                },
                OptimizerKind::FedAvg | OptimizerKind::FedAdam => Rule::Sgd { momentum: 0.0 },
                OptimizerKind::AmsGrad | OptimizerKind::FedLalr => Rule::AmsGrad { betas, epsilon },
                kind => Rule::Adam {
                    betas,
                    epsilon,
                    decoupled: kind == OptimizerKind::AdamW,
                },
            },
            rate: (f64::from(o.rate) * rising * self.schedule.factor(done)) as f32,
            decay: o.decay,
            clip: o.clip.unwrap_or(f32::INFINITY),
            warmth: (done / f64::from(self.warm)).min(1.0) as f32,
        }
    }

    /// "MH, adam 2e-4", for lists.
    pub fn title(&self) -> String {
        format!(
            "{}, {} {}",
            self.loss.title(),
            self.optimizer.kind.title(),
            rate(self.optimizer.rate)
        )
    }
}

/// A learning rate as people write it: "2e-4", "0.2".
pub fn rate(rate: f32) -> String {
    if rate >= 0.01 {
        format!("{rate}")
    } else {
        format!("{rate:e}")
    }
}

/// Pairs of a batch at most: its similarity is kept whole.
const MOST_PAIRS: usize = 8_192;
/// The largest learning rate.
const MOST_RATE: f32 = 1e6;

fn within<T: PartialOrd + Display + Copy>(
    what: &str,
    value: T,
    range: std::ops::RangeInclusive<T>,
) -> Result<()> {
    // Not-a-number is in no range.
    if range.contains(&value) {
        return Ok(());
    }
    Err(Error::request(
        format!("{what} of {value} trains nothing"),
        format!("Choose one from {} to {}.", range.start(), range.end()),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_trains_nothing_is_refused() {
        let good = Setup::new(Loss::default(), 8, 4);
        assert!(good.check().is_ok());
        let bad = |change: fn(&mut Setup)| {
            let mut setup = good.clone();
            change(&mut setup);
            setup.check().is_err()
        };
        assert!(bad(|s| s.batch = 1));
        assert!(bad(|s| s.epochs = 0));
        assert!(bad(|s| s.margin = f32::NAN));
        assert!(bad(|s| s.optimizer.rate = 0.0));
        assert!(bad(|s| s.optimizer.rate = f32::INFINITY));
        assert!(bad(|s| s.optimizer.momentum = 0.9));
        assert!(bad(|s| s.learn_temperature = true));
        assert!(bad(|s| s.budget = Some(3.0)));
        let mut grouped = good.clone();
        grouped.policy = "strata".parse().unwrap();
        assert!(grouped.check().is_ok());
        assert!(bad(|s| {
            s.policy = "strata".parse().unwrap();
            s.head.shared = true;
        }));
    }

    #[test]
    fn schedules_end_where_they_say() {
        for schedule in Schedule::ALL {
            assert!((schedule.factor(0.0) - 1.0).abs() < 1e-12);
        }
        assert!(Schedule::Linear.factor(1.0).abs() < 1e-12);
        assert!(Schedule::Cosine.factor(1.0).abs() < 1e-12);
        assert!((Schedule::Cosine.factor(0.5) - 0.5).abs() < 1e-12);
        assert!((Schedule::Step.factor(0.5) - 0.1).abs() < 1e-12);
        assert_eq!(rate(2e-4), "2e-4");
        assert_eq!(rate(0.2), "0.2");
    }

    #[test]
    fn a_setup_is_the_same_after_it_was_kept() {
        let setup = Setup::new("infonce".parse().unwrap(), 8, 4);
        let text = serde_json::to_string(&setup).unwrap();
        assert_eq!(serde_json::from_str::<Setup>(&text).unwrap(), setup);
        assert!(serde_json::from_str::<Setup>(&text.replace("infonce", "nothing")).is_err());
    }
}
