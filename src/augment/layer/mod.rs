//! The layer that changes pictures: one graph of standard operators, its copies, and their derivative by the magnitudes.

mod graph;

pub use graph::{COPIES, MAGNITUDES, NOISE, PIXELS, graph};

use super::change::{CHANGES, Changes, Magnitudes};
use super::draws::DRAWS;
use crate::compute::Grid;
use crate::error::{Error, Result};
use crate::grad::{COTANGENT, Differentiator, Objective, Prepared, Request, Target};
use crate::onnx::{Effort, GraphEngine, Program, Tensor};
use crate::runtime::{Provider, RuntimeEngine};
use crate::task::{Task, lock};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// Values of pixels that are changed at once, and copies at most.
const VALUES: usize = 1 << 21;
const MOST: usize = 64;

/// The layer, ready to run on copies of one size.
pub struct Layer {
    grid: Grid,
    changes: Changes,
    /// Copies of a run.
    rows: usize,
    /// Nothing where no change is made.
    program: Option<Mutex<Box<dyn Program>>>,
    slope: Option<Arc<Prepared>>,
}

impl Layer {
    /// One that makes `changes` of pictures of the size of `grid`, whose rows do not count.
    ///
    /// # Errors
    /// The engine refuses the graph, or `task` was cancelled.
    pub fn new(grid: Grid, changes: Changes, providers: &[Provider], task: &Task) -> Result<Self> {
        let rows = (VALUES / grid.len().max(1)).clamp(1, MOST);
        let mut layer = Self {
            grid,
            changes,
            rows,
            program: None,
            slope: None,
        };
        if changes.is_empty() {
            return Ok(layer);
        }
        let graph = graph(grid, rows, changes)?;
        let engine = RuntimeEngine::new(providers);
        layer.program = Some(Mutex::new(engine.load(&graph, Effort::Often)?));
        let Grid {
            channels,
            height,
            width,
            ..
        } = grid;
        let blank = |shape: &[usize]| Tensor::floats(shape, &vec![0.5; shape.iter().product()]);
        let feeds = BTreeMap::from([
            (PIXELS.to_owned(), blank(&[rows, channels, height, width])),
            (NOISE.to_owned(), blank(&[rows, DRAWS])),
            (MAGNITUDES.to_owned(), blank(&[CHANGES])),
        ]);
        let target = Target::Input(MAGNITUDES.to_owned());
        let request = Request::new(feeds, target, Objective::Vjp);
        let differentiator = Differentiator::new(graph, Arc::new(engine));
        layer.slope = Some(differentiator.prepare(&request, task)?);
        Ok(layer)
    }

    /// The changes that it makes.
    pub fn changes(&self) -> Changes {
        self.changes
    }

    /// The size of its pictures; the rows do not count.
    pub fn grid(&self) -> Grid {
        self.grid
    }

    /// The copies of `pixels`, as many rows of `[channels, height, width]` in [0, 1] as there are `draws`, `[rows, 7]`. They lie in
    /// [0, 1]; where all magnitudes are 0 they are the pictures. Small moves are made to the rounding of places (1e-5 of a pixel
    /// for sides of some hundred pixels).
    ///
    /// # Errors
    /// Numbers of rows that do not fit each other; the engine fails; `task` was cancelled.
    pub fn copies(
        &self,
        pixels: &[f32],
        draws: &[f32],
        magnitudes: &Magnitudes,
        task: &Task,
    ) -> Result<Vec<f32>> {
        let rows = self.fits(pixels, draws)?;
        let program = self.program.as_ref();
        let Some(program) = program.filter(|_| !magnitudes.made().is_empty()) else {
            return Ok(pixels.to_vec());
        };
        let magnitudes = Tensor::floats(&[CHANGES], &magnitudes.floats());
        let len = self.grid.len();
        let mut all = Vec::with_capacity(pixels.len());
        for start in (0..rows).step_by(self.rows) {
            task.check()?;
            let [pixels, draws] = self.piece(pixels, draws, start, rows);
            let feeds = [
                (PIXELS, &pixels),
                (NOISE, &draws),
                (MAGNITUDES, &magnitudes),
            ];
            let made = lock(program).run(&feeds, task)?;
            let made = made.first().and_then(Tensor::to_floats);
            let made = made.filter(|made| made.len() == self.rows * len);
            let made = made.ok_or_else(|| odd("copies"))?;
            let kept = self.rows.min(rows - start);
            all.extend_from_slice(&made[..kept * len]);
        }
        Ok(all)
    }

    /// The derivative by each magnitude of the sum of `cotangents` times the copies, both as [`Layer::copies`] has them; 0 for a
    /// change that the layer does not make.
    ///
    /// # Errors
    /// As there; a derivative that is not finite.
    pub fn gradient(
        &self,
        (pixels, draws): (&[f32], &[f32]),
        magnitudes: &Magnitudes,
        cotangents: &[f32],
        task: &Task,
    ) -> Result<[f64; CHANGES]> {
        let rows = self.fits(pixels, draws)?;
        if cotangents.len() != pixels.len() {
            return Err(odd("cotangents"));
        }
        let mut sum = [0.0; CHANGES];
        let Some(slope) = &self.slope else {
            return Ok(sum);
        };
        let magnitudes = Tensor::floats(&[CHANGES], &magnitudes.floats());
        for start in (0..rows).step_by(self.rows) {
            task.check()?;
            let [pixels, draws] = self.piece(pixels, draws, start, rows);
            let cotangents = self.rows_of(cotangents, self.grid.len(), start, rows);
            let cotangents = Tensor::floats(pixels.shape(), &cotangents);
            let feeds = [
                (PIXELS, &pixels),
                (NOISE, &draws),
                (MAGNITUDES, &magnitudes),
                (COTANGENT, &cotangents),
            ];
            let made = slope.run(&feeds, task)?.gradient.to_floats();
            let made = made.filter(|made| made.len() == CHANGES);
            for (sum, value) in sum.iter_mut().zip(made.ok_or_else(|| odd("gradient"))?) {
                *sum += f64::from(value);
            }
        }
        if sum.iter().all(|value| value.is_finite()) {
            return Ok(sum);
        }
        Err(Error::compute(
            "the derivative by a magnitude is not finite",
            "Choose smaller magnitudes, or leave the change out with --only.",
        ))
    }

    /// How many rows there are.
    fn fits(&self, pixels: &[f32], draws: &[f32]) -> Result<usize> {
        let rows = draws.len() / DRAWS;
        if rows * DRAWS == draws.len() && rows * self.grid.len() == pixels.len() {
            Ok(rows)
        } else {
            Err(odd("draws"))
        }
    }

    /// The rows of a run from `start` on, filled up with zeros.
    fn piece(&self, pixels: &[f32], draws: &[f32], start: usize, rows: usize) -> [Tensor; 2] {
        let Grid {
            channels,
            height,
            width,
            ..
        } = self.grid;
        let pixels = self.rows_of(pixels, self.grid.len(), start, rows);
        let draws = self.rows_of(draws, DRAWS, start, rows);
        [
            Tensor::floats(&[self.rows, channels, height, width], &pixels),
            Tensor::floats(&[self.rows, DRAWS], &draws),
        ]
    }

    fn rows_of(&self, values: &[f32], each: usize, start: usize, rows: usize) -> Vec<f32> {
        let end = (start + self.rows).min(rows);
        let mut part = values[start * each..end * each].to_vec();
        part.resize(self.rows * each, 0.0);
        part
    }
}

fn odd(what: &str) -> Error {
    Error::compute(
        format!("the {what} of the layer are not one for each picture"),
        "This is a fault of the program: report it.",
    )
}
