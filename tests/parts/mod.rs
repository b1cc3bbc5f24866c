//! Work in parts: any cut says what the whole says.

mod attack;
mod blocks;
mod run;
