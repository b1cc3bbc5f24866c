//! Embeddings as `.npy` files, and files that are whole or absent.

use crate::compute::Embeddings;
use crate::dataset::npy::read_npy;
use crate::error::{Error, Result};
use npyz::WriterBuilder;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

/// Reads `path`, shape `[rows, dim]`, and normalises its rows.
///
/// # Errors
/// Not a `.npy` matrix of floating point numbers, cut short, or with NaN or infinite values.
pub fn read(path: &Path) -> Result<Embeddings> {
    let (values, _, dim) = read_npy(path)?;
    Embeddings::new(values, dim).map_err(|error| {
        let remedy = error.remedy();
        Error::dataset(path, error.to_string(), remedy)
    })
}

/// Writes `embeddings` to `path` as float32: to a temporary name first, then renamed.
///
/// # Errors
/// The file cannot be written.
pub fn write(path: &Path, embeddings: &Embeddings) -> Result<()> {
    replace(path, |out| {
        let mut writer = npyz::WriteOptions::<f32>::new()
            .default_dtype()
            .shape(&[embeddings.rows() as u64, embeddings.dim() as u64])
            .writer(out)
            .begin_nd()?;
        writer.extend(embeddings.data().iter().copied())?;
        writer.finish()
    })
}

/// Writes a file under a temporary name beside `path`, then renames it: `path` is whole or untouched.
///
/// # Errors
/// The file cannot be written.
pub fn replace(
    path: &Path,
    fill: impl FnOnce(&mut BufWriter<File>) -> std::io::Result<()>,
) -> Result<()> {
    let mut name = path.as_os_str().to_os_string();
    name.push(format!(".{}.part", std::process::id()));
    let part = Path::new(&name);
    let written = File::create(part).and_then(|file| {
        let mut out = BufWriter::with_capacity(1 << 20, file);
        fill(&mut out)?;
        out.flush()?;
        out.get_ref().sync_all()?;
        std::fs::rename(part, path)
    });
    written.map_err(|error| {
        // Only the half-written file is lost; the error below says why.
        let _ = std::fs::remove_file(part);
        Error::io("write", path)(error)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().unwrap()
    }

    #[test]
    fn vectors_survive_a_round_trip() {
        let dir = folder();
        let path = dir.path().join("a.npy");
        let vectors = Embeddings::new(vec![3.0, 4.0, 0.0, 1.0, 0.0, 0.0], 2).unwrap();
        write(&path, &vectors).unwrap();
        assert_eq!(read(&path).unwrap(), vectors);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn nan_names_file_and_row() {
        let dir = folder();
        let path = dir.path().join("nan.npy");
        replace(&path, |out| {
            let options = npyz::WriteOptions::<f32>::new()
                .default_dtype()
                .shape(&[2, 2]);
            let mut writer = options.writer(out).begin_nd()?;
            writer.extend([1.0, 0.0, f32::NAN, 1.0])?;
            writer.finish()
        })
        .unwrap();
        let error = read(&path).unwrap_err().to_string();
        assert!(
            error.contains("nan.npy") && error.contains("row 1"),
            "{error}"
        );
    }

    #[test]
    fn a_failed_write_leaves_the_old_file() {
        let dir = folder();
        let path = dir.path().join("a.json");
        std::fs::write(&path, "old").unwrap();
        assert!(replace(&path, |_| Err(std::io::Error::other("full"))).is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
