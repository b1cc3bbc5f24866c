//! A Parquet file: its columns, and the texts in them, one row group at a time.

use super::parquet_claims::{RENEW, claims, footer_fits, guarded, pages_fit};
use super::parquet_first::FirstPage;
use super::partial::{Partial, tail};
use crate::error::{Error, Result};
use crate::files::{Stamp, changed, open_regular};
use ::parquet::basic::{Compression, ConvertedType, LogicalType, Type};
use ::parquet::column::page::PageReader;
use ::parquet::column::reader::{ColumnReader, ColumnReaderImpl, get_column_reader};
use ::parquet::data_type::DataType;
use ::parquet::errors::ParquetError;
use ::parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader, RowGroupMetaData};
use ::parquet::file::serialized_reader::SerializedPageReader;
use ::parquet::file::statistics::Statistics;
use ::parquet::schema::types::ColumnDescPtr;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Records that are decoded at a time.
const BATCH: usize = 4096;

/// An opened file: its footer is read, its rows are not.
pub(super) struct ParquetFile {
    path: PathBuf,
    stamp: Stamp,
    metadata: ParquetMetaData,
    /// What fetches its bytes, where they do not lie at `path`.
    partial: Option<Arc<dyn Partial>>,
}

/// A column of plain values; of a nested one, one of its leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    /// Its number among the leaves.
    pub leaf: usize,
    /// Its name: several parts where it is nested.
    pub path: Vec<String>,
    /// What its values are.
    pub kind: Kind,
    /// May a row hold several values?
    pub repeated: bool,
}

/// What the values of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Texts.
    Text,
    /// Bytes that are not said to be text.
    Bytes,
    /// Whole numbers.
    Whole,
    /// Anything else.
    Other,
}

impl Column {
    /// The outermost part of its name, in lower case.
    pub fn root(&self) -> String {
        self.path
            .first()
            .map_or_else(String::new, |p| p.to_lowercase())
    }

    /// The innermost part of its name, in lower case.
    pub fn last(&self) -> String {
        self.path
            .last()
            .map_or_else(String::new, |p| p.to_lowercase())
    }
}

impl ParquetFile {
    /// Reads the footer.
    ///
    /// # Errors
    /// It cannot be read, is empty, cut off, no Parquet file or encrypted.
    pub fn open(path: &Path) -> Result<Self> {
        Self::open_as(path, None)
    }

