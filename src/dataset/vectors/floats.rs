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

    /// Appends the numbers of `bytes` to `out`, rounded to its type.
    fn convert<T: Real>(self, bytes: &[u8], out: &mut Vec<T>) {
        let small = T::of_single;
        match self {
            Self::F16 => each(bytes, out, |b| small(half::f16::from_le_bytes(b).to_f32())),
            Self::Bf16 => each(bytes, out, |b| small(half::bf16::from_le_bytes(b).to_f32())),
            Self::F32 => each(bytes, out, |b| small(f32::from_le_bytes(b))),
            Self::F64 => each(bytes, out, |b| T::of_double(f64::from_le_bytes(b))),
            Self::I8 => each(bytes, out, |b| small(f32::from(i8::from_le_bytes(b)))),
            Self::U8 => each(bytes, out, |b| small(f32::from(u8::from_le_bytes(b)))),
            Self::I16 => each(bytes, out, |b| small(f32::from(i16::from_le_bytes(b)))),
            Self::U16 => each(bytes, out, |b| small(f32::from(u16::from_le_bytes(b)))),
            Self::I32 => each(bytes, out, |b| T::of_signed(i32::from_le_bytes(b).into())),
            Self::U32 => each(bytes, out, |b| T::of_unsigned(u32::from_le_bytes(b).into())),
            Self::U64 => each(bytes, out, |b| T::of_unsigned(u64::from_le_bytes(b))),
            Self::I64 => each(bytes, out, |b| T::of_signed(i64::from_le_bytes(b))),
        }
    }
}

/// What numbers are read as: the nearest value.
pub(crate) trait Real: Copy + Default {
    fn of_single(value: f32) -> Self;
    fn of_double(value: f64) -> Self;
    fn of_signed(value: i64) -> Self;
    fn of_unsigned(value: u64) -> Self;
}

impl Real for f32 {
    fn of_single(value: f32) -> Self {
        value
    }

    fn of_double(value: f64) -> Self {
        value as Self
    }

    fn of_signed(value: i64) -> Self {
        value as Self
    }

    fn of_unsigned(value: u64) -> Self {
        value as Self
    }
}

impl Real for f64 {
    fn of_single(value: f32) -> Self {
        value.into()
    }

    fn of_double(value: f64) -> Self {
        value
    }

    fn of_signed(value: i64) -> Self {
        value as Self
    }

    fn of_unsigned(value: u64) -> Self {
        value as Self
    }
}

impl Real for i64 {
    fn of_single(value: f32) -> Self {
        value as Self
    }

    fn of_double(value: f64) -> Self {
        value as Self
    }

    fn of_signed(value: i64) -> Self {
        value
    }

    fn of_unsigned(value: u64) -> Self {
        Self::try_from(value).unwrap_or(Self::MAX)
    }
}

/// Every `N` bytes through `convert`.
fn each<T, const N: usize>(bytes: &[u8], out: &mut Vec<T>, convert: impl Fn([u8; N]) -> T) {
    out.extend(bytes.as_chunks::<N>().0.iter().map(|&chunk| convert(chunk)));
}

/// Reads the next `count` numbers of `input` and hands them to `take`, piece by piece, in order. `path` names the
/// file in errors.
pub(crate) fn pieces<T: Real>(
    path: &Path,
    input: &mut impl Read,
    number: Number,
    count: usize,
    task: &Task,
    mut take: impl FnMut(&[T]),
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
pub(crate) fn read<T: Real>(
    path: &Path,
    input: &mut impl Read,
    number: Number,
    count: usize,
    task: &Task,
) -> Result<Vec<T>> {
    let mut values = room(path, count)?;
    pieces(path, input, number, count, task, |piece| {
        values.extend_from_slice(piece);
    })?;
    Ok(values)
}

/// An empty vector with room for exactly `count` values.
pub(crate) fn room<T>(path: &Path, count: usize) -> Result<Vec<T>> {
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
