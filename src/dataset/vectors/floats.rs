//! Numbers out of a stream of bytes, a piece at a time: memory is the values and a megabyte, never the file as well.

use crate::error::{Error, Result};
use crate::task::Task;
use std::io::Read;
use std::path::Path;

/// How a number is stored, little endian.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Number {
    F16,
    Bf16,
    F32,
    F64,
    I8,
    U8,
    I16,
    U16,
    I32,
    U32,
    I64,
    U64,
}

/// Bytes read at a time; a multiple of every number's size.
const PIECE: usize = 1 << 20;

impl Number {
    /// Bytes of one number.
    pub fn size(self) -> usize {
        match self {
            Self::I8 | Self::U8 => 1,
            Self::F16 | Self::Bf16 | Self::I16 | Self::U16 => 2,
            Self::F32 | Self::I32 | Self::U32 => 4,
            Self::F64 | Self::I64 | Self::U64 => 8,
        }
    }

    /// Appends the numbers of `bytes` to `out`, rounded to `f32`.
    fn convert(self, bytes: &[u8], out: &mut Vec<f32>) {
        match self {
            Self::F16 => each(bytes, out, |b| half::f16::from_le_bytes(b).to_f32()),
            Self::Bf16 => each(bytes, out, |b| half::bf16::from_le_bytes(b).to_f32()),
            Self::F32 => each(bytes, out, f32::from_le_bytes),
            Self::F64 => each(bytes, out, |b| f64::from_le_bytes(b) as f32),
            Self::I8 => each(bytes, out, |b| f32::from(i8::from_le_bytes(b))),
            Self::U8 => each(bytes, out, |b| f32::from(u8::from_le_bytes(b))),
            Self::I16 => each(bytes, out, |b| f32::from(i16::from_le_bytes(b))),
            Self::U16 => each(bytes, out, |b| f32::from(u16::from_le_bytes(b))),
            Self::I32 => each(bytes, out, |b| i32::from_le_bytes(b) as f32),
            Self::U32 => each(bytes, out, |b| u32::from_le_bytes(b) as f32),
            Self::U64 => each(bytes, out, |b| u64::from_le_bytes(b) as f32),
            Self::I64 => each(bytes, out, |b| i64::from_le_bytes(b) as f32),
        }
    }
}

/// Every `N` bytes through `convert`.
fn each<const N: usize>(bytes: &[u8], out: &mut Vec<f32>, convert: impl Fn([u8; N]) -> f32) {
    out.extend(bytes.as_chunks::<N>().0.iter().map(|&chunk| convert(chunk)));
}

/// Reads the next `count` numbers of `input` and hands them to `take`, piece by piece, in order. `path` names the
/// file in errors.
pub(crate) fn pieces(
    path: &Path,
    input: &mut impl Read,
    number: Number,
    count: usize,
    task: &Task,
    mut take: impl FnMut(&[f32]),
) -> Result<()> {
    let mut bytes = vec![0; PIECE.min(count.saturating_mul(number.size()))];
    let mut values = Vec::with_capacity(bytes.len() / number.size());
    let mut left = count;
    while left > 0 {
        task.check()?;
        let now = left.min(bytes.len() / number.size());
        let part = &mut bytes[..now * number.size()];
        input.read_exact(part).map_err(Error::io("read", path))?;
        values.clear();
        number.convert(part, &mut values);
        take(&values);
        left -= now;
    }
    Ok(())
}

/// The next `count` numbers of `input`.
pub(crate) fn read(
    path: &Path,
    input: &mut impl Read,
    number: Number,
    count: usize,
    task: &Task,
) -> Result<Vec<f32>> {
    let mut values = room(path, count)?;
    pieces(path, input, number, count, task, |piece| {
        values.extend_from_slice(piece);
    })?;
    Ok(values)
}

/// An empty vector with room for exactly `count` values.
pub(crate) fn room(path: &Path, count: usize) -> Result<Vec<f32>> {
    let mut values = Vec::new();
    values.try_reserve_exact(count).map_err(|_| {
        Error::dataset(
            path,
            format!("holds {count} values, more than there is memory for"),
            "Split it, or use a machine with more memory.",
        )
    })?;
    Ok(values)
}
