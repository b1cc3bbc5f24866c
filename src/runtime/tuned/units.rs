//! The nodes of a graph, those that work on each element by itself as programs.

use super::program::{Op, Operand, Program, Step};
use crate::onnx::Elem;
use crate::onnx::node::{Attributes, is_default};
use crate::onnx::proto::NodeProto;
use std::collections::{HashMap, HashSet};

/// How the values of a tensor of this shape lie in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// Its shape; channels as many as lie in memory.
    pub shape: Vec<usize>,
    /// Channels that lie beside each other for each place; 1 where channels lie after each other.
    pub lanes: usize,
}

/// A value that a program reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    pub name: String,
    pub over: Over,
}

/// Of which of the values that are made a value is read for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// One alone.
    One,
    /// All of a channel, of a row or of all: there is one value for each.
    Plane,
    /// All along the last dimension.
    Last,
    /// All that lie at the same place of the last dimensions.
    First,
}

impl Over {
    /// Each, at its number in a file.
    pub const ALL: [Self; 4] = [Self::One, Self::Plane, Self::Last, Self::First];

    /// Is there one for each that is made?
    pub fn is_one(self) -> bool {
        self == Self::One
    }
}

/// A program over values of one layout.
#[derive(Debug, Clone)]
pub struct Pointwise {
    pub program: Program,
    pub reads: Vec<Read>,
    /// The name of what it makes.
    pub output: String,
    pub layout: Layout,
    /// The node that does the same; none where only a program can.
    pub node: Option<NodeProto>,
}

/// A part of the graph.
#[derive(Debug, Clone)]
pub enum Unit {
    /// An operator of the engine.
    Node(NodeProto),
    /// Elementwise work.
    Pointwise(Pointwise),
}

impl Unit {
    /// What it reads.
    pub fn reads(&self) -> Vec<&str> {
        match self {
            Self::Node(node) => node.input.iter().map(String::as_str).collect(),
            Self::Pointwise(work) => work.reads.iter().map(|r| r.name.as_str()).collect(),
        }
    }

    /// What it makes.
    pub fn makes(&self) -> Vec<&str> {
        match self {
            Self::Node(node) => node.output.iter().map(String::as_str).collect(),
            Self::Pointwise(work) => vec![&work.output],
        }
    }
}

/// What is known of the values of a graph.
#[derive(Default)]
pub struct Known {
    pub layouts: HashMap<String, Layout>,
    /// Constants of one element.
    pub numbers: HashMap<String, f32>,
    /// Values of type bool.
    pub truths: HashSet<String>,
    /// Values of type float32.
    pub floats: HashSet<String>,
}

impl Known {
    /// Takes in what is known of a value by another way.
    pub fn insert(&mut self, name: &str, layout: Layout, elem: Elem) {
        self.layouts.insert(name.to_owned(), layout);
        match elem {
            Elem::F32 => _ = self.floats.insert(name.to_owned()),
            Elem::Bool => _ = self.truths.insert(name.to_owned()),
            _ => {}
        }
    }

    /// How `name` is read where `whole` is made.
    fn read(&self, name: &str, whole: &Layout) -> Option<Over> {
        let layout = self.layouts.get(name)?;
        if layout == whole {
            return Some(Over::One);
        }
        let (given, made) = (layout.shape.as_slice(), whole.shape.as_slice());
        if layout.lanes == whole.lanes
            && matches!((given, made), ([a, b, 1, 1], [c, d, _, _]) if b == d && (a == c || *a == 1))
        {
            return Some(Over::Plane);
        }
        if layout.lanes != 1 || whole.lanes != 1 {
            return None;
        }
        let ([fronts @ .., 1], [front @ .., _]) = (given, made) else {
            return ends_with(given, made).then_some(Over::First);
        };
        if fronts == front {
            return Some(Over::Last);
        }
        ends_with(given, made).then_some(Over::First)
    }

