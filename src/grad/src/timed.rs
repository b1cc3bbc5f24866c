//! How long a loaded graph takes.

use crate::error::Result;
use crate::monitor::Monitor;
use crate::onnx::{Effort, Graph, GraphEngine, Program, Tensor};
use std::collections::BTreeMap;
use std::time::Instant;

/// A loaded graph with its inputs, and the times it took.
pub(super) struct Timed<'a> {
    program: Box<dyn Program>,
    feeds: Vec<(&'a str, &'a Tensor)>,
    times: Vec<f64>,
}

impl<'a> Timed<'a> {
    /// Loads `graph` and runs it once, which allocates and does not count; the results come with it.
    pub(super) fn start(
        graph: &'a Graph,
        engine: &dyn GraphEngine,
        feeds: &'a BTreeMap<String, Tensor>,
        monitor: &dyn Monitor,
    ) -> Result<(Self, Vec<Tensor>)> {
        let mut program = engine.load(graph, Effort::Often)?;
        let ports = graph.inputs.iter();
        let feeds: Vec<_> = ports
            .filter_map(|p| Some((p.name.as_str(), feeds.get(&p.name)?)))
            .collect();
        let results = program.run(&feeds, monitor)?;
        let timed = Self {
            program,
            feeds,
            times: Vec::new(),
        };
        Ok((timed, results))
    }

    /// Runs it once more.
    pub(super) fn turn(&mut self, monitor: &dyn Monitor) -> Result<()> {
        let start = Instant::now();
        self.program.run(&self.feeds, monitor)?;
        self.times.push(start.elapsed().as_secs_f64() * 1e3);
        Ok(())
    }

    /// Median, in milliseconds.
    pub(super) fn median(&mut self) -> f64 {
        self.times.sort_by(f64::total_cmp);
        self.times.get(self.times.len() / 2).copied().unwrap_or(0.0)
    }

    /// How often it was run, the first time aside.
    pub(super) fn turns(&self) -> usize {
        self.times.len()
    }

    /// What it runs on.
    pub(super) fn provider(&self) -> String {
        self.program.provider().to_owned()
    }
}
