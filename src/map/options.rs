//! What is laid out, and how.

use crate::error::{Error, Result};
use crate::names::named;

/// How points are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Projection {
    /// The two directions of most variance.
    Pca,
    /// t-SNE.
    Tsne,
    /// UMAP.
    #[default]
    Umap,
}

const PROJECTIONS: [(Projection, &str, &str, &str); 3] = [
    (
        Projection::Pca,
        "pca",
        "PCA",
        "The two directions of most variance; exact, and distances far apart keep their meaning",
    ),
    (
        Projection::Tsne,
        "tsne",
        "t-SNE",
        "Near points stay near (van der Maaten and Hinton, 2008); sizes of groups and gaps between them mean little",
    ),
    (
        Projection::Umap,
        "umap",
        "UMAP",
        "Near points stay near (arXiv 1802.03426); keeps more of how groups lie to one another than t-SNE",
    ),
];

named!(
    Projection,
    "method",
    PROJECTIONS,
    |a, b| a == b,
    "What it does, in one sentence."
);

/// What is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Of {
    /// Images and captions together.
    #[default]
    Both,
    /// Images alone.
    Images,
    /// Captions alone.
    Texts,
    /// Images, and captions placed among them.
    Placed,
}

const OF: [(Of, &str, &str, &str); 4] = [
    (
        Of::Both,
        "both",
        "Both",
        "Images and captions laid out together",
    ),
    (Of::Images, "images", "Images", "Images alone"),
    (Of::Texts, "texts", "Captions", "Captions alone"),
    (
        Of::Placed,
        "placed",
        "Placed",
        "Images laid out alone, each caption then placed by the images nearest to it",
    ),
];

named!(
    Of,
    "choice of points",
    OF,
    |a, b| a == b,
    "What is laid out, in one sentence."
);

impl Of {
    /// Are images in the map?
    pub fn has_images(self) -> bool {
        self != Self::Texts
    }

    /// Are captions in the map?
    pub fn has_texts(self) -> bool {
        self != Self::Images
    }
}

/// What is laid out, and how.
#[derive(Debug, Clone, PartialEq)]
pub struct MapOptions {
    /// How points are laid out.
    pub projection: Projection,
    /// What is laid out.
    pub of: Of,
    /// Seed of all that is random.
    pub seed: u64,
    /// UMAP: nearest neighbours of each point, the point itself among them.
    pub neighbours: usize,
    /// UMAP: the least distance of points in the map.
    pub least_distance: f32,
    /// UMAP: how far the map spreads.
    pub spread: f32,
    /// t-SNE: the effective number of neighbours.
    pub perplexity: f32,
    /// Is the mean of each side taken off before both are laid out, which closes the gap between them?
    pub centre: bool,
}

impl Default for MapOptions {
    fn default() -> Self {
        Self {
            projection: Projection::default(),
            of: Of::default(),
            seed: 1,
            neighbours: 15,
            least_distance: 0.1,
            spread: 1.0,
            perplexity: 30.0,
            centre: false,
        }
    }
}

impl MapOptions {
    /// Refuses what no layout can be made with.
    ///
    /// # Errors
    /// Neighbours below 2 or above 1,000; a least distance, spread or perplexity out of range.
    pub fn check(&self) -> Result<()> {
        let (least, spread, perplexity) = (self.least_distance, self.spread, self.perplexity);
        let wrong = [
            (
                !(2..=1_000).contains(&self.neighbours),
                format!("{} neighbours", self.neighbours),
                "2 to 1,000",
            ),
            (
                !(0.01..=10.0).contains(&spread),
                format!("a spread of {spread}"),
                "0.01 to 10",
            ),
            (
                !(0.0..=spread).contains(&least),
                format!("a least distance of {least}"),
                "0 to the spread",
            ),
            (
                !(1.0..=1_000.0).contains(&perplexity),
                format!("a perplexity of {perplexity}"),
                "1 to 1,000",
            ),
        ];
        match wrong.into_iter().find(|(wrong, ..)| *wrong) {
            Some((_, what, range)) => Err(Error::request(
                format!("{what} makes no map"),
                format!("Choose one in the range {range}."),
            )),
            None => Ok(()),
        }
    }
}
