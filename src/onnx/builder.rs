//! Writes nodes whose shapes are known: what rules, lowerings and objectives are written with.

use super::graph::{Graph, Info};
use super::node::{self, Attributes};
use super::{Elem, Tensor, elements};
use crate::error::{Error, Result};
use std::collections::HashMap;
use std::sync::Arc;
use tract_onnx::pb::{AttributeProto, NodeProto};

/// A value of the graph under construction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    /// Its name in the graph.
    pub name: Arc<str>,
    /// Dimensions, all known.
    pub shape: Vec<usize>,
    /// Element type.
    pub elem: Elem,
}

impl Value {
    /// Number of dimensions.
    pub fn rank(&self) -> usize {
        self.shape.len()
    }

    /// Number of elements.
    pub fn count(&self) -> usize {
        elements(&self.shape).unwrap_or(usize::MAX)
    }

    /// `axis`, which may count from the end, as an index into the shape (or one past it).
    ///
    /// # Errors
    /// It lies outside.
    pub fn axis(&self, axis: i64) -> Result<usize> {
        let rank = self.rank() as i64;
        usize::try_from(if axis < 0 { axis + rank } else { axis })
            .ok()
            .filter(|&a| a <= self.rank())
            .ok_or_else(|| wrong(format!("axis {axis} of a value with {rank} dimensions")))
    }
}

/// A node of the graph as a rule sees it: attributes (through [`Attributes`]) and the values around it.
#[derive(Debug, Clone)]
pub struct Node {
    /// The protobuf node.
    pub proto: NodeProto,
    /// What it reads; `None` where an optional input is left out.
    pub inputs: Vec<Option<Value>>,
    /// What it makes; `None` where an optional output is left out.
    pub outputs: Vec<Option<Value>>,
    /// Which inputs a cotangent is wanted for.
    pub wanted: Vec<bool>,
}

impl Attributes for Node {
    fn attributes(&self) -> &[AttributeProto] {
        &self.proto.attribute
    }
}

impl Node {
    /// Its operator, without the domain.
    pub fn op(&self) -> &str {
        &self.proto.op_type
    }

    /// Input `i`.
    ///
    /// # Errors
    /// It is left out.
    pub fn input(&self, i: usize) -> Result<&Value> {
        self.maybe(i)
            .ok_or_else(|| wrong(format!("{} without its input {i}", self.op())))
    }

    /// Input `i` where it is given.
    pub fn maybe(&self, i: usize) -> Option<&Value> {
        self.inputs.get(i).and_then(Option::as_ref)
    }

    /// Output `i`.
    ///
    /// # Errors
    /// It is left out.
    pub fn output(&self, i: usize) -> Result<&Value> {
        let value = self.outputs.get(i).and_then(Option::as_ref);
        value.ok_or_else(|| wrong(format!("{} without its output {i}", self.op())))
    }

    /// Is a cotangent of input `i` wanted?
    pub fn wants(&self, i: usize) -> bool {
        self.wanted.get(i).copied().unwrap_or(false)
    }
}

/// Appends nodes to a graph. Every method that makes a value knows its shape; arguments that do not fit are errors.
pub struct Builder {
    graph: Graph,
    made: usize,
    shared: HashMap<Vec<u8>, Value>,
    /// Constants transposed, by name and order: the steps of a loop written out ask for the same.
    flipped: HashMap<(Arc<str>, Vec<usize>), Value>,
}

impl Builder {
    /// Goes on with `graph`, whose values are known (see `bind`).
    pub fn new(graph: Graph) -> Self {
        Self {
            graph,
            made: 0,
            shared: HashMap::new(),
            flipped: HashMap::new(),
        }
    }

    /// The graph so far.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// The graph so far, to be changed.
    pub fn graph_mut(&mut self) -> &mut Graph {
        &mut self.graph
    }

    /// The finished graph.
    pub fn into_graph(self) -> Graph {
        self.graph
    }

