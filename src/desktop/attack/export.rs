//! Writes what the lab found.

use super::Event;
use super::state::Attempt;
use crate::attack::{SetReport, export};
use crate::dataset::Dataset;
use crate::error::{Error, Result};
use crate::files::{chosen, put_together, replace, write_json};
use std::io::Write;
use std::path::Path;

/// Picture, exact values, heatmap and report of one attack.
pub fn export_attempt(path: &Path, attempt: &Attempt, dataset: &Dataset) -> Result<Event> {
    let files = export(path, &attempt.result, &attempt.request, dataset)?;
    Ok(Event::Exported(files.png))
}

/// The figures of a set as JSON, and its pictures as CSV beside it.
pub fn export_set(path: &Path, report: &SetReport) -> Result<Event> {
    let [json, table] = chosen(path, ["json", "csv"])?;
    let odd = |e: csv::Error| Error::request(format!("cannot write {}: {e}", table.display()), "");
    let mut rows = csv::Writer::from_writer(Vec::new());
    for row in &report.rows {
        rows.serialize(row).map_err(odd)?;
    }
    let text = rows
        .into_inner()
        .map_err(|e| Error::request(format!("cannot write {}: {e}", table.display()), ""))?;
    put_together(&[table.as_path(), json.as_path()], |[table, json]| {
        replace(table, |out| out.write_all(&text))?;
        write_json(json, report)
    })?;
    Ok(Event::Exported(json))
}