    /// As [`ParquetFile::open`], of the file called `path` whose bytes are fetched by `partial`.
    ///
    /// # Errors
    /// As there; they cannot be fetched.
    pub fn open_as(path: &Path, partial: Option<Arc<dyn Partial>>) -> Result<Self> {
        let place = partial.as_deref().map_or(path, Partial::path);
        let file = open_regular(place).map_err(Error::io("open", path))?;
        let about = file.metadata().map_err(Error::io("read", path))?;
        let length = about.len();
        if length == 0 {
            return Err(Error::dataset(path, "is empty (0 bytes)", RENEW));
        }
        if let Some(partial) = partial.as_deref() {
            tail(partial, &file)?;
        }
        footer_fits(path, &file, length)?;
        let footer = || ParquetMetaDataReader::new().parse_and_finish(&file);
        let metadata = guarded(path, footer)?.map_err(|e| {
            let what = format!("is not a Parquet file, or is cut off: {}", reason(&e));
            Error::dataset(path, what, RENEW)
        })?;
        claims(path, &metadata, length)?;
        Ok(Self {
            path: path.to_path_buf(),
            stamp: Stamp::of(&about),
            metadata,
            partial,
        })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its columns, in its own order.
    pub fn columns(&self) -> Vec<Column> {
        let schema = self.metadata.file_metadata().schema_descr();
        let column = |leaf: usize| {
            let column = schema.column(leaf);
            Column {
                leaf,
                path: column.path().parts().to_vec(),
                kind: kind(&column),
                repeated: column.max_rep_level() > 0,
            }
        };
        (0..schema.num_columns()).map(column).collect()
    }

    /// Rows of each row group.
    pub fn groups(&self) -> Vec<usize> {
        let groups = self.metadata.row_groups().iter();
        groups
            .map(|g| usize::try_from(g.num_rows()).unwrap_or(0))
            .collect()
    }

    /// What its writer noted under `key`.
    pub fn note(&self, key: &str) -> Option<&str> {
        let notes = self.metadata.file_metadata().key_value_metadata()?;
        notes.iter().find(|n| n.key == key)?.value.as_deref()
    }

    /// Is every value of a column in a row group null?
    pub fn all_null(&self, group: usize, leaf: usize) -> bool {
        let Some(group) = self.metadata.row_groups().get(group) else {
            return true;
        };
        let nulls = group
            .column(leaf)
            .statistics()
            .and_then(Statistics::null_count_opt);
        nulls.is_some_and(|n| i64::try_from(n) == Ok(group.num_rows()))
    }

    /// The values of a column in a row group as texts, for each row; nulls are left out, and nested lists laid flat.
    ///
    /// # Errors
    /// The file is damaged; its compression is none that can be read; the column holds neither texts nor whole numbers.
    pub fn texts(&self, group: usize, leaf: usize) -> Result<Vec<Vec<String>>> {
        guarded(&self.path, || self.decoded_texts(group, leaf))?
    }

    fn decoded_texts(&self, group: usize, leaf: usize) -> Result<Vec<Vec<String>>> {
        let pages = Box::new(self.pages(group, leaf)?);
        let column = self.descriptor(leaf);
        let levels = Levels::of(&column);
        let rows = match get_column_reader(column, pages) {
            ColumnReader::ByteArrayColumnReader(reader) => rows(reader, levels, |v| {
                String::from_utf8_lossy(v.data()).into_owned()
            }),
            ColumnReader::Int32ColumnReader(reader) => rows(reader, levels, ToString::to_string),
            ColumnReader::Int64ColumnReader(reader) => rows(reader, levels, ToString::to_string),
            _ => {
                let name = self.descriptor(leaf).path().string();
                return Err(Error::dataset(
                    &self.path,
                    format!("its column {name} holds neither texts nor whole numbers"),
                    "Write that column as strings.",
                ));
            }
        };
        let rows = rows.map_err(|e| self.damaged(&e))?;
        let said = self.metadata.row_group(group).num_rows();
        if rows.len() as i64 != said {
            let (name, held) = (self.descriptor(leaf).path().string(), rows.len());
            let what =
                format!("is damaged: its column {name} holds {held} rows, its footer says {said}");
            return Err(Error::dataset(&self.path, what, RENEW));
        }
        Ok(rows)
    }

    /// The first value of a column of bytes or texts in a row group that is not null.
    ///
    /// # Errors
    /// The file is damaged; its compression is none that can be read.
    pub fn first(&self, group: usize, leaf: usize) -> Result<Option<Vec<u8>>> {
        if self.partial.is_some() {
            // Nearly always in the first page: no more is fetched then.
            let pages = FirstPage::new(self.some_pages(group, leaf, true)?);
            let found = self.first_of(leaf, Box::new(pages))?;
            if found.is_some() {
                return Ok(found);
            }
        }
        self.first_of(leaf, Box::new(self.pages(group, leaf)?))
    }

    fn first_of(&self, leaf: usize, pages: Box<dyn PageReader>) -> Result<Option<Vec<u8>>> {
        let ColumnReader::ByteArrayColumnReader(mut reader) =
            get_column_reader(self.descriptor(leaf), pages)
        else {
            return Ok(None);
        };
        let (mut defined, mut repeated, mut values) = (Vec::new(), Vec::new(), Vec::new());
        let found = || {
            loop {
                let (records, ..) =
                    reader.read_records(1, Some(&mut defined), Some(&mut repeated), &mut values)?;
                if let Some(value) = values.first() {
                    return Ok(Some(value.data().to_vec()));
                }
                if records == 0 {
                    return Ok(None);
                }
            }
        };
        guarded(&self.path, found)?.map_err(|e: ParquetError| self.damaged(&e))
    }

    /// The pages of a column in a row group. They are read through a file of their own: threads may not share one.
    pub fn pages(&self, group: usize, leaf: usize) -> Result<SerializedPageReader<File>> {
        self.some_pages(group, leaf, false)
    }

    /// As [`ParquetFile::pages`]; with `first` of those that lead to the first value, of which alone may be read.
    fn some_pages(
        &self,
        group: usize,
        leaf: usize,
        first: bool,
    ) -> Result<SerializedPageReader<File>> {
        let group: &RowGroupMetaData = self.metadata.row_group(group);
        let chunk = group.column(leaf);
        let codec = chunk.compression();
        if !matches!(
            codec,
            Compression::UNCOMPRESSED
                | Compression::SNAPPY
                | Compression::GZIP(_)
                | Compression::ZSTD(_)
        ) {
            return Err(Error::dataset(
                &self.path,
                format!("is compressed with {codec}, which cannot be read"),
                "Write it again with the compression snappy, zstd or gzip.",
            ));
        }
        let partial = self.partial.as_deref();
        let place = partial.map_or(self.path.as_path(), Partial::path);
        if partial.is_none() {
            changed(place, self.stamp)?;
        }
        pages_fit(&self.path, partial, chunk, first)?;
        let file = open_regular(place).map_err(Error::io("open", &self.path))?;
        let rows = usize::try_from(group.num_rows()).unwrap_or(0);
        guarded(&self.path, || {
            SerializedPageReader::new(Arc::new(file), chunk, rows, None)
        })?
        .map_err(|e| self.damaged(&e))
    }

    /// Has the bytes of a column in a row group there.
    ///
    /// # Errors
    /// They cannot be fetched; cancellation.
    pub fn fetch(&self, group: usize, leaf: usize) -> Result<()> {
        let Some(partial) = &self.partial else {
            return Ok(());
        };
        let chunk = self.metadata.row_group(group).column(leaf);
        let (start, size) = guarded(&self.path, || chunk.byte_range())?;
        partial.need(start..start.saturating_add(size))
    }

    /// The column's type and levels.
    pub fn descriptor(&self, leaf: usize) -> ColumnDescPtr {
        self.metadata.file_metadata().schema_descr().column(leaf)
    }

    /// What the crate says of a file that it cannot read.
    pub fn damaged(&self, error: &ParquetError) -> Error {
        Error::dataset(&self.path, format!("is damaged: {}", reason(error)), RENEW)
    }
}

/// The error without the crate's own prefix.
fn reason(error: &ParquetError) -> String {
    match error {
        ParquetError::General(what) | ParquetError::EOF(what) => what.clone(),
        other => other.to_string(),
    }
}

fn kind(column: &ColumnDescPtr) -> Kind {
    let logical = matches!(
        column.logical_type_ref(),
        Some(LogicalType::String | LogicalType::Json | LogicalType::Enum)
    );
    let converted = matches!(
        column.converted_type(),
        ConvertedType::UTF8 | ConvertedType::JSON | ConvertedType::ENUM
    );
    match column.physical_type() {
        Type::BYTE_ARRAY if logical || converted => Kind::Text,
        Type::BYTE_ARRAY => Kind::Bytes,
        Type::INT32 | Type::INT64 => Kind::Whole,
        _ => Kind::Other,
    }
}

/// The levels that say which values are there and where a row begins.
#[derive(Clone, Copy)]
pub(super) struct Levels {
    defined: i16,
    repeated: i16,
}

impl Levels {
    pub fn of(column: &ColumnDescPtr) -> Self {
        Self {
            defined: column.max_def_level(),
            repeated: column.max_rep_level(),
        }
    }

