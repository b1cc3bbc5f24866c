//! Linear classifiers and the perturbations that they withstand: what optimizer, penalty and architecture each choose
//! among all classifiers that tell two groups apart.
//!
//! A [`Problem`] is two groups of rows. A classifier is a vector of weights `w` without bias, right about row i where
//! `Z_i . w > 0`, `Z_i = y_i x_i`. Its margin in a [`Norm`] of perturbations is `min_i Z_i . w / |w|_dual`: the smallest
//! perturbation that changes an answer. [`max_margin`] finds the largest margin that any classifier has, with a
//! certificate; [`train`] which margin a method ends at; [`penalised`] what a penalty on the weights chooses;
//! [`RobustCurve`] the accuracy under attack; [`classifier`] makes a model file of it. [`moving`] changes the rows instead, so
//! that plain training is robust.
//!
//! Everything is float64. Spectra are those of the orthonormal discrete Fourier transform.

mod basis;
mod cone;
mod export;
mod fourier;
mod loss;
mod margin;
pub mod moving;
mod nearest;
mod norm;
mod penalty;
mod problem;
mod program;
mod prox;
mod robust;
mod rows;
mod separate;
mod shape;
pub mod study;
mod train;
mod work;

pub use export::classifier;
pub use fourier::Fourier;
pub use margin::{MaxMargin, max_margin};
pub use norm::Norm;
pub use penalty::{Penalised, penalised};
pub use problem::{MOST_ROWS, MOST_VALUES, Problem};
pub use robust::RobustCurve;
pub use separate::{Separability, SoftMargin, separability, soft_margin};
pub use shape::Shape;
pub use train::{Method, Moment, Step, Trained, Training, train};