    /// The value called `name`.
    ///
    /// # Errors
    /// Nothing is known of it.
    pub fn value(&self, name: &str) -> Result<Value> {
        let (elem, shape) = if let Some(tensor) = self.graph.constants.get(name) {
            (tensor.elem(), tensor.shape().to_vec())
        } else if let Some(info) = self.graph.infos.get(name) {
            (info.elem, info.shape.clone())
        } else {
            return Err(wrong(format!("nothing is known of the value \"{name}\"")));
        };
        Ok(Value {
            name: name.into(),
            shape,
            elem,
        })
    }

    /// The constant behind `value`, where it is one.
    pub fn constant(&self, value: &Value) -> Option<&Tensor> {
        self.graph.constants.get(value.name.as_ref())
    }

    /// The integers of the constant behind `value`.
    ///
    /// # Errors
    /// It is not constant once the shapes of the inputs are bound, or not of integers.
    pub fn integers(&self, value: &Value) -> Result<Vec<i64>> {
        self.constant(value)
            .and_then(Tensor::to_ints)
            .ok_or_else(|| wrong(format!("\"{}\" depends on the input's values", value.name)))
    }

    /// A new input of the graph.
    pub fn feed(&mut self, name: &str, elem: Elem, shape: &[usize]) -> Value {
        self.graph.inputs.push(super::Port {
            name: name.into(),
            elem,
            dims: shape.iter().map(|&d| super::Dim::Fixed(d)).collect(),
            has_shape: true,
        });
        self.know(name, elem, shape)
    }

    fn know(&mut self, name: &str, elem: Elem, shape: &[usize]) -> Value {
        let info = Info {
            elem,
            shape: shape.to_vec(),
        };
        self.graph.infos.insert(name.into(), info);
        Value {
            name: name.into(),
            shape: shape.to_vec(),
            elem,
        }
    }

    fn fresh(&mut self, what: &str) -> String {
        loop {
            self.made += 1;
            let name = format!("nearmiss/{what}_{}", self.made);
            if !self.graph.infos.contains_key(&name) && !self.graph.constants.contains_key(&name) {
                return name;
            }
        }
    }

    /// A constant; equal small ones are shared.
    pub fn tensor(&mut self, tensor: Tensor) -> Value {
        let mut key = Vec::new();
        if tensor.bytes().len() <= 64 {
            key.extend(tensor.elem().to_onnx().to_le_bytes());
            key.extend(tensor.shape().iter().flat_map(|d| d.to_le_bytes()));
            key.push(b'|');
            key.extend(tensor.bytes());
            if let Some(value) = self.shared.get(&key) {
                return value.clone();
            }
        }
        let value = Value {
            name: self.fresh("constant").into(),
            shape: tensor.shape().to_vec(),
            elem: tensor.elem(),
        };
        self.graph.constants.insert(value.name.to_string(), tensor);
        if !key.is_empty() {
            self.shared.insert(key, value.clone());
        }
        value
    }

    /// A float32 scalar.
    pub fn scalar(&mut self, value: f32) -> Value {
        self.tensor(Tensor::floats(&[], &[value]))
    }

    /// A vector of int64.
    pub fn ints(&mut self, values: &[i64]) -> Value {
        self.tensor(Tensor::ints(&[values.len()], values))
    }

    /// float32 zeros of `shape`.
    pub fn zeros(&mut self, shape: &[usize]) -> Value {
        // Engines make them so in half the time that `Expand` takes, and scatter into them in place.
        let list: Vec<i64> = shape.iter().map(|&d| d as i64).collect();
        let list = self.ints(&list);
        self.node("ConstantOfShape", &[&list], vec![], Elem::F32, shape)
    }

    /// A node of any operator; `makes` lists type and shape of each output.
    pub fn nodes(
        &mut self,
        op: &str,
        inputs: &[Option<&Value>],
        attributes: Vec<AttributeProto>,
        makes: &[(Elem, &[usize])],
    ) -> Vec<Value> {
        let name = self.fresh(op);
        let outputs: Vec<Value> = makes
            .iter()
            .enumerate()
            .map(|(i, (elem, shape))| {
                let output = if i == 0 {
                    name.clone()
                } else {
                    format!("{name}.{i}")
                };
                self.know(&output, *elem, shape)
            })
            .collect();
        self.graph.nodes.push(NodeProto {
            input: inputs
                .iter()
                .map(|v| v.map_or_else(String::new, |v| v.name.to_string()))
                .collect(),
            output: outputs.iter().map(|v| v.name.to_string()).collect(),
            name,
            op_type: op.into(),
            attribute: attributes,
            ..NodeProto::default()
        });
        outputs
    }

