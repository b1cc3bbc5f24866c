//! Linear classifiers: the command, the reference's figures, and what holds for any groups.

mod command;
mod lab;
mod laws;
mod layers;
mod moving;
mod reference;
