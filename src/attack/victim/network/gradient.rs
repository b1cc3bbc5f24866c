//! Gradients of a [`Network`]: rows parted among the cores, graphs kept by objective.

use super::{Forward, Network, Rows, filled};
use crate::error::{Error, Result};
use crate::grad::{Objective, Prepared, Request, Target};
use crate::onnx::Tensor;
use crate::task::{Task, lock};
use rayon::prelude::*;
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::Arc;

/// Gradient graphs by objective and size of batch; no size for one that takes any, nothing where there is none such.
pub(super) type Graphs = HashMap<(String, Option<usize>), Option<Arc<Ready>>>;

/// A gradient graph at one size of batch, with what is fed to it beside the rows and the objective's own inputs.
pub(super) struct Ready {
    prepared: Arc<Prepared>,
    besides: BTreeMap<String, Tensor>,
}

/// Rows whose gradient is asked for: their values, how many each has, and the objective's own inputs.
struct Batch<'a> {
    x: &'a [f32],
    len: usize,
    extra: &'a [(&'a str, &'a [usize], &'a [f32])],
}

/// What comes out for some of them.
struct Part {
    loss: Vec<f32>,
    output: Rows,
    gradient: Vec<f32>,
}

impl Network {
    /// Loss `[rows]`, output and gradient of `objective` at `x`; `extra` are the objective's own inputs, `[rows, ...]`
    /// in float32.
    ///
    /// # Errors
    /// There is no gradient; the model fails; or `task` was cancelled.
    pub fn gradient(
        &self,
        objective: Objective,
        x: &[f32],
        rows: usize,
        extra: &[(&str, &[usize], &[f32])],
        task: &Task,
    ) -> Result<(Vec<f32>, Rows, Vec<f32>)> {
        if let Some(why) = &self.blocked {
            return Err(Error::model(
                &self.path,
                why.clone(),
                "Attacks by queries alone need no gradient and work on this model.",
            ));
        }
        let batch = Batch {
            x,
            len: self.grid.len(),
            extra,
        };
        let any = self.ready(objective, None, task)?;
        let mut parts: Vec<Part> = Vec::new();
        if let Some(ready) = any {
            let (pieces, beside) = ready.prepared.parting(rows);
            let pieces = pieces.max(rows.div_ceil(self.together));
            let piece = |at: usize| {
                let range = at * rows / pieces..(at + 1) * rows / pieces;
                self.piece(&ready, &batch, range.clone(), range.len(), beside > 1, task)
            };
            parts = if beside > 1 {
                let all = (0..pieces).into_par_iter();
                all.with_max_len(1).map(piece).collect::<Result<_>>()?
            } else {
                (0..pieces).map(piece).collect::<Result<_>>()?
            };
        } else {
            for start in (0..rows).step_by(self.together) {
                let range = start..(start + self.together).min(rows);
                // One graph per size of batch: a few sizes only, a piece filled up from its first row on.
                let size = self.size_for(range.len());
                let ready = self.ready(objective, Some(size), task)?;
                let ready = ready.ok_or_else(|| self.odd("gradient"))?;
                parts.push(self.piece(&ready, &batch, range, size, false, task)?);
            }
        }
        let (mut loss, mut output) = (Vec::with_capacity(rows), (Vec::new(), 0));
        let mut gradient = Vec::with_capacity(x.len());
        for part in parts {
            loss.extend(part.loss);
            output.0.extend(part.output.0);
            output.1 = part.output.1;
            gradient.extend(part.gradient);
        }
        if self.finer {
            // What the file gives ends a row, not what it would give in float32.
            output = self.forward(x, rows, task)?;
        }
        Ok((loss, output, gradient))
    }

