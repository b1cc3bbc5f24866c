//! Runs a tower, and gives it away as a graph for gradients.

use super::Tower;
use super::feed::{self, Batch};
use super::pool::Pool;
use super::roles::Role;
use crate::encoder::tokenize::Tokens;
use crate::error::{Error, Result};
use crate::onnx::{Graph, Tensor};
use crate::runtime::session::Feed;
use crate::runtime::{Stop, session};
use crate::task::lock;
use std::collections::BTreeMap;

impl Tower {
    /// The model as a graph for gradients: its pictures are floats, `[batch, channels, height, width]`, and its output
    /// called [`Tower::output`] is the embedding.
    ///
    /// # Errors
    /// As [`Graph::open`]; a text model of which the last token is the embedding.
    pub fn graph(&self) -> Result<Graph> {
        let mut graph = Graph::open(&self.model.path)?;
        let port = &self.model.inputs[self.main];
        if self.roles[self.main] == Role::Pixels {
            self.layout.undo(&mut graph, &port.name, self.picture);
        }
        if self.pool == Some(Pool::Last) && self.roles[self.main] == Role::Ids {
            // Behind the last token of a short caption there may be padding, whose place a graph cannot know.
            return Err(Error::model(
                &self.model.path,
                "its embedding is the last token's that is no padding, which no gradient is made of here",
                "Attacks by queries alone remain possible.",
            ));
        }
        if let Some(pool) = self.pool {
            let mask = self.roles.iter().position(|r| *r == Role::Mask);
            let mask = mask.filter(|_| self.roles[self.main] == Role::Ids);
            let mask = mask.map(|at| self.model.inputs[at].name.as_str());
            pool.add(&mut graph, &self.output, &self.called, mask);
        } else if self.layout.single {
            graph.add_rows(&self.output);
        }
        Ok(graph)
    }

    /// Embeds `n` pictures. `pixels` is `[n, channels, height, width]`, row-major; yields `[n, dim]` and `dim`, as
    /// the model gives them (not normalised).
    ///
    /// # Errors
    /// The length does not fit; the model fails or gives another shape.
    pub fn embed_images(&self, pixels: &[f32], n: usize) -> Result<(Vec<f32>, usize)> {
        self.embed_images_until(pixels, n, &Stop::never())
    }

    /// As [`Tower::embed_images`], ended by `stop`.
    ///
    /// # Errors
    /// As [`Tower::embed_images`].
    pub fn embed_images_until(
        &self,
        pixels: &[f32],
        n: usize,
        stop: &Stop,
    ) -> Result<(Vec<f32>, usize)> {
        let size = self.picture_len();
        if pixels.len() != n * size {
            let [c, h, w] = self.picture;
            return Err(Error::request(
                format!(
                    "{} pixel values are not {n} pictures of {c} x {h} x {w}",
                    pixels.len()
                ),
                "Check the preprocessing.",
            ));
        }
        self.in_chunks(n, |start, rows, chunk| {
            let pixels = feed::filled_up(&pixels[start * size..(start + rows) * size], size, chunk);
            let batch = Batch {
                pixels: Some(&pixels),
                ..self.batch(chunk, 1)
            };
            self.run(&batch, stop)
        })
    }

    /// Embeds the texts of `tokens`; yields `[rows, dim]` and `dim`, as the model gives them (not normalised).
    ///
    /// # Errors
    /// The sequence does not fit; the model fails or gives another shape.
    pub fn embed_texts(&self, tokens: &Tokens) -> Result<(Vec<f32>, usize)> {
        self.embed_texts_until(tokens, &Stop::never())
    }

    /// As [`Tower::embed_texts`], ended by `stop`.
    ///
    /// # Errors
    /// As [`Tower::embed_texts`].
    pub fn embed_texts_until(&self, tokens: &Tokens, stop: &Stop) -> Result<(Vec<f32>, usize)> {
        let cols = tokens.cols;
        if self.sequence_length().is_some_and(|fixed| fixed != cols) {
            return Err(Error::request(
                format!(
                    "{cols} tokens per text do not fit the input {}",
                    self.input()
                ),
                "Check the tokenizer's padding and truncation.",
            ));
        }
        self.in_chunks(tokens.rows, |start, rows, chunk| {
            let range = start * cols..(start + rows) * cols;
            let ids = feed::filled_up(&tokens.ids[range.clone()], cols, chunk);
            let mask = feed::filled_up(&tokens.mask[range], cols, chunk);
            let tokens = Some((ids.as_ref(), mask.as_ref()));
            let batch = Batch {
                tokens,
                ..self.batch(chunk, cols)
            };
            self.run(&batch, stop)
        })
    }

