//! Parquet, row by row: columns are held until a row group is full, then written, so that memory stays bounded.

use crate::error::{Error, Result};
use parquet::basic::{Compression, ZstdLevel};
use parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, FloatType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;
use parquet::schema::types::{ColumnPath, TypePtr};
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

/// Bytes held before a row group is written.
const HELD: usize = 16 << 20;

/// A schema from its fields, in the format's own notation.
pub(crate) fn message(fields: &[String]) -> Result<TypePtr, ParquetError> {
    parse_message_type(&format!("message schema {{ {} }}", fields.join(" "))).map(Arc::new)
}

/// What went wrong while writing `path`.
pub(crate) fn failed(path: &Path, error: ParquetError) -> Error {
    match error {
        ParquetError::External(source) => match source.downcast::<std::io::Error>() {
            Ok(io) => Error::io("write", path)(*io),
            Err(other) => Error::dataset(path, format!("cannot be written: {other}"), ""),
        },
        other => Error::dataset(path, format!("cannot be written: {other}"), ""),
    }
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A text.
    Text,
    /// Bytes that do not compress.
    Bytes,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// A list of texts.
    Texts,
    /// A list of whole numbers.
    Integers,
    /// A list of numbers.
    Floats,
}

impl Kind {
    /// The column `name` of this kind in the format's notation. It may be null, as other writers have it, though none of
    /// ours is.
    pub fn field(self, name: &str) -> String {
        let list = |element: &str| {
            format!(
                "optional group {name} (LIST) {{ repeated group list {{ optional {element}; }} }}"
            )
        };
        match self {
            Self::Text => format!("optional binary {name} (STRING);"),
            Self::Bytes => format!("optional binary {name};"),
            Self::Integer => format!("optional int64 {name};"),
            Self::Number => format!("optional double {name};"),
            Self::Texts => list("binary element (STRING)"),
            Self::Integers => list("int64 element"),
            Self::Floats => list("float element"),
        }
    }
}

/// A value of one row.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell {
    Text(String),
    Bytes(Vec<u8>),
    Integer(i64),
    Number(f64),
    Texts(Vec<String>),
    Integers(Vec<i64>),
    Floats(Vec<f32>),
}

/// Values held of one column; the levels say where lists begin, where it has some, and which values are there.
struct Held<T> {
    values: Vec<T>,
    starts: Vec<i16>,
    present: Vec<i16>,
    /// The level of a value that is there.
    full: i16,
}

impl<T> Held<T> {
    fn new(full: i16) -> Self {
        Self {
            values: Vec::new(),
            starts: Vec::new(),
            present: Vec::new(),
            full,
        }
    }

    fn one(&mut self, value: T) {
        self.values.push(value);
        self.present.push(self.full);
    }

    fn list(&mut self, values: impl IntoIterator<Item = T>) {
        let before = self.values.len();
        self.values.extend(values);
        match self.values.len() - before {
            0 => {
                self.starts.push(0);
                // Below it are the element that may be null and the list that has none.
                self.present.push(self.full - 2);
            }
            n => {
                self.starts.extend((0..n).map(|i| i16::from(i > 0)));
                self.present.extend(std::iter::repeat_n(self.full, n));
            }
        }
    }

    fn write<D: DataType<T = T>>(
        &mut self,
        rows: &mut SerializedRowGroupWriter<'_, impl Write + Send>,
    ) -> Result<(), ParquetError> {
        let Some(mut column) = rows.next_column()? else {
            return Err(ParquetError::General("a column is missing".into()));
        };
        let starts = Some(self.starts.as_slice()).filter(|starts| !starts.is_empty());
        column
            .typed::<D>()
            .write_batch(&self.values, Some(&self.present), starts)?;
        column.close()?;
        self.values.clear();
        self.starts.clear();
        self.present.clear();
        Ok(())
    }
}

enum Column {
    Bytes(Held<ByteArray>),
    Integers(Held<i64>),
    Numbers(Held<f64>),
    Floats(Held<f32>),
}

/// A Parquet file that takes rows.
pub(super) struct Columns<'a, W: Write + Send> {
    path: &'a Path,
    file: SerializedFileWriter<W>,
    leaves: Vec<Column>,
    held: usize,
}

