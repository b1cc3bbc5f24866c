//! What rows hold.

use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::fmt::Display;
use std::str::FromStr;

/// What the rows of two groups hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum On {
    /// Pixels from 0 to 1, the middle of the picture shrunk to a square.
    Pixels {
        /// Its side.
        side: u32,
        /// Red, green and blue; grey otherwise.
        colour: bool,
    },
    /// The embeddings of the images, as they are compared.
    Embeddings,
    /// A tensor of the image model, by its name, with the shape it has for one picture.
    Layer(String),
}

/// The side of pixels where none is said.
const SIDE: u32 = 28;
/// Sides at most.
const MOST: u32 = 224;

impl Default for On {
    fn default() -> Self {
        Self::Pixels {
            side: SIDE,
            colour: false,
        }
    }
}

impl On {
    /// Refuses pixels of no size, and of one that no study ends with.
    ///
    /// # Errors
    /// A side of 0 or beyond 224.
    pub fn check(&self) -> Result<()> {
        let Self::Pixels { side, .. } = self else {
            return Ok(());
        };
        if (1..=MOST).contains(side) {
            return Ok(());
        }
        Err(Error::request(
            format!("pixels of {side} x {side} cannot be studied"),
            format!("Choose a side from 1 to {MOST}."),
        ))
    }
}

impl Display for On {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Pixels { side, colour } => {
                let kind = if *colour { "colour" } else { "grey" };
                write!(to, "{kind} pixels, {side} x {side}")
            }
            Self::Embeddings => write!(to, "embeddings"),
            Self::Layer(name) => write!(to, "layer {name}"),
        }
    }
}

impl FromStr for On {
    type Err = Error;

    /// "pixels", "pixels:32", "pixels:32:colour", "embeddings", "layer:NAME".
    fn from_str(text: &str) -> Result<Self> {
        let wrong = || {
            Error::request(
                format!("{text:?} is nothing that rows can hold"),
                "Say pixels, pixels:32, pixels:32:colour, embeddings, or layer:NAME.",
            )
        };
        if let Some(name) = text.strip_prefix("layer:") {
            return match name {
                "" => Err(wrong()),
                name => Ok(Self::Layer(name.into())),
            };
        }
        let parts: Vec<&str> = text.split(':').collect();
        let on = match parts.as_slice() {
            ["embeddings"] => Self::Embeddings,
            ["pixels"] => Self::default(),
            ["pixels", side] => Self::Pixels {
                side: side.parse().map_err(|_| wrong())?,
                colour: false,
            },
            ["pixels", side, "colour"] => Self::Pixels {
                side: side.parse().map_err(|_| wrong())?,
                colour: true,
            },
            _ => return Err(wrong()),
        };
        on.check()?;
        Ok(on)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_rows_hold_is_read_and_refused() {
        let of = |text: &str| text.parse::<On>();
        assert_eq!(of("pixels").unwrap(), On::default());
        let colour = On::Pixels {
            side: 32,
            colour: true,
        };
        assert_eq!(of("pixels:32:colour").unwrap(), colour);
        assert_eq!(of("layer:a:b").unwrap(), On::Layer("a:b".into()));
        for wrong in ["", "pixels:0", "pixels:999", "pixels:x", "layer:", "words"] {
            assert!(of(wrong).is_err(), "{wrong:?}");
        }
    }
}
