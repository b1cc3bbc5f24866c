//! Matrices in `.npy` files.

use super::{Folder, refused, says};
use nearmiss::dataset::npy::read_npy;

/// A file as numpy.save writes it, format version 1.0.
fn npy(descr: &str, fortran: bool, shape: &str, data: &[u8]) -> Vec<u8> {
    let order = if fortran { "True" } else { "False" };
    let mut header =
        format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}");
    while (header.len() + 11) % 64 != 0 {
        header.push(' ');
    }
    header.push('\n');
    let length = (header.len() as u16).to_le_bytes();
    [b"\x93NUMPY\x01\x00", &length[..], header.as_bytes(), data].concat()
}

fn read(bytes: impl AsRef<[u8]>) -> nearmiss::error::Result<(Vec<f32>, usize, usize)> {
    let folder = Folder::with(&[]);
    folder.write("a.npy", bytes);
    read_npy(&folder.path("a.npy"))
}

#[test]
fn floats_of_any_width_and_order_read_row_by_row() {
    let values = [1.0f32, 2.0, 3.0, -4.0, 5.5, 6.0];
    let expected = (values.to_vec(), 2, 3);
    let single: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
    let double: Vec<u8> = values
        .iter()
        .flat_map(|&v| f64::from(v).to_le_bytes())
        .collect();
    let half: Vec<u8> = values
        .iter()
        .flat_map(|&v| half::f16::from_f32(v).to_le_bytes())
        .collect();
    assert_eq!(
        read(npy("<f4", false, "(2, 3)", &single)).unwrap(),
        expected
    );
    assert_eq!(
        read(npy("<f8", false, "(2, 3)", &double)).unwrap(),
        expected
    );
    assert_eq!(read(npy("<f2", false, "(2, 3)", &half)).unwrap(), expected);
    let columns: Vec<u8> = [0, 3, 1, 4, 2, 5]
        .iter()
        .flat_map(|&i| values[i as usize].to_le_bytes())
        .collect();
    assert_eq!(
        read(npy("<f4", true, "(2, 3)", &columns)).unwrap(),
        expected
    );
}

#[test]
fn what_is_no_matrix_of_floats_is_refused() {
    let data = [0; 48];
    for (bytes, parts) in [
        (Vec::new(), ["is empty", "numpy.save"]),
        (b"hello".to_vec(), ["is not a NumPy", "numpy.save"]),
        (b"PK\x03\x04rest".to_vec(), [".npz", "numpy.save"]),
        (
            npy("<f4", false, "(12,)", &data),
            ["vector of 12", "matrix"],
        ),
        (npy("<f4", false, "()", &data), ["single number", "matrix"]),
        (
            npy("<f4", false, "(2, 2, 3)", &data),
            ["3 dimensions", "matrix"],
        ),
        (npy("<i8", false, "(2, 3)", &data), ["<i8", "float32"]),
        (
            npy(">f4", false, "(2, 3)", &data),
            ["big endian", "float32"],
        ),
        (npy("<f4", false, "(4, 4)", &data), ["cut off", "4 x 4"]),
        (
            npy("<f4", false, "(4294967296, 4294967296)", &data),
            ["cut off", "4294967296"],
        ),
        (npy("<f4", false, "(0, 4)", &data), ["no values", "0 x 4"]),
        (
            npy("<f4", false, "(2, 3)", &data)[..40].to_vec(),
            ["header", "cut off"],
        ),
        (
            b"\x93NUMPY\x02\x00\xFF\xFF\xFF\xFF{".to_vec(),
            ["header", "cut off"],
        ),
        (
            npy("<f4", false, "oops", &data),
            ["header", "cannot be read"],
        ),
    ] {
        says(&refused(read(bytes)), &["a.npy", parts[0], parts[1]]);
    }
}
