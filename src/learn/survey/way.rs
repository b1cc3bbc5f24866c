//! Ways to group pairs.

use crate::error::Result;
use crate::learn::paired::Paired;
use crate::learn::strata::{Gradients, Strata, peers};
use crate::names::named;
use crate::task::Task;
use serde::{Deserialize, Serialize};

/// A way to group pairs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// By their gradients, for the lowest J.
    Gradient,
    /// At random, in equal sizes.
    Random,
    /// By k-means on the images' embeddings.
    KmeansImage,
    /// By k-means on the captions' embeddings.
    KmeansCaption,
    /// By k-means on both embeddings side by side.
    KmeansPair,
    /// By k-means on the gradients.
    KmeansGradient,
    /// By labels that are given.
    Given,
}

const WAYS: [(Way, &str, &str, &str); 7] = [
    (
        Way::Gradient,
        "gradient",
        "gradients",
        "By their gradients, for the lowest variance of one pair drawn from each group (arXiv 2007.04532)",
    ),
    (
        Way::Random,
        "random",
        "random groups",
        "At random, all groups of one size",
    ),
    (
        Way::KmeansImage,
        "kmeans-image",
        "k-means, images",
        "k-means on the embeddings of the images, one run",
    ),
    (
        Way::KmeansCaption,
        "kmeans-caption",
        "k-means, captions",
        "k-means on the embeddings of the captions, one run",
    ),
    (
        Way::KmeansPair,
        "kmeans-pair",
        "k-means, both",
        "k-means on both embeddings side by side, one run",
    ),
    (
        Way::KmeansGradient,
        "kmeans-gradient",
        "k-means, gradients",
        "Plain k-means on the gradients, which does not count how many pairs a group has; one run",
    ),
    (
        Way::Given,
        "given",
        "given labels",
        "By labels that were given",
    ),
];

named!(
    Way,
    "way to group",
    WAYS,
    |a, b| a == b,
    "What it groups by."
);

impl Way {
    /// Groups the pairs of `part` into `strata`; `None` of the two that are not made here.
    pub(super) fn strata(
        self,
        part: &Paired,
        gradients: &Gradients,
        strata: usize,
        seed: u64,
        task: &Task,
    ) -> Result<Option<Strata>> {
        let (images, texts, owners) = (&part.images, &part.texts, &part.owners);
        let points = match self {
            Self::Gradient | Self::Given => return Ok(None),
            Self::Random => return peers::random(owners.len(), strata, seed).map(Some),
            Self::KmeansGradient => {
                return peers::kmeans(gradients, strata, 1, seed, task).map(Some);
            }
            Self::KmeansImage => peers::by_image(images, part.dim, owners)?,
            Self::KmeansCaption => peers::by_caption(texts, part.dim)?,
            Self::KmeansPair => peers::by_both(images, texts, part.dim, owners)?,
        };
        peers::kmeans(&points, strata, 1, seed, task).map(Some)
    }
}
