//! The structure view: what was found, and how it is looked at.

use super::textures::MatrixTextures;
use crate::compute::Colours;
use crate::desktop::core::Derived;
use crate::retrieval::structure::matrix::{Arrangement, Order, Pyramid, Range, TileKey, Viewport};
use crate::retrieval::structure::{Neighbours, Plan, Structure};
use std::sync::Arc;

/// A page of the view.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StructurePage {
    /// The similarity as a picture.
    #[default]
    Matrix,
    /// Ranks and margins.
    Margins,
    /// Captions and images that are near everything.
    Hubs,
    /// Concepts taken for one another.
    Concepts,
    /// Recall of parts of the queries.
    Slices,
}

impl StructurePage {
    /// Every page with its name and what it shows.
    pub const ALL: [(Self, &'static str, &'static str); 5] = [
        (
            Self::Matrix,
            "Matrix",
            "The similarity of all images and captions as a picture, at any zoom",
        ),
        (
            Self::Margins,
            "Margins",
            "How ranks and margins are distributed, and how many queries are near misses",
        ),
        (
            Self::Hubs,
            "Hubs",
            "Captions and images that are everyone's negative",
        ),
        (
            Self::Concepts,
            "Concepts",
            "Which words or labels are taken for which",
        ),
        (
            Self::Slices,
            "Slices",
            "Recall by word, caption length and folder",
        ),
    ];
}

/// What a cell of the picture shows of its block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reduction {
    /// The largest score.
    #[default]
    Largest,
    /// The mean score.
    Mean,
}

/// How the picture is looked at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MatrixLooks {
    /// Order of rows and columns.
    pub order: Order,
    /// What a cell shows.
    pub reduction: Reduction,
    /// Its colours: viridis or magma.
    pub colours: Colours,
    /// Do the colours run over what is seen, rather than over all scores?
    pub stretch: bool,
    /// Are the right pairs marked?
    pub mark: bool,
    /// Is every pair of what is seen computed, however long that takes?
    pub exact: bool,
}

impl Default for MatrixLooks {
    fn default() -> Self {
        Self {
            order: Order::default(),
            reduction: Reduction::default(),
            colours: Colours::Viridis,
            stretch: false,
            mark: true,
            exact: false,
        }
    }
}

/// The similarity as a picture.
#[derive(Debug, Clone, Default)]
pub struct Matrix {
    /// How it is looked at.
    pub looks: MatrixLooks,
    /// The order of rows and columns, once made.
    pub arrangement: Derived<Arc<Arrangement>>,
    /// The words that name each of its clusters; empty where no word sets one apart, none where there are none.
    pub names: Arc<Vec<String>>,
    /// The scores between which the colours run.
    pub range: Range,
    /// The same for all that there is.
    pub whole: Option<Range>,
    /// The tiles that were made.
    pub tiles: Pyramid,
    /// What is seen.
    pub viewport: Option<Viewport>,
    /// The tiles that takes, those in the middle first.
    pub seen: Vec<TileKey>,
    /// Tiles that are still to be made or refined.
    pub waiting: usize,
    /// The user stopped it; the next move goes on.
    pub stopped: bool,
}

/// What was found, and how it is looked at.
#[derive(Default)]
pub struct State {
    /// The page shown.
    pub page: StructurePage,
    /// How it is analysed.
    pub plan: Plan,
    /// What was found; may still be by the plan before.
    pub found: Derived<Arc<Structure>>,
    /// Nearest candidates counted for hubness.
    pub k: usize,
    /// How often each candidate is among the nearest.
    pub neighbours: Derived<Arc<Neighbours>>,
    /// The picture.
    pub matrix: Matrix,
    /// The textures of its tiles.
    pub textures: MatrixTextures,
}

impl State {
    /// Pairs of images and captions up to which the neighbours are counted without asking.
    pub const QUICK: u64 = 250_000_000;

    /// Nothing found yet.
    pub fn new() -> Self {
        Self {
            k: 10,
            ..Self::default()
        }
    }

    /// Forgets all that belongs to data and encoder; how it is looked at stays.
    pub fn clear(&mut self) {
        *self = Self {
            page: self.page,
            plan: self.plan.clone(),
            k: self.k,
            matrix: Matrix {
                looks: MatrixLooks {
                    exact: false,
                    ..self.matrix.looks
                },
                ..Matrix::default()
            },
            ..Self::default()
        };
    }
}
