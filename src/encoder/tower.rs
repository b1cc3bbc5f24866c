//! One half of a dual encoder: a session with its checked inputs and its output of one vector per row.

use super::feed::{self, Batch};
use super::ports::{self, Role, Side};
use super::preprocess::Preprocess;
use super::provider::Provider;
use super::session;
use super::stop::Stop;
use super::tokenize::Tokens;
use crate::error::{Error, Result};
use crate::onnx::{ModelInfo, Tensor};
use crate::task::lock;
use ort::session::Session;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;

/// An image model or a text model, ready to run. Calls from several threads wait for each other.
pub struct Tower {
    model: ModelInfo,
    roles: Vec<Role>,
    /// The index of the input that takes the pictures or the token ids.
    main: usize,
    output: String,
    dim: Option<usize>,
    /// Channels, height and width of a picture: what is fed, or for a text model what stands in for it.
    picture: [usize; 3],
    session: Mutex<Session>,
    provider: String,
    notes: Vec<String>,
}

impl Tower {
    /// Opens the image model at `path` for pictures as `preprocess` leaves them. `output` names the embedding where
    /// the model's outputs do not make it plain; the first of `providers` that works is used, the CPU last.
    ///
    /// # Errors
    /// The model cannot be read; its input is not `[batch, channels, height, width]` in float32 or float16 or does
    /// not fit the preprocessing; no output is an embedding, or several may be ([`Error::Ask`]).
    pub fn open_image(
        path: &Path,
        preprocess: &Preprocess,
        output: Option<&str>,
        providers: &[Provider],
    ) -> Result<Self> {
        let model = ModelInfo::open(path)?;
        let roles = ports::image_roles(&model)?;
        let main = position(&roles, Role::Pixels);
        let port = &model.inputs[main];
        let picture = feed::picture_shape(port, preprocess.channels, preprocess.output_size())
            .map_err(|what| {
                Error::model(
                    path,
                    what,
                    "Choose the preprocessing that this model was trained with.",
                )
            })?;
        Self::open(model, roles, picture, Side::Image, output, providers)
    }

    /// Opens the text model at `path`: token ids as `[batch, sequence]` or `[batch]` in int64 or int32; an attention
    /// mask, token types and position ids where it takes them. For `output` and `providers` see
    /// [`Tower::open_image`].
    ///
    /// # Errors
    /// As [`Tower::open_image`].
    pub fn open_text(path: &Path, output: Option<&str>, providers: &[Provider]) -> Result<Self> {
        Self::open_text_beside(path, None, output, providers)
    }

    /// As [`Tower::open_text`] for a file that may hold the image model too: `preprocess` says how large the blank
    /// picture is that such a model must be given.
    ///
    /// # Errors
    /// As [`Tower::open_image`].
    pub fn open_text_beside(
        path: &Path,
        preprocess: Option<&Preprocess>,
        output: Option<&str>,
        providers: &[Provider],
    ) -> Result<Self> {
        let model = ModelInfo::open(path)?;
        let roles = ports::text_roles(&model)?;
        let (height, width) = preprocess
            .and_then(Preprocess::output_size)
            .unwrap_or((224, 224));
        let picture = [
            preprocess.map_or(3, |p| p.channels),
            height as usize,
            width as usize,
        ];
        Self::open(model, roles, picture, Side::Text, output, providers)
    }

    fn open(
        model: ModelInfo,
        roles: Vec<Role>,
        picture: [usize; 3],
        side: Side,
        output: Option<&str>,
        providers: &[Provider],
    ) -> Result<Self> {
        let main = position(
            &roles,
            if side == Side::Image {
                Role::Pixels
            } else {
                Role::Ids
            },
        );
        let mut others = model.inputs.iter().enumerate().filter(|(i, _)| *i != main);
        if let Some((_, port)) = others.find(|(_, p)| !feed::can_fill(p)) {
            return Err(Error::model(
                &model.path,
                format!("also takes {port}, which cannot be filled in"),
                "Export the image model and the text model as two files.",
            ));
        }
        let port = ports::choose_output(&model, output, side)?;
        let (output, dim) = (port.name.clone(), ports::embedding_length(port));
        let opened = session::open(&model.path, providers)?;
        // What was looked at is what runs.
        model.source.unchanged()?;
        Ok(Self {
            roles,
            main,
            output,
            dim,
            picture,
            session: Mutex::new(opened.session),
            provider: opened.provider,
            notes: opened.notes,
            model,
        })
    }