    /// A node with one output of type `elem` and `shape`.
    pub fn node(
        &mut self,
        op: &str,
        inputs: &[&Value],
        attributes: Vec<AttributeProto>,
        elem: Elem,
        shape: &[usize],
    ) -> Value {
        let inputs: Vec<_> = inputs.iter().map(|v| Some(*v)).collect();
        let outputs = self.nodes(op, &inputs, attributes, &[(elem, shape)]);
        outputs
            .into_iter()
            .next()
            .unwrap_or_else(|| unreachable!("one output was asked for"))
    }

    /// Makes the forward node that makes `first` also make its optional output `index`.
    ///
    /// # Errors
    /// No node makes `first`.
    pub fn extra_output(
        &mut self,
        first: &Value,
        index: usize,
        elem: Elem,
        shape: &[usize],
    ) -> Result<Value> {
        let name = format!("{}.{index}", first.name);
        let makes = |n: &&mut NodeProto| n.output.first().is_some_and(|o| **o == *first.name);
        let node = self
            .graph
            .nodes
            .iter_mut()
            .find(makes)
            .ok_or_else(|| wrong(format!("no node makes \"{}\"", first.name)))?;
        while node.output.len() <= index {
            node.output.push(String::new());
        }
        if node.output[index].is_empty() {
            node.output[index].clone_from(&name);
        }
        let name = node.output[index].clone();
        Ok(self.know(&name, elem, shape))
    }

    // --- Elementwise ------------------------------------------------------------------------------------------------

    /// `op` of each element; the type stays.
    pub fn unary(&mut self, op: &str, x: &Value) -> Value {
        self.node(op, &[x], vec![], x.elem, &x.shape)
    }

    /// `op` of each pair of elements, broadcast; the type is that of `a`.
    ///
    /// # Errors
    /// The shapes do not broadcast.
    pub fn binary(&mut self, op: &str, a: &Value, b: &Value) -> Result<Value> {
        let shape = broadcast(&a.shape, &b.shape)?;
        Ok(self.node(op, &[a, b], vec![], a.elem, &shape))
    }

    /// `a + b`, broadcast.
    ///
    /// # Errors
    /// As [`Builder::binary`].
    pub fn add(&mut self, a: &Value, b: &Value) -> Result<Value> {
        self.binary("Add", a, b)
    }

    /// `a - b`, broadcast.
    ///
    /// # Errors
    /// As [`Builder::binary`].
    pub fn sub(&mut self, a: &Value, b: &Value) -> Result<Value> {
        self.binary("Sub", a, b)
    }

    /// `a * b`, broadcast.
    ///
    /// # Errors
    /// As [`Builder::binary`].
    pub fn mul(&mut self, a: &Value, b: &Value) -> Result<Value> {
        self.binary("Mul", a, b)
    }

    /// `a / b`, broadcast.
    ///
    /// # Errors
    /// As [`Builder::binary`].
    pub fn div(&mut self, a: &Value, b: &Value) -> Result<Value> {
        self.binary("Div", a, b)
    }

    /// `x * factor`.
    pub fn scale(&mut self, x: &Value, factor: f32) -> Value {
        let factor = self.scalar(factor);
        self.node("Mul", &[x, &factor], vec![], x.elem, &x.shape)
    }

    /// `x + offset`.
    pub fn shift(&mut self, x: &Value, offset: f32) -> Value {
        let offset = self.scalar(offset);
        self.node("Add", &[x, &offset], vec![], x.elem, &x.shape)
    }

    /// A comparison (`Equal`, `Greater`, `GreaterOrEqual`, `Less`, `LessOrEqual`), broadcast.
    ///
    /// # Errors
    /// As [`Builder::binary`].
    pub fn compare(&mut self, op: &str, a: &Value, b: &Value) -> Result<Value> {
        let shape = broadcast(&a.shape, &b.shape)?;
        Ok(self.node(op, &[a, b], vec![], Elem::Bool, &shape))
    }

