//! Writes the pairs shown.

use crate::dataset::Dataset;
use crate::error::{Error, Result};
use crate::files::replace;
use crate::retrieval::Pairs;
use crate::retrieval::mine::Row;
use crate::session::NegativeSet;
use crate::task::Task;
use std::io::{self, Write};
use std::path::Path;

/// Writes the pairs of `set` that were not confirmed as right to `path`, one JSON object a line.
///
/// # Errors
/// The file cannot be written, or its ending is not known.
pub fn export(
    path: &Path,
    set: &NegativeSet,
    dataset: &Dataset,
    confirmed: &Pairs,
    task: &Task,
) -> Result<()> {
    if !matches!(
        path.extension().and_then(|e| e.to_str()),
        Some("jsonl" | "ndjson")
    ) {
        return Err(Error::request(
            format!("{} is no known kind of file", path.display()),
            "Name it with the ending .jsonl.",
        ));
    }
    task.begin("Exporting", set.pairs.len() as u64);
    replace(path, |out| {
        for pair in &set.pairs {
            task.check().map_err(io::Error::other)?;
            task.add(1);
            if !confirmed.contains(&pair.rows(set.plan.side)) {
                serde_json::to_writer(&mut *out, &Row::new(pair, set.plan.side, Some(dataset)))?;
                out.write_all(b"\n")?;
            }
        }
        Ok(())
    })
}