    /// Some rows of `batch`, filled up to `size`; on one core where others run `beside` them.
    fn piece(
        &self,
        ready: &Ready,
        batch: &Batch<'_>,
        range: Range<usize>,
        size: usize,
        beside: bool,
        task: &Task,
    ) -> Result<Part> {
        let (n, len) = (range.len(), batch.len);
        let rows = &batch.x[range.start * len..range.end * len];
        let pixels = self.tensor(&filled(rows, len, size), size);
        let mut own = Vec::with_capacity(batch.extra.len());
        for (name, shape, values) in batch.extra {
            let each: usize = shape.iter().product();
            let part = filled(&values[range.start * each..range.end * each], each, size);
            let shape: Vec<usize> = std::iter::once(size).chain(shape.iter().copied()).collect();
            own.push((*name, Tensor::floats(&shape, &part)));
        }
        let mut feeds = vec![(self.input.as_str(), &pixels)];
        feeds.extend(own.iter().map(|(name, tensor)| (*name, tensor)));
        feeds.extend(ready.besides.iter().map(|(n, t)| (n.as_str(), t)));
        let mut step = if beside {
            ready.prepared.run_beside(&feeds, task)?
        } else {
            ready.prepared.run(&feeds, task)?
        };
        let (mut values, dim) = self.rows(Some(&step.output), size)?;
        let mut gradient = step.gradient.to_floats().unwrap_or_default();
        if gradient.len() != size * len || step.loss.len() < n {
            return Err(self.odd("gradient"));
        }
        values.truncate(n * dim);
        gradient.truncate(n * len);
        step.loss.truncate(n);
        Ok(Part {
            loss: step.loss,
            output: (values, dim),
            gradient,
        })
    }

    /// The size of batch that `n` rows run in: the full one, halved while they fit. Graphs with large weights, of which
    /// each size keeps its own, come in the full size, a quarter of it and one alone.
    pub(super) fn size_for(&self, n: usize) -> usize {
        if self.fixed && self.freed.is_none() {
            return self.batch;
        }
        let smaller = std::iter::successors(Some(self.together), |s| (*s > 1).then_some(s / 2));
        let kept = |s: &usize| self.small || [self.together, self.together / 4, 1].contains(s);
        let fitting = smaller.filter(kept).take_while(|s| *s >= n);
        fitting.last().unwrap_or(self.together)
    }

    /// The gradient graph of `objective` for `size` rows (`None`: for any number), made now or kept from before. `None`
    /// where no graph takes any number of rows.
    fn ready(
        &self,
        objective: Objective,
        size: Option<usize>,
        task: &Task,
    ) -> Result<Option<Arc<Ready>>> {
        let key = (format!("{objective:?}"), size);
        if let Some(ready) = lock(&self.ready).get(&key) {
            return Ok(ready.clone());
        }
        let request = self.request(objective, size.unwrap_or(1));
        let mut besides = request.feeds.clone();
        besides.remove(&self.input);
        let prepared = match size {
            Some(_) => Some(self.differentiator.prepare(&request, task)?),
            // Other inputs have the batch's size too, and are fed as they were made.
            None if !besides.is_empty() || (self.fixed && self.freed.is_none()) => None,
            None => {
                let request = |rows| self.request(objective, rows);
                let made = self
                    .differentiator
                    .prepare_free(&request, &self.input, task);
                made?
            }
        };
        let ready = prepared.map(|prepared| Arc::new(Ready { prepared, besides }));
        lock(&self.ready).insert(key, ready.clone());
        Ok(ready)
    }

    pub(super) fn request(&self, objective: Objective, rows: usize) -> Request {
        let blank = vec![0.5; rows * self.grid.len()];
        let feeds = match &self.forward {
            Forward::Tower(encoder) => encoder.image_tower().inputs(Some((&blank, rows)), None),
            Forward::Program(_) => {
                BTreeMap::from([(self.input.clone(), self.tensor(&blank, rows))])
            }
        };
        let mut request = Request::new(feeds, Target::Input(self.input.clone()), objective);
        request.output.clone_from(&self.output);
        request.normalise.clone_from(&self.normalise);
        request
    }
}
