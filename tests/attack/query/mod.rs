//! Attacks by queries, on models whose optimum is known in closed form.

mod gains;
mod linear;
mod network;
mod rules;
mod walks;
