//! Files of embeddings, as other programs write them (`fixtures/embeddings.py`) and as we do.

use super::{fixture, task};
use nearmiss::dataset::vectors::{self, EITHER, EXTENSIONS, IMAGES, Matrix, TEXTS};
use nearmiss::error::Error;
use nearmiss::retrieval::{Side, read_embeddings, read_side};
use std::path::Path;

/// (4 i + j - 6) / 8 for 3 rows of 4, times `scale`: what the fixtures hold.
fn matrix(scale: f32) -> Matrix {
    let values = (0..12).map(|n| scale * (n as f32 - 6.0) / 8.0).collect();
    Matrix {
        values,
        rows: 3,
        columns: 4,
    }
}

fn read(name: &str, names: &[&str]) -> nearmiss::error::Result<Matrix> {
    vectors::read(&fixture(name), names, &task())
}

#[test]
fn what_other_programs_write_is_read() {
    for name in [
        "list.parquet",
        "fixed.parquet",
        "half.parquet",
        "flat.parquet",
        "half.safetensors",
        "brain.safetensors",
    ] {
        assert_eq!(read(name, &[EITHER]).unwrap(), matrix(1.0), "{name}");
    }
}

#[test]
fn of_both_sides_the_one_asked_for_is_read() {
    for name in ["both.safetensors", "both.parquet"] {
        assert_eq!(
            read(name, &[IMAGES, EITHER]).unwrap(),
            matrix(1.0),
            "{name}"
        );
        assert_eq!(read(name, &[TEXTS, EITHER]).unwrap(), matrix(2.0), "{name}");
        let path = fixture(name);
        // Twice the values, equal once normalised.
        let images = read_side(&path, Side::Image, &task()).unwrap();
        assert_eq!(images, read_side(&path, Side::Text, &task()).unwrap());
        assert_eq!(images, read_embeddings(&path).unwrap());
    }
}

#[test]
fn what_is_no_matrix_is_refused_with_its_reason() {
    for (name, parts) in [
        ("two.safetensors", ["several matrices: a, b", "embeddings"]),
        (
            "gap.parquet",
            ["column vector has a missing value", "Leave"],
        ),
        ("ragged.parquet", ["row 1", "holds 1 values, the first 2"]),
    ] {
        let error = read(name, &[EITHER]).unwrap_err();
        let message = format!("{error} | {}", error.remedy());
        assert!(matches!(error, Error::Dataset { .. }));
        for part in parts {
            assert!(message.contains(part), "{message:?} does not say {part:?}");
        }
    }
}

#[test]
fn cut_files_are_refused_and_never_read_as_less() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["list.parquet", "half.safetensors", "both.safetensors"] {
        let whole = std::fs::read(fixture(name)).unwrap();
        let extension = Path::new(name).extension().unwrap();
        let path = folder.path().join("cut").with_extension(extension);
        for cut in (0..whole.len()).step_by(7) {
            std::fs::write(&path, &whole[..cut]).unwrap();
            let error = vectors::read(&path, &[IMAGES, EITHER], &task()).unwrap_err();
            assert!(
                error.to_string().contains("cut."),
                "{name} at {cut}: {error}"
            );
        }
    }
}

#[test]
fn every_container_keeps_every_bit() {
    let folder = tempfile::tempdir().unwrap();
    // More values than are read or written at a time, none alike.
    let columns = 513;
    let mut random = fastrand::Rng::with_seed(5);
    let values: Vec<f32> = (0..columns * 1_100)
        .map(|_| (random.f32() - 0.5) * 10_f32.powi(random.i32(-30..30)))
        .collect();
    for extension in EXTENSIONS {
        let path = folder.path().join("m").with_extension(extension);
        vectors::write(&path, TEXTS, &values, columns, &task()).unwrap();
        let back = vectors::read(&path, &[TEXTS], &task()).unwrap();
        assert_eq!((back.rows, back.columns), (1_100, columns), "{extension}");
        assert!(back.values == values, "{extension}");
    }
}

#[test]
fn columns_first_is_turned_to_rows_first() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("f.npy");
    let mut header = "{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3, 4), }".to_owned();
    while !(header.len() + 11).is_multiple_of(64) {
        header.push(' ');
    }
    header.push('\n');
    // Value 100 i + 10 j + k at [i, j, k], the first index running fastest.
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    for k in 0..4 {
        for j in 0..3 {
            for i in 0..2 {
                bytes.extend(((100 * i + 10 * j + k) as f32).to_le_bytes());
            }
        }
    }
    std::fs::write(&path, bytes).unwrap();
    let (values, shape) = nearmiss::dataset::npy::read_array(&path).unwrap();
    assert_eq!(shape, [2, 3, 4]);
    for (n, value) in values.iter().enumerate() {
        assert_eq!(*value, (100 * (n / 12) + 10 * (n / 4 % 3) + n % 4) as f32);
    }
}

#[test]
fn a_cancelled_read_stops_and_a_cancelled_write_leaves_the_old_file() {
    let folder = tempfile::tempdir().unwrap();
    let cancelled = task();
    cancelled.cancel();
    for extension in ["npy", "safetensors", "parquet"] {
        let path = folder.path().join("m").with_extension(extension);
        vectors::write(&path, EITHER, &matrix(1.0).values, 4, &task()).unwrap();
        let error = vectors::read(&path, &[EITHER], &cancelled).unwrap_err();
        assert!(error.is_cancelled(), "{extension}: {error}");
        if extension != "npy" {
            let error = vectors::write(&path, EITHER, &[0.0; 4], 4, &cancelled).unwrap_err();
            assert!(error.is_cancelled(), "{extension}: {error}");
        }
        let back = vectors::read(&path, &[EITHER], &task()).unwrap();
        assert_eq!(back, matrix(1.0), "{extension}");
    }
    assert_eq!(super::listing(folder.path()).len(), 3);
}

#[test]
fn files_of_embeddings_are_told_from_captions() {
    for (name, expected) in [
        ("list.parquet", false),
        ("fixed.parquet", true),
        ("flat.parquet", true),
        ("both.parquet", true),
        ("captions.parquet", false),
        ("both.safetensors", true),
    ] {
        assert_eq!(vectors::is_embeddings(&fixture(name)), expected, "{name}");
    }
}
