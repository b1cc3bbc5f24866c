//! Captions in tables, a row for each caption or picture: text with delimiters, and Parquet.

mod cells;
pub(super) mod flickr_tokens;
pub(super) mod parquet_cut;
pub(super) mod parquet_layout;
pub(super) mod parquet_part;
mod parquet_rows;
pub(super) mod parquet_table;
pub(super) mod table;
