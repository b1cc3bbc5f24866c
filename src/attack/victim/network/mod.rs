//! A model on raw rows: its output, and the gradient of an objective of it.

mod gradient;
mod open;

use crate::compute::{Embeddings, Grid};
use crate::encoder::Encoder;
use crate::error::{Error, Result};
use crate::grad::{Differentiator, Normalise};
use crate::onnx::{Program, Tensor};
use crate::runtime::Stop;
use crate::task::{Task, lock};
use gradient::Graphs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// Output of a run: `[rows, dim]` and `dim`.
pub type Rows = (Vec<f32>, usize);

/// Runs the plain forward model.
enum Forward {
    /// An encoder's image model; rows are pixels in [0, 1].
    Tower(Arc<Encoder>),
    /// Any model, on its own input.
    Program(Mutex<Box<dyn Program>>),
}

/// A model ready to be attacked. Share it behind an `Arc`; calls from several threads wait for each other.
pub struct Network {
    path: PathBuf,
    input: String,
    output: Option<String>,
    /// Shape of one row as the model takes it, without the batch.
    row: Vec<usize>,
    grid: Grid,
    /// Rows that the file runs at once; where it fixes them, as many as that.
    batch: usize,
    /// Does the file fix its batch?
    fixed: bool,
    normalise: Option<Normalise>,
    forward: Forward,
    /// The model with its batch set free, for files that fix it; see [`free_batch`](crate::onnx::free_batch).
    freed: Option<Mutex<Box<dyn Program>>>,
    /// Rows of a gradient's run at most.
    together: usize,
    /// Is a graph small enough to be kept at many sizes of batch?
    small: bool,
    differentiator: Differentiator,
    ready: Mutex<Graphs>,
    /// Why there is no gradient.
    blocked: Option<String>,
    /// The operators that the gradient passes straight through although they round.
    approximate: Vec<String>,
    /// Is the gradient's graph more precise than the file, so that verdicts come from the file's own forward run?
    finer: bool,
}

impl Network {
    /// The model's file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Shape of a row; its `rows` is 0.
    pub fn grid(&self) -> Grid {
        self.grid
    }

    /// Why there is no gradient, in words; `None` where there is one.
    pub fn blocked(&self) -> Option<&str> {
        self.blocked.as_deref()
    }

    /// The operators that round and that the gradient passes as if they did not; none where it is exact, or where there
    /// is none.
    pub fn approximate(&self) -> &[String] {
        &self.approximate
    }

    /// The forward model's output for `rows` rows of `x`, many at once.
    ///
    /// # Errors
    /// The model fails or gives something else than rows of floats; or `task` was cancelled.
    pub fn forward(&self, x: &[f32], rows: usize, task: &Task) -> Result<Rows> {
        match &self.freed {
            Some(program) => self.pieces(x, rows, self.together, task, |part, n| {
                self.program(program, &self.normalised(part), n, task)
            }),
            None => self.plain(x, rows, self.batch, task),
        }
    }

    /// The output of the file as it is, as many rows at once as it takes: the embeddings that count.
    ///
    /// # Errors
    /// As [`Network::forward`].
    pub fn as_filed(&self, x: &[f32], rows: usize, task: &Task) -> Result<Rows> {
        self.plain(x, rows, self.batch, task)
    }

    /// The same as embeddings of unit norm of all of `x`, values of rows one after the other.
    ///
    /// # Errors
    /// As [`Network::forward`].
    pub fn embed_as_filed(&self, x: &[f32], task: &Task) -> Result<Embeddings> {
        let rows = x.len() / self.grid.len().max(1);
        let (values, dim) = self.as_filed(x, rows, task)?;
        Embeddings::new(values, dim)
    }

    /// The output of the file as it is, each row alone: what whoever checks a saved row will see.
    ///
    /// # Errors
    /// As [`Network::forward`].
    pub fn singly(&self, x: &[f32], rows: usize, task: &Task) -> Result<Rows> {
        self.plain(x, rows, 1, task)
    }

    /// The output of the file as it is, `together` rows at once.
    fn plain(&self, x: &[f32], rows: usize, together: usize, task: &Task) -> Result<Rows> {
        self.pieces(x, rows, together, task, |part, n| match &self.forward {
            Forward::Tower(encoder) => {
                let pixels = self.normalised(part);
                let stop = Stop::watch(task);
                let made = encoder.image_tower().embed_images_until(&pixels, n, &stop);
                task.check()?;
                made
            }
            Forward::Program(program) => {
                let size = if self.fixed { self.batch } else { n };
                let part = filled(part, self.grid.len(), size);
                let (mut values, dim) = self.program(program, &part, size, task)?;
                values.truncate(n * dim);
                Ok((values, dim))
            }
        })
    }

    fn program(
        &self,
        program: &Mutex<Box<dyn Program>>,
        x: &[f32],
        rows: usize,
        task: &Task,
    ) -> Result<Rows> {
        let x = self.tensor(x, rows);
        let made = lock(program).run(&[(self.input.as_str(), &x)], task)?;
        self.rows(made.first(), rows)
    }

    /// Calls `run` for pieces of `x` of at most `together` rows and joins what comes out.
    fn pieces(
        &self,
        x: &[f32],
        rows: usize,
        together: usize,
        task: &Task,
        run: impl Fn(&[f32], usize) -> Result<Rows>,
    ) -> Result<Rows> {
        task.check()?;
        let len = self.grid.len();
        let mut all = (Vec::new(), 0);
        for start in (0..rows).step_by(together) {
            let n = together.min(rows - start);
            let (values, dim) = run(&x[start * len..(start + n) * len], n)?;
            if values.iter().any(|v| !v.is_finite()) {
                return Err(Error::model(
                    &self.path,
                    "gives NaN or infinite scores for a perturbed input",
                    "Its arithmetic overflows there; export it in float32.",
                ));
            }
            all.0.extend(values);
            all.1 = dim;
        }
        Ok(all)
    }

    fn tensor(&self, values: &[f32], rows: usize) -> Tensor {
        let shape: Vec<usize> = std::iter::once(rows)
            .chain(self.row.iter().copied())
            .collect();
        Tensor::floats(&shape, values)
    }

    /// `(x - mean) / std`, channel by channel.
    fn normalised(&self, x: &[f32]) -> Vec<f32> {
        let Some(normalise) = &self.normalise else {
            return x.to_vec();
        };
        let plane = self.grid.plane().max(1);
        let channels = self.grid.channels;
        x.chunks(plane)
            .enumerate()
            .flat_map(|(at, values)| {
                let (mean, std) = (normalise.mean[at % channels], normalise.std[at % channels]);
                values.iter().map(move |v| (v - mean) / std)
            })
            .collect()
    }

    /// An output as rows of numbers.
    fn rows(&self, output: Option<&Tensor>, rows: usize) -> Result<Rows> {
        let values = output.and_then(Tensor::to_floats).unwrap_or_default();
        if values.is_empty() || !values.len().is_multiple_of(rows.max(1)) {
            return Err(self.odd("output"));
        }
        let dim = values.len() / rows.max(1);
        Ok((values, dim))
    }

    fn odd(&self, what: &str) -> Error {
        Error::model(
            &self.path,
            format!("its {what} is not one vector of floats per row"),
            "Export it with the logits or the embedding as its output.",
        )
    }
}

/// `values`, repeated from the start until there are `size` rows of `len`.
fn filled(values: &[f32], len: usize, size: usize) -> Vec<f32> {
    values.iter().copied().cycle().take(size * len).collect()
}
