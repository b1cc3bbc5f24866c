//! The baseline of random features, fitted on what the runs were trained on.

use crate::learn::random_features::{Fitted, RandomFeatures};
use crate::learn::{Band, Figure, Group, Split};

/// Heads of random features, fitted by several seeds.
#[derive(Debug, Clone)]
pub struct Baseline {
    /// What they were fitted on, and what was held out.
    pub split: Split,
    /// How they were made.
    pub asked: RandomFeatures,
    /// One of each seed.
    pub fitted: Vec<Fitted>,
}

impl Baseline {
    /// Is it fitted on what `group` was trained on?
    pub fn is_beside(&self, group: &Group) -> bool {
        let run = group.first();
        run.split.train == self.split.train && run.split.valid == self.split.valid
    }

    /// The band of a recall over seeds, and that of the seconds.
    pub fn bands(&self, figure: Figure) -> Option<[Band; 2]> {
        let of = |value: &dyn Fn(&Fitted) -> f64| {
            Band::of(&self.fitted.iter().map(value).collect::<Vec<f64>>())
        };
        let recall = of(&|one| one.valid.get(figure.way, figure.at))?;
        Some([recall, of(&|one| one.seconds)?])
    }

    /// "R@1 held out 44.0 % of images, 39.6 % of captions", of the mean over seeds.
    pub fn told(&self) -> String {
        let of = |way| {
            let figure = Figure { way, at: 0 };
            self.bands(figure).map_or(0.0, |[recall, _]| recall.mean)
        };
        format!(
            "R@1 held out {:.1} % of images, {:.1} % of captions",
            of(crate::learn::Way::ImageToText),
            of(crate::learn::Way::TextToImage)
        )
    }
}
