//! Files of `NumPy` (`.npy`): matrices of embeddings, and arrays of any shape.

use super::archive::span;
use super::vectors::floats::{self, Number};
use crate::error::{Error, Result};
use crate::files::{open_regular, replace};
use crate::task::Task;
use npyz::{DType, Endianness, NpyHeader, Order, TypeChar, WriterBuilder};
use std::io::{BufReader, Read, Seek};
use std::path::{Path, PathBuf};

/// How much of a file is read for its header.
const HEAD: u64 = 64 * 1024;

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
    let (values, shape) = read(path, float, task)?;
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
    let shape: Vec<u64> = shape.iter().map(|&d| d as u64).collect();
    replace(path, |out| {
        let options = npyz::WriteOptions::<f32>::new().default_dtype();
        let mut writer = options.shape(&shape).writer(out).begin_nd()?;
        writer.extend(values.iter().copied())?;
        writer.finish()
    })
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
        let mut head = Vec::new();
        file.take(HEAD)
            .read_to_end(&mut head)
            .map_err(Error::io("read", path))?;
        let mut rest = head.as_slice();
        check_preamble(path, rest, length)?;
        let unreadable = |what: String| Error::dataset(path, what, WRITE);
        let header = NpyHeader::from_reader(&mut rest)
            .map_err(|e| unreadable(format!("has a NumPy header that cannot be read: {e}")))?;
        let start = (head.len() - rest.len()) as u64;
        let (size, shape) = (header.dtype().num_bytes(), header.shape());
        let (Some(size), Some((&count, row))) = (size, shape.split_first()) else {
            return Err(unreadable("is not an array of numbers".into()));
        };
        if header.order() == Order::Fortran && shape.len() > 1 {
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

/// Reads an array of any shape, row-major: as [`read_npy`], and int32 and int64 too (exact below 2^24).
pub fn read_array(path: &Path) -> Result<(Vec<f32>, Vec<usize>)> {
    read(
        path,
        |path, dtype| match dtype {
            DType::Plain(plain) if plain.endianness() != Endianness::Big => {
                match (plain.type_char(), plain.size_field()) {
                    (TypeChar::Int, 4) => Ok(Number::I32),
                    (TypeChar::Int, 8) => Ok(Number::I64),
                    _ => float(path, dtype),
                }
            }
            _ => float(path, dtype),
        },
        &Task::detached(),
    )
}

fn read(
    path: &Path,
    number: impl Fn(&Path, &DType) -> Result<Number>,
    task: &Task,
) -> Result<(Vec<f32>, Vec<usize>)> {
    let file = open_regular(path).map_err(Error::io("read", path))?;
    let length = file.metadata().map_err(Error::io("read", path))?.len();
    if length == 0 {
        return Err(Error::dataset(path, "is empty (0 bytes)", WRITE));
    }
    let mut input = BufReader::new(file);
    check_preamble(path, floats::peek(path, &mut input)?, length)?;
    let header = NpyHeader::from_reader(&mut input).map_err(|e| {
        Error::dataset(
            path,
            format!("has a NumPy header that cannot be read: {e}"),
            WRITE,
        )
    })?;
    let number = number(path, &header.dtype())?;
    let sizes = || {
        let sizes: Vec<String> = header.shape().iter().map(u64::to_string).collect();
        sizes.join(" x ")
    };
    let count = header
        .shape()
        .iter()
        .try_fold(1, |n: u64, &d| n.checked_mul(d));
    let start = input.stream_position().map_err(Error::io("read", path))?;
    let fits = |count: &u64| {
        count
            .checked_mul(number.size() as u64)
            .is_some_and(|size| size <= length.saturating_sub(start))
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
    let shape: Vec<usize> = header.shape().iter().map(|&d| d as usize).collect();
    let count = count as usize;
    let values = match header.order() {
        Order::C => floats::read(path, &mut input, number, count, task)?,
        Order::Fortran => {
            let mut values = floats::room(path, count)?;
            values.resize(count, 0.0);
            let mut at = 0;
            floats::pieces(path, &mut input, number, count, task, |piece| {
                for &value in piece {
                    values[row_major(at, &shape, count)] = value;
                    at += 1;
                }
            })?;
            values
        }
    };
    Ok((values, shape))
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

/// The magic bytes are there and the header fits the file of `length` bytes, so that no size in it can ask for more
/// memory.
fn check_preamble(path: &Path, bytes: &[u8], length: u64) -> Result<()> {
    if !bytes.starts_with(b"\x93NUMPY") {
        let zip = bytes.starts_with(b"PK");
        let what = if zip {
            "is a .npz archive, not a .npy file"
        } else {
            "is not a NumPy .npy file"
        };
        return Err(Error::dataset(path, what, WRITE));
    }
    let end = match *bytes {
        [_, _, _, _, _, _, 1, _, a, b, ..] => Some(10 + u64::from(u16::from_le_bytes([a, b]))),
        [_, _, _, _, _, _, 2 | 3, _, a, b, c, d, ..] => {
            Some(12 + u64::from(u32::from_le_bytes([a, b, c, d])))
        }
        _ => None,
    };
    if end.is_some_and(|end| end <= length) {
        return Ok(());
    }
    Err(Error::dataset(
        path,
        "has a NumPy header that is cut off or unknown",
        "Write or copy it again.",
    ))
}

/// How a type of floating point is stored.
fn float(path: &Path, dtype: &DType) -> Result<Number> {
    let refuse = |what: String| {
        Error::dataset(
            path,
            format!("{what}; expected float16, float32 or float64, little endian"),
            WRITE,
        )
    };
    let DType::Plain(plain) = dtype else {
        return Err(refuse("holds records, not numbers".into()));
    };
    if plain.endianness() == Endianness::Big {
        return Err(refuse(format!("is big endian ({plain})")));
    }
    match (plain.type_char(), plain.size_field()) {
        (TypeChar::Float, 2) => Ok(Number::F16),
        (TypeChar::Float, 4) => Ok(Number::F32),
        (TypeChar::Float, 8) => Ok(Number::F64),
        _ => Err(refuse(format!("has the type {plain}"))),
    }
}