    /// `yes` where `condition` holds, else `no`, broadcast.
    ///
    /// # Errors
    /// As [`Builder::binary`].
    pub fn select(&mut self, condition: &Value, yes: &Value, no: &Value) -> Result<Value> {
        let shape = broadcast(&broadcast(&condition.shape, &yes.shape)?, &no.shape)?;
        Ok(self.node("Where", &[condition, yes, no], vec![], yes.elem, &shape))
    }

    /// `x` where `condition` holds, else zero, broadcast.
    ///
    /// # Errors
    /// As [`Builder::binary`].
    pub fn keep_where(&mut self, condition: &Value, x: &Value) -> Result<Value> {
        let zero = self.scalar(0.0);
        self.select(condition, x, &zero)
    }

    /// `x` as another element type.
    pub fn cast(&mut self, x: &Value, elem: Elem) -> Value {
        if x.elem == elem {
            return x.clone();
        }
        let to = node::int("to", i64::from(elem.to_onnx()));
        self.node("Cast", &[x], vec![to], elem, &x.shape)
    }

    // --- Products and reductions ------------------------------------------------------------------------------------

    /// Matrix product as ONNX's `MatMul`: leading dimensions broadcast, vectors allowed.
    ///
    /// # Errors
    /// The shapes do not fit.
    pub fn matmul(&mut self, a: &Value, b: &Value) -> Result<Value> {
        let shape = matmul_shape(&a.shape, &b.shape)?;
        Ok(self.node("MatMul", &[a, b], vec![], a.elem, &shape))
    }

    /// A reduction (`ReduceSum`, `ReduceMean`, `ReduceMax`, ...) over `axes`; `keep` leaves them with size 1. Over no
    /// axes it is `x` itself.
    pub fn reduce(&mut self, op: &str, x: &Value, axes: &[usize], keep: bool) -> Value {
        if axes.is_empty() {
            return x.clone();
        }
        let sizes = x.shape.iter().enumerate();
        let shape: Vec<usize> = if keep {
            sizes
                .map(|(i, &d)| if axes.contains(&i) { 1 } else { d })
                .collect()
        } else {
            sizes
                .filter(|(i, _)| !axes.contains(i))
                .map(|(_, &d)| d)
                .collect()
        };
        let keepdims = node::int("keepdims", i64::from(keep));
        let list: Vec<i64> = axes.iter().map(|&a| a as i64).collect();
        let list = self.ints(&list);
        self.node(op, &[x, &list], vec![keepdims], x.elem, &shape)
    }

    /// Sum over `axes`.
    pub fn sum(&mut self, x: &Value, axes: &[usize], keep: bool) -> Value {
        self.reduce("ReduceSum", x, axes, keep)
    }

    /// Mean over `axes`.
    pub fn mean(&mut self, x: &Value, axes: &[usize], keep: bool) -> Value {
        self.reduce("ReduceMean", x, axes, keep)
    }

    /// The opposite of broadcasting: `x`, whose shape is what `shape` broadcast to, summed back to `shape`.
    ///
    /// # Errors
    /// `shape` does not broadcast to that of `x`.
    pub fn sum_to(&mut self, x: &Value, shape: &[usize]) -> Result<Value> {
        if x.shape == shape {
            return Ok(x.clone());
        }
        if broadcast(&x.shape, shape)? != x.shape {
            return Err(wrong(format!(
                "{:?} cannot be summed to {shape:?}",
                x.shape
            )));
        }
        let extra = x.rank() - shape.len();
        let axes: Vec<usize> = (0..x.rank())
            .filter(|&i| i < extra || (shape[i - extra] == 1 && x.shape[i] != 1))
            .collect();
        let summed = self.sum(x, &axes, true);
        self.reshape(&summed, shape)
    }

    // --- Shape ------------------------------------------------------------------------------------------------------

