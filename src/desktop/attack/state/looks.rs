//! How the lab is looked at.

use crate::attack::SaliencyKind;

/// How the two pictures are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Compare {
    /// Next to each other.
    #[default]
    SideBySide,
    /// One over the other, with a divider to drag.
    Slider,
    /// One after the other, once a second at most.
    Blink,
    /// What lies between them, amplified.
    Difference,
}

/// What the heatmap shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Heat {
    /// The mean over the channels, blue - white - red.
    #[default]
    Signed,
    /// The length of each pixel's change.
    Magnitude,
    /// Each channel, and their mean.
    Channels,
    /// The logarithm of the Fourier magnitudes.
    Spectrum,
    /// Where the score comes from.
    Saliency,
}

impl Heat {
    /// Every kind: value, name and what it shows.
    pub const ALL: [(Self, &str, &str); 5] = [
        (
            Self::Signed,
            "Signed",
            "Mean over the channels: red brighter, blue darker, locked to the radius",
        ),
        (
            Self::Magnitude,
            "Magnitude",
            "Length of each pixel's change over its channels",
        ),
        (
            Self::Channels,
            "Channels",
            "Red, green and blue on their own, and their mean",
        ),
        (
            Self::Spectrum,
            "Spectrum",
            "Fourier magnitudes, logarithmic, the mean in the middle",
        ),
        (
            Self::Saliency,
            "Saliency",
            "Which pixels of the clean picture the score hangs on",
        ),
    ];
}

/// What the curves show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Curve {
    /// Scores of right and wrong.
    #[default]
    Scores,
    /// Right less wrong.
    Margin,
    /// What the attack climbs.
    Loss,
}

/// How the lab is looked at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Looks {
    /// How the pictures are compared.
    pub compare: Compare,
    /// What the heatmap shows.
    pub heat: Heat,
    /// How a saliency map is made.
    pub saliency: SaliencyKind,
    /// Factor of the difference.
    pub amplify: u32,
    /// What the curves show.
    pub curve: Curve,
}

impl Default for Looks {
    fn default() -> Self {
        Self {
            compare: Compare::default(),
            heat: Heat::default(),
            saliency: SaliencyKind::Gradient,
            amplify: 8,
            curve: Curve::default(),
        }
    }
}
