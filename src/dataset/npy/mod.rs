//! Files of `NumPy` (`.npy`): matrices of embeddings, and arrays of any shape.

mod header;
mod npz;
mod pieces;

pub use npz::write_arrays;
pub use pieces::{NpyIntegers, NpyMatrix};

use self::header::Header;
use super::archive::span;
use super::vectors::floats::{self, Number, Real};
use crate::error::{Error, Result};
use crate::files::{open_regular, replace};
use crate::task::Task;
use npyz::{AutoSerialize, Endianness, TypeChar, TypeStr, WriterBuilder};
use std::io::{BufReader, Write};
use std::path::{Path, PathBuf};

const WRITE: &str =
    "Write it with numpy.save(file, array.astype('float32')), one row for each item.";

/// Reads a matrix: its values row by row, the number of rows, and the number of columns. Memory is the values and a
/// megabyte.
///
/// float16, float32 and float64 (rounded to `f32`), little endian, C or Fortran order. Errors name the file: not a
/// `.npy`, not two-dimensional, another type, cut off, no values.
pub fn read_npy(path: &Path) -> Result<(Vec<f32>, usize, usize)> {
    read_matrix(path, &Task::detached())
}

/// As [`read_npy`], until `task` is cancelled.
pub fn read_matrix(path: &Path, task: &Task) -> Result<(Vec<f32>, usize, usize)> {
    let (values, shape, _) = read(path, float, task)?;
    let &[rows, columns] = shape.as_slice() else {
        let what = match shape.as_slice() {
            [] => "holds a single number".to_owned(),
            [n] => format!("is a vector of {n} values"),
            more => format!("has {} dimensions", more.len()),
        };
        return Err(Error::dataset(
            path,
            format!("{what}; embeddings are a matrix [items, values]"),
            WRITE,
        ));
    };
    Ok((values, rows, columns))
}

/// Writes `values`, row-major in `shape`, to `path` as float32: to a temporary name first, then renamed.
///
/// # Errors
/// The file cannot be written.
pub fn write_array(path: &Path, values: &[f32], shape: &[usize]) -> Result<()> {
    write(path, values, shape)
}

/// As [`write_array`], as float64.
///
/// # Errors
/// The file cannot be written.
pub fn write_doubles(path: &Path, values: &[f64], shape: &[usize]) -> Result<()> {
    write(path, values, shape)
}

fn write<T: AutoSerialize + Copy>(path: &Path, values: &[T], shape: &[usize]) -> Result<()> {
    replace(path, |out| encode(out, values, shape))
}

/// The bytes of a file that holds `values`, row-major in `shape`.
fn encode<T: AutoSerialize + Copy>(
    out: impl Write,
    values: &[T],
    shape: &[usize],
) -> std::io::Result<()> {
    let shape: Vec<u64> = shape.iter().map(|&d| d as u64).collect();
    let options = npyz::WriteOptions::<T>::new().default_dtype();
    let mut writer = options.shape(&shape).writer(out).begin_nd()?;
    writer.extend(values.iter().copied())?;
    writer.finish()
}

/// A `.npy` file whose rows are read one at a time, undecoded: it may be larger than memory.
#[derive(Debug)]
pub(super) struct NpyRows {
    path: PathBuf,
    start: u64,
    /// Bytes of a row.
    width: u64,
    count: usize,
}

impl NpyRows {
    /// Reads the header; rows run over the first dimension.
    ///
    /// # Errors
    /// As [`read_npy`]; column-major order.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let file = open_regular(path).map_err(Error::io("open", path))?;
        let length = file.metadata().map_err(Error::io("read", path))?.len();
        let header = Header::read(path, &mut BufReader::new(file), length)?;
        let start = header.start;
        let unreadable = |what: String| Error::dataset(path, what, WRITE);
        let size = header.kind.as_ref().and_then(TypeStr::num_bytes);
        let (Some(size), Some((&count, row))) = (size, header.shape.split_first()) else {
            return Err(unreadable("is not an array of numbers".into()));
        };
        if header.fortran && header.shape.len() > 1 {
            return Err(unreadable("is stored column by column".into()));
        }
        let width = row
            .iter()
            .try_fold(size as u64, |n, &d| n.checked_mul(d))
            .filter(|&width| {
                let end = width.checked_mul(count).and_then(|n| n.checked_add(start));
                end.is_some_and(|end| end <= length)
            });
        let Some(width) = width else {
            return Err(unreadable("is cut off: its header says more values".into()));
        };
        Ok(Self {
            path: path.to_path_buf(),
            start,
            width,
            count: count as usize,
        })
    }

    /// Number of rows.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// The bytes of row `i`.
    pub(super) fn row(&self, i: usize) -> Result<Vec<u8>> {
        span(&self.path, self.start + i as u64 * self.width, self.width)
    }
}

