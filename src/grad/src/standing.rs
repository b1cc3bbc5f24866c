//! What can be differentiated: the standing of each operator of a model, and the refusal that names what blocks.

use super::cut::cuts;
use super::driver::{on_path, reached};
use super::narrow::narrow;
use super::{known, lower, rules};
use crate::error::{Blocking, Result, refuse};
use crate::onnx::node::{full_name, label};
use crate::onnx::proto::NodeProto;
use crate::onnx::{Graph, trips};
use serde::Serialize;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::path::Path;

/// How well an operator can be differentiated.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// No cotangent has to pass it.
    #[default]
    Idle,
    /// By its exact derivative.
    Exact,
    /// Through a rounding, as if that were the identity (the straight-through estimator).
    Approximate,
    /// Not at all.
    Blocking,
}

/// The operators of a model and what of it can be differentiated.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Survey {
    /// How often each operator occurs and its standing, by name.
    pub ops: BTreeMap<String, (usize, Standing)>,
    /// The nodes that no gradient passes; none where the model is supported.
    pub blocking: Vec<Blocking>,
    /// The operators that are differentiated through a rounding.
    pub approximate: Vec<String>,
}

impl Survey {
    /// Surveys what `request` asks of `graph`.
    ///
    /// # Errors
    /// The request does not fit the model.
    pub(super) fn of_request(graph: &Graph, request: &super::Request) -> Result<Self> {
        let mut graph = graph.clone();
        let narrowed = narrow(&mut graph, request)?;
        Ok(Self::of_all(&graph, &narrowed.wrt, &narrowed.output))
    }

    /// All control flow on the way turned out to be known: what it holds is passed, as `inside` says.
    pub(super) fn decided(&mut self, inside: &Self) {
        for op in &inside.approximate {
            if !self.approximate.contains(op) {
                self.approximate.push(op.clone());
            }
        }
        self.blocking.clear();
        let undecided = self
            .ops
            .values_mut()
            .filter(|(_, s)| *s == Standing::Blocking);
        undecided.for_each(|(_, standing)| *standing = Standing::Exact);
    }

    /// Takes over what a closer look found to block.
    pub(super) fn block(&mut self, blocking: Vec<Blocking>) {
        for b in &blocking {
            let entry = self.ops.entry(b.op.clone()).or_default();
            entry.1 = Standing::Blocking;
        }
        self.blocking = blocking;
    }

    /// Surveys the path from the value `wrt` to the value `output` of `graph`, from its operators alone: nothing runs.
    /// What cuts a path blocks, also where another path goes past it.
    /// Control flow counts as open until its condition, or the number of its trips, is known (see [`crate::onnx::bind`]).
    pub fn of(graph: &Graph, wrt: &str, output: &str) -> Self {
        let active = reached(graph, &[wrt]);
        let mask = on_path(graph, &active, &[output]);
        let mut cuts = cuts(graph, &active, &mask, output);
        let mut survey = Self::default();
        for (i, (node, passes)) in graph.nodes.iter().zip(mask).enumerate() {
            let blocked = || passes.then(|| blocked(graph, &active, node)).flatten();
            let why = cuts.remove(&i).or_else(blocked);
            let standing = match (&why, passes) {
                (Some(_), _) => Standing::Blocking,
                (None, true) if rules::is_straight_through(node) => Standing::Approximate,
                (None, true) => Standing::Exact,
                (None, false) => Standing::Idle,
            };
            let entry = survey.ops.entry(full_name(node)).or_default();
            entry.0 += 1;
            entry.1 = entry.1.max(standing);
            if standing == Standing::Approximate && !survey.approximate.contains(&full_name(node)) {
                survey.approximate.push(full_name(node));
            }
            if let Some(why) = why {
                survey.blocking.push(Blocking {
                    op: full_name(node),
                    node: label(node),
                    why: why.into_owned(),
                });
            }
        }
        survey
    }

    /// As [`Survey::of`], from several values.
    pub(super) fn of_all(graph: &Graph, wrt: &[String], output: &str) -> Self {
        let mut all = Self::default();
        for name in wrt {
            let one = Self::of(graph, name, output);
            for (op, (count, standing)) in one.ops {
                let entry = all.ops.entry(op).or_default();
                *entry = (count, entry.1.max(standing));
            }
            let new = |b: &Blocking| !all.blocking.contains(b);
            let blocking: Vec<Blocking> = one.blocking.into_iter().filter(new).collect();
            all.blocking.extend(blocking);
            let new = |op: &String| !all.approximate.contains(op);
            let approximate: Vec<String> = one.approximate.into_iter().filter(new).collect();
            all.approximate.extend(approximate);
        }
        all
    }
}

impl Survey {
    /// The refusal of the model at `path`, where anything blocks. Before shapes are bound control flow is
    /// `undecided`: its condition, or how often it runs, may turn out to be known.
    pub(super) fn refuse(&self, path: &Path, undecided: bool) -> Result<()> {
        let blocking: Vec<Blocking> = self
            .blocking
            .iter()
            .filter(|b| !(undecided && FLOW.contains(&b.op.as_str())))
            .cloned()
            .collect();
        refuse(path, blocking)
    }
}

/// Operators that may be replaced by what they hold.
const FLOW: [&str; 3] = ["If", "Loop", "Scan"];

const OPEN: &str = "the shape of what it makes depends on the input's values";

/// Is `node` the first on a path of which the shapes are not known?
fn opens(graph: &Graph, active: &HashSet<String>, node: &NodeProto) -> bool {
    let open = |names: &[String]| {
        names
            .iter()
            .any(|n| active.contains(n) && graph.open.contains(n))
    };
    open(&node.output) && !open(&node.input)
}

/// Why no gradient passes `node`, which lies on the path; `None` where it has a rule or a lowering.
fn blocked(graph: &Graph, active: &HashSet<String>, node: &NodeProto) -> Option<Cow<'static, str>> {
    if opens(graph, active, node) {
        return Some(OPEN.into());
    }
    let refused = known::refusal(graph, node);
    if rules::find(node).is_none() && lower::find(node).is_none() {
        return Some(refused.map_or_else(|| why(graph, node).into(), Cow::from));
    }
    refused.map(Cow::from)
}

fn why(graph: &Graph, node: &NodeProto) -> &'static str {
    if let Some(why) = lower::why_not(node) {
        return why;
    }
    match node.op_type.as_str() {
        "If" => "control flow that depends on the input",
        "Loop" | "Scan" => trips(graph, node).err().unwrap_or("it is not written out"),
        "Bernoulli" | "RandomNormalLike" | "RandomUniformLike" => "it draws at random",
        _ => "it has no gradient rule",
    }
}
