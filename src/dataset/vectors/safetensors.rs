//! A matrix of a `.safetensors` file.

use super::EITHER;
use super::floats::{self, Number};
use crate::error::{Error, Result};
use crate::files::{open_regular, replace_with};
use crate::task::Task;
use safetensors::Dtype;
use safetensors::tensor::{Metadata, TensorInfo};
use std::io::{BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;

const RENEW: &str = "Write or copy it again.";

/// The most bytes of a header; as in the format's own reader.
const MAX_HEADER: u64 = 100_000_000;

/// Values, rows and columns of the only matrix, or of the first of `names` that there is.
pub(super) fn read(path: &Path, names: &[&str], task: &Task) -> Result<(Vec<f32>, usize, usize)> {
    let io = || Error::io("read", path);
    let file = open_regular(path).map_err(io())?;
    let length = file.metadata().map_err(io())?.len();
    let mut input = BufReader::new(file);
    let broken = |what: String| Error::dataset(path, what, RENEW);
    let mut size = [0; 8];
    if length < 8 {
        return Err(broken("is not a safetensors file: it is too short".into()));
    }
    input.read_exact(&mut size).map_err(io())?;
    let size = u64::from_le_bytes(size);
    if size > MAX_HEADER || size > length - 8 {
        return Err(broken(
            "is not a safetensors file, or its header is cut off".into(),
        ));
    }
    let mut header = vec![0; size as usize];
    input.read_exact(&mut header).map_err(io())?;
    let metadata: Metadata = serde_json::from_slice(&header)
        .map_err(|e| broken(format!("has a safetensors header that cannot be read: {e}")))?;
    if metadata.data_len() as u64 != length - 8 - size {
        return Err(broken(
            "is cut off: its header says another length of the data".into(),
        ));
    }
    let (name, tensor) = choose(path, &metadata, names)?;
    let &[rows, columns] = tensor.shape.as_slice() else {
        let shape: Vec<String> = tensor.shape.iter().map(usize::to_string).collect();
        return Err(Error::dataset(
            path,
            format!(
                "its tensor {name} has the shape [{}]; embeddings are a matrix [items, values]",
                shape.join(", ")
            ),
            "Write one row for each item.",
        ));
    };
    let number = number(tensor.dtype).ok_or_else(|| {
        Error::dataset(
            path,
            format!(
                "its tensor {name} has the type {:?}; expected F16, BF16, F32 or F64",
                tensor.dtype
            ),
            "Write it as float32.",
        )
    })?;
    if rows == 0 || columns == 0 {
        return Err(Error::dataset(
            path,
            format!("its tensor {name} holds no values ({rows} x {columns})"),
            "Write one row for each item.",
        ));
    }
    input
        .seek(SeekFrom::Start(8 + size + tensor.data_offsets.0 as u64))
        .map_err(io())?;
    let values = floats::read(path, &mut input, number, rows * columns, task)?;
    Ok((values, rows, columns))
}

/// The tensor to read and its name.
fn choose<'a>(
    path: &Path,
    metadata: &'a Metadata,
    names: &[&str],
) -> Result<(String, &'a TensorInfo)> {
    if let Some(found) = names
        .iter()
        .find_map(|&name| Some((name.to_owned(), metadata.info(name)?)))
    {
        return Ok(found);
    }
    let all = metadata.offset_keys();
    let mut matrices = all.iter().filter_map(|name| {
        let info = metadata.info(name)?;
        (info.shape.len() == 2 && number(info.dtype).is_some()).then_some((name.clone(), info))
    });
    match (matrices.next(), matrices.next()) {
        (Some(only), None) => Ok(only),
        (None, _) => Err(Error::dataset(
            path,
            match all.as_slice() {
                [] => "holds no tensor".to_owned(),
                some => format!("holds no matrix of floats, but {}", some.join(", ")),
            },
            "Write the embeddings as one tensor [items, values] of float32.",
        )),
        (Some(_), Some(_)) => Err(Error::dataset(
            path,
            format!("holds several matrices: {}", all.join(", ")),
            format!("Name the one to read {}.", or_list(names)),
        )),
    }
}

/// "a, b or c".
pub(super) fn or_list(names: &[&str]) -> String {
    match names {
        [] => EITHER.to_owned(),
        [one] => (*one).to_owned(),
        [some @ .., last] => format!("{} or {last}", some.join(", ")),
    }
}

fn number(dtype: Dtype) -> Option<Number> {
    match dtype {
        Dtype::F16 => Some(Number::F16),
        Dtype::BF16 => Some(Number::Bf16),
        Dtype::F32 => Some(Number::F32),
        Dtype::F64 => Some(Number::F64),
        _ => None,
    }
}

/// Writes `values` of `shape` as the tensor `name`.
pub(super) fn write(
    path: &Path,
    name: &str,
    values: &[f32],
    shape: [usize; 2],
    task: &Task,
) -> Result<()> {
    let info = TensorInfo {
        dtype: Dtype::F32,
        shape: shape.to_vec(),
        data_offsets: (0, size_of_val(values)),
    };
    let failed = |e: &dyn std::fmt::Display| {
        Error::request(
            format!("{} cannot be written: {e}", path.display()),
            "This is a matrix that the format does not hold.",
        )
    };
    let metadata = Metadata::new(None, vec![(name.to_owned(), info)]).map_err(|e| failed(&e))?;
    let mut header = serde_json::to_vec(&metadata).map_err(|e| failed(&e))?;
    // The data begins at a multiple of eight bytes.
    header.resize(header.len().next_multiple_of(8), b' ');
    replace_with(path, |out| {
        let io = || Error::io("write", path);
        out.write_all(&(header.len() as u64).to_le_bytes())
            .map_err(io())?;
        out.write_all(&header).map_err(io())?;
        let mut bytes = Vec::new();
        for piece in values.chunks(1 << 16) {
            task.check()?;
            bytes.clear();
            bytes.extend(piece.iter().flat_map(|v| v.to_le_bytes()));
            out.write_all(&bytes).map_err(io())?;
        }
        Ok(())
    })
}
