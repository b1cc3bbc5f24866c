//! Work in parts: any cut says what the whole says.

mod blocks;
mod mine;
mod run;
mod store;
