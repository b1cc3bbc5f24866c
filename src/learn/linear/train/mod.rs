//! Training of linear classifiers: which of all that separate the groups an optimizer or an architecture ends at.
//!
//! The loss is `L = mean log(1 + exp(-Z_i . w))`. On groups that can be told apart it goes to 0 and `w` to infinity, and
//! the direction of `w` to a maximal margin in the norm that belongs to the method (arXiv 1802.08246, 1806.00468): gradient
//! descent l2, sign descent l1, coordinate descent l-inf, a linear convolutional network Fourier l-inf.

mod choices;
mod convolution;
mod dense;
mod direct;
mod run;

pub use choices::{Method, Step, Training};
pub use run::{Moment, Trained, train};