    /// The values of rows that hold at most one each, at their rows.
    pub fn spread<V>(self, defined: &[i16], values: Vec<V>) -> Vec<Option<V>> {
        if self.defined == 0 {
            return values.into_iter().map(Some).collect();
        }
        let mut values = values.into_iter();
        let there = |level: &i16| (*level == self.defined).then(|| values.next()).flatten();
        defined.iter().map(there).collect()
    }
}

/// The values of each of the rows that are left, as `show` gives them; nulls are left out.
pub(super) fn rows<T: DataType, V>(
    mut reader: ColumnReaderImpl<T>,
    levels: Levels,
    show: impl Fn(&T::T) -> V,
) -> Result<Vec<Vec<V>>, ParquetError> {
    let mut rows: Vec<Vec<V>> = Vec::new();
    let (mut defined, mut repeated, mut values) = (Vec::new(), Vec::new(), Vec::new());
    loop {
        let (_, _, count) =
            reader.read_records(BATCH, Some(&mut defined), Some(&mut repeated), &mut values)?;
        if count == 0 {
            return Ok(rows);
        }
        let mut value = values.iter();
        for i in 0..count {
            // A repetition level of 0 begins a row; a definition level below the highest is a null or an empty list.
            if levels.repeated == 0 || repeated.get(i) == Some(&0) {
                rows.push(Vec::new());
            }
            let there = levels.defined == 0 || defined.get(i) == Some(&levels.defined);
            if there && let (Some(row), Some(value)) = (rows.last_mut(), value.next()) {
                row.push(show(value));
            }
        }
        defined.clear();
        repeated.clear();
        values.clear();
    }
}
