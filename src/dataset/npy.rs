//! Files of `NumPy` (`.npy`): matrices of embeddings, and arrays of any shape.

use super::archive::span;
use crate::error::{Error, Result};
use crate::files::replace;
use npyz::{DType, Endianness, NpyHeader, Order, TypeChar, WriterBuilder};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// How much of a file is read for its header.
const HEAD: u64 = 64 * 1024;

const WRITE: &str =
    "Write it with numpy.save(file, array.astype('float32')), one row for each item.";

/// Reads a matrix: its values row by row, the number of rows, and the number of columns.
///
/// float16, float32 and float64 (rounded to `f32`), little endian, C or Fortran order. Errors name the file: not a
/// `.npy`, not two-dimensional, another type, cut off, no values.
pub fn read_npy(path: &Path) -> Result<(Vec<f32>, usize, usize)> {
    let (values, shape) = read(path, converter)?;
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
        let file = File::open(path).map_err(Error::io("open", path))?;
        let length = file.metadata().map_err(Error::io("read", path))?.len();
        let mut head = Vec::new();
        file.take(HEAD)
            .read_to_end(&mut head)
            .map_err(Error::io("read", path))?;
        let mut rest = head.as_slice();
        check_preamble(path, rest)?;
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
    read(path, |path, dtype| {
        match dtype {
            DType::Plain(plain) if plain.endianness() != Endianness::Big => {
                match (plain.type_char(), plain.size_field()) {
                    (TypeChar::Int, 4) => {
                        return Ok(|data| each(data, |b| i32::from_le_bytes(b) as f32));
                    }
                    (TypeChar::Int, 8) => {
                        return Ok(|data| each(data, |b| i64::from_le_bytes(b) as f32));
                    }
                    _ => {}
                }
            }
            _ => {}
        }
        converter(path, dtype)
    })
}

fn read(
    path: &Path,
    converter: impl Fn(&Path, &DType) -> Result<Convert>,
) -> Result<(Vec<f32>, Vec<usize>)> {
    let bytes = std::fs::read(path).map_err(Error::io("read", path))?;
    if bytes.is_empty() {
        return Err(Error::dataset(path, "is empty (0 bytes)", WRITE));
    }
    let mut data = bytes.as_slice();
    check_preamble(path, data)?;
    let header = NpyHeader::from_reader(&mut data).map_err(|e| {
        Error::dataset(
            path,
            format!("has a NumPy header that cannot be read: {e}"),
            WRITE,
        )
    })?;
    let convert = converter(path, &header.dtype())?;
    let width = header.dtype().num_bytes().unwrap_or(0);
    let sizes = || {
        let sizes: Vec<String> = header.shape().iter().map(u64::to_string).collect();
        sizes.join(" x ")
    };
    let size = header
        .shape()
        .iter()
        .try_fold(width as u64, |n, &d| n.checked_mul(d));
    let Some(data) = size.and_then(|size| data.get(..usize::try_from(size).ok()?)) else {
        return Err(Error::dataset(
            path,
            format!(
                "is cut off: its header says {} values, the data is shorter",
                sizes()
            ),
            "Write or copy it again.",
        ));
    };
    if data.is_empty() {
        return Err(Error::dataset(
            path,
            format!("holds no values ({})", sizes()),
            WRITE,
        ));
    }
    let shape: Vec<usize> = header.shape().iter().map(|&d| d as usize).collect();
    let values = convert(data);
    let values = match header.order() {
        Order::C => values,
        Order::Fortran => row_major(&values, &shape),
    };
    Ok((values, shape))
}

/// `values`, in which the first dimension runs fastest, so that the last one does.
fn row_major(values: &[f32], shape: &[usize]) -> Vec<f32> {
    let place = |mut i: usize| {
        let mut place = 0;
        let mut stride = values.len();
        for &size in shape.iter().rev() {
            stride /= size;
            place += i % size * stride;
            i /= size;
        }
        place
    };
    (0..values.len()).map(|i| values[place(i)]).collect()
}

/// The magic bytes are there and the header fits the file, so that no size in it can ask for more memory.
fn check_preamble(path: &Path, bytes: &[u8]) -> Result<()> {
    if !bytes.starts_with(b"\x93NUMPY") {
        let zip = bytes.starts_with(b"PK");
        let what = if zip {
            "is a .npz archive, not a .npy file"
        } else {
            "is not a NumPy .npy file"
        };
        return Err(Error::dataset(path, what, WRITE));
    }
    let length = match *bytes {
        [_, _, _, _, _, _, 1, _, a, b, ..] => Some(10 + u32::from(u16::from_le_bytes([a, b]))),
        [_, _, _, _, _, _, 2 | 3, _, a, b, c, d, ..] => {
            u32::from_le_bytes([a, b, c, d]).checked_add(12)
        }
        _ => None,
    };
    if length.is_some_and(|length| length as usize <= bytes.len()) {
        return Ok(());
    }
    Err(Error::dataset(
        path,
        "has a NumPy header that is cut off or unknown",
        "Write or copy it again.",
    ))
}

/// Bytes of some type to values.
type Convert = fn(&[u8]) -> Vec<f32>;

/// How the bytes of this type become `f32`.
fn converter(path: &Path, dtype: &DType) -> Result<Convert> {
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
        (TypeChar::Float, 2) => Ok(|data| each(data, |b| half::f16::from_le_bytes(b).to_f32())),
        (TypeChar::Float, 4) => Ok(|data| each(data, f32::from_le_bytes)),
        (TypeChar::Float, 8) => Ok(|data| each(data, |b| f64::from_le_bytes(b) as f32)),
        _ => Err(refuse(format!("has the type {plain}"))),
    }
}

/// Every `N` bytes through `convert`.
fn each<const N: usize>(data: &[u8], convert: impl Fn([u8; N]) -> f32) -> Vec<f32> {
    data.as_chunks::<N>()
        .0
        .iter()
        .map(|&chunk| convert(chunk))
        .collect()
}
