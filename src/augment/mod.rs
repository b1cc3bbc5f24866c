//! Which changes of a picture the encoder should not see: magnitudes of rotation, shift, scale, brightness, colour and blur, learned
//! on held-out pairs (deep invariant networks with differentiable augmentation layers, arXiv 2202.02142).
//!
//! A [`Layer`] makes random copies of pictures, up to the [`Magnitudes`] of its [`Change`]s; it is one ONNX graph of standard
//! operators that the crate's own transform differentiates. An encoder is made invariant by averaging: the unit mean of
//! the unit embeddings of a picture's copies.
//!
//! The magnitudes are learned on two levels ([`levels()`]). Inner: the ridge read-out that brings averaged embeddings of training
//! pictures nearest to their captions', in closed form. Outer: `InfoNCE` of held-out pairs through it. The derivative of the outer loss
//! passes through the normal equations, the mean, the image model's pixel gradient and the layer. [`study()`] does so on
//! several partings of a [`Ground`] and measures recall on images that neither level saw; [`export()`] writes the averaged
//! embedding as an encoder.

mod answer;
mod asked;
mod change;
mod copies;
mod draws;
mod export;
mod ground;
mod judge;
mod layer;
mod learning;
mod levels;
mod parts;
mod study;
mod words;

pub use answer::{Answer, ChangeAnswer, HistoryAnswer, RecallAnswer, Share, WaysAnswer};
pub use asked::Asked;
pub use change::{CHANGES, Change, Changes, Given, Magnitudes, START};
pub use copies::copies;
pub use draws::{DRAWS, draws, kept_draws};
pub use export::{Averaged, Exported, export};
pub use ground::Ground;
pub use judge::{Judged, judge};
pub use layer::{COPIES, Layer, MAGNITUDES, NOISE, PIXELS, graph};
pub use learning::{Moment, learn};
pub use levels::{
    Batch, Means, Noise, ReadOut, Said, Weighing, averaged, contrast, embed, levels, losses,
};
pub use parts::{Parts, some_of};
pub use study::{Course, Run, Study, mean, study};
pub use words::{headline, magnitude, remarks, signed};
