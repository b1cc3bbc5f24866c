//! The changes of a picture, and how large each is.

use crate::error::{Error, Result};
use crate::names::named;
use serde::{Deserialize, Serialize};

/// A change of a picture that may say nothing of what it shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// A turn around the middle.
    Rotation,
    /// A move along both sides.
    Shift,
    /// Larger or smaller, from the middle.
    Scale,
    /// A value added to all channels.
    Brightness,
    /// Towards grey, or away from it.
    Colour,
    /// A Gaussian blur.
    Blur,
}

/// How many there are.
pub const CHANGES: usize = 6;

const TABLE: [(Change, &str, &str, &str); CHANGES] = [
    (
        Change::Rotation,
        "rotation",
        "rotation",
        "A turn around the middle by up to the magnitude either way, in full turns",
    ),
    (
        Change::Shift,
        "shift",
        "shift",
        "A move along each side by up to the magnitude either way, as a share of that side",
    ),
    (
        Change::Scale,
        "scale",
        "scale",
        "Larger or smaller: the natural logarithm of the factor, up to the magnitude either way",
    ),
    (
        Change::Brightness,
        "brightness",
        "brightness",
        "A value added to all channels, up to the magnitude either way, as a share of the range from black to white",
    ),
    (
        Change::Colour,
        "colour",
        "colour",
        "Towards the grey of each pixel, or away from it, by up to the magnitude of the distance",
    ),
    (
        Change::Blur,
        "blur",
        "blur",
        "A Gaussian blur whose width is up to the magnitude, as a share of the shorter side",
    ),
];

named!(
    Change,
    "change",
    TABLE,
    |a, b| a == b,
    "What it does, with the unit of its magnitude."
);

/// Where the magnitude of a change that is learned begins, as a share of its largest. At 0 no magnitude has a derivative:
/// what a change does on average over both its directions grows with the square of its magnitude.
pub const START: f64 = 0.1;

impl Change {
    /// Its place in [`Change::ALL`].
    pub fn index(self) -> usize {
        self as usize
    }

    /// The largest magnitude, in its unit: half a turn, half a side, a factor of 2, half the range, all the way to grey, a fifth
    /// of the side.
    pub fn most(self) -> f64 {
        match self {
            Self::Rotation | Self::Shift | Self::Brightness => 0.5,
            Self::Scale => std::f64::consts::LN_2,
            Self::Colour => 1.0,
            Self::Blur => 0.2,
        }
    }

    /// The unit of its magnitude, in words.
    pub fn unit(self) -> &'static str {
        match self {
            Self::Rotation => "turns",
            Self::Shift => "of each side",
            Self::Scale => "log factor",
            Self::Brightness => "of the range",
            Self::Colour => "of the distance to grey",
            Self::Blur => "of the shorter side",
        }
    }
}

/// A set of changes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Changes([bool; CHANGES]);

impl Changes {
    /// Is `change` in it?
    pub fn has(self, change: Change) -> bool {
        self.0[change.index()]
    }

    /// Puts `change` in.
    pub fn add(&mut self, change: Change) {
        self.0[change.index()] = true;
    }

    /// Takes `change` out.
    pub fn remove(&mut self, change: Change) {
        self.0[change.index()] = false;
    }

    /// Is nothing in it?
    pub fn is_empty(self) -> bool {
        self.0 == [false; CHANGES]
    }

    /// Those in it, in the order of [`Change::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Change> {
        Change::ALL
            .into_iter()
            .filter(move |change| self.has(*change))
    }
}

impl FromIterator<Change> for Changes {
    fn from_iter<T: IntoIterator<Item = Change>>(all: T) -> Self {
        let mut changes = Self::default();
        for change in all {
            changes.add(change);
        }
        changes
    }
}

/// How large each change is, in its unit; 0 where it is not made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Magnitudes(pub [f64; CHANGES]);

impl Magnitudes {
    /// That of `change`.
    pub fn get(&self, change: Change) -> f64 {
        self.0[change.index()]
    }

    /// Makes that of `change` another.
    pub fn set(&mut self, change: Change, to: f64) {
        self.0[change.index()] = to;
    }

    /// The changes that are made.
    pub fn made(&self) -> Changes {
        let made = Change::ALL.into_iter();
        made.filter(|change| self.get(*change) > 0.0).collect()
    }

    /// As the layer takes them.
    pub fn floats(&self) -> [f32; CHANGES] {
        self.0.map(|value| value as f32)
    }
}

/// A magnitude that was given: "rotation=0.25".
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Given {
    /// Of which change.
    pub change: Change,
    /// How large, in its unit.
    pub magnitude: f64,
}

impl Given {
    /// Refuses what no layer can do.
    ///
    /// # Errors
    /// A magnitude that is negative, not finite or above the largest.
    pub fn check(&self) -> Result<()> {
        let Self { change, magnitude } = *self;
        if magnitude >= 0.0 && magnitude <= change.most() {
            return Ok(());
        }
        Err(Error::request(
            format!("{} cannot have the magnitude {magnitude}", change.name()),
            format!(
                "Give one from 0 to {} ({}).",
                (1e4 * change.most()).floor() / 1e4,
                change.unit()
            ),
        ))
    }
}

impl std::str::FromStr for Given {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let odd = || {
            Error::request(
                format!("{text:?} is no magnitude of a change"),
                "Give it as NAME=VALUE, such as rotation=0.25.",
            )
        };
        let (name, value) = text.split_once('=').ok_or_else(odd)?;
        let given = Self {
            change: name.trim().parse()?,
            magnitude: value.trim().parse().map_err(|_| odd())?,
        };
        given.check()?;
        Ok(given)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn magnitudes_are_read_and_odd_ones_are_refused() {
        let given: Given = "rotation=0.25".parse().unwrap();
        assert_eq!((given.change, given.magnitude), (Change::Rotation, 0.25));
        for wrong in [
            "rotation",
            "turning=0.1",
            "blur=-0.1",
            "blur=NaN",
            "shift=inf",
            "colour=1.1",
            "scale=x",
        ] {
            assert!(wrong.parse::<Given>().is_err(), "{wrong}");
        }
        let places = Change::ALL.map(Change::index);
        assert_eq!(places, [0, 1, 2, 3, 4, 5]);
    }
}
