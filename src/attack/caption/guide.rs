//! The gradient at a caption's tokens, and the table of their embeddings.

use crate::encoder::{Encoder, Tokens, Tower};
use crate::error::{Error, Result};
use crate::grad::{Differentiator, GRADIENT, Objective, Request, Target, lookup};
use crate::onnx::{Effort, GraphEngine as _, Program, Tensor};
use crate::runtime::{Provider, RuntimeEngine};
use crate::task::{Task, lock};
use rayon::prelude::*;
use std::sync::{Arc, Mutex};

/// Values of the table that are looked up at once.
const LOOKED_UP: usize = 1 << 21;
/// Ids that are looked up at once, at most.
const MOST_IDS: usize = 4096;

/// The gradient of an encoder's text model with respect to the embeddings of its tokens. Share it behind an `Arc`;
/// what is made for one length of captions is kept.
pub struct Guide {
    differentiator: Differentiator,
    table: Mutex<Box<dyn Program>>,
    /// The inputs of the table's graph.
    inputs: Vec<String>,
    output: String,
    /// Rows of a run.
    rows: usize,
}

/// A caption's gradients and what is embedded at its tokens.
pub(super) struct TokenGradients {
    /// Values per token.
    pub width: usize,
    /// For each vector that was asked about, `[tokens, width]`.
    pub gradients: Vec<Vec<f32>>,
    /// The embeddings, `[tokens, width]`.
    pub embedded: Vec<f32>,
    /// Runs of the gradient graph.
    pub runs: usize,
}

impl TokenGradients {
    /// The gradient for vector `of` at token `column`.
    pub(super) fn at(&self, of: usize, column: usize) -> &[f32] {
        let gradient = self.gradients.get(of).map_or(&[][..], Vec::as_slice);
        part(gradient, column, self.width)
    }

    /// The embedding at token `column`.
    pub(super) fn embedding(&self, column: usize) -> &[f32] {
        part(&self.embedded, column, self.width)
    }
}

fn part(values: &[f32], column: usize, width: usize) -> &[f32] {
    values
        .get(column * width..(column + 1) * width)
        .unwrap_or_default()
}

impl Guide {
    /// Reads the text model of `encoder`; gradients run on the first of `providers` that works.
    ///
    /// # Errors
    /// The model cannot be read; no table of token embeddings is read at its inputs.
    pub fn open(encoder: &Encoder, providers: &[Provider]) -> Result<Self> {
        let tower = encoder.text_tower();
        let graph = tower.graph()?;
        let engine = RuntimeEngine::new(providers);
        let table = lookup(&graph)?;
        let program = engine.load(&table, Effort::Often)?;
        Ok(Self {
            inputs: table.inputs.iter().map(|p| p.name.clone()).collect(),
            table: Mutex::new(program),
            differentiator: Differentiator::new(graph, Arc::new(engine)),
            output: tower.output().to_owned(),
            rows: tower.fixed_batch().unwrap_or(1).max(1),
        })
    }

    /// As [`Guide::open`]; why there is no gradient, in words, where one can go on without.
    ///
    /// # Errors
    /// The model cannot be read.
    pub fn try_open(encoder: &Encoder, providers: &[Provider]) -> Result<Result<Self, String>> {
        match Self::open(encoder, providers) {
            Ok(guide) => Ok(Ok(guide)),
            Err(error) => unguided(error).map(Err),
        }
    }

    /// For each `a` of `vectors` (of the embedding's length) the gradient of `e . a` at the tokens of `text`, where `e`
    /// is the text's embedding of unit norm.
    ///
    /// # Errors
    /// No gradient passes the model; its table does not give one embedding per token; the model fails; cancellation.
    pub(super) fn slopes(
        &self,
        encoder: &Encoder,
        text: &str,
        vectors: &[&[f32]],
        task: &Task,
    ) -> Result<TokenGradients> {
        let tower = encoder.text_tower();
        let one = encoder.tokenizer().encode(&[text])?;
        let tokens = repeated(&one, self.rows);
        let mut request = Request::new(
            tower.inputs(None, Some(&tokens)),
            Target::Tokens,
            Objective::Cosine { towards: true },
        );
        request.output = Some(self.output.clone());
        let prepared = self.differentiator.prepare(&request, task)?;
        let shape = prepared
            .gradient()
            .graph
            .infos
            .get(GRADIENT)
            .map(|i| i.shape.clone());
        let width = width(&shape.unwrap_or_default(), self.rows, one.cols)
            .ok_or_else(|| odd(tower, "the gradient is not one vector per token"))?;
        let mut slopes = TokenGradients {
            width,
            gradients: Vec::with_capacity(vectors.len()),
            embedded: self.embeddings(tower, &one.ids, width, task)?,
            runs: 0,
        };
        for chunk in vectors.chunks(self.rows) {
            let dim = chunk.first().map_or(0, |a| a.len());
            let filled = (0..self.rows).flat_map(|r| chunk[r.min(chunk.len() - 1)].iter().copied());
            let target = Tensor::floats(&[self.rows, dim], &filled.collect::<Vec<_>>());
            let mut feeds: Vec<(&str, &Tensor)> = request
                .feeds
                .iter()
                .map(|(name, t)| (name.as_str(), t))
                .collect();
            feeds.push((Objective::TARGET, &target));
            let gradient = prepared
                .run(&feeds, task)?
                .gradient
                .to_floats()
                .unwrap_or_default();
            let rows = gradient
                .chunks_exact((one.cols * width).max(1))
                .take(chunk.len());
            slopes.gradients.extend(rows.map(<[f32]>::to_vec));
            slopes.runs += 1;
        }
        if slopes.gradients.iter().flatten().any(|g| !g.is_finite()) {
            return Err(odd(tower, "the gradient is NaN or infinite"));
        }
        Ok(slopes)
    }

