//! Labels that lie in a file.

use super::strata::Strata;
use crate::dataset::npy::read_array;
use crate::error::{Error, Result};
use std::path::Path;

/// The labels in `path` (.npy): one whole number from 0 for each pair or caption, numbered without gaps.
///
/// # Errors
/// A file that cannot be read, that is no list of such numbers, or that lacks a number below its largest.
pub fn labels_in(path: &Path) -> Result<Strata> {
    /// Beyond it float32 does not hold every whole number.
    const MOST: f32 = 16_777_216.0;
    let (values, shape) = read_array(path)?;
    let wrong = |what: String| {
        let remedy = "Write an array of whole numbers from 0, one for each.";
        Error::dataset(path, what, remedy)
    };
    if shape.len() != 1 {
        return Err(wrong(format!("has {} dimensions and not one", shape.len())));
    }
    let bad = values
        .iter()
        .find(|v| v.fract() != 0.0 || !(0.0..MOST).contains(*v));
    if let Some(bad) = bad {
        return Err(wrong(format!("holds {bad}, which is no label")));
    }
    let labels: Vec<u32> = values.iter().map(|&v| v as u32).collect();
    let count = labels.iter().max().map_or(0, |most| *most as usize + 1);
    if count > labels.len() {
        return Err(wrong(format!(
            "has labels up to {} for {} pairs: number the groups from 0 on",
            count - 1,
            labels.len()
        )));
    }
    let mut used = vec![false; count];
    for &label in &labels {
        used[label as usize] = true;
    }
    if let Some(unused) = used.iter().position(|used| !used) {
        return Err(wrong(format!(
            "has no pair of label {unused}: number the groups without gaps"
        )));
    }
    Strata::new(labels, count)
}
