//! What a Parquet file says of itself: its reader is run where it may panic, and what its headers say is compared with the
//! file before room is made for it.

use super::parquet_headers::{self, Chunk};
use super::partial::Partial;
use crate::error::{Error, Result};
use crate::task::contained;
use crate::task::memory::fits_briefly;
use ::parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};
use std::cell::RefCell;
use std::fs::File;
use std::ops::Range;
use std::path::Path;

/// Rows that a byte of a file may stand for: many where they are all alike.
const MOST_ROWS: u64 = 64;
/// Bytes that a row takes at least when its texts are read.
const ROW: u64 = size_of::<Vec<String>>() as u64;

pub(super) const RENEW: &str = "Copy or download it again.";

/// Runs what decodes the file at `path`; the crate panics on some damaged ones.
pub(super) fn guarded<T>(path: &Path, work: impl FnOnce() -> T) -> Result<T> {
    contained(work).map_err(|why| {
        Error::dataset(
            path,
            format!("is damaged: its reader stopped ({why})"),
            RENEW,
        )
    })
}

/// The footer of `file` claims no more than it holds.
///
/// # Errors
/// It does.
pub(super) fn footer_fits(path: &Path, file: &File, length: u64) -> Result<()> {
    parquet_headers::footer(file, length)
        .map_err(|what| Error::dataset(path, format!("is damaged: its footer says {what}"), RENEW))
}

/// The pages of a column in a row group, which lies within the file, claim no more than they hold; with `first` those
/// that lead to its first value. The file is called `path`.
///
/// # Errors
/// One does; of a file that is fetched, that fails.
pub(super) fn pages_fit(
    path: &Path,
    partial: Option<&dyn Partial>,
    column: &ColumnChunkMetaData,
    first: bool,
) -> Result<()> {
    let (start, size) = guarded(path, || column.byte_range())?;
    let values = u64::try_from(column.num_values()).unwrap_or(0);
    // What is read of the network fails for other reasons than what a file holds.
    let failed = RefCell::new(None);
    let need = |range: Range<u64>| {
        let Some(partial) = partial else {
            return Ok(());
        };
        partial.need(range).map_err(|error| {
            let what = error.to_string();
            failed.replace(Some(error));
            what
        })
    };
    if !first {
        let _ = need(start..start.saturating_add(size));
    }
    let chunk = Chunk {
        start,
        size,
        values,
        first,
        need: &need,
    };
    let place = partial.map_or(path, Partial::path);
    let fits = parquet_headers::pages(place, &chunk);
    if let Some(error) = failed.take() {
        return Err(error);
    }
    fits.map_err(|what| {
        let name = column.column_path().string();
        let what = format!("is damaged: its column {name} says {what}");
        Error::dataset(path, what, RENEW)
    })
}

/// No number of the footer is negative, and every column lies within the file of `length` bytes.
///
/// # Errors
/// One does not.
pub(super) fn claims(path: &Path, metadata: &ParquetMetaData, length: u64) -> Result<()> {
    let damaged = |what: String| Error::dataset(path, format!("is damaged: {what}"), RENEW);
    let rows = metadata.file_metadata().num_rows();
    let groups = metadata.row_groups();
    let sum = groups.iter().try_fold(0_i64, |n, g| {
        n.checked_add(g.num_rows()).filter(|_| g.num_rows() >= 0)
    });
    if sum != Some(rows) {
        return Err(damaged(format!(
            "its footer says {rows} rows, its row groups say others"
        )));
    }
    // What each row costs later is for us to take: a file of a few bytes may not ask for it without end.
    if rows as u64 / MOST_ROWS > length {
        return Err(damaged(format!(
            "its footer says {rows} rows in {length} bytes"
        )));
    }
    fits_briefly((rows as u64).saturating_mul(ROW), length)
        .map_err(|e| damaged(format!("its footer says {rows} rows, which {e}")))?;
    for (group, column) in groups
        .iter()
        .flat_map(|g| g.columns().iter().map(move |c| (g, c)))
    {
        let dictionary = column.dictionary_page_offset().filter(|&at| at > 0);
        let start = dictionary.map_or(column.data_page_offset(), |at| {
            at.min(column.data_page_offset())
        });
        let size = column.compressed_size();
        let end = start
            .checked_add(size)
            .and_then(|end| u64::try_from(end).ok());
        let inside = start >= 0 && size >= 0 && end.is_some_and(|end| end <= length);
        let name = column.column_path().string();
        let (values, rows) = (column.num_values(), group.num_rows());
        let flat = column.column_descr().max_rep_level() == 0;
        if values < rows || (flat && values != rows) {
            return Err(damaged(format!(
                "its footer says {rows} rows, and {values} values of the column {name}"
            )));
        }
        if !inside || column.uncompressed_size() < 0 {
            return Err(damaged(format!(
                "its footer puts the column {name} outside the file"
            )));
        }
    }
    Ok(())
}
