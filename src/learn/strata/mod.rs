//! Pairs grouped by the gradient that each of them gives (gradient clustering, arXiv 2007.04532): which pairs say the same
//! to the image head, and how much a step loses in variance when it draws one pair from each group.
//!
//! `g_n` is the gradient of pair n's loss by the image head's weights, `[outputs, inputs]`; it is never written out but
//! kept as one or two products of a factor and an image ([`Gradients`]). [`factors()`] makes them for linear heads and
//! hinges with hardest negatives. [`Strata`] say which pair belongs to which stratum. A good stratification has a low
//! `J = sum over k of N_k sum over i in k of |g_i - C_k|^2`, `C_k` the mean of the `N_k` gradients of stratum k:
//! `J / N^2` is the variance of the mean gradient estimated from one pair of each stratum. [`descend`] lowers it by single
//! moves, [`Online`] does where the pairs do not fit, [`peers`] has the other ways to group, [`variances`] compares,
//! [`deal()`] makes batches that hold each stratum's share.
//!
//! Everything is float64. Memory grows with pairs x (inputs + outputs + strata) and strata x inputs x outputs.

mod block;
mod deal;
mod descent;
mod dot;
mod factors;
mod gradients;
mod heads;
mod kept;
mod kmeans;
mod labels;
mod objective;
mod online;
mod pairs;
mod patch;
pub mod peers;
mod pools;
mod redundancy;
mod same;
pub mod sampling;
mod search;
mod sums;
mod systematic;
mod table;
mod totals;

pub use deal::deal;
pub use descent::{Descent, Found, descend};
pub use factors::{Factors, Form, factors};
pub use gradients::{Gradients, Term};
pub use heads::LinearHeads;
pub use kept::{Allocation, Keeping};
pub use labels::Strata;
pub use objective::{Variances, objective, variances};
pub use online::Online;
pub use pairs::Pairs;
pub use redundancy::{Opposed, Redundancy, redundancies};
