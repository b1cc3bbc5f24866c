//! Work in parts: any cut says what the whole says.

mod attack;
mod blocks;
mod mine;
pub mod named;
mod run;
mod store;
mod view;
