//! Ranked negatives as rows of a file.

use super::columns::{Cell, Kind};
use super::sheet::{Container, Sheet};
use crate::error::Result;
use crate::files::replace_with;
use crate::task::Task;
use std::path::Path;

/// A query with one of its hardest negatives. Its fields are the columns, in this order.
#[derive(Debug, Clone, PartialEq)]
pub struct RankedRow {
    /// `image` or `text`.
    pub query_kind: &'static str,
    /// Name of the query, or its number.
    pub query: String,
    /// Name of its best positive.
    pub positive: String,
    /// Name of the negative.
    pub negative: String,
    /// Score of the best positive.
    pub score_positive: f32,
    /// Score of the negative.
    pub score_negative: f32,
    /// Rank of the best positive, from 1.
    pub rank: u32,
    /// Numbers of query, positive and negative, each on its side.
    pub rows: [u32; 3],
}

/// Writes rows to `path`: `.jsonl`, `.csv` or `.parquet` by its extension.
///
/// # Errors
/// Another extension, the file cannot be written, or a row that is an error: `path` then stays as it was.
pub fn write_ranked(
    path: &Path,
    rows: impl Iterator<Item = Result<RankedRow>>,
    task: &Task,
) -> Result<()> {
    let container = Container::of(path)?;
    let columns = [
        ("query_kind", Kind::Text),
        ("query", Kind::Text),
        ("positive", Kind::Text),
        ("negative", Kind::Text),
        ("score_positive", Kind::Number),
        ("score_negative", Kind::Number),
        ("margin", Kind::Number),
        ("rank", Kind::Integer),
        ("query_row", Kind::Integer),
        ("positive_row", Kind::Integer),
        ("negative_row", Kind::Integer),
    ]
    .map(|(name, kind)| (name.to_owned(), kind));
    replace_with(path, |out| {
        let mut sheet = Sheet::new(path, container, &columns, out)?;
        for (count, row) in rows.enumerate() {
            if count % 4096 == 0 {
                task.check()?;
            }
            let row = row?;
            let margin = row.score_positive - row.score_negative;
            let mut cells = vec![
                Cell::Text(row.query_kind.to_owned()),
                Cell::Text(row.query),
                Cell::Text(row.positive),
                Cell::Text(row.negative),
                Cell::Number(f64::from(row.score_positive)),
                Cell::Number(f64::from(row.score_negative)),
                Cell::Number(f64::from(margin)),
                Cell::Integer(i64::from(row.rank)),
            ];
            cells.extend(row.rows.map(|n| Cell::Integer(i64::from(n))));
            sheet.row(&columns, cells)?;
        }
        sheet.close()
    })
}
