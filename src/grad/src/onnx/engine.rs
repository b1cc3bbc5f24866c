//! What the transform of graphs asks of an inference engine: to run a graph that is in memory.

use super::{Graph, Tensor};
use crate::error::Result;
use crate::monitor::Monitor;

/// How much an engine may rewrite a graph before it runs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// Not at all: for a graph that runs once.
    Once,
    /// As well as it can.
    Often,
    /// As well as it can, on one core of the processor: several such run beside each other.
    Beside,
}

/// An inference engine.
pub trait GraphEngine: Send + Sync {
    /// Its name and version, as "ONNX Runtime 1.32.0, CPU".
    fn name(&self) -> String;

    /// Makes `graph` ready to run.
    ///
    /// # Errors
    /// The engine refuses the graph.
    fn load(&self, graph: &Graph, effort: Effort) -> Result<Box<dyn Program>>;
}

/// A graph that is ready to run.
pub trait Program: Send {
    /// Runs it once; yields the outputs in the graph's order. `feeds` names every input. Ends soon after `monitor` is
    /// cancelled where the engine can be stopped.
    ///
    /// # Errors
    /// The engine failed, or `monitor` stopped it.
    fn run(&mut self, feeds: &[(&str, &Tensor)], monitor: &dyn Monitor) -> Result<Vec<Tensor>>;

    /// What it runs on, as "CUDA".
    fn provider(&self) -> &str;
}