    /// The same elements under another shape.
    ///
    /// # Errors
    /// The number of elements differs.
    pub fn reshape(&mut self, x: &Value, shape: &[usize]) -> Result<Value> {
        if x.shape == shape {
            return Ok(x.clone());
        }
        if elements(shape) != Some(x.count()) {
            return Err(wrong(format!("{:?} cannot become {shape:?}", x.shape)));
        }
        if let Some(tensor) = self.constant(x).cloned().and_then(|t| t.reshaped(shape)) {
            return Ok(self.tensor(tensor));
        }
        let list: Vec<i64> = shape.iter().map(|&d| d as i64).collect();
        let list = self.ints(&list);
        // A size of 0 is meant as such, not as "copy it from the input".
        let zeros = shape.contains(&0).then(|| node::int("allowzero", 1));
        Ok(self.node(
            "Reshape",
            &[x, &list],
            zeros.into_iter().collect(),
            x.elem,
            shape,
        ))
    }

    /// Dimension `i` of the result is dimension `order[i]` of `x`.
    pub fn transpose(&mut self, x: &Value, order: &[usize]) -> Value {
        if order.iter().enumerate().all(|(i, &o)| i == o) {
            return x.clone();
        }
        let key = (x.name.clone(), order.to_vec());
        if let Some(value) = self.flipped.get(&key) {
            return value.clone();
        }
        let shape: Vec<usize> = order.iter().map(|&o| x.shape[o]).collect();
        let list: Vec<i64> = order.iter().map(|&o| o as i64).collect();
        let value = self.node(
            "Transpose",
            &[x],
            vec![node::ints("perm", &list)],
            x.elem,
            &shape,
        );
        if self.constant(x).is_some() {
            self.flipped.insert(key, value.clone());
        }
        value
    }

    /// `x` with its last two dimensions exchanged; it has at least two.
    pub fn flip_last(&mut self, x: &Value) -> Value {
        let mut order: Vec<usize> = (0..x.rank()).collect();
        let last = x.rank().saturating_sub(1);
        order.swap(last, last.saturating_sub(1));
        self.transpose(x, &order)
    }

    /// `x` broadcast to `shape`.
    ///
    /// # Errors
    /// It does not broadcast to it.
    pub fn expand(&mut self, x: &Value, shape: &[usize]) -> Result<Value> {
        if x.shape == shape {
            return Ok(x.clone());
        }
        if broadcast(&x.shape, shape)? != shape {
            return Err(wrong(format!("{:?} does not expand to {shape:?}", x.shape)));
        }
        let list: Vec<i64> = shape.iter().map(|&d| d as i64).collect();
        let list = self.ints(&list);
        Ok(self.node("Expand", &[x, &list], vec![], x.elem, shape))
    }

    /// `parts` one after the other along `axis`.
    ///
    /// # Errors
    /// There are none, or they differ elsewhere.
    pub fn concat(&mut self, parts: &[Value], axis: usize) -> Result<Value> {
        let Some(first) = parts.first() else {
            return Err(wrong("nothing to concatenate".into()));
        };
        if parts.len() == 1 {
            return Ok(first.clone());
        }
        let mut shape = first.shape.clone();
        let fits = |v: &Value| {
            v.rank() == first.rank()
                && (0..v.rank()).all(|i| i == axis || v.shape[i] == first.shape[i])
        };
        if axis >= shape.len() || !parts.iter().all(fits) {
            return Err(wrong(
                "parts of different shapes cannot be concatenated".into(),
            ));
        }
        shape[axis] = parts.iter().map(|p| p.shape[axis]).sum();
        let inputs: Vec<&Value> = parts.iter().collect();
        Ok(self.node(
            "Concat",
            &inputs,
            vec![node::int("axis", axis as i64)],
            first.elem,
            &shape,
        ))
    }

    /// Elements `start..end` in steps of `step` along each of `axes`, all non-negative and within bounds.
    pub fn slice(
        &mut self,
        x: &Value,
        axes: &[usize],
        starts: &[usize],
        ends: &[usize],
        steps: &[usize],
    ) -> Value {
        let mut shape = x.shape.clone();
        for (i, &axis) in axes.iter().enumerate() {
            shape[axis] = ends[i].saturating_sub(starts[i]).div_ceil(steps[i].max(1));
        }
        if shape == x.shape {
            return x.clone();
        }
        let [starts, ends, axes, steps] = [starts, ends, axes, steps].map(|list| {
            let list: Vec<i64> = list.iter().map(|&v| v as i64).collect();
            self.ints(&list)
        });
        self.node(
            "Slice",
            &[x, &starts, &ends, &axes, &steps],
            vec![],
            x.elem,
            &shape,
        )
    }

