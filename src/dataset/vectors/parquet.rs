//! A matrix of a `.parquet` file: a column of lists of floats, or a column for each value.

use super::floats::room;
use super::safetensors::or_list;
use super::{EITHER, IMAGES, TEXTS};
use crate::dataset::export::columns::{failed, message};
use crate::error::{Error, Result, thousands};
use crate::files::replace_with;
use crate::task::Task;
use parquet::basic::{LogicalType, Type as Physical};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{DataType, FixedLenByteArray, FloatType};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::{ColumnDescriptor, SchemaDescriptor};
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

const WRITE: &str = "Write one column of lists of float32, all of one length, or one column of floats for each value.";

/// Rows read at a time from a column.
const ROWS: usize = 1024;

fn open(path: &Path) -> Result<SerializedFileReader<File>> {
    let file = File::open(path).map_err(Error::io("read", path))?;
    SerializedFileReader::new(file).map_err(|e| unreadable(path, &e))
}

fn unreadable(path: &Path, error: &ParquetError) -> Error {
    Error::dataset(
        path,
        format!("cannot be read as Parquet: {error}"),
        "Write or copy it again.",
    )
}

/// What of a file is the matrix: column numbers.
enum Found {
    List(usize),
    Flat(Vec<usize>),
}

/// Values, rows and columns.
pub(super) fn read(path: &Path, names: &[&str], task: &Task) -> Result<(Vec<f32>, usize, usize)> {
    let reader = open(path)?;
    let schema = reader.metadata().file_metadata().schema_descr_ptr();
    let rows = usize::try_from(reader.metadata().file_metadata().num_rows()).unwrap_or(0);
    if rows == 0 {
        return Err(Error::dataset(path, "holds no rows", WRITE));
    }
    let found = find(path, &schema, names)?;
    let mut matrix = Growing {
        path,
        name: String::new(),
        rows,
        columns: 0,
        values: Vec::new(),
        task,
    };
    match found {
        Found::List(column) => {
            matrix.name = top(schema.column(column).as_ref());
            for group in 0..reader.num_row_groups() {
                let group = reader
                    .get_row_group(group)
                    .map_err(|e| unreadable(path, &e))?;
                let half = is_half(schema.column(column).as_ref());
                let column = group
                    .get_column_reader(column)
                    .map_err(|e| unreadable(path, &e))?;
                matrix.lists(column, half)?;
            }
        }
        Found::Flat(columns) => {
            matrix.columns = columns.len();
            matrix.values = room(path, rows.saturating_mul(columns.len()))?;
            matrix.values.resize(rows * columns.len(), 0.0);
            let mut first = 0;
            for group in 0..reader.num_row_groups() {
                let group = reader
                    .get_row_group(group)
                    .map_err(|e| unreadable(path, &e))?;
                for (place, &column) in columns.iter().enumerate() {
                    let descriptor = schema.column(column);
                    matrix.name = top(descriptor.as_ref());
                    let half = is_half(descriptor.as_ref());
                    let column = group
                        .get_column_reader(column)
                        .map_err(|e| unreadable(path, &e))?;
                    matrix.flat(column, half, first, place)?;
                }
                first += usize::try_from(group.metadata().num_rows()).unwrap_or(0);
            }
        }
    }
    if matrix.values.len() != rows * matrix.columns || matrix.columns == 0 {
        return Err(Error::dataset(
            path,
            format!("holds {} values, not {rows} rows", matrix.values.len()),
            WRITE,
        ));
    }
    Ok((matrix.values, rows, matrix.columns))
}

/// The first part of a column's path: the name a person gave.
fn top(column: &ColumnDescriptor) -> String {
    column.path().parts().first().cloned().unwrap_or_default()
}

fn is_half(column: &ColumnDescriptor) -> bool {
    matches!(column.logical_type_ref(), Some(LogicalType::Float16))
}

fn is_float(column: &ColumnDescriptor) -> bool {
    matches!(column.physical_type(), Physical::FLOAT | Physical::DOUBLE) || is_half(column)
}

