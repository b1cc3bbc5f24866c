//! Points of a map as rows of a file.

use super::columns::{Cell, Kind};
use super::sheet::{Container, Sheet};
use crate::error::Result;
use crate::files::replace_with;
use crate::task::Task;
use std::path::Path;

/// A point of a map.
#[derive(Debug, Clone, PartialEq)]
pub struct CoordinateRow {
    /// `image` or `text`.
    pub kind: &'static str,
    /// Its row among its kind.
    pub row: usize,
    /// Its name.
    pub id: String,
    /// Where it lies.
    pub at: [f64; 2],
}

/// Writes points to `path`: `.jsonl`, `.csv` or `.parquet` by its extension.
///
/// # Errors
/// Another extension, the file cannot be written, or cancellation: `path` then stays as it was.
pub fn write_coordinates(
    path: &Path,
    points: impl Iterator<Item = CoordinateRow>,
    task: &Task,
) -> Result<()> {
    let container = Container::of(path)?;
    let columns = [
        ("kind", Kind::Text),
        ("row", Kind::Integer),
        ("id", Kind::Text),
        ("x", Kind::Number),
        ("y", Kind::Number),
    ]
    .map(|(name, kind)| (name.to_owned(), kind));
    replace_with(path, |out| {
        let mut sheet = Sheet::new(path, container, &columns, out)?;
        for (count, point) in points.enumerate() {
            if count % 4096 == 0 {
                task.check()?;
            }
            let [x, y] = point.at;
            let cells = vec![
                Cell::Text(point.kind.to_owned()),
                Cell::Integer(point.row as i64),
                Cell::Text(point.id),
                Cell::Number(x),
                Cell::Number(y),
            ];
            sheet.row(&columns, cells)?;
        }
        sheet.close()
    })
}
