//! Two groups of images as rows that a linear classifier tells apart: their pixels, their embeddings, or any layer of the
//! image model.
//!
//! [`Members`] says which images a group has, [`On`] what their rows hold ([`layers`] which of the model), [`two_groups`] makes the
//! rows, [`zero_shot`] the classifier that the captions of both groups make.

mod groups;
mod layer;
mod members;
mod on;
mod pixels;
mod zero_shot;

pub use groups::{Groups, Sources, Taken, two_groups};
pub use layer::layers;
pub use members::Members;
pub use on::On;
pub use zero_shot::zero_shot;
