//! The similarity of images and captions as a picture of any size: rows are images, columns captions, both in an order
//! in which the right pairs lie on the diagonal; square tiles of cells at every level of detail.
//!
//! At level `l` of a side a cell stands for `2^l` rows or columns. A tile is [`SIDE`] x [`SIDE`] cells, made by
//! [`make_tile`] from evenly spaced samples of its blocks, then from more, in the end from all; [`plan`] says which
//! tiles a viewport needs next.

mod arrangement;
mod cluster;
mod names;
mod pyramid;
mod range;
mod tile;
mod viewport;

pub use arrangement::{Arrangement, Order};
pub use cluster::{Clusters, clusters};
pub use names::cluster_names;
pub use pyramid::Pyramid;
pub use range::{Range, range_of_scores, range_of_tiles};
pub use tile::{ALL, SAMPLES, SIDE, Tile, TileKey, make_tile};
pub use viewport::{Viewport, plan};
