//! Values that stay blocked: ONNX Runtime lays channels beside each other for its convolutions (`com.microsoft.nchwc`), and
//! brings them back into rows before operators that it does not run on such values. Elementwise ones do not mind.

mod joined;
mod pool;
mod strided;
mod swapped;

use super::layouts::{NCHWC, in_order, is};
use super::program::{Op, Program};
use super::units::{Known, Layout, Over, Pointwise, Read, Unit};
use crate::onnx::Elem;
use crate::onnx::node::{self, Attributes};
use crate::onnx::proto::{NodeProto, TensorProto};
use pool::Pools;
use std::collections::{HashMap, HashSet};

/// Moves work to blocked values where that saves bringing them into rows.
pub struct Moving<'a> {
    known: &'a mut Known,
    /// The weights of the graph; those in another order are added.
    weights: HashMap<&'a str, &'a TensorProto>,
    lanes: usize,
    /// The blocked values that hold the same as values in rows.
    twins: HashMap<String, String>,
    /// Values that were made in rows and are blocked for the engine's convolutions.
    lent: HashSet<String>,
    /// The nodes that block values in rows, where they are still to come.
    later: HashMap<String, NodeProto>,
    /// Blocked values that are called otherwise now.
    renamed: HashMap<String, String>,
    pools: Pools,
    units: Vec<Unit>,
    /// New weights.
    made: Vec<TensorProto>,
}

impl<'a> Moving<'a> {
    /// In a graph with these weights.
    pub fn new(
        known: &'a mut Known,
        weights: HashMap<&'a str, &'a TensorProto>,
        lanes: usize,
    ) -> Self {
        Self {
            known,
            weights,
            lanes,
            twins: HashMap::new(),
            lent: HashSet::new(),
            later: HashMap::new(),
            renamed: HashMap::new(),
            pools: Pools::default(),
            units: Vec::new(),
            made: Vec::new(),
        }
    }

    /// Goes over the units in their order, `outputs` are read from outside; yields them as they are then, with new weights. What nothing reads any more
    /// stays.
    pub fn run(mut self, units: Vec<Unit>, outputs: &[String]) -> (Vec<Unit>, Vec<TensorProto>) {
        for unit in &units {
            if let Unit::Node(node) = unit
                && is(node, "ReorderInput")
                && in_order(node)
                && self.known.layouts.contains_key(&node.output[0])
            {
                self.later
                    .entry(node.input[0].clone())
                    .or_insert_with(|| node.clone());
            }
        }
        self.pools = Pools::of(&units, &self.weights, self.known, outputs);
        for unit in units {
            match unit {
                Unit::Node(node) => self.node(node),
                Unit::Pointwise(work) => self.pointwise(work),
            }
        }
        (self.units, self.made)
    }

    fn node(&mut self, mut node: NodeProto) {
        for name in &mut node.input {
            if let Some(now) = self.renamed.get(name) {
                name.clone_from(now);
            }
        }
        if is(&node, "ReorderOutput") && in_order(&node) {
            let (from, to) = (node.input[0].clone(), node.output[0].clone());
            if self.known.layouts.contains_key(&from) && self.known.layouts.contains_key(&to) {
                self.twins.insert(to, from);
            }
        } else if is(&node, "ReorderInput") && in_order(&node) {
            let (from, to) = (node.input[0].clone(), node.output[0].clone());
            if let Some(twin) = self.twin(&from) {
                if twin != to {
                    self.renamed.insert(to, twin);
                }
                return;
            }
        } else if let Some(units) = self.swapped(&node) {
            self.units.extend(units);
            return;
        }
        self.units.push(Unit::Node(node));
    }

    /// The blocked value that holds the same as `name`. One that is to come is made now.
    fn twin(&mut self, name: &str) -> Option<String> {
        if let Some(node) = self.later.remove(name)
            && !self.twins.contains_key(name)
        {
            self.twins.insert(name.to_owned(), node.output[0].clone());
            self.lent.insert(name.to_owned());
            self.units.push(Unit::Node(node));
        }
        self.twins.get(name).cloned()
    }

