//! What is asked of the next learning.

use crate::augment::{Asked, CHANGES, Change, Changes, Given, some_of};
use crate::error::{Error, Result, counted};

/// What is done with a change.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Part {
    /// Its magnitude is learned.
    Learned,
    /// It has this magnitude throughout.
    Fixed(f64),
    /// It is not made.
    LeftOut,
}

/// The next learning.
#[derive(Debug, Clone, PartialEq)]
pub struct Form {
    /// What is done with each change, in the order of [`Change::ALL`].
    pub parts: [Part; CHANGES],
    /// Images that are used at most.
    pub most: usize,
    /// Partings of the images.
    pub seeds: usize,
    /// Seed of the first.
    pub seed: u64,
    /// Steps on the magnitudes.
    pub steps: usize,
    /// How far a step moves a magnitude at most at first, as a share of its largest.
    pub rate: f64,
    /// Images of each level in a step.
    pub batch: usize,
    /// Copies of a picture in a step.
    pub copies: usize,
    /// Copies of a picture in an averaged embedding.
    pub draws: usize,
}

impl Default for Form {
    fn default() -> Self {
        let asked = Asked::default();
        Self {
            parts: [Part::Learned; CHANGES],
            most: 1_000,
            seeds: asked.seeds,
            seed: asked.seed,
            steps: asked.steps,
            rate: asked.rate,
            batch: asked.batch,
            copies: asked.copies,
            draws: asked.draws,
        }
    }
}

impl Form {
    /// What is done with `change`.
    pub fn part(&self, change: Change) -> Part {
        self.parts[change.index()]
    }

    /// The changes whose magnitudes are learned.
    pub fn learned(&self) -> Changes {
        let all = Change::ALL.into_iter();
        all.filter(|change| self.part(*change) == Part::Learned)
            .collect()
    }

    /// The images that are used of so many.
    pub fn images(&self, images: usize) -> Vec<u32> {
        some_of(images, self.most)
    }

    /// What is asked for.
    ///
    /// # Errors
    /// Every change is left out; as [`Asked::check`].
    pub fn asked(&self) -> Result<Asked> {
        if self.parts.iter().all(|part| *part == Part::LeftOut) {
            return Err(Error::request(
                "every change is left out",
                "Let one be learned, or give it a magnitude.",
            ));
        }
        let given = Change::ALL.into_iter().filter_map(|change| {
            let Part::Fixed(magnitude) = self.part(change) else {
                return None;
            };
            Some(Given { change, magnitude })
        });
        let asked = Asked {
            seeds: self.seeds,
            seed: self.seed,
            steps: self.steps,
            rate: self.rate,
            batch: self.batch,
            copies: self.copies,
            draws: self.draws,
            given: given.collect(),
            only: self.parts.contains(&Part::LeftOut).then(|| self.learned()),
            ..Asked::default()
        };
        asked.check()?;
        Ok(asked)
    }

    /// The same in words.
    pub fn told(&self) -> String {
        let told = |change: Change| match self.part(change) {
            Part::Learned => Some(change.name().to_owned()),
            Part::Fixed(magnitude) => Some(format!("{} {magnitude}", change.name())),
            Part::LeftOut => None,
        };
        let changes: Vec<String> = Change::ALL.into_iter().filter_map(told).collect();
        format!(
            "{} · {} images at most · {} from {} on · {} of {} images and {} · rate {} · {}",
            changes.join(", "),
            self.most,
            counted(self.seeds, "seed"),
            self.seed,
            counted(self.steps, "step"),
            self.batch,
            if self.copies == 1 {
                "1 copy".to_owned()
            } else {
                format!("{} copies", self.copies)
            },
            self.rate,
            counted(self.draws, "draw")
        )
    }
}

/// `asked` of `most` images at most, as arguments of `nearmiss augment`; the source of the data is left to the reader.
pub fn command(asked: &Asked, most: usize) -> String {
    let mut command = format!(
        "nearmiss augment --seeds {} --seed {} --steps {} --rate {} --batch {} --copies {} --draws {} --most {most}",
        asked.seeds, asked.seed, asked.steps, asked.rate, asked.batch, asked.copies, asked.draws
    );
    let mut given: Vec<String> = asked
        .given
        .iter()
        .map(|given| format!("{}={}", given.change.name(), given.magnitude))
        .collect();
    if let Some(only) = asked.only {
        if only.is_empty() {
            // There is no list of none: what is not made has the magnitude 0.
            let has = |change: &Change| asked.given.iter().any(|given| given.change == *change);
            let rest = Change::ALL.into_iter().filter(|change| !has(change));
            given.extend(rest.map(|change| format!("{}=0", change.name())));
        } else {
            let names: Vec<&str> = only.iter().map(Change::name).collect();
            command = format!("{command} --only {}", names.join(","));
        }
    }
    if !given.is_empty() {
        command = format!("{command} --magnitudes {}", given.join(","));
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(parts: &[(Change, Part)]) -> Form {
        let mut form = Form::default();
        for (change, part) in parts {
            form.parts[change.index()] = *part;
        }
        form
    }

    #[test]
    fn changes_are_learned_fixed_or_left_out() {
        let told = |form: &Form| command(&form.asked().unwrap(), form.most);
        assert!(told(&of(&[])).ends_with("--draws 16 --most 1000"));
        let some = of(&[
            (Change::Rotation, Part::Fixed(0.25)),
            (Change::Colour, Part::LeftOut),
        ]);
        assert!(
            told(&some).ends_with("--only shift,scale,brightness,blur --magnitudes rotation=0.25")
        );
        let mut none = of(&[]);
        none.parts = [Part::LeftOut; CHANGES];
        assert!(none.asked().is_err());
        none.parts[0] = Part::Fixed(0.5);
        assert!(none.asked().unwrap().only.unwrap().is_empty());
        assert!(
            told(&none).ends_with(
                "--magnitudes rotation=0.5,shift=0,scale=0,brightness=0,colour=0,blur=0"
            )
        );
        none.parts[0] = Part::Fixed(0.6);
        assert!(none.asked().is_err());
    }
}
