//! Pairs forgotten by heads that were trained with them.

mod command;
mod laws;
mod runs;
