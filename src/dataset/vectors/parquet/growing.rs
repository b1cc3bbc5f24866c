//! A matrix that grows by the columns of a Parquet file.

use super::{WRITE, unreadable};
use crate::dataset::vectors::floats::room;
use crate::error::{Error, Result, thousands};
use crate::task::Task;
use ::parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use ::parquet::data_type::{DataType, FixedLenByteArray};
use std::path::Path;

/// Rows read at a time from a column.
const ROWS: usize = 1024;

/// The matrix as it grows.
pub(super) struct Growing<'a> {
    pub path: &'a Path,
    /// The column being read.
    pub name: String,
    pub rows: usize,
    pub columns: usize,
    pub values: Vec<f32>,
    pub task: &'a Task,
}

/// Numbers of one batch, with the levels that say where lists begin.
#[derive(Default)]
struct Batch {
    numbers: Vec<f32>,
    starts: Vec<i16>,
    present: Vec<i16>,
}

impl Growing<'_> {
    /// Appends the rows of a column of lists.
    pub fn lists(&mut self, column: ColumnReader, half: bool) -> Result<()> {
        self.batches(column, half, |rows, batch, full| {
            if batch.numbers.len() != batch.starts.len() || batch.present.iter().any(|&d| d < full)
            {
                return Err(rows.gap());
            }
            let heads = (0..batch.starts.len()).filter(|&i| batch.starts[i] == 0);
            let heads: Vec<usize> = heads.chain([batch.starts.len()]).collect();
            for pair in heads.windows(2) {
                let length = pair[1] - pair[0];
                if rows.columns == 0 {
                    rows.columns = length;
                    // The rows are a claim of the footer: no more room at first than for 64 MiB.
                    let first = rows.rows.saturating_mul(length).min(1 << 24);
                    rows.values = room(rows.path, first)?;
                }
                if length != rows.columns {
                    return Err(Error::dataset(
                        rows.path,
                        format!(
                            "row {} of its column {} holds {length} values, the first {}",
                            thousands((rows.values.len() / rows.columns) as u64),
                            rows.name,
                            rows.columns
                        ),
                        WRITE,
                    ));
                }
                rows.values
                    .extend_from_slice(&batch.numbers[pair[0]..pair[1]]);
            }
            Ok(())
        })
    }

    /// Fills place `place` of the rows from `first`.
    pub fn flat(
        &mut self,
        column: ColumnReader,
        half: bool,
        first: usize,
        place: usize,
    ) -> Result<()> {
        let mut row = first;
        self.batches(column, half, |rows, batch, full| {
            if batch.present.iter().any(|&d| d < full) {
                return Err(rows.gap());
            }
            for &number in &batch.numbers {
                if let Some(value) = rows.values.get_mut(row * rows.columns + place) {
                    *value = number;
                }
                row += 1;
            }
            Ok(())
        })
    }

    fn gap(&self) -> Error {
        Error::dataset(
            self.path,
            format!(
                "its column {} has a missing value or an empty list",
                self.name
            ),
            "Leave those rows out, in both files of embeddings.",
        )
    }

    /// Hands the column to `take` in batches, with the definition level of a value that is there.
    fn batches(
        &mut self,
        column: ColumnReader,
        half: bool,
        take: impl FnMut(&mut Self, &Batch, i16) -> Result<()>,
    ) -> Result<()> {
        match column {
            ColumnReader::FloatColumnReader(reader) => self.typed(reader, |&v| v, take),
            ColumnReader::DoubleColumnReader(reader) => self.typed(reader, |&v| v as f32, take),
            ColumnReader::FixedLenByteArrayColumnReader(reader) if half => {
                self.typed(reader, half_of, take)
            }
            _ => Err(Error::dataset(
                self.path,
                format!("its column {} holds no floats", self.name),
                WRITE,
            )),
        }
    }

    fn typed<T: DataType>(
        &mut self,
        mut reader: ColumnReaderImpl<T>,
        number: impl Fn(&T::T) -> f32,
        mut take: impl FnMut(&mut Self, &Batch, i16) -> Result<()>,
    ) -> Result<()> {
        let mut batch = Batch::default();
        let mut values = Vec::new();
        loop {
            self.task.check()?;
            batch.starts.clear();
            batch.present.clear();
            values.clear();
            let (records, ..) = reader
                .read_records(
                    ROWS,
                    Some(&mut batch.present),
                    Some(&mut batch.starts),
                    &mut values,
                )
                .map_err(|e| unreadable(self.path, &e))?;
            if records == 0 {
                return Ok(());
            }
            batch.numbers.clear();
            batch.numbers.extend(values.iter().map(&number));
            let full = batch.present.iter().copied().max().unwrap_or(0);
            // A batch in which nothing is present has no full level to compare with.
            if batch.numbers.is_empty() {
                return Err(self.gap());
            }
            take(self, &batch, full)?;
        }
    }
}

fn half_of(bytes: &FixedLenByteArray) -> f32 {
    match *bytes.data() {
        [a, b] => half::f16::from_le_bytes([a, b]).to_f32(),
        _ => f32::NAN,
    }
}
