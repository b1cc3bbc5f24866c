//! Tables as CSV files.

use super::replace_with;
use crate::error::{Error, Result};
use std::path::Path;

/// Writes `columns` and then `lines` as CSV to `path`, whole or not at all.
///
/// # Errors
/// The file cannot be written.
pub fn write_table<L>(path: &Path, columns: &[&str], lines: impl Iterator<Item = L>) -> Result<()>
where
    L: IntoIterator,
    L::Item: AsRef<[u8]>,
{
    replace_with(path, |out| {
        let mut writer = csv::Writer::from_writer(out);
        let failed = |error: csv::Error| Error::io("write", path)(std::io::Error::other(error));
        writer.write_record(columns).map_err(failed)?;
        for line in lines {
            writer.write_record(line).map_err(failed)?;
        }
        writer.flush().map_err(Error::io("write", path))
    })
}
