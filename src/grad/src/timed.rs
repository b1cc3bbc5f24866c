//! How long a loaded graph takes.

use crate::error::Result;
use crate::monitor::Monitor;
use crate::onnx::{Effort, Graph, GraphEngine, Program, Tensor};
use std::collections::BTreeMap;
use std::time::Instant;

/// Runs below so many milliseconds are measured after one that does not count: threads of another graph wait busily for
/// some milliseconds after its run, and its values are in the caches.
const SHORT: f64 = 100.0;

/// A loaded graph with its inputs, and the times it took.
pub(super) struct Timed<'a> {
    program: Box<dyn Program>,
    feeds: Vec<(&'a str, &'a Tensor)>,
    times: Vec<f64>,
    /// How long the last run took, in milliseconds.
    last: f64,
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
        let begun = Instant::now();
        let results = program.run(&feeds, monitor)?;
        let timed = Self {
            program,
            feeds,
            times: Vec::new(),
            last: since(begun),
        };
        Ok((timed, results))
    }

    /// Runs it once more, as it runs again and again.
    pub(super) fn turn(&mut self, monitor: &dyn Monitor) -> Result<()> {
        if self.last < SHORT {
            self.program.run(&self.feeds, monitor)?;
        }
        let begun = Instant::now();
        self.program.run(&self.feeds, monitor)?;
        self.last = since(begun);
        self.times.push(self.last);
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

/// Milliseconds since then.
fn since(begun: Instant) -> f64 {
    begun.elapsed().as_secs_f64() * 1e3
}
