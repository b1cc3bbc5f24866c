//! Work in parts: any cut says what the whole says.

mod attack;
mod blocks;
mod candidates;
mod mine;
pub mod named;
mod parquet;
mod run;
pub mod store;
mod view;
