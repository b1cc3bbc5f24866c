//! Heads learned on frozen embeddings (VSE++, arXiv 1707.05612, chapter 2 of the thesis): what hard negatives do to recall
//! while they teach.
//!
//! [`Setup`] says how a run goes, [`Ground`] on what; [`train`] makes a [`Run`]: weights with their history. [`Grouping`] says
//! what captions are grouped by, for recall of each group and for policies that draw from groups. [`policy`] has one file per
//! way to choose pairs, `compute::train::losses` one per loss. [`bands`] puts runs of several seeds together,
//! [`export`] makes encoders of what is learned.

mod again;
mod along;
mod bands;
mod batches;
mod by_group;
mod choices;
mod clients;
mod clock;
mod comparison;
pub mod concepts;
mod course;
pub mod curves;
mod ease;
mod efficiency;
mod expansion;
pub mod export;
mod federation;
pub mod forget;
mod friendly;
mod ground;
mod grouping;
mod groups;
mod hard;
mod heads_in;
mod keep;
mod labels_in;
pub mod linear;
mod mined;
mod moments;
mod normal;
mod order;
mod pace;
mod pair_groups;
mod paired;
pub mod policy;
pub mod random_features;
mod recall;
mod resume;
mod run;
mod setup;
mod split;
mod start;
pub mod strata;
pub mod survey;
mod training;
mod unstoppable;
mod verdict;
mod words;

pub use again::{Measured, again};
pub use along::{Along, AlongPoint, along};
pub use bands::Band;
pub use choices::{Optimizer, OptimizerKind, SameImage, Schedule};
pub use course::Course;
pub use ease::{ease, eased};
pub use efficiency::{Efficiency, SHARE};
pub use expansion::Expansion;
pub use federation::{ClientsBy, Federation};
pub use friendly::Friendly;
pub use ground::{Ground, mark};
pub use grouping::Grouping;
pub use groups::{Group, groups};
pub use heads_in::{heads_in, start_heads};
pub use labels_in::labels_in;
pub use mined::Mined;
pub use pair_groups::{Grouped, MOST_GROUPS, PairGroups};
pub use paired::Paired;
pub use policy::Policy;
pub use recall::{Recalls, Way};
pub use run::{Exchange, Finish, HardPair, Live, Point, Run};
pub use setup::{Setup, rate};
pub use split::{Split, SplitPart};
pub use start::Start;
pub use training::train;
pub use verdict::{headline, remarks};
pub use words::{Figure, title};
