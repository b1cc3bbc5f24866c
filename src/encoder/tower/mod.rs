//! One half of a dual encoder: a session with its checked inputs and its output of one vector per row.

mod apart;
mod feed;
mod inside;
mod layout;
mod pool;
pub(super) mod roles;
mod run;
mod tensors;

pub use apart::Apart;
pub use inside::Inside;
pub use pool::Pool;

use super::preprocess::Preprocess;
use crate::error::{Error, Result};
use crate::onnx::{Elem, ModelInfo};
use crate::runtime::{Provider, session};
use layout::Layout;
use ort::session::Session;
use roles::{Chosen, Role, TowerKind};
use std::path::Path;
use std::sync::{Arc, Mutex};

/// An image model or a text model, ready to run. Calls from several threads wait for each other.
pub struct Tower {
    model: ModelInfo,
    roles: Vec<Role>,
    /// The index of the input that takes the pictures or the token ids.
    main: usize,
    /// The model's output, and the pooling of it.
    output: String,
    pool: Option<Pool>,
    /// What the embedding is called: the output with its pooling.
    called: String,
    dim: Option<usize>,
    layout: Layout,
    /// What trials found; see [`Manner`].
    manner: Manner,
    /// Channels, height and width of a picture: what is fed, or for a text model what stands in for it.
    picture: [usize; 3],
    /// Shared by both towers where one file holds them.
    session: Arc<Mutex<Session>>,
    provider: String,
    notes: Vec<String>,
}

/// How a model must be run, where its declarations do not say: found by trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Manner {
    /// One row at a time.
    pub alone: bool,
    /// In a model that holds both sides, as many rows of the other side as of this one.
    pub equal: bool,
    /// Tokens of every caption.
    pub length: Option<usize>,
    /// Does padding change an embedding? `None` where that was not tried.
    pub sees_padding: Option<bool>,
    /// The padding's id, where positions count from behind it.
    pub after: Option<i64>,
}

/// Which output of a model is the embedding.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Wanted<'a> {
    /// Its name, perhaps with a pooling, as `last_hidden_state[mean]`.
    pub output: Option<&'a str>,
    /// The pooling of an output that holds a vector per token or patch.
    pub pool: Option<Pool>,
}

