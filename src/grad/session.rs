//! Gradient graphs ready to run, kept per shape.

use super::{Gradient, Request, differentiate};
use crate::error::Result;
use crate::onnx::{Effort, Engine, Graph, Program, Tensor};
use crate::task::{Task, lock};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

/// A gradient graph that is loaded.
pub struct Prepared {
    gradient: Gradient,
    program: Mutex<Box<dyn Program>>,
}

/// What one run yields.
#[derive(Debug, Clone)]
pub struct Step {
    /// The loss of each row.
    pub loss: Vec<f32>,
    /// The output, `[batch, ...]`.
    pub output: Tensor,
    /// The gradient of the sum of losses.
    pub gradient: Tensor,
}

impl Prepared {
    /// The graph.
    pub fn gradient(&self) -> &Gradient {
        &self.gradient
    }

    /// What it runs on.
    pub fn provider(&self) -> String {
        lock(&self.program).provider().to_owned()
    }

    /// Loss, output and gradient for `feeds`, which name every input of the graph; others are passed over.
    ///
    /// # Errors
    /// The engine failed, or `task` was cancelled.
    pub fn run(&self, feeds: &[(&str, &Tensor)], task: &Task) -> Result<Step> {
        let inputs = &self.gradient.graph.inputs;
        let wanted = |name: &str| inputs.iter().any(|p| p.name == name);
        let feeds: Vec<_> = feeds
            .iter()
            .copied()
            .filter(|(name, _)| wanted(name))
            .collect();
        let mut made = lock(&self.program).run(&feeds, task)?.into_iter();
        let mut next = || {
            made.next()
                .ok_or_else(|| crate::onnx::wrong("an output is missing".into()))
        };
        let (loss, output, gradient) = (next()?, next()?, next()?);
        Ok(Step {
            loss: loss.to_floats().unwrap_or_default(),
            output,
            gradient,
        })
    }
}

/// A model whose gradients are asked for again and again: each combination of shapes, target and objective is
/// differentiated and loaded once.
pub struct Differentiator {
    graph: Graph,
    engine: Arc<dyn Engine>,
    ready: Mutex<HashMap<String, Arc<Prepared>>>,
}

impl Differentiator {
    /// Of `graph`, on `engine`.
    pub fn new(graph: Graph, engine: Arc<dyn Engine>) -> Self {
        Self {
            graph,
            engine,
            ready: Mutex::new(HashMap::new()),
        }
    }

    /// The forward graph.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// The gradient graph of `request`, made now or kept from before.
    ///
    /// # Errors
    /// As [`differentiate`]; the engine refuses the result.
    pub fn prepare(&self, request: &Request, task: &Task) -> Result<Arc<Prepared>> {
        let key = key(request);
        if let Some(ready) = lock(&self.ready).get(&key) {
            return Ok(Arc::clone(ready));
        }
        let gradient = differentiate(&self.graph, request, self.engine.as_ref(), task)?;
        let program = self.engine.load(&gradient.graph, Effort::Often)?;
        let ready = Arc::new(Prepared {
            gradient,
            program: Mutex::new(program),
        });
        lock(&self.ready).insert(key, Arc::clone(&ready));
        Ok(ready)
    }
}

fn key(request: &Request) -> String {
    let shapes: Vec<String> = request
        .feeds
        .iter()
        .map(|(n, t)| format!("{n}={t:?}"))
        .collect();
    format!(
        "{shapes:?} {:?} {:?} {:?} {:?}",
        request.target, request.output, request.objective, request.normalise
    )
}
