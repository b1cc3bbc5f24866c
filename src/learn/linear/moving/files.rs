//! A changed dataset in files.

use super::answer::{Answer, Share};
use super::study::Found;
use crate::dataset::npy::write_doubles;
use crate::error::{Error, Result};
use crate::files::write_table;
use std::path::Path;

/// Writes the rows of the first split into the files `x` (the rows trained on, moved, float64 `[rows, values]`, with `mean`
/// added, which was taken off every row), `y` (their labels, +1 and -1) and `places` (the place of each among all rows).
///
/// # Errors
/// A file cannot be written.
pub fn write_rows([x, y, places]: [&Path; 3], found: &Found, mean: &[f64]) -> Result<()> {
    let first = found.splits.first();
    let split = first.ok_or_else(|| Error::request("no rows were moved", "Move them first."))?;
    let problem = &split.moved.problem;
    let (count, width) = (problem.count(), problem.width());
    let mut values = Vec::with_capacity(count * width);
    for row in 0..count {
        let row = problem.row(row)?;
        // A mean of 0 leaves the bits as they are.
        let pairs = row.iter().zip(mean);
        values.extend(pairs.map(|(v, m)| if *m == 0.0 { *v } else { v + m }));
    }
    write_doubles(x, &values, &[count, width])?;
    let labels: Vec<f64> = problem.labels().iter().map(|&y| f64::from(y)).collect();
    write_doubles(y, &labels, &[count])?;
    let own: Vec<f64> = split.places[0].iter().map(|&n| n as f64).collect();
    write_doubles(places, &own, &[count])
}

/// Writes what [`write_rows`] does into `folder` as `robust_x.npy`, `robust_y.npy` and `robust_rows.npy`, and robust accuracy of
/// all splits as `robust.csv`.
///
/// # Errors
/// A file cannot be written.
pub fn write(folder: &Path, found: &Found, mean: &[f64]) -> Result<()> {
    let [x, y, rows] = ["robust_x.npy", "robust_y.npy", "robust_rows.npy"].map(|n| folder.join(n));
    write_rows([&x, &y, &rows], found, mean)?;
    let answer = Answer::of(found);
    let lines = answer.trainings.iter().flat_map(|training| {
        let all = answer.epsilon.iter().enumerate();
        all.map(|(n, size)| {
            let [before, after, gain] =
                [&training.before, &training.after, &training.gain].map(|shares| shares[n]);
            let half = |share: Share| share.half_width.map_or_else(String::new, |h| h.to_string());
            [
                training.training.to_owned(),
                training.rows.to_owned(),
                size.to_string(),
                before.mean.to_string(),
                half(before),
                after.mean.to_string(),
                half(after),
                gain.mean.to_string(),
                half(gain),
            ]
        })
    });
    let columns = [
        "training",
        "rows",
        "epsilon",
        "before",
        "before_half_width",
        "after",
        "after_half_width",
        "gain",
        "gain_half_width",
    ];
    write_table(&folder.join("robust.csv"), &columns, lines)
}
