//! Gradient attacks on victims whose answer is known, and on classifiers with verdicts of verifiers.

mod closed;
mod material;
mod models;
mod optimum;
mod rules;
mod shared;
mod steps;