    /// The node as a program, where it is elementwise and all its values are float32 or bool.
    pub fn pointwise(&self, node: &NodeProto) -> Option<Pointwise> {
        let [output] = node.output.as_slice() else {
            return None;
        };
        if !is_default(&node.domain) {
            return None;
        }
        let is_float =
            |name: &String| self.floats.contains(name) || self.numbers.contains_key(name);
        let is_truth = |name: &String| self.truths.contains(name);
        let layout = self.layouts.get(output)?.clone();
        let mut reads: Vec<Read> = Vec::new();
        let mut operands = Vec::new();
        for name in &node.input {
            if name.is_empty() {
                // Bounds that are not given.
                operands.push(None);
                continue;
            }
            if !is_float(name) && !is_truth(name) {
                return None;
            }
            if let Some(&number) = self.numbers.get(name) {
                operands.push(Some(Operand::Number(number)));
                continue;
            }
            let over = self.read(name, &layout)?;
            let place = reads.iter().position(|read| read.name == *name);
            let place = place.unwrap_or_else(|| {
                let name = name.clone();
                reads.push(Read { name, over });
                reads.len() - 1
            });
            operands.push(Some(Operand::Input(place)));
        }
        if !reads.iter().any(|read| read.over.is_one()) || !(is_float(output) || is_truth(output)) {
            return None;
        }
        let program = program(node, &operands, is_truth(&node.input[0]))?;
        Some(Pointwise {
            program,
            reads,
            output: output.clone(),
            layout,
            node: Some(node.clone()),
        })
    }
}

/// Are these the last dimensions of `made`, but for ones before them?
fn ends_with(given: &[usize], made: &[usize]) -> bool {
    let own = given.iter().position(|&size| size != 1);
    own.is_some_and(|at| given.len() <= made.len() && made.ends_with(&given[at..]))
}

/// The steps of an elementwise operator; `truth`: is its first input of type bool?
fn program(node: &NodeProto, operands: &[Option<Operand>], truth: bool) -> Option<Program> {
    let all: Option<Vec<Operand>> = operands.iter().copied().collect();
    let plain = |op: Op| {
        let reads = all.clone().filter(|reads| reads.len() == op.operands())?;
        Some(vec![Step { op, reads }])
    };
    let x = *operands.first()?;
    let steps = match node.op_type.as_str() {
        "Add" | "Sum" => plain(Op::Add)?,
        "Sub" => plain(Op::Sub)?,
        "Mul" => plain(Op::Mul)?,
        "Div" => plain(Op::Div)?,
        "Min" => plain(Op::Min)?,
        "Max" => plain(Op::Max)?,
        "Greater" => plain(Op::Greater)?,
        "GreaterOrEqual" => plain(Op::GreaterOrEqual)?,
        "Less" => plain(Op::Less)?,
        "LessOrEqual" => plain(Op::LessOrEqual)?,
        "Equal" => plain(Op::Equal)?,
        "And" => plain(Op::And)?,
        "Or" => plain(Op::Or)?,
        "Not" => plain(Op::Not)?,
        "Neg" => plain(Op::Neg)?,
        "Abs" => plain(Op::Abs)?,
        "Sqrt" => plain(Op::Sqrt)?,
        "Reciprocal" => plain(Op::Reciprocal)?,
        "Exp" => plain(Op::Exp)?,
        "Erf" => plain(Op::Erf)?,
        "Sigmoid" => plain(Op::Sigmoid)?,
        "Tanh" => plain(Op::Tanh)?,
        "Where" => plain(Op::Where)?,
        "Identity" => plain(Op::Same)?,
        "Cast" => match node.int("to")? {
            1 => plain(Op::Same)?,
            9 if truth => plain(Op::Same)?,
            9 => plain(Op::Truth)?,
            _ => return None,
        },
        "Relu" => vec![Step {
            op: Op::Max,
            reads: vec![x?, Operand::Number(0.0)],
        }],
        "LeakyRelu" => {
            let slope = Operand::Number(node.float_or("alpha", 0.01));
            let reads = [
                vec![x?, Operand::Number(0.0)],
                vec![x?, slope],
                vec![Operand::Step(0), Operand::Step(1), x?],
            ];
            let ops = [Op::Less, Op::Mul, Op::Where].into_iter();
            let steps = ops.zip(reads).map(|(op, reads)| Step { op, reads });
            steps.collect()
        }
        "Clip" if operands.len() <= 3 => {
            let bound = |n: usize, none: f32| match operands.get(n) {
                Some(Some(operand)) => *operand,
                _ => Operand::Number(none),
            };
            let bounds = [bound(1, f32::NEG_INFINITY), bound(2, f32::INFINITY)];
            vec![Step {
                op: Op::Clip,
                reads: vec![x?, bounds[0], bounds[1]],
            }]
        }
        "HardSigmoid" => vec![Step {
            op: Op::HardSigmoid,
            reads: vec![
                x?,
                Operand::Number(node.float_or("alpha", 0.2)),
                Operand::Number(node.float_or("beta", 0.5)),
            ],
        }],
        _ => return None,
    };
    Some(Program { steps })
}
