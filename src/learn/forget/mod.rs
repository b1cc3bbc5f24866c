//! Pairs forgotten by heads that were trained with them: machine unlearning by projected gradients, after "Learn to
//! Unlearn for Deep Neural Networks" (PGU, arXiv 2312.04095).
//!
//! Steps go up the loss of the pairs to forget, and each is projected off the principal [`Subspace`] of what is retained:
//! with V its orthonormal directions, dW becomes dW (I - V V^T), so that W x changes for retained inputs x by what lies
//! outside V alone. The mean of |dW x|^2 over retained inputs is at most |dW|^2 times the energy left out.
//!
//! Taken from the paper: ascent on the forgotten data, the subspace of the retained data's inputs of a layer by the share
//! of energy that it keeps, the projection of every step, an end where the forgotten data look like data that were never
//! seen, and a head trained without them as the measure. Chosen here, as the paper speaks of classifiers:
//!
//! - An image is forgotten with all of its captions; each side's head has a subspace of its own, shared heads one of both.
//! - A pair's loss needs negatives. The loss that goes up is what the forgotten pairs add to a batch in which they stand
//!   among retained ones, as they did in training: `(B L(all) - R L(retained alone)) / F` ([`forget()`]).
//! - Every step has the same length, a share of the norm of all weights: losses differ in scale.
//! - The end is where the mean cosine of the forgotten pairs is no more than that of every second image held out. The
//!   membership test is made on the others, so that it is not made on what it ended by.
//! - Membership: the threshold attack on the cosine of a pair (Ko et al., ICCV 2023), as area under its ROC curve
//!   ([`auc`]). Rankings: rank-biased overlap of the ten best (Webber, Moffat and Zobel 2010, [`overlap`]).

mod ascent;
mod asked;
mod auc;
mod chosen;
mod eigen;
mod figures;
mod overlap;
mod state;
mod study;
mod subspace;
mod table;
mod words;

pub use ascent::{Ascent, Ended, Forgot, Moved, forget};
pub use asked::{Asked, can_forget};
pub use auc::auc;
pub use chosen::Chosen;
pub use figures::{FIGURES, Figure, State};
pub use overlap::overlap;
pub use state::{Half, held_out, similarities};
pub use study::{Study, study};
pub use subspace::Subspace;
pub use table::{Row, Table};
pub use words::{headline, remarks, told};
