//! The material of `labs/labC`.

use nearmiss::learn::linear::{Norm, Problem, Shape};
use serde_json::Value;
use std::path::PathBuf;

pub const SETS: [&str; 2] = ["gaussian", "digits"];

fn lab(name: &str) -> PathBuf {
    let root = std::env::var_os("NEARMISS_MATERIAL").expect("NEARMISS_MATERIAL names the folder");
    PathBuf::from(root).join("labs/labC").join(name)
}

pub fn expected(set: &str) -> Value {
    let text = std::fs::read(lab("expected.json")).unwrap();
    let mut all: Value = serde_json::from_slice(&text).unwrap();
    all[set].take()
}

pub fn float(value: &Value) -> f64 {
    value
        .as_f64()
        .unwrap_or_else(|| panic!("{value} is no number"))
}

/// Floats of either size, or bytes.
pub fn values(name: &str) -> Vec<f64> {
    let bytes = std::fs::read(lab(&format!("{name}.npy"))).unwrap();
    let file = npyz::NpyFile::new(&bytes[..]).unwrap();
    let kind = file.dtype().descr();
    if kind.contains("f8") {
        file.into_vec().unwrap()
    } else if kind.contains("f4") {
        let values: Vec<f32> = file.into_vec().unwrap();
        values.into_iter().map(f64::from).collect()
    } else if kind.contains("u1") {
        let values: Vec<u8> = file.into_vec().unwrap();
        values.into_iter().map(f64::from).collect()
    } else {
        let values: Vec<i8> = file.into_vec().unwrap();
        values.into_iter().map(f64::from).collect()
    }
}

pub fn problem(set: &str) -> Problem {
    let labels: Vec<i8> = values(&format!("{set}_y"))
        .iter()
        .map(|&y| y as i8)
        .collect();
    let (rows, shape) = if set == "gaussian" {
        (values("gaussian_X"), Shape::line(200))
    } else {
        let bytes = values("digits_X_uint8");
        let rows = bytes.iter().map(|v| v / 255.0).collect();
        (rows, Shape::plane(28, 28))
    };
    Problem::new(rows, &labels, shape).unwrap()
}

/// The maximal margins of the reference, as `Norm::ALL`.
pub fn maximal(expected: &Value) -> [f64; 4] {
    Norm::ALL.map(|norm| float(&expected["max_margin"][norm.name()]["value"]))
}

/// Relative difference.
pub fn off(ours: f64, theirs: f64) -> f64 {
    (ours - theirs).abs() / theirs.abs().max(1e-300)
}

/// The largest difference.
pub fn apart(ours: &[f64], theirs: &[f64]) -> f64 {
    assert_eq!(ours.len(), theirs.len());
    let pairs = ours.iter().zip(theirs);
    pairs.fold(0.0, |most: f64, (a, b)| most.max((a - b).abs()))
}

/// What the reference makes sums of weights with.
pub fn probe(w: &[f64]) -> f64 {
    let each = w.iter().enumerate();
    each.map(|(k, w)| w * (0.1 * (k + 1) as f64).cos()).sum()
}
