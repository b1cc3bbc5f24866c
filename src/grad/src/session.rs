//! Gradient graphs ready to run, kept per shape.

use super::{Gradient, Request, differentiate, free};
use crate::error::{Error, Result};
use crate::guard::lock;
use crate::monitor::Monitor;
use crate::onnx::{
    Dim, Effort, Graph, GraphEngine, Info, Port, Program, Tensor, elements, integers_as,
};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock};

/// A gradient graph that is loaded.
pub struct Prepared {
    gradient: Gradient,
    engine: Arc<dyn GraphEngine>,
    /// On all that the engine has.
    program: Lane,
    provider: String,
    /// On one core each, made when first asked for.
    beside: Mutex<Vec<Arc<Lane>>>,
    /// Bytes of the largest value of a run, for one row.
    row_bytes: usize,
}

/// A program that is run by one at a time.
type Lane = Mutex<Box<dyn Program>>;

/// What one run yields.
#[derive(Debug, Clone)]
pub struct Step {
    /// The loss of each row.
    pub loss: Vec<f32>,
    /// The output, `[batch, ...]`.
    pub output: Tensor,
    /// The gradient of the sum of losses, with respect to the first target.
    pub gradient: Tensor,
}

/// Cores of this process. Asked once: the system answers from files, which takes a tenth of a small gradient's time.
fn cores() -> usize {
    static CORES: OnceLock<usize> = OnceLock::new();
    *CORES.get_or_init(|| std::thread::available_parallelism().map_or(1, usize::from))
}

impl Prepared {
    fn new(gradient: Gradient, engine: Arc<dyn GraphEngine>, row_bytes: usize) -> Result<Self> {
        let program = engine.load(&gradient.graph, Effort::Often)?;
        Ok(Self {
            gradient,
            engine,
            provider: program.provider().to_owned(),
            program: Mutex::new(program),
            beside: Mutex::new(Vec::new()),
            row_bytes,
        })
    }

    /// The graph.
    pub fn gradient(&self) -> &Gradient {
        &self.gradient
    }

    /// What it runs on.
    pub fn provider(&self) -> &str {
        &self.provider
    }

    /// Into how many pieces `rows` rows are best parted, and how many of those run at once, for a graph that takes any
    /// number of rows. On a processor single rows run on a core each: not all operators share their work among cores,
    /// and what fits the caches is done sooner. `MobileNetV2` (4.8 MB a row) on two cores, per row: 24.7 ms as two beside
    /// two, 34.6 as four on both cores, 39.8 as sixteen.
    pub fn parting(&self, rows: usize) -> (usize, usize) {
        if rows < 2 || !self.provider.starts_with("CPU") {
            return (1, 1);
        }
        let affordable = WEIGHTS / self.gradient.graph.constant_bytes().max(1);
        let beside = cores().min(affordable).min(rows).max(1);
        let most = (CACHE / beside / self.row_bytes.max(1)).max(1);
        // As many for each core, so that none waits for the last piece.
        let pieces = rows.div_ceil(most).next_multiple_of(beside);
        (pieces.min(rows), beside)
    }

    /// Loss, output and gradient for `feeds`, which name every input of the graph; others are passed over.
    ///
    /// # Errors
    /// The engine failed, or `monitor` stopped it.
    pub fn run(&self, feeds: &[(&str, &Tensor)], monitor: &dyn Monitor) -> Result<Step> {
        self.run_on(&self.program, feeds, monitor)
    }

    /// As [`Prepared::run`], on one core; others may run beside it.
    ///
    /// # Errors
    /// As [`Prepared::run`]; the graph cannot be loaded once more.
    pub fn run_beside(&self, feeds: &[(&str, &Tensor)], monitor: &dyn Monitor) -> Result<Step> {
        // Nobody but the list holds a lane that does not run.
        let idle = |lane: &&Arc<Lane>| Arc::strong_count(lane) == 1;
        let lane = lock(&self.beside).iter().find(idle).cloned();
        let lane = if let Some(lane) = lane {
            lane
        } else {
            let program = self.engine.load(&self.gradient.graph, Effort::Beside)?;
            let lane = Arc::new(Mutex::new(program));
            lock(&self.beside).push(Arc::clone(&lane));
            lane
        };
        self.run_on(&lane, feeds, monitor)
    }

