//! A matrix of a `.parquet` file: a column of lists of floats, or a column for each value.

use super::floats::room;
use super::growing::Growing;
use super::safetensors::or_list;
use super::{EITHER, IMAGES, TEXTS};
use crate::dataset::export::columns::{failed, message};
use crate::error::{Error, Result};
use crate::files::{open_regular, replace_with};
use crate::task::Task;
use ::parquet::basic::{LogicalType, Type as Physical};
use ::parquet::data_type::FloatType;
use ::parquet::errors::ParquetError;
use ::parquet::file::properties::{EnabledStatistics, WriterProperties};
use ::parquet::file::reader::{FileReader, SerializedFileReader};
use ::parquet::file::writer::SerializedFileWriter;
use ::parquet::schema::types::{ColumnDescriptor, SchemaDescriptor};
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

pub(super) const WRITE: &str = "Write one column of lists of float32, all of one length, or one column of floats for each value.";

fn open(path: &Path) -> Result<SerializedFileReader<File>> {
    let file = open_regular(path).map_err(Error::io("read", path))?;
    SerializedFileReader::new(file).map_err(|e| unreadable(path, &e))
}

/// What the crate says of a file that it cannot read.
pub(super) fn unreadable(path: &Path, error: &ParquetError) -> Error {
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
