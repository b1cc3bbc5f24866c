//! Candidates of queries that an index of neighbours found: `.npy` as FAISS gives them, or pairs in Parquet.

use super::npy::NpyIntegers;
use super::parquet_claims::guarded;
use super::parquet_file::{Levels, ParquetFile, rows};
use crate::error::{Error, Result};
use crate::task::Task;
use ::parquet::column::reader::{ColumnReader, get_column_reader};
use ::parquet::errors::ParquetError;
use std::path::Path;

const REMEDY: &str = "Write .npy of whole numbers, a row of candidates for each query and -1 for none (index.search of FAISS gives it), or .parquet with columns query and candidate.";

/// A file of candidates, which may be larger than memory.
pub struct Neighbours {
    kind: Kind,
}

enum Kind {
    Npy(NpyIntegers),
    Parquet(ParquetFile, [usize; 2]),
}

impl Neighbours {
    /// Looks at what `path` holds: `.npy` `[queries, k]` of whole numbers, or `.parquet` with columns `query` and
    /// `candidate` of whole numbers.
    ///
    /// # Errors
    /// It is neither; it cannot be read, is cut off or damaged.
    pub fn open(path: &Path) -> Result<Self> {
        let ending = path.extension().map(std::ffi::OsStr::to_ascii_lowercase);
        let kind = match ending.as_ref().and_then(|e| e.to_str()) {
            Some("npy") => Kind::Npy(NpyIntegers::open(path)?),
            Some("parquet") => {
                let file = ParquetFile::open(path)?;
                let columns = file.columns();
                let leaf = |name: &str| {
                    let own = |c: &&super::parquet_file::Column| {
                        c.path.len() == 1 && !c.repeated && c.root() == name
                    };
                    let found = columns.iter().find(own).map(|column| column.leaf);
                    found.ok_or_else(|| {
                        Error::dataset(path, format!("has no column {name}"), REMEDY)
                    })
                };
                let leaves = [leaf("query")?, leaf("candidate")?];
                Kind::Parquet(file, leaves)
            }
            _ => {
                let what = "is no file of candidates that is read";
                return Err(Error::dataset(path, what, REMEDY));
            }
        };
        Ok(Self { kind })
    }

    /// Queries, where there is a row for each; `None` of pairs.
    pub fn queries(&self) -> Option<usize> {
        match &self.kind {
            Kind::Npy(file) => Some(file.rows()),
            Kind::Parquet(..) => None,
        }
    }

    /// Hands over all pairs of query and candidate, in the order of the file; a candidate of -1 is none.
    ///
    /// # Errors
    /// It cannot be read, or was written meanwhile; what `take` says; cancellation.
    pub fn each(&self, task: &Task, mut take: impl FnMut(i64, i64) -> Result<()>) -> Result<()> {
        match &self.kind {
            Kind::Npy(file) => {
                let (columns, mut at) = (file.columns(), 0);
                let mut fault = Ok(());
                file.each(task, |values| {
                    for &candidate in values {
                        let query = (at / columns) as i64;
                        at += 1;
                        if fault.is_ok() {
                            fault = take(query, candidate);
                        }
                    }
                })?;
                fault
            }
            Kind::Parquet(file, leaves) => {
                for group in 0..file.groups().len() {
                    task.check()?;
                    let [queries, candidates] = leaves.map(|leaf| integers(file, group, leaf));
                    let (queries, candidates) = (queries?, candidates?);
                    if queries.len() != candidates.len() {
                        let what = "has columns of different lengths";
                        return Err(Error::dataset(file.path(), what, REMEDY));
                    }
                    for (query, candidate) in queries.into_iter().zip(candidates) {
                        let Some(query) = query else {
                            let what = "has a row without a query";
                            return Err(Error::dataset(file.path(), what, REMEDY));
                        };
                        take(query, candidate.unwrap_or(-1))?;
                    }
                }
                Ok(())
            }
        }
    }
}

/// A column of whole numbers in a row group; `None` for null.
fn integers(file: &ParquetFile, group: usize, leaf: usize) -> Result<Vec<Option<i64>>> {
    let pages = Box::new(file.pages(group, leaf)?);
    let descriptor = file.descriptor(leaf);
    let levels = Levels::of(&descriptor);
    let first = |row: Vec<i64>| row.first().copied();
    let read = || match get_column_reader(descriptor, pages) {
        ColumnReader::Int32ColumnReader(r) => rows(r, levels, |&v| i64::from(v)).map(Some),
        ColumnReader::Int64ColumnReader(r) => rows(r, levels, |&v| v).map(Some),
        _ => Ok(None),
    };
    let found = guarded(file.path(), read)?.map_err(|e: ParquetError| file.damaged(&e))?;
    let Some(found) = found else {
        let what = "has other values than whole numbers in query or candidate";
        return Err(Error::dataset(file.path(), what, REMEDY));
    };
    Ok(found.into_iter().map(first).collect())
}