fn find(path: &Path, schema: &SchemaDescriptor, names: &[&str]) -> Result<Found> {
    let floats = |repeated: i16| {
        (0..schema.num_columns()).filter(move |&i| {
            let column = schema.column(i);
            is_float(&column) && column.max_rep_level() == repeated
        })
    };
    let lists: Vec<usize> = floats(1).collect();
    let named = names
        .iter()
        .find_map(|name| lists.iter().find(|&&i| top(&schema.column(i)) == *name));
    match (named, lists.as_slice()) {
        (Some(&one), _) | (None, &[one]) => Ok(Found::List(one)),
        (None, []) => {
            let flat: Vec<usize> = floats(0).collect();
            if flat.is_empty() {
                return Err(Error::dataset(path, "holds no floats", WRITE));
            }
            Ok(Found::Flat(flat))
        }
        (None, several) => {
            let all: Vec<String> = several.iter().map(|&i| top(&schema.column(i))).collect();
            Err(Error::dataset(
                path,
                format!("has several columns of lists of floats: {}", all.join(", ")),
                format!("Name the one to read {}.", or_list(names)),
            ))
        }
    }
}

/// The matrix as it grows.
struct Growing<'a> {
    path: &'a Path,
    /// The column being read.
    name: String,
    rows: usize,
    columns: usize,
    values: Vec<f32>,
    task: &'a Task,
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
    fn lists(&mut self, column: ColumnReader, half: bool) -> Result<()> {
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
                    rows.values = room(rows.path, rows.rows.saturating_mul(length))?;
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
    fn flat(&mut self, column: ColumnReader, half: bool, first: usize, place: usize) -> Result<()> {
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

/// Are there embeddings by their name, or floats and no text or pictures? Else it is a file of captions.
pub(super) fn is_embeddings(path: &Path) -> bool {
    let Ok(reader) = open(path) else {
        return false;
    };
    let schema = reader.metadata().file_metadata().schema_descr_ptr();
    let columns = || (0..schema.num_columns()).map(|i| schema.column(i));
    let named = |column: &ColumnDescriptor| {
        is_float(column) && [IMAGES, TEXTS, EITHER].contains(&top(column).as_str())
    };
    columns().any(|c| named(&c))
        || columns().any(|c| is_float(&c))
            && !columns().any(|c| c.physical_type() == Physical::BYTE_ARRAY)
}

/// Writes rows of `columns` values as one column of lists called `name`.
pub(super) fn write(
    path: &Path,
    name: &str,
    values: &[f32],
    columns: usize,
    task: &Task,
) -> Result<()> {
    let schema = message(&[format!(
        "required group {name} (LIST) {{ repeated group list {{ required float element; }} }}"
    )])
    .map_err(|e| failed(path, e))?;
    // Floats of embeddings neither repeat nor shrink, and nobody asks for their least.
    let properties = WriterProperties::builder()
        .set_dictionary_enabled(false)
        .set_statistics_enabled(EnabledStatistics::None)
        .build();
    let levels = |rows: usize| {
        let starts: Vec<i16> = (0..rows * columns)
            .map(|i| i16::from(!i.is_multiple_of(columns)))
            .collect();
        (vec![1_i16; rows * columns], starts)
    };
    let step = ((1 << 16) / columns).max(1);
    let (present, starts) = levels(step);
    replace_with(path, |out| {
        let mut file = SerializedFileWriter::new(out, schema, Arc::new(properties))
            .map_err(|e| failed(path, e))?;
        for group in values.chunks((1 << 24) / columns.min(1 << 24) * columns) {
            let mut rows = file.next_row_group().map_err(|e| failed(path, e))?;
            while let Some(mut column) = rows.next_column().map_err(|e| failed(path, e))? {
                for part in group.chunks(step * columns) {
                    task.check()?;
                    let levels = part.len();
                    column
                        .typed::<FloatType>()
                        .write_batch(part, Some(&present[..levels]), Some(&starts[..levels]))
                        .map_err(|e| failed(path, e))?;
                }
                column.close().map_err(|e| failed(path, e))?;
            }
            rows.close().map_err(|e| failed(path, e))?;
        }
        file.close().map_err(|e| failed(path, e))?;
        Ok(())
    })
}