    /// The elements of `x` in reverse order along each of `axes`.
    pub fn reverse(&mut self, x: &Value, axes: &[usize]) -> Value {
        let axes: Vec<usize> = axes.iter().copied().filter(|&a| x.shape[a] > 1).collect();
        if axes.is_empty() {
            return x.clone();
        }
        let fill = |v: i64| vec![v; axes.len()];
        let starts = self.ints(&fill(-1));
        let ends = self.ints(&fill(i64::MIN + 1));
        let steps = self.ints(&fill(-1));
        let list: Vec<i64> = axes.iter().map(|&a| a as i64).collect();
        let list = self.ints(&list);
        self.node(
            "Slice",
            &[x, &starts, &ends, &list, &steps],
            vec![],
            x.elem,
            &x.shape,
        )
    }

    /// Zeros around `x`: `before[i]` and `after[i]` along dimension `i`.
    pub fn pad(&mut self, x: &Value, before: &[usize], after: &[usize]) -> Value {
        if before.iter().chain(after).all(|&p| p == 0) {
            return x.clone();
        }
        let sizes = x.shape.iter().enumerate();
        let shape: Vec<usize> = sizes.map(|(i, d)| before[i] + d + after[i]).collect();
        let list: Vec<i64> = before.iter().chain(after).map(|&p| p as i64).collect();
        let list = self.ints(&list);
        self.node("Pad", &[x, &list], vec![], x.elem, &shape)
    }

    /// Slices of `x` along `axis` at `indices` (ONNX's `Gather`).
    pub fn gather(&mut self, x: &Value, indices: &Value, axis: usize) -> Value {
        let mut shape = x.shape[..axis].to_vec();
        shape.extend(&indices.shape);
        shape.extend(&x.shape[axis + 1..]);
        self.node(
            "Gather",
            &[x, indices],
            vec![node::int("axis", axis as i64)],
            x.elem,
            &shape,
        )
    }

    /// Softmax along `axis`.
    pub fn softmax(&mut self, x: &Value, axis: usize) -> Value {
        self.node(
            "Softmax",
            &[x],
            vec![node::int("axis", axis as i64)],
            x.elem,
            &x.shape,
        )
    }
}

/// The shape that `a` and `b` broadcast to (ONNX, "Broadcasting": NumPy's rule).
///
/// # Errors
/// They do not.
pub fn broadcast(a: &[usize], b: &[usize]) -> Result<Vec<usize>> {
    let rank = a.len().max(b.len());
    let size = |shape: &[usize], i: usize| {
        (i + shape.len())
            .checked_sub(rank)
            .map_or(1, |at| shape[at])
    };
    (0..rank)
        .map(|i| match (size(a, i), size(b, i)) {
            (x, y) if x == y => Ok(x),
            (1, y) => Ok(y),
            (x, 1) => Ok(x),
            _ => Err(wrong(format!("{a:?} and {b:?} do not broadcast"))),
        })
        .collect()
}

fn matmul_shape(a: &[usize], b: &[usize]) -> Result<Vec<usize>> {
    let misfit = || wrong(format!("{a:?} and {b:?} cannot be multiplied"));
    let (Some(&inner), false) = (a.last(), b.is_empty()) else {
        return Err(misfit());
    };
    let rows = (a.len() > 1).then(|| a[a.len() - 2]);
    let (other, columns) = if b.len() == 1 {
        (b[0], None)
    } else {
        (b[b.len() - 2], b.last().copied())
    };
    if inner != other {
        return Err(misfit());
    }
    let lead = |s: &[usize]| s[..s.len().saturating_sub(2)].to_vec();
    let mut shape = broadcast(&lead(a), &lead(b))?;
    shape.extend(rows);
    shape.extend(columns);
    Ok(shape)
}

/// What does not fit, inside the transform; the driver adds which node it was.
pub fn wrong(what: String) -> Error {
    Error::request(
        what,
        "This model cannot be differentiated as it is; query attacks remain.",
    )
}
