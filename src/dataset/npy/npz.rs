//! Several arrays in one file (`.npz`).

use super::encode;
use crate::error::{Error, Result};
use crate::files::replace;
use std::io::{Cursor, Write as _};
use std::path::Path;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// Writes arrays, each a name with values that are row-major in a shape, to `path` as float32: what `numpy.load` reads
/// by name.
///
/// # Errors
/// The file cannot be written.
pub fn write_arrays(path: &Path, arrays: &[(&str, Vec<f32>, &[usize])]) -> Result<()> {
    let packed = || -> std::io::Result<Vec<u8>> {
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, values, shape) in arrays {
            let plain = SimpleFileOptions::default()
                .compression_method(CompressionMethod::Stored)
                .large_file(values.len() >= 1 << 29);
            archive.start_file(format!("{name}.npy"), plain)?;
            encode(&mut archive, values, shape)?;
        }
        Ok(archive.finish()?.into_inner())
    };
    let bytes = packed().map_err(Error::io("write", path))?;
    replace(path, |out| out.write_all(&bytes))
}
