//! Plans: what a stage is to do, cut into tasks. A plan is written once and never changed; its hash names it.

mod attack;
pub(in crate::parts) mod dataset;
pub(in crate::parts) mod embed;
mod mine;
mod rank;
mod round;
mod shards;

pub use crate::parts::coder::Coder;
pub use attack::{AttackPlan, AttackTerms};
pub use dataset::IMAGES;
pub use embed::{Data, EmbedPlan, Later};
pub use mine::{Candidates, Found, MinePlan, Piece};
pub use rank::{Cuts, Pace, RankPlan, Rows, Sample, Way};
pub use round::{Group, Mining, Round, SearchBlock, Slice, Work};
pub use shards::{RowGroups, Shard};
