//! Work in parts: any cut says what the whole says.

mod blocks;
pub mod named;
mod run;
mod view;