    /// Is there a blocked value that holds the same as `name`, which would be brought into rows otherwise?
    fn is_blocked(&self, name: &str) -> bool {
        self.twins.contains_key(name) && !self.lent.contains(name)
    }

    /// Is there such a value, or does the engine make one anyway?
    fn can_be_blocked(&self, name: &str) -> bool {
        self.twins.contains_key(name) || self.later.contains_key(name)
    }

    /// How values of this layout lie when blocked; `None` where they cannot be, or where too many channels would only fill
    /// up the lanes.
    fn blocked(&self, layout: &Layout) -> Option<Layout> {
        let &[rows, channels, high, wide] = layout.shape.as_slice() else {
            return None;
        };
        let filled = channels.next_multiple_of(self.lanes);
        // The engine blocks fours of channels.
        let fits = layout.lanes == 1 && channels.is_multiple_of(4) && filled * 3 <= channels * 4;
        fits.then(|| Layout {
            shape: vec![rows, filled, high, wide],
            lanes: self.lanes,
        })
    }

    /// The layout of `work` when blocked. Channels that only fill up the lanes hold any number that there is, and must stay
    /// numbers: the engine multiplies them by zeros.
    fn fits(&self, work: &Pointwise) -> Option<Layout> {
        let layout = self.blocked(&work.layout)?;
        if !work
            .reads
            .iter()
            .all(|read| matches!(read.over, Over::One | Over::Plane))
        {
            return None;
        }
        (layout.shape == work.layout.shape || stays_finite(&work.program)).then_some(layout)
    }

    fn pointwise(&mut self, mut work: Pointwise) {
        let now = |name: &mut String| {
            if let Some(now) = self.renamed.get(name) {
                name.clone_from(now);
            }
        };
        work.reads.iter_mut().for_each(|read| now(&mut read.name));
        if let Some(node) = &mut work.node {
            node.input.iter_mut().for_each(now);
        }
        self.complete(&work);
        match self.moved(&work) {
            Some(moved) => {
                let (from, to) = (moved.output.clone(), work.output.clone());
                let elem = if self.known.truths.contains(&to) {
                    Elem::Bool
                } else {
                    Elem::F32
                };
                self.known.insert(&from, moved.layout.clone(), elem);
                let back = self.back(&from, &to, elem);
                self.units.push(Unit::Pointwise(moved));
                // A truth in rows is made as before, where anything reads it.
                self.units.push(back.unwrap_or(Unit::Pointwise(work)));
            }
            None => self.units.push(Unit::Pointwise(work)),
        }
    }

    /// Brings the blocked value `from` into rows as `to`; there is no such operator for truths.
    fn back(&mut self, from: &str, to: &str, elem: Elem) -> Option<Unit> {
        let channels = self.known.layouts.get(to)?.shape[1];
        self.twins.insert(to.to_owned(), from.to_owned());
        (elem == Elem::F32).then(|| {
            Unit::Node(NodeProto {
                op_type: "ReorderOutput".into(),
                domain: NCHWC.into(),
                name: format!("{to}/rows"),
                input: vec![from.to_owned()],
                output: vec![to.to_owned()],
                attribute: vec![node::int("channels", channels as i64)],
                ..NodeProto::default()
            })
        })
    }

    /// Blocks the value `name`.
    fn block(&mut self, name: &str, layout: Layout, units: &mut Vec<Unit>) -> String {
        let twin = format!("{name}/blocked");
        units.push(Unit::Node(NodeProto {
            op_type: "ReorderInput".into(),
            domain: NCHWC.into(),
            name: twin.clone(),
            input: vec![name.to_owned()],
            output: vec![twin.clone()],
            ..NodeProto::default()
        }));
        self.known.insert(&twin, layout, Elem::F32);
        self.twins.insert(name.to_owned(), twin.clone());
        twin
    }