    fn run_on(
        &self,
        program: &Lane,
        feeds: &[(&str, &Tensor)],
        monitor: &dyn Monitor,
    ) -> Result<Step> {
        let inputs = &self.gradient.graph.inputs;
        let wanted = |name: &str| inputs.iter().any(|p| p.name == name);
        let feeds: Vec<_> = feeds
            .iter()
            .copied()
            .filter(|(name, _)| wanted(name))
            .collect();
        let mut made = lock(program).run(&feeds, monitor)?.into_iter();
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
    engine: Arc<dyn GraphEngine>,
    ready: Mutex<HashMap<String, Arc<Prepared>>>,
}

impl Differentiator {
    /// Of `graph`, on `engine`.
    pub fn new(graph: Graph, engine: Arc<dyn GraphEngine>) -> Self {
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
    pub fn prepare(&self, request: &Request, monitor: &dyn Monitor) -> Result<Arc<Prepared>> {
        let key = key(request);
        if let Some(ready) = lock(&self.ready).get(&key) {
            return Ok(Arc::clone(ready));
        }
        let gradient = differentiate(&self.graph, request, self.engine.as_ref(), monitor)?;
        let rows = gradient.graph.inputs.first().and_then(|p| p.dims.first());
        let rows = match rows {
            Some(Dim::Fixed(n)) => *n,
            _ => 1,
        };
        let row_bytes = largest(&gradient.graph) / rows.max(1);
        let ready = Arc::new(Prepared::new(
            gradient,
            Arc::clone(&self.engine),
            row_bytes,
        )?);
        lock(&self.ready).insert(key, Arc::clone(&ready));
        Ok(ready)
    }

    /// One gradient graph for batches of every size, made now and kept by the caller: `request` says what is asked at a
    /// given size, and `main` is an input whose first dimension is the batch. `None` where the graph, or the engine,
    /// wants one for each size; [`Differentiator::prepare`] makes those.
    ///
    /// # Errors
    /// As [`differentiate`].
    pub fn prepare_free(
        &self,
        request: &dyn Fn(usize) -> Request,
        main: &str,
        monitor: &dyn Monitor,
    ) -> Result<Option<Arc<Prepared>>> {
        let engine = self.engine.as_ref();
        let at = |size| match differentiate(&self.graph, &request(size), engine, monitor) {
            Ok(gradient) => Ok(Some(gradient)),
            Err(error @ (Error::Cancelled | Error::NoGradient { .. })) => Err(error),
            // A graph that runs at one size alone need not bind at others.
            Err(_) => Ok(None),
        };
        let Some(mut made) = at(SIZE)? else {
            return Ok(None);
        };
        let Some(next) = at(SIZE + 1)? else {
            return Ok(None);
        };
        let Some(graph) = free::free(&made.graph, &next.graph, SIZE, main) else {
            return Ok(None);
        };
        let row_bytes = largest(&made.graph) / SIZE;
        made.graph = graph;
        self.tried(made, row_bytes, monitor)
    }

    /// `gradient` loaded, where the engine runs it at several sizes and its rows stay apart.
    fn tried(
        &self,
        gradient: Gradient,
        row_bytes: usize,
        monitor: &dyn Monitor,
    ) -> Result<Option<Arc<Prepared>>> {
        let inputs = gradient.graph.inputs.clone();
        let engine = Arc::clone(&self.engine);
        let prepared = match Prepared::new(gradient, engine, row_bytes) {
            Ok(prepared) => prepared,
            Err(Error::Cancelled) => return Err(Error::Cancelled),
            Err(_) => return Ok(None),
        };
        let mut runs = Vec::with_capacity(2);
        for rows in [1, SIZE + 2] {
            let feeds = rows_of(&inputs, rows);
            let named: Vec<(&str, &Tensor)> = feeds.iter().map(|(n, t)| (n.as_str(), t)).collect();
            match prepared.run(&named, monitor) {
                Ok(step) => runs.push(step),
                Err(Error::Cancelled) => return Err(Error::Cancelled),
                Err(_) => return Ok(None),
            }
        }
        let alike = match runs.as_slice() {
            [one, several] => is_first_row(one, several),
            _ => false,
        };
        Ok(alike.then(|| Arc::new(prepared)))
    }
}

/// Bytes of values that a processor's caches hold while one operator after the other works on them.
const CACHE: usize = 20 << 20;
/// Bytes of weights that programs beside each other may hold in all.
const WEIGHTS: usize = 1 << 30;

/// Bytes of the largest value that is no constant.
fn largest(graph: &Graph) -> usize {
    let bytes = |info: &Info| elements(&info.shape)?.checked_mul(info.elem.width()?);
    let made = graph.nodes.iter().flat_map(|n| &n.output);
    let sizes = made.filter_map(|name| bytes(graph.infos.get(name)?));
    sizes.max().unwrap_or(0)
}

/// The smaller of the two batches that a graph for any batch is made from.
const SIZE: usize = 2;
/// How far the first row of a batch may be from that row alone, as a part of its length: sums in another order, and
/// the kinks that they move.
const ALIKE: f64 = 1e-2;

/// Made-up values for `inputs` at `rows` rows; the first row is the same at any number.
fn rows_of(inputs: &[Port], rows: usize) -> Vec<(String, Tensor)> {
    let one = |port: &Port| {
        let mut random = fastrand::Rng::with_seed(1);
        let size = |dim: &Dim| match dim {
            Dim::Fixed(size) => *size,
            Dim::Named(_) | Dim::Unknown => rows,
        };
        let shape: Vec<usize> = port.dims.iter().map(size).collect();
        let values: Vec<f32> = (0..shape.iter().product()).map(|_| random.f32()).collect();
        let tensor = if port.elem.is_float() {
            Tensor::floats(&shape, &values)
        } else {
            integers_as(port.elem, &shape, &vec![1; values.len()])
        };
        (port.name.clone(), tensor)
    };
    inputs.iter().map(one).collect()
}

/// Is `one` the first row of `several`?
fn is_first_row(one: &Step, several: &Step) -> bool {
    let square = |v: f32| f64::from(v) * f64::from(v);
    let alike = |a: &[f32], b: &[f32]| {
        let apart: f64 = a.iter().zip(b).map(|(a, b)| square(a - b)).sum();
        let whole: f64 = a.iter().map(|a| square(*a)).sum();
        b.len() > a.len() && apart <= ALIKE * ALIKE * whole
    };
    let floats = |t: &Tensor| t.to_floats().unwrap_or_default();
    alike(&one.loss, &several.loss)
        && alike(&floats(&one.output), &floats(&several.output))
        && alike(&floats(&one.gradient), &floats(&several.gradient))
}

fn key(request: &Request) -> String {
    let shapes: Vec<String> = request
        .feeds
        .iter()
        .map(|(n, t)| format!("{n}={t:?}"))
        .collect();
    format!(
        "{shapes:?} {:?} {:?} {:?} {:?}",
        request.targets, request.output, request.objective, request.normalise
    )
}
