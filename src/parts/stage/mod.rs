//! What a task does.

mod against;
mod attack;
mod dataset;
mod embed;
mod gather;
pub mod given;
mod items;
mod pick;
mod pictures;
mod rank;
mod rows;
mod sample;
mod whole;

pub use attack::{AttackPart, Attacked, Attacker, plan_attack};
pub use embed::{Embedded, Embedder, Made, embed, write_shard};
pub use items::{Item, Place, item, items};
pub use rank::{Ranked, Terms, plan_ranking, rank};
pub use rows::{ShardRows, read_rows};

pub(super) use gather::{Cut, Set, Want};
pub(super) use pick::Picked;
pub(super) use rank::{embedded_set, not_yet};
pub(super) use sample::{Drawn, drawn};
pub(super) use whole::{Local, Whole};
