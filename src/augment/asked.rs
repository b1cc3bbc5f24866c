//! What is asked for.

use super::change::{Change, Changes, Given, Magnitudes, START};
use super::ground::Ground;
use super::levels::Weighing;
use crate::error::{Error, Result};

/// What is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// Partings of the images, each of a seed of its own.
    pub seeds: usize,
    /// The first seed.
    pub seed: u64,
    /// Steps on the magnitudes; 0 where none is learned.
    pub steps: usize,
    /// How far a step moves a magnitude at most at first, as a share of its largest; it falls to 0 along a cosine.
    pub rate: f64,
    /// Images of each level in a step.
    pub batch: usize,
    /// Copies of a picture in a step.
    pub copies: usize,
    /// Copies of a picture in an averaged embedding that is measured or exported.
    pub draws: usize,
    /// Magnitudes that stay as they are.
    pub given: Vec<Given>,
    /// The changes that are learned, apart from those given; `None` for all.
    pub only: Option<Changes>,
    /// How pictures are read out, and what is asked of held-out ones.
    pub weighing: Weighing,
}

impl Default for Asked {
    fn default() -> Self {
        Self {
            seeds: 3,
            seed: 1,
            steps: 80,
            rate: 0.03,
            batch: 32,
            copies: 4,
            draws: 16,
            given: Vec::new(),
            only: None,
            weighing: Weighing::default(),
        }
    }
}

impl Asked {
    /// Seeds at most.
    pub const MOST_SEEDS: usize = 100;
    /// Steps at most.
    pub const MOST_STEPS: usize = 10_000;
    /// Images of a level in a step at most: the side of the square that every step solves.
    pub const MOST_BATCH: usize = 512;
    /// Copies of a picture at most.
    pub const MOST_COPIES: usize = 256;

    /// What is under way on the parting of `seed`: "Measuring recall, seed 4 (2 of 3)".
    pub(super) fn stage(&self, what: &str, seed: u64) -> String {
        let nth = seed.saturating_sub(self.seed) + 1;
        format!("{what}, seed {seed} ({nth} of {})", self.seeds)
    }

    /// Is it something that can be done?
    ///
    /// # Errors
    /// A number or a magnitude out of range; a change that is given twice, or that is both given and to be learned; no change at
    /// all.
    pub fn check(&self) -> Result<()> {
        let within = |what: &str, value: usize, least: usize, most: usize| {
            if (least..=most).contains(&value) {
                return Ok(());
            }
            Err(Error::request(
                format!("{value} {what} cannot be"),
                format!("Choose from {least} to {most}."),
            ))
        };
        within("seeds", self.seeds, 1, Self::MOST_SEEDS)?;
        within("steps", self.steps, 1, Self::MOST_STEPS)?;
        within("images in a step", self.batch, 2, Self::MOST_BATCH)?;
        within("copies in a step", self.copies, 1, Self::MOST_COPIES)?;
        within("draws", self.draws, 1, Self::MOST_COPIES)?;
        if !(self.rate > 0.0 && self.rate <= 1.0) {
            return Err(Error::request(
                format!(
                    "{} is no rate: it is a share of the largest magnitude",
                    self.rate
                ),
                "Choose one above 0 and up to 1, such as 0.03.",
            ));
        }
        let mut seen = Changes::default();
        for given in &self.given {
            given.check()?;
            if seen.has(given.change) {
                return Err(Error::request(
                    format!("{} is given twice", given.change.name()),
                    "Give each magnitude once.",
                ));
            }
            seen.add(given.change);
        }
        if let Some(only) = self.only {
            if let Some(both) = only.iter().find(|change| seen.has(*change)) {
                return Err(Error::request(
                    format!("{} is both given and to be learned", both.name()),
                    "Leave it out of --only, or of --magnitudes.",
                ));
            }
            if only.is_empty() && seen.is_empty() {
                return Err(Error::request(
                    "no change is named",
                    "Name those to be learned, such as rotation.",
                ));
            }
        }
        Ok(())
    }

    /// The changes that are learned on `ground`: those asked for that do something there and have no magnitude given.
    ///
    /// # Errors
    /// As [`Asked::check`]; a change that was named and does nothing to these pictures; a model that no gradient passes, with the
    /// operators that it does not pass, where a magnitude is to be learned.
    pub fn learned(&self, ground: &Ground) -> Result<Changes> {
        self.check()?;
        let mut learned = self
            .only
            .unwrap_or_else(|| Change::ALL.into_iter().collect());
        if let Some((change, why)) = ground.without_effect() {
            let named = self.only.is_some_and(|only| only.has(change));
            let given = self
                .given
                .iter()
                .any(|g| g.change == change && g.magnitude > 0.0);
            if named || given {
                return Err(Error::request(
                    format!("no magnitude of {} can be told: {why}", change.name()),
                    "Leave this change out.",
                ));
            }
            learned.remove(change);
        }
        for given in &self.given {
            learned.remove(given.change);
        }
        if let Some(why) = ground.network().blocked().filter(|_| !learned.is_empty()) {
            return Err(Error::model(
                ground.network().path(),
                format!("cannot tell what a change of the pictures does to its embedding: {why}"),
                "Give every magnitude with --magnitudes, or choose a model that has a gradient: \"nearmiss grad\" lists what one lacks.",
            ));
        }
        Ok(learned)
    }

    /// Where the magnitudes begin: those given as they are, those `learned` at a tenth of their largest, all others 0.
    pub fn start(&self, learned: Changes) -> Magnitudes {
        let mut start = Magnitudes::default();
        for change in learned.iter() {
            start.set(change, START * change.most());
        }
        for given in &self.given {
            start.set(given.change, given.magnitude);
        }
        start
    }
}
