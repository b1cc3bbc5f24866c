//! Graphs that run often on the CPU, rewritten once more after the engine's own optimiser.
//!
//! ONNX Runtime lays channels beside each other for its convolutions, brings values back into rows before most other
//! operators, and runs each elementwise operator over all values by itself. A gradient is full of such operators: masks,
//! slopes, products. Here values stay as the convolutions leave them where only elementwise operators read them
//! ([`blocked`]), connected elementwise operators become one ([`fuse`]), convolutions with a stride are taken back by
//! convolutions without one ([`strided`]), and depthwise ones ([`spread`]) and maxima over windows ([`unpool`]) by kernels
//! of our own. The kernels are operators that this process alone knows ([`operator`]): what is written to files stays
//! standard. A graph is used so only where it yields, on made-up inputs, what the engine's own does.

mod arithmetic;
mod blocked;
mod curves;
mod fuse;
mod layouts;
mod norm;
mod operator;
mod planes;
mod program;
mod run;
mod spread;
mod strided;
mod units;
mod unpool;
mod weave;
mod windows;

pub use operator::domain;

use crate::onnx::proto::{GraphProto, ModelProto, OperatorSetIdProto, TensorProto};
use crate::onnx::{Dim, Elem, Graph, Tensor, elements};
use prost::Message as _;
use std::collections::HashMap;
use units::{Known, Layout, Unit};

/// Nodes from which on a graph is left as it is: the engine takes the square of their number to load it.
pub const MOST_NODES: usize = 5_000;
/// Bytes of constants from which on a graph is left as it is: it is written and read once.
pub const MOST_BYTES: usize = 1 << 29;

/// The model that the engine's optimiser made of `graph` (`optimised`, an ONNX file), rewritten for `lanes` channels
/// beside each other (1 where the engine does not block); `None` where nothing is gained.
pub fn rewritten(optimised: &[u8], graph: &Graph, lanes: usize) -> Option<Vec<u8>> {
    let mut model = ModelProto::decode(optimised).ok()?;
    let mut inner = model.graph.take()?;
    let mut attributes = inner.node.iter().flat_map(|node| &node.attribute);
    // What a subgraph reads from outside is not seen here.
    if attributes.any(|a| a.g.is_some() || !a.graphs.is_empty()) {
        return None;
    }
    let weights: HashMap<&str, &TensorProto> = inner
        .initializer
        .iter()
        .map(|tensor| (tensor.name.as_str(), tensor))
        .collect();
    let mut known = known(graph, &inner);
    layouts::learn(&mut known, &inner.node, &weights, lanes);
    let before = inner.node.len();
    let mut made: Vec<TensorProto> = Vec::new();
    let units = std::mem::take(&mut inner.node).into_iter().map(|node| {
        if let Some(work) = known.pointwise(&node) {
            return Unit::Pointwise(work);
        }
        match norm::norm(&node, &mut known, &weights) {
            Some((work, constants)) => {
                made.extend(constants);
                Unit::Pointwise(work)
            }
            None => Unit::Node(node),
        }
    });
    let mut units: Vec<Unit> = units.collect();
    let outputs: Vec<String> = inner.output.iter().map(|port| port.name.clone()).collect();
    if lanes > 1 {
        let moving = blocked::Moving::new(&mut known, weights, lanes);
        let (moved, more) = moving.run(units, &outputs);
        units = moved;
        made.extend(more);
    }
    let nodes = fuse::fuse(units, &outputs, &known)?;
    let own = nodes.iter().any(|node| node.domain == operator::DOMAIN);
    if !own && nodes.len() >= before {
        return None;
    }
    inner.node = nodes;
    inner.initializer.extend(made);
    drop_unread(&mut inner);
    model.opset_import.push(OperatorSetIdProto {
        domain: operator::DOMAIN.into(),
        version: 1,
    });
    model.graph = Some(inner);
    Some(model.encode_to_vec())
}

/// What `graph` and the constants of what the engine made of it say of values.
fn known(graph: &Graph, inner: &GraphProto) -> Known {
    let mut known = Known::default();
    let rows = |shape: &[usize]| Layout {
        shape: shape.to_vec(),
        lanes: 1,
    };
    for port in &graph.inputs {
        let fixed = |dim: &Dim| match dim {
            Dim::Fixed(size) => Some(*size),
            Dim::Named(_) | Dim::Unknown => None,
        };
        if let Some(shape) = port.dims.iter().map(fixed).collect::<Option<Vec<_>>>() {
            known.insert(&port.name, rows(&shape), port.elem);
        }
    }
    for (name, info) in graph.infos.iter().chain(&graph.sizes) {
        if !graph.open.contains(name) {
            known.insert(name, rows(&info.shape), info.elem);
        }
    }
    for proto in &inner.initializer {
        let shape: Option<Vec<usize>> = proto
            .dims
            .iter()
            .map(|&d| usize::try_from(d).ok())
            .collect();
        let Some(shape) = shape else { continue };
        let elem = Elem::from_onnx(proto.data_type);
        known.insert(&proto.name, rows(&shape), elem);
        if elem == Elem::F32
            && elements(&shape) == Some(1)
            && let Ok(tensor) = Tensor::from_proto(proto, None)
            && let Some(&[value]) = tensor.to_floats().as_deref()
        {
            known.numbers.insert(proto.name.clone(), value);
        }
    }
    known
}

/// Drops the constants that nothing reads.
fn drop_unread(inner: &mut GraphProto) {
    let read: std::collections::HashSet<&str> = inner
        .node
        .iter()
        .flat_map(|node| node.input.iter().map(String::as_str))
        .chain(inner.output.iter().map(|port| port.name.as_str()))
        .collect();
    let kept: Vec<bool> = inner
        .initializer
        .iter()
        .map(|tensor| read.contains(tensor.name.as_str()))
        .collect();
    let mut kept = kept.into_iter();
    inner.initializer.retain(|_| kept.next().unwrap_or(true));
}