    /// The products of the embeddings of `ids` with `vectors` (of the width of the table), `[ids, vectors]`.
    ///
    /// # Errors
    /// The table does not give one embedding per token; the model fails; cancellation.
    pub(super) fn products(
        &self,
        encoder: &Encoder,
        ids: &[i64],
        vectors: &[&[f32]],
        task: &Task,
    ) -> Result<Vec<f32>> {
        let width = vectors.first().map_or(1, |v| v.len()).max(1);
        let mut products = Vec::with_capacity(ids.len() * vectors.len());
        for chunk in ids.chunks((LOOKED_UP / width).clamp(1, MOST_IDS)) {
            task.check()?;
            let rows = self.embeddings(encoder.text_tower(), chunk, width, task)?;
            let row = |row: &[f32]| vectors.iter().map(|v| dot(row, v)).collect::<Vec<f32>>();
            products.par_extend(rows.par_chunks_exact(width).flat_map_iter(row));
        }
        Ok(products)
    }

    /// The embeddings of `ids`, `[ids, width]`.
    fn embeddings(
        &self,
        tower: &Tower,
        ids: &[i64],
        width: usize,
        task: &Task,
    ) -> Result<Vec<f32>> {
        let cols = tower.sequence_length().unwrap_or(ids.len()).max(1);
        let rows = tower
            .fixed_batch()
            .unwrap_or_else(|| ids.len().div_ceil(cols))
            .max(1);
        let mut embeddings = Vec::with_capacity(ids.len() * width);
        for chunk in ids.chunks(rows * cols) {
            let mut filled = chunk.to_vec();
            filled.resize(rows * cols, chunk.last().copied().unwrap_or(0));
            let mask = vec![1; filled.len()];
            let tokens = Tokens {
                ids: filled,
                mask,
                rows,
                cols,
            };
            let mut feeds = tower.inputs(None, Some(&tokens));
            feeds.retain(|name, _| self.inputs.contains(name));
            let feeds: Vec<_> = feeds.iter().map(|(name, t)| (name.as_str(), t)).collect();
            let made = lock(&self.table).run(&feeds, task)?.into_iter().next();
            let values = made.and_then(|t| t.to_floats()).unwrap_or_default();
            if values.len() != rows * cols * width {
                return Err(odd(
                    tower,
                    "its table does not give one embedding per token",
                ));
            }
            embeddings.extend_from_slice(&values[..chunk.len() * width]);
        }
        Ok(embeddings)
    }
}

/// The one row of `tokens`, `rows` times.
fn repeated(tokens: &Tokens, rows: usize) -> Tokens {
    Tokens {
        ids: tokens.ids.repeat(rows),
        mask: tokens.mask.repeat(rows),
        rows,
        cols: tokens.cols,
    }
}

/// Values per token of `shape`: `[rows, cols, width]`, or `[rows, width]` where a text is one token.
fn width(shape: &[usize], rows: usize, cols: usize) -> Option<usize> {
    match *shape {
        [r, c, width] if r == rows && c == cols => Some(width),
        [r, width] if r == rows && cols == 1 => Some(width),
        _ => None,
    }
    .filter(|width| *width > 0)
}

/// The inner product, in eight sums so that it runs in vector registers.
pub(super) fn dot(a: &[f32], b: &[f32]) -> f32 {
    let (a8, a_rest) = a.as_chunks::<8>();
    let (b8, b_rest) = b.as_chunks::<8>();
    let mut sums = [0.0_f32; 8];
    for (x, y) in a8.iter().zip(b8) {
        for (sum, (x, y)) in sums.iter_mut().zip(x.iter().zip(y)) {
            *sum += x * y;
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(x, y)| x * y).sum();
    sums.iter().sum::<f32>() + rest
}

fn odd(tower: &Tower, what: &str) -> Error {
    Error::model(
        &tower.model().path,
        what,
        "Words can still be weighed and exchanged by asking the model alone.",
    )
}

/// Why there is no gradient, in words, where one can go on without.
///
/// # Errors
/// `error` itself, where it is a cancel or a fault.
pub(super) fn unguided(error: Error) -> Result<String> {
    match error {
        Error::Cancelled | Error::Io { .. } | Error::Panic { .. } => Err(error),
        other => Ok(other.to_string()),
    }
}