    /// Blocks what `work` reads where at least as much of it is there blocked: what is made of it stays blocked then.
    fn complete(&mut self, work: &Pointwise) {
        let Some(blocked) = self.fits(work) else {
            return;
        };
        let whole = work.reads.iter().filter(|read| read.over.is_one());
        let (there, missing): (Vec<_>, Vec<_>) =
            whole.partition(|read| self.can_be_blocked(&read.name));
        let there = there.iter().filter(|read| self.is_blocked(&read.name));
        let floats = missing
            .iter()
            .all(|read| self.known.floats.contains(&read.name));
        if !floats || missing.is_empty() || missing.len() > there.count() {
            return;
        }
        let mut units = Vec::new();
        for read in missing {
            self.block(&read.name, blocked.clone(), &mut units);
        }
        self.units.extend(units);
    }

    /// The same work on blocked values, where all that it reads is there as such, and it pays.
    fn moved(&mut self, work: &Pointwise) -> Option<Pointwise> {
        let layout = self.fits(work)?;
        let mut whole = work.reads.iter().filter(|read| read.over.is_one());
        // What is made of values in rows is made in rows, but where it is blocked then anyway.
        let pays = whole.clone().any(|read| self.is_blocked(&read.name))
            || self.later.contains_key(&work.output)
            || self.known.truths.contains(&work.output);
        if !pays || !whole.all(|read| self.can_be_blocked(&read.name)) {
            return None;
        }
        let mut names: HashMap<&str, String> = HashMap::new();
        let mut reads = Vec::with_capacity(work.reads.len());
        for read in &work.reads {
            // One value for each channel lies in memory as it does blocked.
            let name = match self.twin(&read.name) {
                Some(twin) => twin,
                None if read.over == Over::Plane => read.name.clone(),
                None => return None,
            };
            names.insert(&read.name, name.clone());
            reads.push(Read {
                name,
                over: read.over,
            });
        }
        let output = format!("{}/blocked", work.output);
        let node = work
            .node
            .clone()
            .filter(|_| reads.iter().all(|read| read.over.is_one()));
        let node = node.map(|mut node| {
            for name in &mut node.input {
                if let Some(now) = names.get(name.as_str()) {
                    name.clone_from(now);
                }
            }
            node.name = format!("{}/blocked", node.name);
            node.output = vec![output.clone()];
            node
        });
        // A truth cannot come out of a program, or go into one, where it stands alone.
        let truths = &self.known.truths;
        let truth = truths.contains(&work.output)
            || work.reads.iter().any(|read| truths.contains(&read.name));
        if truth && node.is_none() {
            return None;
        }
        Some(Pointwise {
            program: work.program.clone(),
            reads,
            output,
            layout,
            node,
        })
    }
}

/// Are its windows, without dilation, where its pads say?
fn is_plain(node: &NodeProto) -> bool {
    let dilations = node.ints("dilations");
    matches!(node.text_or("auto_pad", "NOTSET"), "NOTSET" | "")
        && dilations.is_none_or(|d| d.iter().all(|&n| n == 1))
}

/// Two numbers of a node, rows and columns; `default` where it has none.
fn pair(node: &NodeProto, name: &str, default: Option<i64>) -> Option<[usize; 2]> {
    let values = match node.ints(name) {
        Some(values) => values.to_vec(),
        None => vec![default?; 2],
    };
    let at = |n: usize| usize::try_from(*values.get(n)?).ok();
    Some([at(0)?, at(1)?])
}

/// Do the constants in lanes that are filled up yield numbers? (What overflows at them does so at the first run.)
fn stays_finite(program: &Program) -> bool {
    let mut steps = program.steps.iter();
    steps.all(|step| !matches!(step.op, Op::Div | Op::Reciprocal | Op::Sqrt))
}
