//! A file of rows: JSON lines, CSV or Parquet, by its extension.

use super::columns::{Cell, Columns, Kind};
use crate::error::{Error, Result};
use serde_json::Value;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

/// What a file of rows is.
#[derive(Clone, Copy)]
pub(super) enum Container {
    Lines,
    Csv,
    Parquet,
}

impl Container {
    /// By the extension of `path`.
    pub fn of(path: &Path) -> Result<Self> {
        let extension = path.extension().and_then(|e| e.to_str());
        match extension.map(str::to_ascii_lowercase).as_deref() {
            Some("jsonl") => Ok(Self::Lines),
            Some("csv") => Ok(Self::Csv),
            Some("parquet") => Ok(Self::Parquet),
            _ => Err(Error::request(
                format!("{} has no known extension", path.display()),
                "Name the file .jsonl, .csv or .parquet.",
            )),
        }
    }
}

/// A file that takes rows.
pub(super) enum Sheet<'a, 'b> {
    Lines(&'a Path, &'a mut BufWriter<&'b File>),
    Csv(&'a Path, Box<csv::Writer<&'a mut BufWriter<&'b File>>>),
    Parquet(Box<Columns<'a, &'a mut BufWriter<&'b File>>>),
}

impl<'a, 'b> Sheet<'a, 'b> {
    /// With these columns.
    pub fn new(
        path: &'a Path,
        container: Container,
        columns: &[(String, Kind)],
        out: &'a mut BufWriter<&'b File>,
    ) -> Result<Self> {
        match container {
            Container::Lines => Ok(Self::Lines(path, out)),
            Container::Csv => {
                let mut writer = csv::Writer::from_writer(out);
                writer
                    .write_record(columns.iter().map(|(name, _)| name))
                    .map_err(|e| csv_failed(path, e))?;
                Ok(Self::Csv(path, Box::new(writer)))
            }
            Container::Parquet => {
                let fields: Vec<String> = columns.iter().map(|(n, kind)| kind.field(n)).collect();
                let kinds: Vec<Kind> = columns.iter().map(|&(_, kind)| kind).collect();
                let columns = Columns::new(path, out, &fields, &kinds, &[], None)?;
                Ok(Self::Parquet(Box::new(columns)))
            }
        }
    }

    /// Adds a row; its cells are of the columns' kinds.
    pub fn row(&mut self, columns: &[(String, Kind)], cells: Vec<Cell>) -> Result<()> {
        match self {
            Self::Lines(path, out) => {
                // By hand, since a map would sort the columns.
                let fields = columns.iter().zip(cells).map(|((name, _), cell)| {
                    format!("{}:{}", Value::from(name.as_str()), json(cell))
                });
                let line = fields.collect::<Vec<_>>().join(",");
                writeln!(out, "{{{line}}}").map_err(Error::io("write", path))
            }
            Self::Csv(path, writer) => {
                let fields = cells.into_iter().map(|cell| match cell {
                    Cell::Text(text) => text,
                    other => json(other).to_string(),
                });
                writer.write_record(fields).map_err(|e| csv_failed(path, e))
            }
            Self::Parquet(columns) => columns.row(cells),
        }
    }

    /// Writes the end of the file.
    pub fn close(self) -> Result<()> {
        match self {
            Self::Lines(..) => Ok(()),
            Self::Csv(path, mut writer) => writer.flush().map_err(Error::io("write", path)),
            Self::Parquet(columns) => columns.close(),
        }
    }
}

fn json(cell: Cell) -> Value {
    match cell {
        Cell::Text(text) => text.into(),
        Cell::Bytes(bytes) => bytes.into(),
        Cell::Integer(number) => number.into(),
        Cell::Number(number) => number.into(),
        Cell::Texts(texts) => texts.into(),
        Cell::Integers(numbers) => numbers.into(),
        // A float32 in its own shortest form, with a point: as a float64 it would grow nine more digits.
        Cell::Floats(numbers) => numbers
            .into_iter()
            .map(|v| serde_json::from_str(&format!("{v:?}")).unwrap_or(Value::Null))
            .collect::<Vec<Value>>()
            .into(),
    }
}

/// What went wrong while writing a CSV.
pub(super) fn csv_failed(path: &Path, error: csv::Error) -> Error {
    match error.into_kind() {
        csv::ErrorKind::Io(io) => Error::io("write", path)(io),
        other => Error::dataset(path, format!("cannot be written: {other:?}"), ""),
    }
}