    /// All inputs of the model for `n` pictures, or for the texts of `tokens`, by name, as the gradient of the model
    /// takes them: floats as float32. `pixels` is `[n, channels, height, width]`.
    pub fn inputs(
        &self,
        pixels: Option<(&[f32], usize)>,
        tokens: Option<&Tokens>,
    ) -> BTreeMap<String, Tensor> {
        let rows = pixels.map(|(_, n)| n).or(tokens.map(|t| t.rows));
        let batch = Batch {
            pixels: pixels.map(|(values, _)| values),
            tokens: tokens.map(|t| (t.ids.as_slice(), t.mask.as_slice())),
            ..self.batch(rows.unwrap_or(1), tokens.map_or(1, |t| t.cols))
        };
        let feeds = feed::feeds(&self.model, &self.roles, self.main, &batch);
        let named = feeds.iter().map(|f| (f.name.to_owned(), f.tensor()));
        let mut named: BTreeMap<String, Tensor> = named.collect();
        if let Some((values, n)) = pixels {
            let [channels, height, width] = self.picture;
            let tensor = Tensor::floats(&[n, channels, height, width], values);
            named.insert(self.model.inputs[self.main].name.clone(), tensor);
        }
        named
    }

    /// All inputs of an image model for `rows` pictures, `[rows, channels, height, width]`.
    pub(super) fn feeds_of<'a>(&'a self, pixels: &'a [f32], rows: usize) -> Vec<Feed<'a>> {
        let batch = Batch {
            pixels: Some(pixels),
            ..self.batch(rows, 1)
        };
        feed::feeds(&self.model, &self.roles, self.main, &batch)
    }

    /// A run of `rows` rows without its values.
    fn batch(&self, rows: usize, cols: usize) -> Batch<'static> {
        Batch {
            rows,
            cols,
            beside: if self.manner.equal { rows } else { 1 },
            layout: self.layout,
            after: self.manner.after,
            picture: self.picture,
            pixels: None,
            tokens: None,
        }
    }

    /// Calls `run(start, rows, chunk)` for pieces of `n` rows; `chunk` is the fixed batch of the model, to which
    /// the last piece must be filled up, or `n`.
    fn in_chunks(
        &self,
        n: usize,
        run: impl Fn(usize, usize, usize) -> Result<(Vec<f32>, usize)>,
    ) -> Result<(Vec<f32>, usize)> {
        let chunk = self.fixed_batch().unwrap_or(n).max(1);
        let (mut all, mut dim) = (Vec::new(), self.dim.unwrap_or(0));
        for start in (0..n).step_by(chunk) {
            let rows = chunk.min(n - start);
            let (mut values, length) = run(start, rows, chunk)?;
            values.truncate(rows * length);
            dim = length;
            if all.is_empty() {
                all = values;
            } else {
                all.extend(values);
            }
        }
        Ok((all, dim))
    }

    fn run(&self, batch: &Batch<'_>, stop: &Stop) -> Result<(Vec<f32>, usize)> {
        let path = &self.model.path;
        let feeds = feed::feeds(&self.model, &self.roles, self.main, batch);
        let mut session = lock(&self.session);
        let (values, shape) = session::run(&mut session, &feeds, &self.output, stop)
            .map_err(|why| {
            let why = session::first_line(&why);
            Error::runtime(
                format!(
                    "{}: the model failed on {}: {why}",
                    path.display(),
                    self.provider
                ),
                "If memory ran out, choose a smaller batch; else try another provider or engine.",
            )
        })?;
        let (values, shape) = match (self.pool, shape.as_slice()) {
            (Some(pool), &[rows, length, dim]) if length > 0 => {
                let mask = batch.tokens.map(|(_, mask)| mask);
                let mask = mask.filter(|m| m.len() == rows * length);
                (pool.of(&values, length, dim, mask), vec![rows, dim])
            }
            // A model of one row may leave the row out.
            (None, &[dim]) if batch.rows == 1 => (values, vec![1, dim]),
            _ => (values, shape),
        };
        let rest = shape.get(1..).unwrap_or_default();
        let dim = rest.iter().product::<usize>();
        let vector =
            rest.len() == 1 || (rest.len() > 1 && rest.iter().filter(|d| **d != 1).count() <= 1);
        if !vector || dim == 0 || shape[0] != batch.rows {
            let what = format!(
                "its output {} has shape {shape:?} for {} rows",
                self.called, batch.rows
            );
            return Err(Error::model(
                path,
                what,
                "Choose another output: one vector per row is needed.",
            ));
        }
        Ok((values, dim))
    }
}
