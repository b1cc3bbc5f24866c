//! A matrix of a `.parquet` file: a column of lists of floats, or a column for each value.

mod growing;

use super::floats::room;
use super::safetensors::or_list;
use super::{EITHER, IMAGES, TEXTS};
use crate::dataset::export::columns::{failed, message};
use crate::dataset::parquet_claims::{claims, footer_fits, guarded, pages_fit};
use crate::error::{Error, Result};
use crate::files::{open_regular, replace_with};
use crate::task::{Task, memory};
use ::parquet::basic::{LogicalType, Type as Physical};
use ::parquet::data_type::FloatType;
use ::parquet::errors::ParquetError;
use ::parquet::file::properties::{EnabledStatistics, WriterProperties};
use ::parquet::file::reader::{FileReader, SerializedFileReader};
use ::parquet::file::writer::SerializedFileWriter;
use ::parquet::schema::types::{ColumnDescriptor, SchemaDescriptor};
use growing::Growing;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

const WRITE: &str = "Write one column of lists of float32, all of one length, or one column of floats for each value.";

fn open(path: &Path) -> Result<SerializedFileReader<File>> {
    let file = open_regular(path).map_err(Error::io("read", path))?;
    let length = file.metadata().map_err(Error::io("read", path))?.len();
    footer_fits(path, &file, length)?;
    let reader =
        guarded(path, || SerializedFileReader::new(file))?.map_err(|e| unreadable(path, &e))?;
    claims(path, reader.metadata(), length)?;
    Ok(reader)
}

/// What the crate says of a file that it cannot read.
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
    guarded(path, || decoded(path, names, task))?
}

fn decoded(path: &Path, names: &[&str], task: &Task) -> Result<(Vec<f32>, usize, usize)> {
    let reader = open(path)?;
    let schema = reader.metadata().file_metadata().schema_descr_ptr();
    let rows = usize::try_from(reader.metadata().file_metadata().num_rows()).unwrap_or(0);
    if rows == 0 {
        return Err(Error::dataset(path, "holds no rows", WRITE));
    }
    let length = std::fs::metadata(path).map_or(0, |m| m.len());
    let room = |count: usize| {
        memory::fits((count as u64).saturating_mul(4), length)
            .map_err(|e| Error::dataset(path, format!("says {count} values, which {e}"), WRITE))?;
        room(path, count)
    };
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
                pages_fit(path, None, group.metadata().column(column), false)?;
                let column = group
                    .get_column_reader(column)
                    .map_err(|e| unreadable(path, &e))?;
                matrix.lists(column, half)?;
            }
        }
        Found::Flat(columns) => {
            matrix.columns = columns.len();
            matrix.values = room(rows.saturating_mul(columns.len()))?;
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
                    pages_fit(path, None, group.metadata().column(column), false)?;
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
            let names: Vec<String> = flat.iter().map(|&i| top(&schema.column(i))).collect();
            one_kind(path, &names)?;
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

/// Refuses columns that are numbered, as values of a row are, beside others that are not: a score or a size is no value
/// of an embedding.
fn one_kind(path: &Path, names: &[String]) -> Result<()> {
    let stem = |name: &String| {
        let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
        (stem.len() < name.len()).then(|| stem.to_owned())
    };
    let stems: Vec<Option<String>> = names.iter().map(stem).collect();
    let shared = |s: &&Option<String>| s.is_some() && stems.iter().filter(|o| o == s).count() > 1;
    let Some(first) = stems.iter().find(shared) else {
        return Ok(());
    };
    let others: Vec<&str> = names
        .iter()
        .zip(&stems)
        .filter(|(_, stem)| *stem != first)
        .map(|(name, _)| name.as_str())
        .take(20)
        .collect();
    if others.is_empty() {
        return Ok(());
    }
    let first = first.as_deref().unwrap_or_default();
    Err(Error::dataset(
        path,
        format!(
            "has columns of floats {first}0, {first}1, .. and also {}: which of them make the embedding is not plain",
            others.join(", ")
        ),
        WRITE,
    ))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_that_is_no_value_of_a_row_is_refused() {
        let kind = |names: &str| {
            let names: Vec<String> = names.split(' ').map(str::to_owned).collect();
            one_kind(Path::new("flat.parquet"), &names).map_err(|e| e.to_string())
        };
        assert!(kind("d0 d1 d2").is_ok() && kind("0 1 2").is_ok() && kind("x y").is_ok());
        let refused = kind("d0 d1 d2 aesthetic").unwrap_err();
        assert!(
            refused.contains("aesthetic") && refused.contains("d0"),
            "{refused}"
        );
        assert!(kind("score 0 1").is_err());
    }
}
