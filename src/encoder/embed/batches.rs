//! What embedding pictures and embedding captions share: the size of batches, and where the rows go.

use crate::encoder::dual::Encoder;
use crate::error::{Error, Result};
use crate::runtime::Runtime;
use crate::task::Task;
use std::ops::Range;
use std::path::Path;
use std::time::{Duration, Instant};

/// Chooses the size of the next batch, up to the user's, so that a cancel is obeyed within a second. ONNX Runtime
/// stops between two operators, so a batch may take a while; tract stops between two batches.
pub(crate) struct Pace {
    size: usize,
    most: usize,
    /// A batch that takes less is followed by a larger one, one that takes more by a smaller one.
    aim: Range<Duration>,
}

impl Pace {
    pub(crate) fn new(encoder: &Encoder) -> Self {
        let tract = Runtime::get().is_ok_and(Runtime::is_tract);
        let (first, low, high) = if tract {
            (1, 150, 400)
        } else {
            (32, 500, 2000)
        };
        let most = encoder.batch();
        let aim = Duration::from_millis(low)..Duration::from_millis(high);
        Self {
            size: most.min(first),
            most,
            aim,
        }
    }

    /// Rows of the next batch.
    pub(crate) fn size(&self) -> usize {
        self.size
    }

    /// Runs one batch and learns from the time it took. A failure after a cancel is the cancel.
    pub(crate) fn run<T>(&mut self, task: &Task, batch: impl FnOnce() -> Result<T>) -> Result<T> {
        task.check()?;
        let since = Instant::now();
        let result = batch().map_err(|e| {
            if task.is_cancelled() {
                Error::Cancelled
            } else {
                e
            }
        })?;
        let took = since.elapsed();
        if took < self.aim.start {
            self.size = (self.size * 2).min(self.most);
        } else if took > self.aim.end {
            self.size = (self.size / 2).max(1);
        }
        Ok(result)
    }
}

/// Rows as they come, each put into its place. Memory: `rows * dim` values.
#[derive(Default)]
pub(crate) struct Rows {
    pub values: Vec<f32>,
    pub dim: usize,
    count: usize,
}

impl Rows {
    /// Room for `count` rows of a length that the first one tells.
    pub(crate) fn new(count: usize) -> Self {
        Self {
            count,
            ..Self::default()
        }
    }

    /// Puts `row` at place `index`.
    pub(crate) fn put(&mut self, index: usize, row: &[f32]) {
        if self.values.is_empty() {
            self.dim = row.len();
            self.values = vec![0.0; self.count * self.dim];
        }
        self.values[index * self.dim..(index + 1) * self.dim].copy_from_slice(row);
    }
}

/// Which rows of `values` (rows of `dim`) hold a NaN or an infinite value.
pub(crate) fn not_finite(values: &[f32], dim: usize) -> Vec<usize> {
    let rows = values.chunks_exact(dim.max(1)).enumerate();
    rows.filter(|(_, row)| row.iter().any(|v| !v.is_finite()))
        .map(|(at, _)| at)
        .collect()
}

/// Refuses `values` (rows of `dim`) with a NaN or an infinite value; `name(i)` says what row `i` embeds.
pub(crate) fn all_finite(
    values: &[f32],
    dim: usize,
    model: &Path,
    name: impl Fn(usize) -> String,
) -> Result<()> {
    match not_finite(values, dim).first() {
        None => Ok(()),
        Some(&row) => Err(Error::model(
            model,
            format!("gives NaN or infinite values for {}", name(row)),
            "The export is faulty, or overflows in float16: export it in float32.",
        )),
    }
}
