//! Threat models: what an adversary may change, and by how much.

use super::mask::Mask;
use crate::compute::{Ball, Band, Grid};
use crate::error::{Error, Result};
use crate::names::named;
use serde::{Deserialize, Serialize};

/// How the size of a perturbation is measured.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Norm {
    /// Largest change of any value.
    #[default]
    Linf,
    /// Euclidean norm.
    L2,
    /// Sum of absolute changes.
    L1,
    /// Number of pixels that change.
    L0,
    /// Largest magnitude of any Fourier coefficient (arXiv 2102.08868), within a band of frequencies.
    Fourier(Band),
    /// None: anything inside the box (and the region).
    Free,
}

/// Each norm with its name on the command line, its name in menus, and what it measures.
const NORMS: [(Norm, &str, &str, &str); 6] = [
    (Norm::Linf, "linf", "l-inf", "Largest change of any value"),
    (Norm::L2, "l2", "l2", "Euclidean norm of the whole change"),
    (Norm::L1, "l1", "l1", "Sum of all absolute changes"),
    (
        Norm::L0,
        "l0",
        "l0 (pixels)",
        "Number of pixels that change",
    ),
    (
        Norm::Fourier(Band::ALL),
        "fourier",
        "Fourier-l-inf",
        "Largest magnitude of any Fourier coefficient, within a band of frequencies",
    ),
    (
        Norm::Free,
        "free",
        "Patch (no norm)",
        "Anything inside the rectangle or mask",
    ),
];

// Of the Fourier norm the list has that of all frequencies.
named!(
    Norm,
    "norm",
    NORMS,
    Norm::is_like,
    "What it measures, in a few words."
);

impl Norm {
    /// Is it the same norm, whatever the band of frequencies?
    pub fn is_like(self, other: Self) -> bool {
        std::mem::discriminant(&self) == std::mem::discriminant(&other)
    }

    /// Is a radius of this norm a share of pixel values, to be shown as n/255?
    pub fn is_in_pixels(self) -> bool {
        matches!(self, Self::Linf | Self::Fourier(_))
    }

    /// A radius as people write it.
    pub fn radius(self, eps: f32) -> String {
        if self.is_in_pixels() {
            levels(eps)
        } else {
            eps.to_string()
        }
    }
}

/// A change of pixel values in [0, 1] as n/255, to three digits: how every label writes it.
pub fn levels(value: f32) -> String {
    format!("{}/255", three_digits(f64::from(value) * 255.0))
}

/// The same with the value itself, as "4/255 = 0.0157".
pub fn levels_and_value(value: f32) -> String {
    format!("{} = {}", levels(value), three_digits(f64::from(value)))
}

/// A number from 0 to three significant digits, without trailing zeros.
fn three_digits(n: f64) -> String {
    let places = if n > 0.0 {
        (2 - n.log10().floor() as i32).clamp(0, 12)
    } else {
        0
    };
    let text = format!("{n:.*}", places as usize);
    if places > 0 {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

/// A rectangle of a picture, in its pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Region {
    /// First column.
    pub left: u32,
    /// First row.
    pub top: u32,
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
}

/// A threat model on pictures with pixels in [0, 1].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Threat {
    /// The norm.
    pub norm: Norm,
    /// Its radius, in pixels of [0, 1]; a number of pixels for [`Norm::L0`]; unused for [`Norm::Free`].
    pub eps: f32,
    /// Only inside this rectangle: with [`Norm::Free`] an adversarial patch.
    pub region: Option<Region>,
    /// Only where this mask is free; brought to the picture's size by the nearest pixel.
    pub mask: Option<Mask>,
}

impl Default for Threat {
    fn default() -> Self {
        Self {
            norm: Norm::Linf,
            eps: 8.0 / 255.0,
            region: None,
            mask: None,
        }
    }
}

impl Threat {
    /// l-inf of radius `eps`.
    pub fn linf(eps: f32) -> Self {
        Self {
            eps,
            ..Self::default()
        }
    }

    /// The same threat with another radius.
    #[must_use]
    pub fn with_eps(&self, eps: f32) -> Self {
        Self {
            eps,
            ..self.clone()
        }
    }

    /// Is the radius one that the norm knows?
    ///
    /// # Errors
    /// It is negative or not finite, or not a whole number of pixels for [`Norm::L0`].
    pub fn check(&self) -> Result<()> {
        if !self.eps.is_finite() || self.eps < 0.0 {
            return Err(Error::request(
                format!("epsilon {} is no size of a perturbation", self.eps),
                "Give a number from 0, or a fraction such as 8/255.",
            ));
        }
        if self.norm == Norm::L0 && self.eps.fract() != 0.0 {
            return Err(Error::request(
                format!("epsilon {} is no number of pixels", self.eps),
                "The l0 norm counts pixels that change: give whole numbers, as 1, 10, 100.",
            ));
        }
        Ok(())
    }

    /// Radii to try where none are asked for, rising: from one at which little happens, each twice the last, to one that
    /// everybody sees. In 255ths for l-inf and Fourier-l-inf from 1/16 to 64.
    pub fn usual_radii(norm: Norm) -> Vec<f32> {
        let doubling =
            |first: f32, count: i32| (0..count).map(|n| first * 2.0_f32.powi(n)).collect();
        match norm {
            Norm::Linf | Norm::Fourier(_) => doubling(1.0 / 16.0 / 255.0, 11),
            Norm::L2 => doubling(1.0 / 32.0, 10),
            Norm::L1 => doubling(1.0, 11),
            Norm::L0 => doubling(1.0, 12),
            Norm::Free => vec![1.0],
        }
    }

    pub(super) fn ball(&self) -> Ball {
        match self.norm {
            Norm::Linf => Ball::Linf(self.eps),
            Norm::L2 => Ball::L2(self.eps),
            Norm::L1 => Ball::L1(self.eps),
            Norm::L0 => Ball::L0(self.eps as u32),
            Norm::Fourier(band) => Ball::Fourier(self.eps, band),
            Norm::Free => Ball::Box,
        }
    }

    /// May the pixel in row `y`, column `x` of a picture of `grid`'s size be changed?
    pub(super) fn is_free(&self, grid: Grid, y: usize, x: usize) -> bool {
        let inside = self.region.is_none_or(|r| {
            let (x, y) = (x as u32, y as u32);
            (r.left..r.left.saturating_add(r.width)).contains(&x)
                && (r.top..r.top.saturating_add(r.height)).contains(&y)
        });
        inside && self.mask.as_ref().is_none_or(|mask| mask.frees(grid, y, x))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_in_255ths_are_short_and_never_rounded_to_nothing() {
        for (value, text) in [
            (4.0, "4/255"),
            (0.5, "0.5/255"),
            (0.0, "0/255"),
            (255.0, "255/255"),
            (3.25, "3.25/255"),
            (0.0625, "0.0625/255"),
            (0.002, "0.002/255"),
            (11.273, "11.3/255"),
            (100.0, "100/255"),
        ] {
            assert_eq!(levels(value / 255.0), text);
        }
        for (value, text) in [
            (4.0, "4/255 = 0.0157"),
            (0.0625, "0.0625/255 = 0.000245"),
            (0.0, "0/255 = 0"),
            (255.0, "255/255 = 1"),
        ] {
            assert_eq!(levels_and_value(value / 255.0), text);
        }
        assert_eq!(Norm::L2.radius(0.03125), "0.03125");
        assert_eq!(Norm::L0.radius(1024.0), "1024");
    }
}
