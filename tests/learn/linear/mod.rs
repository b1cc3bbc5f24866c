//! Linear classifiers: the reference's figures, and what holds for any groups.

mod lab;
mod laws;
mod reference;
