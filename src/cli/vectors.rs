//! Embeddings as files.

use super::signals;
use crate::compute::Embeddings;
use crate::dataset::vectors;
use crate::error::Result;
use crate::task::Task;
use std::path::Path;

/// Writes `embeddings` in true units to `path` as float32, in the container of its extension, under `name` where that has names: to
/// a temporary name first, then renamed.
///
/// # Errors
/// Another extension; the file cannot be written.
pub fn write(path: &Path, name: &str, embeddings: &Embeddings) -> Result<()> {
    let (dim, task) = (embeddings.dim(), Task::cancelled_by(signals::arrived()));
    vectors::write(path, name, &embeddings.values(), dim, &task)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::vectors::{EITHER, EXTENSIONS};
    use crate::files::replace;
    use crate::retrieval::read_embeddings as read;
    use npyz::WriterBuilder;

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().unwrap()
    }

    #[test]
    fn vectors_survive_a_round_trip() {
        let dir = folder();
        let vectors = Embeddings::new(vec![3.0, 4.0, 0.0, 1.0, 0.0, 0.0], 2).unwrap();
        for (n, extension) in EXTENSIONS.iter().enumerate() {
            let path = dir.path().join("a").with_extension(extension);
            write(&path, EITHER, &vectors).unwrap();
            assert_eq!(read(&path).unwrap(), vectors, "{extension}");
            assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), n + 1);
        }
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
