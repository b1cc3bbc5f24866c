//! How a [`Network`] is made: of an encoder's image model, or of any classifier's file.

use super::{Forward, Network};
use crate::compute::Grid;
use crate::encoder::{Encoder, Preprocess};
use crate::error::{Blocking, Error, Result};
use crate::grad::{Differentiator, Normalise, Objective, main_input};
use crate::onnx::{Dim, Effort, Elem, Graph, GraphEngine, Port, free_batch, infer_types};
use crate::runtime::{Provider, RuntimeEngine};
use crate::task::Task;
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

/// Values and rows of a classifier's run at most.
const VALUES: usize = 1 << 20;
const MOST: usize = 64;
/// Rows that are run together and alone before a batch is set free, and how far both may be apart, as a part of the
/// largest output: sums in another order.
const TRIED: usize = 3;
const ALIKE: f32 = 1e-4;
/// Bytes of weights up to which a graph is small.
const SMALL: usize = 64 << 20;

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
        let graph = tower.graph()?;
        let engine = RuntimeEngine::new(providers);
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
            fixed: fixed.is_some(),
            normalise: Some(normalise(encoder.preprocess())),
            forward: Forward::Tower(Arc::clone(encoder)),
            freed: None,
            together: fixed.unwrap_or(batch).max(1),
            small: graph.constant_bytes() <= SMALL,
            differentiator: Differentiator::new(graph, Arc::new(engine.clone())),
            ready: Mutex::new(HashMap::new()),
            blocked: None,
            approximate: Vec::new(),
            finer: false,
        }
        .freed(batch.max(1), engine, task)?
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
        let engine = RuntimeEngine::new(providers);
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
        let batch = (VALUES / grid.len().max(1)).clamp(Self::BATCH, MOST);
        Self {
            path: path.to_path_buf(),
            input: port.name.clone(),
            output: None,
            row,
            grid,
            batch: fixed.unwrap_or(batch),
            fixed: fixed.is_some(),
            normalise: None,
            forward: Forward::Program(Mutex::new(program)),
            freed: None,
            together: fixed.unwrap_or(batch),
            small: graph.constant_bytes() <= SMALL,
            differentiator: Differentiator::new(graph, Arc::new(engine.clone())),
            ready: Mutex::new(HashMap::new()),
            blocked: None,
            approximate: Vec::new(),
            finer: false,
        }
        .freed(batch, engine, task)?
        .probed(task)
    }

    /// Rows at once where nothing else is said.
    pub const BATCH: usize = 16;

    /// Sets the batch of a file that fixes it free, to run up to `batch` rows at once; leaves it where rows run
    /// together come out otherwise than alone.
    fn freed(mut self, batch: usize, engine: RuntimeEngine, task: &Task) -> Result<Self> {
        if !self.fixed || self.batch >= batch {
            return Ok(self);
        }
        let Some(mut graph) = free_batch(self.differentiator.graph(), &self.input) else {
            return Ok(self);
        };
        if let Some(output) = &self.output {
            graph.outputs = vec![output.clone()];
            graph.prune();
            graph.drop_unread_inputs();
        }
        let program = match engine.load(&graph, Effort::Often) {
            Ok(program) if graph.inputs.len() == 1 => Mutex::new(program),
            _ => return Ok(self),
        };
        let mut random = fastrand::Rng::with_seed(0);
        let x: Vec<f32> = (0..TRIED * self.grid.len()).map(|_| random.f32()).collect();
        let (alone, _) = self.singly(&x, TRIED, task)?;
        let tried = self.program(&program, &self.normalised(&x), TRIED, task);
        task.check()?;
        let Ok((together, _)) = tried else {
            return Ok(self);
        };
        let largest = alone.iter().fold(0.0_f32, |m, v| m.max(v.abs()));
        let alike = |(a, b): (&f32, &f32)| (a - b).abs() <= ALIKE * largest;
        if together.len() == alone.len() && together.iter().zip(&alone).all(alike) {
            self.freed = Some(program);
            self.together = batch;
            self.differentiator = Differentiator::new(graph, Arc::new(engine));
        }
        Ok(self)
    }

    /// Finds out whether a gradient passes.
    fn probed(mut self, task: &Task) -> Result<Self> {
        let size = self.size_for(1);
        let tried = self
            .differentiator
            .prepare(&self.request(Objective::Vjp, size), task)
            .map_err(Error::from);
        match tried {
            Ok(prepared) => {
                let survey = &prepared.gradient().survey;
                self.approximate.clone_from(&survey.approximate);
                self.finer = !self.approximate.is_empty() || is_coarse(self.differentiator.graph());
            }
            Err(Error::Cancelled) => return Err(Error::Cancelled),
            Err(Error::NoGradient { blocking, .. }) => {
                let names: Vec<String> = Blocking::grouped(&blocking)
                    .into_iter()
                    .map(|(op, why, nodes)| format!("{op} ({why}; {})", some_of(&nodes)))
                    .collect();
                self.blocked = Some(format!("no gradient passes {}", names.join(", ")));
            }
            Err(other) => self.blocked = Some(other.to_string()),
        }
        Ok(self)
    }
}

/// The first names, and how many more there are.
fn some_of(names: &[&str]) -> String {
    const SHOWN: usize = 3;
    let shown = names[..names.len().min(SHOWN)].join(", ");
    match names.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// Does `graph` compute in other floats than those of 32 bits anywhere? Its gradient does not: it is brought to these.
fn is_coarse(graph: &Graph) -> bool {
    let other = |elem: Elem| elem.is_float() && elem != Elem::F32;
    let mut typed = graph.clone();
    infer_types(&mut typed);
    typed.constants.values().any(|t| other(t.elem())) || typed.infos.values().any(|i| other(i.elem))
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
