//! Random-feature heads: the cheap baseline of what pairs bring. A fixed random layer, and a read-out in closed form that sees
//! each pair once.
//!
//! Features of a unit row x: phi = max(0, W x + b), the entries of W and b normal with mean 0 and variance 1 / D for D features, so
//! that |phi|^2 is 1 on average (random features, Rahimi and Recht 2007; this layer is that of extreme learning machines, Huang,
//! Zhu and Siew 2006). W and b of both sides are drawn by the seed, and never trained. On each side features are regressed by
//! ridge on the mean (x + t) / 2 of the pair's two embeddings, one row a pair and without an intercept: both read-outs aim at
//! one place in the encoder's own space, and none of them at the other side's guess. Heads are compared by cosine, as others.

mod fit;
mod ridge;

pub use fit::{Fitted, RandomFeatures, fit};
pub use ridge::Normal;
