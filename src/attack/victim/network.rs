//! A model on raw rows: its output, and the gradient of an objective of it.

use crate::compute::Grid;
use crate::encoder::{Encoder, GraphEngine, Preprocess, Provider, Stop};
use crate::error::{Blocking, Error, Result};
use crate::grad::{Differentiator, Normalise, Objective, Request, Target, main_input};
use crate::onnx::{Dim, Effort, Engine, Graph, Port, Program, Tensor};
use crate::task::{Task, lock};
use std::collections::BTreeMap;
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
    /// Rows that run at once.
    batch: usize,
    normalise: Option<Normalise>,
    forward: Forward,
    differentiator: Differentiator,
    /// Why there is no gradient.
    blocked: Option<String>,
}

impl Network {
    /// The image model of `encoder` on pixels in [0, 1], at most `batch` pictures at once. A model that no gradient
    /// passes is opened all the same; see [`Network::blocked`].
    ///
    /// # Errors
    /// The model cannot be read again, or `task` was cancelled.
    pub fn image_tower(
        encoder: &Arc<Encoder>,
        providers: &[Provider],
        batch: usize,
        task: &Task,
    ) -> Result<Self> {
        task.check()?;
        let tower = encoder.image_tower();
        let graph = Graph::open(&tower.model().path)?;
        let [channels, height, width] = tower.picture();
        let grid = Grid {
            rows: 0,
            channels,
            height,
            width,
        };
        let fixed = tower.fixed_batch();
        Self {
            path: tower.model().path.clone(),
            input: tower.input_name().to_owned(),
            output: Some(tower.output().to_owned()),
            row: vec![channels, height, width],
            grid,
            batch: fixed.unwrap_or(batch).max(1),
            normalise: Some(normalise(encoder.preprocess())),
            forward: Forward::Tower(Arc::clone(encoder)),
            differentiator: Differentiator::new(graph, Arc::new(GraphEngine::new(providers))),
            blocked: None,
        }
        .probed(task)
    }

    /// The model at `path` on its own input of floats, as a classifier: its first output of floats is the logits.
    ///
    /// # Errors
    /// The model cannot be read or run; it has several inputs, or an input whose size is open.
    pub fn open(path: &Path, providers: &[Provider], task: &Task) -> Result<Self> {
        task.check()?;
        let graph = Graph::open(path)?;
        let port = attackable(&graph)?.clone();
        let row = row_shape(&port, path)?;
        let engine = GraphEngine::new(providers);
        let program = engine.load(&graph, Effort::Often)?;
        let fixed = match port.dims.first() {
            Some(Dim::Fixed(n)) => Some((*n).max(1)),
            _ => None,
        };
        let grid = match row[..] {
            [channels @ (1 | 3 | 4), height, width] => Grid {
                rows: 0,
                channels,
                height,
                width,
            },
            _ => Grid {
                rows: 0,
                channels: 1,
                height: 1,
                width: row.iter().product(),
            },
        };
        Self {
            path: path.to_path_buf(),
            input: port.name.clone(),
            output: None,
            row,
            grid,
            batch: fixed.unwrap_or(Self::BATCH),
            normalise: None,
            forward: Forward::Program(Mutex::new(program)),
            differentiator: Differentiator::new(graph, Arc::new(engine)),
            blocked: None,
        }
        .probed(task)
    }

    /// Rows at once where nothing else is said.
    pub const BATCH: usize = 16;

    /// Finds out whether a gradient passes.
    fn probed(mut self, task: &Task) -> Result<Self> {
        let tried = self
            .differentiator
            .prepare(&self.request(Objective::Vjp, 1), task);
        match tried {
            Ok(_) => {}
            Err(Error::Cancelled) => return Err(Error::Cancelled),
            Err(Error::NoGradient { blocking, .. }) => {
                let names: Vec<String> = Blocking::grouped(&blocking)
                    .into_iter()
                    .map(|(op, why, _)| format!("{op} ({why})"))
                    .collect();
                self.blocked = Some(format!("no gradient passes {}", names.join(", ")));
            }
            Err(other) => self.blocked = Some(other.to_string()),
        }
        Ok(self)
    }

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

