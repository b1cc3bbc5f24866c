//! The structure of the near misses: where in the similarity they lie, how far off they are, which captions and images
//! are everyone's negative, which concepts are taken for which, and which slices of the queries do worse.

mod concepts;
mod confusion;
mod group_names;
mod hubs;
mod lengths;
mod margins;
pub mod matrix;
mod slices;

pub use concepts::{Concepts, folder_of};
pub use confusion::{Confusion, Mistake, Pair, confusion, mistakes};
pub use group_names::group_names;
pub use hubs::{Hub, Neighbours, Occurrence, hubs, lost_to, neighbours, occurrence, skewness};
pub use lengths::{Bins, lengths};
pub use margins::{MarginBins, Margins, margins};
pub use slices::{MANY, Slice, SliceKind, few, recall_slices, wilson};

use super::{Side, rank_bins, recall_curve};
use crate::compute::{Groups, Ranking};
use crate::dataset::Dataset;
use crate::error::{Error, Result};
use crate::task::Task;

/// What a concept is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum ConceptKind {
    /// A word of a caption.
    #[default]
    Word,
    /// The label of an image: the folder in its name.
    Folder,
}

/// How the structure is analysed.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// A query nearly missed or was nearly right where its margin is nearer to 0 than this.
    pub band: f32,
    /// What a concept is.
    pub concepts: ConceptKind,
    /// Captions that must hold a word before it counts as a concept; queries of a slice by word.
    pub least: usize,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            band: 0.02,
            concepts: ConceptKind::Word,
            least: 5,
        }
    }
}

/// Hubs kept of each direction.
pub const LISTED: usize = 5000;

/// The structure of one direction.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SideStructure {
    /// Queries.
    pub queries: usize,
    /// Ranks of the right ones: first and last rank of a bin, both inclusive, and queries.
    pub ranks: Vec<(u32, u32, usize)>,
    /// Recall at each rank at which it rises, in per cent.
    pub recall: Vec<(u32, f64)>,
    /// Margins to the hardest negative.
    pub margins: Margins,
    /// Candidates that win over the right one of some query.
    pub winners: usize,
    /// The candidates that win or nearly win most often, the first [`LISTED`] of them.
    pub hubs: Vec<Hub>,
    /// Concepts taken for one another.
    pub confusion: Confusion,
    /// Recall by slice.
    pub slices: Vec<Slice>,
}

/// The structure of both directions.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Structure {
    /// Queries are images, candidates captions.
    pub i2t: SideStructure,
    /// Queries are captions, candidates images.
    pub t2i: SideStructure,
    /// What was asked.
    pub plan: Plan,
    /// Do the names of the images hold folders that differ?
    pub folders: bool,
}

impl Structure {
    /// The structure of one side's queries.
    pub fn side(&self, side: Side) -> &SideStructure {
        match side {
            Side::Image => &self.i2t,
            Side::Text => &self.t2i,
        }
    }
}

/// Analyses the ranking of `dataset`, both directions. Time is linear in the words of the captions.
///
/// # Errors
/// A ranking of another dataset, or cancellation.
pub fn analyse(
    dataset: &Dataset,
    groups: &Groups,
    ranking: &Ranking,
    plan: &Plan,
    task: &Task,
) -> Result<Structure> {
    let fits = dataset.offsets == groups.offsets()
        && ranking.i2t.ranks.len() == groups.images()
        && ranking.t2i.ranks.len() == groups.texts()
        && ranking.pairs.len() == groups.texts();
    if !fits {
        return Err(Error::request(
            "the ranking is not one of this dataset",
            "Rank the dataset again.",
        ));
    }
    task.begin("Analysing the structure", 0);
    let words = Concepts::words(&dataset.captions, plan.least, task)?;
    let folders = Concepts::folders(dataset);
    let concepts = match plan.concepts {
        ConceptKind::Word => &words,
        ConceptKind::Folder => &folders,
    };
    let side = |side: Side| -> Result<SideStructure> {
        let (direction, candidates) = match side {
            Side::Image => (&ranking.i2t, groups.texts()),
            Side::Text => (&ranking.t2i, groups.images()),
        };
        let mistakes = mistakes(ranking, groups, side);
        task.check()?;
        let mut hubs = hubs(direction, candidates, plan.band);
        let winners = hubs.iter().filter(|h| h.wins > 0).count();
        hubs.truncate(LISTED);
        Ok(SideStructure {
            queries: direction.ranks.len(),
            ranks: rank_bins(&direction.ranks),
            recall: recall_curve(&direction.ranks),
            margins: margins(direction, plan.band),
            winners,
            hubs,
            confusion: confusion(concepts, plan.concepts, groups, side, &mistakes, task)?,
            slices: recall_slices(dataset, &words, &folders, side, direction, plan.least, task)?,
        })
    };
    Ok(Structure {
        i2t: side(Side::Image)?,
        t2i: side(Side::Text)?,
        plan: plan.clone(),
        folders: folders.names.len() > 1,
    })
}
