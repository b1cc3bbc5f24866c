//! Elementwise work in a row becomes one program: its values are read and written once, not once for each operator.

use super::operator::{DOMAIN, FUSED};
use super::program::{Operand, Program, Step};
use super::units::{Known, Over, Pointwise, Read, Unit};
use crate::onnx::node;
use crate::onnx::proto::NodeProto;
use std::collections::{HashMap, HashSet};

/// Steps of a program, and what it reads, at most.
const MOST_STEPS: usize = 48;
const MOST_READS: usize = 16;
/// Programs that do the same work, and the steps of such work, at most.
const MOST_COPIES: usize = 3;
const COPIED: usize = 4;

/// Puts work together where all that reads a value is in one program, so that no two programs wait for each other; short
/// work that makes programs read no more is done in each of them. `outputs` are read from outside. Yields the nodes, in
/// an order in which they can run; `None` where work is neither a node of the engine nor a program.
pub fn fuse(units: Vec<Unit>, outputs: &[String], known: &Known) -> Option<Vec<NodeProto>> {
    let units = alive(units, outputs);
    // The programs that each unit is part of, by their last units.
    let mut roots: Vec<Vec<usize>> = vec![Vec::new(); units.len()];
    let mut members: HashMap<usize, Vec<usize>> = HashMap::new();
    let mut readers: HashMap<&str, Vec<usize>> = HashMap::new();
    for (at, unit) in units.iter().enumerate() {
        for name in unit.reads() {
            readers.entry(name).or_default().push(at);
        }
    }
    let outside: HashSet<&str> = outputs.iter().map(String::as_str).collect();
    for at in (0..units.len()).rev() {
        let Unit::Pointwise(work) = &units[at] else {
            continue;
        };
        let of = readers
            .get(work.output.as_str())
            .map_or(&[][..], Vec::as_slice);
        let whole_read = of.iter().all(|&reader| match &units[reader] {
            Unit::Pointwise(by) => by
                .reads
                .iter()
                .all(|read| read.name != work.output || read.over.is_one()),
            Unit::Node(_) => false,
        });
        let mut all: Vec<usize> = of
            .iter()
            .flat_map(|&reader| &roots[reader])
            .copied()
            .collect();
        all.sort_unstable();
        all.dedup();
        let joins = whole_read
            && !all.is_empty()
            && all.len() <= MOST_COPIES
            && !outside.contains(work.output.as_str())
            && all.iter().all(|one| {
                let Unit::Pointwise(last) = &units[*one] else {
                    return false;
                };
                let part = Part::of(&units, &members[one]);
                let more = part.with(work);
                last.layout == work.layout
                    && more.steps <= MOST_STEPS
                    && more.reads.len() <= MOST_READS
                    && (all.len() == 1 || copies(&part, work))
            });
        if !joins {
            all = vec![at];
        }
        for one in &all {
            members.entry(*one).or_default().push(at);
        }
        roots[at] = all;
    }
    // A program stands where its last unit did: all that it reads is there.
    let mut made: HashMap<usize, NodeProto> = HashMap::new();
    for (last, mut of) in members {
        of.sort_unstable();
        match one_node(&units, &of, known) {
            Some(node) => _ = made.insert(last, node),
            None => {
                for at in of {
                    made.insert(at, one_node(&units, &[at], known)?);
                }
            }
        }
    }
    let nodes = units
        .into_iter()
        .enumerate()
        .filter_map(|(at, unit)| match unit {
            Unit::Node(node) => Some(node),
            Unit::Pointwise(_) => made.remove(&at),
        });
    Some(nodes.collect())
}

/// The units that something reads.
fn alive(units: Vec<Unit>, outputs: &[String]) -> Vec<Unit> {
    let mut needed: HashSet<String> = outputs.iter().cloned().collect();
    let mut kept = Vec::with_capacity(units.len());
    for unit in units.into_iter().rev() {
        if unit.makes().iter().any(|name| needed.contains(*name)) {
            needed.extend(unit.reads().into_iter().map(str::to_owned));
            kept.push(unit);
        }
    }
    kept.reverse();
    kept
}