    /// The plain forward model's output for `rows` rows of `x`.
    ///
    /// # Errors
    /// The model fails or gives something else than rows of floats; or `task` was cancelled.
    pub fn forward(&self, x: &[f32], rows: usize, task: &Task) -> Result<Rows> {
        task.check()?;
        let len = self.grid.len();
        let mut all = (Vec::new(), 0);
        for start in (0..rows).step_by(self.batch) {
            let n = self.batch.min(rows - start);
            let part = &x[start * len..(start + n) * len];
            let (values, dim) = match &self.forward {
                Forward::Tower(encoder) => {
                    let pixels = self.normalised(part);
                    let stop = Stop::watch(task);
                    let made = encoder.image_tower().embed_images_until(&pixels, n, &stop);
                    task.check()?;
                    made?
                }
                Forward::Program(program) => {
                    let x = self.tensor(part, n);
                    let made = lock(program).run(&[(self.input.as_str(), &x)], task)?;
                    self.rows(made.first(), n)?
                }
            };
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
        let len = self.grid.len();
        let (mut loss, mut output, mut gradient) = (Vec::new(), (Vec::new(), 0), Vec::new());
        let mut start = 0;
        while start < rows {
            let n = self.batch.min(rows - start);
            // One graph per size of batch: a few sizes only, the last piece filled up with its first row.
            let size = self.size_for(n);
            let request = self.request(objective, size);
            let ready = self.differentiator.prepare(&request, task)?;
            let pixels = self.tensor(&filled(&x[start * len..(start + n) * len], len, size), size);
            let mut feeds = request.feeds;
            feeds.insert(self.input.clone(), pixels);
            for (name, shape, values) in extra {
                let each: usize = shape.iter().product();
                let part = filled(&values[start * each..(start + n) * each], each, size);
                let shape: Vec<usize> =
                    std::iter::once(size).chain(shape.iter().copied()).collect();
                feeds.insert((*name).to_owned(), Tensor::floats(&shape, &part));
            }
            let named: Vec<(&str, &Tensor)> = feeds.iter().map(|(n, t)| (n.as_str(), t)).collect();
            let step = ready.run(&named, task)?;
            loss.extend(step.loss.iter().take(n));
            let (values, dim) = self.rows(Some(&step.output), size)?;
            output.0.extend_from_slice(&values[..n * dim]);
            output.1 = dim;
            let slope = step.gradient.to_floats().unwrap_or_default();
            let part = slope.get(..n * len).ok_or_else(|| self.odd("gradient"))?;
            gradient.extend_from_slice(part);
            start += n;
        }
        Ok((loss, output, gradient))
    }

    /// The size of batch that `n` rows run in: the full one, a quarter of it, or one.
    fn size_for(&self, n: usize) -> usize {
        let quarter = (self.batch / 4).max(1);
        match n {
            1 => 1.min(self.batch),
            n if n <= quarter => quarter,
            _ => self.batch,
        }
    }

    fn request(&self, objective: Objective, rows: usize) -> Request {
        let rows = match &self.forward {
            Forward::Program(_) if self.batch == 1 => 1,
            _ => rows,
        };
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

/// The arithmetic of `preprocess` for pixels in [0, 1] instead of 8-bit values.
fn normalise(preprocess: &Preprocess) -> Normalise {
    let scale = 255.0 * f64::from(preprocess.rescale);
    let scaled = |values: &[f32]| -> Vec<f32> {
        let value = |&v: &f32| (f64::from(v) / scale) as f32;
        values.iter().map(value).collect()
    };
    Normalise {
        mean: scaled(&preprocess.mean),
        std: scaled(&preprocess.std),
    }
}

/// `values`, repeated from the start until there are `size` rows of `len`.
fn filled(values: &[f32], len: usize, size: usize) -> Vec<f32> {
    values.iter().copied().cycle().take(size * len).collect()
}

/// The one input that can be attacked.
fn attackable(graph: &Graph) -> Result<&Port> {
    let port = main_input(graph).filter(|p| p.elem.is_float());
    match (port, graph.inputs.len()) {
        (Some(port), 1) => Ok(port),
        (_, n) => Err(Error::model(
            &graph.path,
            format!("takes {n} inputs; a classifier takes one tensor of floats"),
            "For an image-text encoder use `nearmiss attack pairs`.",
        )),
    }
}

/// Shape of one row, without the batch.
fn row_shape(port: &Port, path: &Path) -> Result<Vec<usize>> {
    let sizes: Option<Vec<usize>> = port
        .dims
        .iter()
        .skip(1)
        .map(|d| match d {
            Dim::Fixed(n) => Some(*n),
            _ => None,
        })
        .collect();
    match sizes {
        Some(sizes) if port.has_shape && !port.dims.is_empty() => Ok(sizes),
        _ => Err(Error::model(
            path,
            format!("the size of its input {port} is open"),
            "Export it with fixed sizes (the batch may stay open).",
        )),
    }
}
