//! Values that stay blocked: ONNX Runtime lays channels beside each other for its convolutions (`com.microsoft.nchwc`), and
//! brings them back into rows before operators that it does not run on such values. Elementwise ones do not mind.

mod swapped;

use super::layouts::{NCHWC, in_order, is};
use super::units::{Known, Layout, Pointwise, Read, Unit};
use crate::onnx::Elem;
use crate::onnx::node::{self, Attributes};
use crate::onnx::proto::{NodeProto, TensorProto};
use std::collections::HashMap;

/// Moves work to blocked values where that saves bringing them into rows.
pub struct Moving<'a> {
    known: &'a mut Known,
    /// The weights of the graph; those in another order are added.
    weights: HashMap<&'a str, &'a TensorProto>,
    lanes: usize,
    /// The blocked values that hold the same as values in rows.
    twins: HashMap<String, String>,
    /// Blocked values that are called otherwise now.
    renamed: HashMap<String, String>,
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
            renamed: HashMap::new(),
            units: Vec::new(),
            made: Vec::new(),
        }
    }

    /// Goes over the units in their order; yields them as they are then, with new weights. What nothing reads any more
    /// stays.
    pub fn run(mut self, units: Vec<Unit>) -> (Vec<Unit>, Vec<TensorProto>) {
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
            // Channels that only fill up hold nothing that an operator could be run on.
            let whole = |l: &Layout| node.int("channels") == i64::try_from(l.shape[1]).ok();
            if self.known.layouts.get(&from).is_some_and(whole) {
                self.twins.insert(to, from);
            }
        } else if is(&node, "ReorderInput")
            && in_order(&node)
            && let Some(twin) = self.twins.get(&node.input[0])
        {
            self.renamed.insert(node.output[0].clone(), twin.clone());
            return;
        } else if let Some(units) = self.swapped(&node) {
            self.units.extend(units);
            return;
        }
        self.units.push(Unit::Node(node));
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
        let channels = self.known.layouts.get(from)?.shape[1];
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

    /// Blocks the value `name`, whose channels fill the lanes.
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
        let layout = &work.layout;
        let fits = layout.lanes == 1
            && layout.shape.len() == 4
            && layout.shape[1].is_multiple_of(self.lanes);
        let whole = work.reads.iter().filter(|read| !read.plane);
        let (there, missing): (Vec<_>, Vec<_>) =
            whole.partition(|read| self.twins.contains_key(&read.name));
        let floats = missing
            .iter()
            .all(|read| self.known.floats.contains(&read.name));
        if !fits || !floats || missing.is_empty() || missing.len() > there.len() {
            return;
        }
        let blocked = Layout {
            shape: layout.shape.clone(),
            lanes: self.lanes,
        };
        let mut units = Vec::new();
        for read in missing {
            self.block(&read.name, blocked.clone(), &mut units);
        }
        self.units.extend(units);
    }

    /// The same work on blocked values, where all that it reads is there as such.
    fn moved(&self, work: &Pointwise) -> Option<Pointwise> {
        let layout = &work.layout;
        if layout.lanes != 1
            || layout.shape.len() != 4
            || !layout.shape[1].is_multiple_of(self.lanes)
        {
            return None;
        }
        let mut names: HashMap<&str, &str> = HashMap::new();
        let mut reads = Vec::with_capacity(work.reads.len());
        for read in &work.reads {
            let name = match self.twins.get(&read.name) {
                Some(twin) => twin.as_str(),
                // One value for each channel lies in memory as it does blocked.
                None if read.plane => &read.name,
                None => return None,
            };
            names.insert(&read.name, name);
            reads.push(Read {
                name: name.to_owned(),
                plane: read.plane,
            });
        }
        let output = format!("{}/blocked", work.output);
        let node = work
            .node
            .clone()
            .filter(|_| reads.iter().all(|read| !read.plane));
        let node = node.map(|mut node| {
            for name in &mut node.input {
                if let Some(now) = names.get(name.as_str()) {
                    *name = (*now).to_owned();
                }
            }
            node.name = format!("{}/blocked", node.name);
            node.output = vec![output.clone()];
            node
        });
        Some(Pointwise {
            program: work.program.clone(),
            reads,
            output,
            layout: Layout {
                shape: layout.shape.clone(),
                lanes: self.lanes,
            },
            node,
        })
    }
}