/// What a program of some units takes, at most.
struct Part<'a> {
    steps: usize,
    /// What they read, their own values too.
    reads: HashSet<&'a str>,
}

impl<'a> Part<'a> {
    fn of(units: &'a [Unit], members: &[usize]) -> Self {
        let mut part = Self {
            steps: 0,
            reads: HashSet::new(),
        };
        for &at in members {
            if let Unit::Pointwise(work) = &units[at] {
                part = part.with(work);
            }
        }
        part
    }

    /// With one more.
    fn with(&self, work: &'a Pointwise) -> Self {
        let names = work.reads.iter().map(|read| read.name.as_str());
        Self {
            steps: self.steps + work.program.steps.len(),
            reads: self.reads.iter().copied().chain(names).collect(),
        }
    }
}

/// Is `work` short, and does the program read at most one value more for doing it, in the place of what it makes?
fn copies(part: &Part<'_>, work: &Pointwise) -> bool {
    let whole = work.reads.iter().filter(|read| read.over.is_one());
    let more = whole.filter(|read| !part.reads.contains(read.name.as_str()));
    work.program.steps.len() <= COPIED && more.count() <= 1
}

/// The units of a program, in their order, as one node; a node of the engine where there is one unit that it can run.
fn one_node(units: &[Unit], of: &[usize], known: &Known) -> Option<NodeProto> {
    let work: Option<Vec<&Pointwise>> = of
        .iter()
        .map(|&at| match &units[at] {
            Unit::Pointwise(work) => Some(work),
            Unit::Node(_) => None,
        })
        .collect();
    let work = work?;
    if let [one] = work[..] {
        return one.node.clone().or_else(|| by_itself(one, known));
    }
    let mut reads: Vec<Read> = Vec::new();
    let mut steps: Vec<Step> = Vec::new();
    let mut made: HashMap<&str, usize> = HashMap::new();
    for part in &work {
        let operands: Vec<Operand> = part
            .reads
            .iter()
            .map(|read| {
                if let Some(&step) = made.get(read.name.as_str()) {
                    return Operand::Step(step);
                }
                let place = reads.iter().position(|other| other == read);
                Operand::Input(place.unwrap_or_else(|| {
                    reads.push(read.clone());
                    reads.len() - 1
                }))
            })
            .collect();
        let before = steps.len();
        for step in &part.program.steps {
            let reads = step.reads.iter().map(|read| match *read {
                Operand::Input(n) => operands[n],
                Operand::Step(n) => Operand::Step(before + n),
                Operand::Number(x) => Operand::Number(x),
            });
            steps.push(Step {
                op: step.op,
                reads: reads.collect(),
            });
        }
        made.insert(&part.output, steps.len() - 1);
    }
    let last = work.last()?;
    let whole = Pointwise {
        program: Program { steps },
        reads,
        node: None,
        ..(*last).clone()
    };
    by_itself(&whole, known)
}

/// The program as a node; `None` where it reads or makes truths, or nothing of its own layout.
fn by_itself(work: &Pointwise, known: &Known) -> Option<NodeProto> {
    let floats = known.floats.contains(&work.output)
        && work
            .reads
            .iter()
            .all(|read| known.floats.contains(&read.name));
    if !floats || !work.reads.iter().any(|read| read.over.is_one()) {
        return None;
    }
    let number = |over: Over| Over::ALL.iter().position(|other| *other == over);
    let over = work
        .reads
        .iter()
        .map(|read| Some(number(read.over)? as i64));
    let over: Vec<i64> = over.collect::<Option<_>>()?;
    Some(NodeProto {
        op_type: FUSED.into(),
        domain: DOMAIN.into(),
        name: format!("{}/fused", work.output),
        input: work.reads.iter().map(|read| read.name.clone()).collect(),
        output: vec![work.output.clone()],
        attribute: vec![
            node::ints("steps", &work.program.encode()),
            node::ints("over", &over),
            node::int("lanes", work.layout.lanes as i64),
        ],
        ..NodeProto::default()
    })
}