/// What a tower runs on.
#[derive(Clone, Copy)]
pub(super) enum Runs<'a> {
    /// A session of its own, on the first of these providers that works; the CPU is tried last.
    On(&'a [Provider]),
    /// The session of this tower, which is of the same file.
    With(&'a Tower),
}

impl Tower {
    /// Opens the image `model` for pictures as `preprocess` leaves them. `wanted` names the embedding where
    /// the model's outputs do not make it plain; the first of `providers` that works is used, the CPU last.
    ///
    /// # Errors
    /// The model cannot be read; its input takes no pictures (floats or bytes, channels first or last) or
    /// does not fit the preprocessing; no output is an embedding, or several may be ([`Error::Ask`]).
    pub(super) fn open_image(
        model: ModelInfo,
        preprocess: &Preprocess,
        wanted: Wanted<'_>,
        providers: &[Provider],
    ) -> Result<Self> {
        let roles = roles::image_roles(&model)?;
        let main = position(&roles, Role::Pixels);
        let port = &model.inputs[main];
        let mut layout = Layout::of(port).unwrap_or_default();
        let size = preprocess.output_size();
        let (picture, opaque) = feed::picture_shape(port, layout, preprocess.channels, size)
            .map_err(|what| {
                Error::model(
                    &model.path,
                    what,
                    "Choose the preprocessing that this model was trained with.",
                )
            })?;
        layout.bgr = preprocess.bgr;
        layout.alpha = opaque.then(|| preprocess.of_full());
        Self::open(
            model,
            roles,
            (picture, layout),
            TowerKind::Image,
            wanted,
            Runs::On(providers),
        )
    }

    /// Height of the pictures that the model at `path` takes, where it fixes it.
    ///
    /// # Errors
    /// The model cannot be read, or takes no pictures.
    pub fn picture_height(path: &Path) -> Result<Option<usize>> {
        let model = ModelInfo::open(path)?;
        let roles = roles::image_roles(&model)?;
        let port = &model.inputs[position(&roles, Role::Pixels)];
        let [_, height, _] = Layout::of(port).unwrap_or_default().axes();
        Ok(roles::fixed(port, height))
    }

    /// Opens the text `model`: token ids as `[batch, sequence]` or `[batch]` in int64 or int32; an attention mask, token
    /// types and position ids where it takes them. `preprocess` says how large the blank picture is that a file with both
    /// models must be given; for `wanted` see [`Tower::open_image`].
    ///
    /// # Errors
    /// As [`Tower::open_image`].
    pub(super) fn open_text(
        model: ModelInfo,
        preprocess: Option<&Preprocess>,
        wanted: Wanted<'_>,
        runs: Runs<'_>,
    ) -> Result<Self> {
        let roles = roles::text_roles(&model)?;
        let (height, width) = preprocess
            .and_then(Preprocess::output_size)
            .unwrap_or((224, 224));
        let picture = [
            preprocess.map_or(3, |p| p.channels),
            height as usize,
            width as usize,
        ];
        let fed = (picture, Layout::default());
        Self::open(model, roles, fed, TowerKind::Text, wanted, runs)
    }

    fn open(
        model: ModelInfo,
        roles: Vec<Role>,
        (picture, layout): ([usize; 3], Layout),
        kind: TowerKind,
        wanted: Wanted<'_>,
        runs: Runs<'_>,
    ) -> Result<Self> {
        let main = position(
            &roles,
            if kind == TowerKind::Image {
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
        let Chosen { port, pool } = roles::choose_output(&model, wanted.output, wanted.pool, kind)?;
        let (output, dim) = (port.name.clone(), roles::embedding_length(port));
        let called = match pool {
            Some(pool) => format!("{output}[{}]", pool.name()),
            None => output.clone(),
        };
        let (session, provider, notes) = match runs {
            Runs::On(providers) => {
                let opened = session::open(&model.path, providers)?;
                let session = Arc::new(Mutex::new(opened.session));
                (session, opened.provider, opened.notes)
            }
            Runs::With(other) => (
                Arc::clone(&other.session),
                other.provider.clone(),
                other.notes.clone(),
            ),
        };
        // What was looked at is what runs.
        model.source.unchanged()?;
        Ok(Self {
            roles,
            main,
            output,
            pool,
            called,
            dim,
            layout,
            manner: Manner::default(),
            picture,
            session,
            provider,
            notes,
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

    /// The output that is the embedding, with its pooling, as `last_hidden_state[mean]`.
    #[allow(clippy::misnamed_getters)] // to the outside this is the output
    pub fn output(&self) -> &str {
        &self.called
    }

    /// The pooling of its output, where that is no vector per row.
    pub(super) fn pool(&self) -> Option<Pool> {
        self.pool
    }

    /// What changes an embedding besides model, output and preparation; part of the cache's key.
    pub(super) fn fingerprint(&self) -> String {
        format!("{} {:?} {:?}", self.called, self.layout, self.manner)
    }

    /// Does the model hold both sides?
    pub(super) fn holds_both(&self) -> bool {
        let takes = |pictures: bool| {
            let mut ports = self.model.inputs.iter();
            ports.any(|p| Layout::of(p).is_some() == pictures)
        };
        takes(true) && takes(false)
    }

    /// Does it take or give float16, or say that it computes in it?
    pub fn is_coarse(&self) -> bool {
        let mut ports = self.model.inputs.iter().chain(&self.model.outputs);
        ports.any(|p| p.elem == Elem::F16) || self.model.path.to_string_lossy().contains("fp16")
    }

    /// What is unusual about the pictures that it takes.
    pub(super) fn layout(&self) -> Layout {
        self.layout
    }

    /// How it must be run.
    pub(super) fn manner(&self) -> Manner {
        self.manner
    }

    /// Has it run so from now on.
    pub(super) fn run_as(&mut self, manner: Manner) {
        self.manner = manner;
    }

    /// The input that takes the pictures or token ids, in words: `pixel_values: float32 [batch, 3, 224, 224]`.
    pub fn input(&self) -> String {
        self.model.inputs[self.main].to_string()
    }

    /// The name of that input.
    pub fn input_name(&self) -> &str {
        &self.model.inputs[self.main].name
    }

    /// Rows of a run, where the model fixes them, or where rows run together come out otherwise than alone.
    pub fn fixed_batch(&self) -> Option<usize> {
        let port = &self.model.inputs[self.main];
        if self.manner.alone || self.layout.single || feed::takes_one_text(port) {
            return Some(1);
        }
        roles::fixed(port, 0)
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

    /// Does padding change an embedding? Where that was not tried: without an attention mask it may.
    pub(super) fn sees_padding(&self) -> bool {
        let may = !self.roles.contains(&Role::Mask);
        self.sequence_length().is_none() && self.manner.sees_padding.unwrap_or(may)
    }

    /// The fixed length of a token sequence, where the model has one; 1 for a model that takes one id per text.
    pub fn sequence_length(&self) -> Option<usize> {
        let ids = &self.model.inputs[self.main];
        let stated = if feed::takes_one_text(ids) {
            roles::fixed(ids, 0)
        } else if ids.has_shape && ids.dims.len() == 1 {
            Some(1)
        } else {
            roles::fixed(ids, 1)
        };
        stated.or(self.manner.length)
    }
}

fn position(roles: &[Role], role: Role) -> usize {
    roles.iter().position(|r| *r == role).unwrap_or(0)
}
