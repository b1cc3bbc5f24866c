//! Matrices in `.npy` files that may be larger than memory: of which some rows are read, or that are read in passing.

use super::header::Header;
use super::{WRITE, any_number, float};
use crate::dataset::vectors::floats::{self, Number};
use crate::error::{Error, Result};
use crate::files::{Stamp, changed, open_regular};
use crate::task::Task;
use npyz::TypeStr;
use std::io::{BufReader, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// A matrix of floating-point numbers, row by row in its file.
#[derive(Debug, Clone)]
pub struct NpyMatrix {
    path: PathBuf,
    number: Number,
    start: u64,
    rows: usize,
    columns: usize,
}

impl NpyMatrix {
    /// Reads the header.
    ///
    /// # Errors
    /// It is no matrix of floating-point numbers in row-major order, or cut off.
    pub fn open(path: &Path) -> Result<Self> {
        Self::of(path, float)
    }

    fn of(path: &Path, number: impl Fn(&Path, Option<&TypeStr>) -> Result<Number>) -> Result<Self> {
        let file = open_regular(path).map_err(Error::io("open", path))?;
        let length = file.metadata().map_err(Error::io("read", path))?.len();
        let header = Header::read(path, &mut BufReader::new(file), length)?;
        let number = number(path, header.kind.as_ref())?;
        let refuse = |what: &str| Err(Error::dataset(path, what, WRITE));
        let &[rows, columns] = header.shape.as_slice() else {
            return refuse("is no matrix [items, values]");
        };
        if header.fortran && rows > 1 {
            return refuse("is stored column by column, and parts of it are read row by row");
        }
        let size = rows
            .checked_mul(columns)
            .and_then(|n| n.checked_mul(number.size() as u64));
        match size.and_then(|size| size.checked_add(header.start)) {
            Some(end) if end <= length && rows > 0 && columns > 0 => Ok(Self {
                path: path.to_path_buf(),
                number,
                start: header.start,
                rows: rows as usize,
                columns: columns as usize,
            }),
            Some(end) if end <= length => refuse("holds no values"),
            _ => refuse("is cut off: its header says more values"),
        }
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Length of a row.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Some rows.
    ///
    /// # Errors
    /// There are no such rows; the file cannot be read; cancellation.
    pub fn read(&self, rows: Range<usize>, task: &Task) -> Result<Vec<f32>> {
        let path = &self.path;
        if rows.start > rows.end || rows.end > self.rows {
            return Err(Error::dataset(
                path,
                format!("has no rows {} to {}", rows.start, rows.end),
                WRITE,
            ));
        }
        let mut file = open_regular(path).map_err(Error::io("read", path))?;
        let width = (self.columns * self.number.size()) as u64;
        file.seek(SeekFrom::Start(self.start + rows.start as u64 * width))
            .map_err(Error::io("read", path))?;
        let count = rows.len() * self.columns;
        floats::read(path, &mut BufReader::new(file), self.number, count, task)
    }
}

/// A matrix of whole numbers, row by row in its file.
#[derive(Debug, Clone)]
pub struct NpyIntegers {
    matrix: NpyMatrix,
    stamp: Stamp,
}

impl NpyIntegers {
    /// Reads the header.
    ///
    /// # Errors
    /// It is no matrix of whole numbers in row-major order, or cut off.
    pub fn open(path: &Path) -> Result<Self> {
        let about = path.metadata().map_err(Error::io("read", path))?;
        let matrix = NpyMatrix::of(path, any_number)?;
        if let Number::F16 | Number::Bf16 | Number::F32 | Number::F64 = matrix.number {
            let what = "holds floating-point numbers, not whole ones";
            let remedy = "Write it with numpy.save(file, array.astype('int64')).";
            return Err(Error::dataset(path, what, remedy));
        }
        let stamp = Stamp::of(&about);
        Ok(Self { matrix, stamp })
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.matrix.rows
    }

    /// Length of a row.
    pub fn columns(&self) -> usize {
        self.matrix.columns
    }

    /// Hands over all values, some at a time, row by row. Those beyond 2^63 are the largest that there is.
    ///
    /// # Errors
    /// The file cannot be read, or was written since it was opened; cancellation.
    pub fn each(&self, task: &Task, take: impl FnMut(&[i64])) -> Result<()> {
        let NpyMatrix {
            path,
            number,
            start,
            rows,
            columns,
        } = &self.matrix;
        changed(path, self.stamp)?;
        let mut file = open_regular(path).map_err(Error::io("read", path))?;
        file.seek(SeekFrom::Start(*start))
            .map_err(Error::io("read", path))?;
        let input = &mut BufReader::new(file);
        floats::pieces(path, input, *number, rows * columns, task, take)?;
        changed(path, self.stamp)
    }
}