    /// What it runs on, as "CUDA", "CPU" or "CPU (tract)".
    pub fn provider(&self) -> String {
        self.provider.clone()
    }

    /// What was tried before and failed, as "CUDA unavailable: ...".
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The model's file, inputs and outputs.
    pub fn model(&self) -> &ModelInfo {
        &self.model
    }

    /// The output that is the embedding.
    pub fn output(&self) -> &str {
        &self.output
    }

    /// The input that takes the pictures or token ids, in words: `pixel_values: float32 [batch, 3, 224, 224]`.
    pub fn input(&self) -> String {
        self.model.inputs[self.main].to_string()
    }

    /// The name of that input.
    pub fn input_name(&self) -> &str {
        &self.model.inputs[self.main].name
    }

    /// Rows of a run, where the model fixes them.
    pub fn fixed_batch(&self) -> Option<usize> {
        ports::fixed(&self.model.inputs[self.main], 0)
    }

    /// Channels, height and width of a preprocessed picture.
    pub fn picture(&self) -> [usize; 3] {
        self.picture
    }

    /// Length of an embedding, where the model states it.
    pub fn dim(&self) -> Option<usize> {
        self.dim
    }

    /// Values of one preprocessed picture: channels x height x width.
    pub fn picture_len(&self) -> usize {
        self.picture.iter().product()
    }

    /// Does padding change an embedding? Without an attention mask it may.
    pub(super) fn sees_padding(&self) -> bool {
        !self.roles.contains(&Role::Mask) && self.sequence_length().is_none()
    }

    /// The fixed length of a token sequence, where the model has one; 1 for a model that takes one id per text.
    pub fn sequence_length(&self) -> Option<usize> {
        let ids = &self.model.inputs[self.main];
        if ids.has_shape && ids.dims.len() == 1 {
            Some(1)
        } else {
            ports::fixed(ids, 1)
        }
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
                rows: chunk,
                cols: 1,
                picture: self.picture,
                pixels: Some(&pixels),
                tokens: None,
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
            self.run(
                &Batch {
                    rows: chunk,
                    cols,
                    picture: self.picture,
                    pixels: None,
                    tokens,
                },
                stop,
            )
        })
    }

    /// All inputs of the model for `n` pictures, or for the texts of `tokens`, by name, as the gradient of the model
    /// takes them: floats as float32. `pixels` is `[n, channels, height, width]`.
    pub fn inputs(
        &self,
        pixels: Option<(&[f32], usize)>,
        tokens: Option<&Tokens>,
    ) -> BTreeMap<String, Tensor> {
        let batch = Batch {
            rows: pixels
                .map(|(_, n)| n)
                .or(tokens.map(|t| t.rows))
                .unwrap_or(1),
            cols: tokens.map_or(1, |t| t.cols),
            picture: self.picture,
            pixels: pixels.map(|(values, _)| values),
            tokens: tokens.map(|t| (t.ids.as_slice(), t.mask.as_slice())),
        };
        let feeds = feed::feeds(&self.model, &self.roles, self.main, &batch);
        let named = feeds.iter().map(|f| (f.name.to_owned(), f.tensor()));
        named.collect()
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
        let rest = shape.get(1..).unwrap_or_default();
        let dim = rest.iter().product::<usize>();
        let vector =
            rest.len() == 1 || (rest.len() > 1 && rest.iter().filter(|d| **d != 1).count() <= 1);
        if !vector || dim == 0 || shape[0] != batch.rows {
            let what = format!(
                "its output {} has shape {shape:?} for {} rows",
                self.output, batch.rows
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

fn position(roles: &[Role], role: Role) -> usize {
    roles.iter().position(|r| *r == role).unwrap_or(0)
}