impl<'a, W: Write + Send> Columns<'a, W> {
    /// With leaf columns of `kinds` in the order of `fields`. Columns whose path is in `raw` are not compressed.
    pub fn new(
        path: &'a Path,
        out: W,
        fields: &[String],
        kinds: &[Kind],
        raw: &[&str],
        about: Option<(&str, String)>,
    ) -> Result<Self> {
        let schema = message(fields).map_err(|e| failed(path, e))?;
        let about = about.map(|(key, value)| vec![KeyValue::new(key.to_owned(), value)]);
        let mut properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_key_value_metadata(about);
        if !raw.is_empty() {
            // A page ends after so many values at the earliest: few, where each is a picture.
            properties = properties.set_write_batch_size(8);
        }
        for name in raw {
            let column = ColumnPath::from(name.split('.').map(str::to_owned).collect::<Vec<_>>());
            properties = properties
                .set_column_compression(column.clone(), Compression::UNCOMPRESSED)
                .set_column_statistics_enabled(column.clone(), EnabledStatistics::None)
                .set_column_dictionary_enabled(column, false);
        }
        let file = SerializedFileWriter::new(out, schema, Arc::new(properties.build()))
            .map_err(|e| failed(path, e))?;
        let leaf = |(i, kind): (usize, &Kind)| {
            let full = file.schema_descr().column(i).max_def_level();
            match kind {
                Kind::Text | Kind::Bytes | Kind::Texts => Column::Bytes(Held::new(full)),
                Kind::Integer | Kind::Integers => Column::Integers(Held::new(full)),
                Kind::Number => Column::Numbers(Held::new(full)),
                Kind::Floats => Column::Floats(Held::new(full)),
            }
        };
        let leaves = kinds.iter().enumerate().map(leaf).collect();
        Ok(Self {
            path,
            file,
            leaves,
            held: 0,
        })
    }

    /// Adds a row; its cells are of the columns' kinds.
    pub fn row(&mut self, cells: Vec<Cell>) -> Result<()> {
        for (column, cell) in self.leaves.iter_mut().zip(cells) {
            match (column, cell) {
                (Column::Bytes(held), Cell::Text(text)) => {
                    self.held += text.len() + 32;
                    held.one(ByteArray::from(text.into_bytes()));
                }
                (Column::Bytes(held), Cell::Bytes(bytes)) => {
                    self.held += bytes.len() + 32;
                    held.one(ByteArray::from(bytes));
                }
                (Column::Bytes(held), Cell::Texts(texts)) => {
                    self.held += texts.iter().map(|t| t.len() + 36).sum::<usize>() + 4;
                    held.list(texts.into_iter().map(|t| ByteArray::from(t.into_bytes())));
                }
                (Column::Integers(held), Cell::Integer(number)) => {
                    self.held += 8;
                    held.one(number);
                }
                (Column::Numbers(held), Cell::Number(number)) => {
                    self.held += 8;
                    held.one(number);
                }
                (Column::Integers(held), Cell::Integers(numbers)) => {
                    self.held += 12 * numbers.len() + 4;
                    held.list(numbers);
                }
                (Column::Floats(held), Cell::Floats(numbers)) => {
                    self.held += 8 * numbers.len() + 4;
                    held.list(numbers);
                }
                _ => {
                    let what = "a cell does not fit its column";
                    return Err(failed(self.path, ParquetError::General(what.into())));
                }
            }
        }
        if self.held >= HELD {
            self.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        if self.held == 0 {
            return Ok(());
        }
        self.held = 0;
        let mut write = || {
            let mut rows = self.file.next_row_group()?;
            for column in &mut self.leaves {
                match column {
                    Column::Bytes(held) => held.write::<ByteArrayType>(&mut rows)?,
                    Column::Integers(held) => held.write::<Int64Type>(&mut rows)?,
                    Column::Numbers(held) => held.write::<DoubleType>(&mut rows)?,
                    Column::Floats(held) => held.write::<FloatType>(&mut rows)?,
                }
            }
            rows.close().map(drop)
        };
        write().map_err(|e| failed(self.path, e))
    }

    /// Writes what is held and the end of the file.
    pub fn close(mut self) -> Result<()> {
        self.flush()?;
        let path = self.path;
        self.file.close().map(drop).map_err(|e| failed(path, e))
    }
}
