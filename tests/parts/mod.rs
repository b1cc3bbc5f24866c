//! Work in parts: any cut says what the whole says.

mod blocks;
mod run;