/// Reads an array of any shape, row-major: as [`read_npy`], and whole numbers of any size too (exact below 2^24).
pub fn read_array(path: &Path) -> Result<(Vec<f32>, Vec<usize>)> {
    let (values, shape, _) = read(path, any_number, &Task::detached())?;
    Ok((values, shape))
}

/// An array of any shape in double precision.
#[derive(Debug, Clone, PartialEq)]
pub struct Doubles {
    /// Its values, row-major.
    pub values: Vec<f64>,
    /// Its dimensions.
    pub shape: Vec<usize>,
    /// Are they bytes in the file, 0 to 255?
    pub is_bytes: bool,
}

/// As [`read_array`], without rounding: whole numbers are exact below 2^53.
///
/// # Errors
/// As [`read_npy`]; cancellation.
pub fn read_doubles(path: &Path, task: &Task) -> Result<Doubles> {
    let (values, shape, number) = read(path, any_number, task)?;
    Ok(Doubles {
        values,
        shape,
        is_bytes: number == Number::U8,
    })
}

/// How a number of any type is stored.
fn any_number(path: &Path, kind: Option<&TypeStr>) -> Result<Number> {
    let Some(kind) = kind.filter(|kind| kind.endianness() != Endianness::Big) else {
        return float(path, kind);
    };
    match (kind.type_char(), kind.size_field()) {
        (TypeChar::Int, 1) => Ok(Number::I8),
        (TypeChar::Int, 2) => Ok(Number::I16),
        (TypeChar::Int, 4) => Ok(Number::I32),
        (TypeChar::Int, 8) => Ok(Number::I64),
        (TypeChar::Uint, 1) => Ok(Number::U8),
        (TypeChar::Uint, 2) => Ok(Number::U16),
        (TypeChar::Uint, 4) => Ok(Number::U32),
        (TypeChar::Uint, 8) => Ok(Number::U64),
        _ => float(path, Some(kind)),
    }
}

fn read<T: Real>(
    path: &Path,
    number: impl Fn(&Path, Option<&TypeStr>) -> Result<Number>,
    task: &Task,
) -> Result<(Vec<T>, Vec<usize>, Number)> {
    let file = open_regular(path).map_err(Error::io("read", path))?;
    let length = file.metadata().map_err(Error::io("read", path))?.len();
    if length == 0 {
        return Err(Error::dataset(path, "is empty (0 bytes)", WRITE));
    }
    let mut input = BufReader::new(file);
    let header = Header::read(path, &mut input, length)?;
    let number = number(path, header.kind.as_ref())?;
    let sizes = || {
        let sizes: Vec<String> = header.shape.iter().map(u64::to_string).collect();
        sizes.join(" x ")
    };
    let count = header
        .shape
        .iter()
        .try_fold(1, |n: u64, &d| n.checked_mul(d));
    let fits = |count: &u64| {
        count
            .checked_mul(number.size() as u64)
            .is_some_and(|size| size <= length.saturating_sub(header.start))
    };
    let Some(count) = count.filter(fits) else {
        return Err(Error::dataset(
            path,
            format!(
                "is cut off: its header says {} values, the data is shorter",
                sizes()
            ),
            "Write or copy it again.",
        ));
    };
    if count == 0 {
        return Err(Error::dataset(
            path,
            format!("holds no values ({})", sizes()),
            WRITE,
        ));
    }
    let shape: Vec<usize> = header.shape.iter().map(|&d| d as usize).collect();
    let count = count as usize;
    let values = if header.fortran {
        let mut values = floats::room(path, count)?;
        values.resize(count, T::default());
        let mut at = 0;
        floats::pieces(path, &mut input, number, count, task, |piece: &[T]| {
            for &value in piece {
                values[row_major(at, &shape, count)] = value;
                at += 1;
            }
        })?;
        values
    } else {
        floats::read(path, &mut input, number, count, task)?
    };
    Ok((values, shape, number))
}

/// The place in row-major order of the `i`-th of `count` values in which the first dimension runs fastest.
fn row_major(mut i: usize, shape: &[usize], count: usize) -> usize {
    let (mut place, mut stride) = (0, count);
    for &size in shape {
        stride /= size;
        place += i % size * stride;
        i /= size;
    }
    place
}

/// How a type of floating point is stored.
fn float(path: &Path, kind: Option<&TypeStr>) -> Result<Number> {
    let refuse = |what: String| {
        Error::dataset(
            path,
            format!("{what}; expected float16, float32 or float64, little endian"),
            WRITE,
        )
    };
    let Some(kind) = kind else {
        return Err(refuse("holds records, not numbers".into()));
    };
    if kind.endianness() == Endianness::Big {
        return Err(refuse(format!("is big endian ({kind})")));
    }
    match (kind.type_char(), kind.size_field()) {
        (TypeChar::Float, 2) => Ok(Number::F16),
        (TypeChar::Float, 4) => Ok(Number::F32),
        (TypeChar::Float, 8) => Ok(Number::F64),
        _ => Err(refuse(format!("has the type {kind}"))),
    }
}
