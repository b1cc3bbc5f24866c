//! Static shapes and constant folding: an engine runs the graph once, and says the shape of every value and the
//! values of those that no input reaches.

use super::engine::{Effort, Engine};
use super::graph::{Graph, Info};
use super::node::{self, Attributes, is_default};
use super::{Dim, Elem, Port, Tensor, elements, inline};
use crate::error::{Error, Result};
use crate::task::Task;
use std::collections::{BTreeMap, HashSet};
use tract_onnx::pb::NodeProto;

/// Branches inside branches, at most.
const MAX_BRANCHES: usize = 64;
/// A folded constant may be this many times larger than what it is made of (small ones may be any).
const GROWTH: usize = 2;
const SMALL: usize = 1 << 16;

/// Binds the inputs of `graph` to the shapes of `feeds`, which name every input: afterwards the type and shape of
/// every value is known, what depends on shapes and weights alone is a constant, and an `If` whose condition is
/// such is replaced by its branch.
///
/// # Errors
/// The engine cannot run the graph on `feeds`.
pub fn bind(
    graph: &mut Graph,
    feeds: &BTreeMap<String, Tensor>,
    engine: &dyn Engine,
    task: &Task,
) -> Result<()> {
    for port in &mut graph.inputs {
        let Some(feed) = feeds.get(&port.name) else {
            return Err(Error::request(
                format!("nothing is fed to the input {}", port.name),
                "Give a value for every input of the model.",
            ));
        };
        port.elem = feed.elem();
        port.has_shape = true;
        port.dims = feed.shape().iter().map(|&d| Dim::Fixed(d)).collect();
        graph.infos.insert(
            port.name.clone(),
            Info {
                elem: feed.elem(),
                shape: feed.shape().to_vec(),
            },
        );
    }
    for number in 0..MAX_BRANCHES {
        task.check()?;
        probe(graph, feeds, engine, task)?;
        if !take_branches(graph, number)? {
            break;
        }
    }
    graph.open = Static::of(graph).open;
    graph.prune();
    Ok(())
}

/// Plausible values for every input: uniform noise in [0, 1) for floats, 1 to 3 for ids, else ones, and zeros or
/// positions where the name says that it wants those. A dimension that the model leaves open is taken from
/// `open` by its name or as `input.axis`; else it is 1, for pictures 3 channels of 224 x 224, for text 16 tokens.
pub fn sample_feeds(
    graph: &Graph,
    open: &BTreeMap<String, usize>,
    seed: u64,
) -> BTreeMap<String, Tensor> {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut feeds = BTreeMap::new();
    for port in &graph.inputs {
        let floats = port.elem.is_float() || port.elem == Elem::Other(0);
        let rank = port.dims.len();
        let usual = |axis: usize| match (floats, rank, axis) {
            (_, _, 0) => open.get("batch").copied().unwrap_or(1),
            (true, 4, 1) => 3,
            (true, 4, _) => 224,
            (false, 2, 1) => 16,
            _ => 1,
        };
        let size = |(axis, dim): (usize, &Dim)| {
            let stated = open.get(&format!("{}.{axis}", port.name)).copied();
            match dim {
                Dim::Fixed(size) => *size,
                Dim::Named(name) => stated
                    .or_else(|| open.get(name).copied())
                    .unwrap_or_else(|| usual(axis)),
                Dim::Unknown => stated.unwrap_or_else(|| usual(axis)),
            }
        };
        let shape: Vec<usize> = port.dims.iter().enumerate().map(size).collect();
        let count = elements(&shape).filter(|&n| n <= MOST_SAMPLED).unwrap_or(0);
        let shape = if count == 0 { vec![0; rank] } else { shape };
        let name = port.name.to_ascii_lowercase();
        let length = shape.last().copied().unwrap_or(1).max(1);
        let integer = |i: usize| match () {
            () if name.contains("type") || name.contains("segment") => 0,
            () if name.contains("position") => (i % length) as i64,
            () if name.contains("ids") => 1 + (i % 3) as i64,
            () => 1,
        };
        let tensor = if floats {
            let values: Vec<f32> = (0..count).map(|_| random.f32()).collect();
            Tensor::floats(&shape, &values)
        } else {
            let values: Vec<i64> = (0..count).map(integer).collect();
            integers_as(port.elem, &shape, &values)
        };
        feeds.insert(port.name.clone(), tensor);
    }
    feeds
}

/// Elements that a made-up input has at most.
const MOST_SAMPLED: usize = 1 << 28;

/// `values` in the integer type `elem` (truth values included); int64 where it is another.
pub fn integers_as(elem: Elem, shape: &[usize], values: &[i64]) -> Tensor {
    let width = elem.width().unwrap_or(8);
    let bytes = values
        .iter()
        .flat_map(|v| v.to_le_bytes()[..width].to_vec());
    Tensor::new(elem, shape.to_vec(), bytes.collect())
        .unwrap_or_else(|_| Tensor::ints(shape, values))
}

/// What no input's values reach: constants, shapes, and whatever is computed from those alone.
struct Static {
    names: HashSet<String>,
    /// Values whose shape depends on an input's values, so that not even that is known.
    open: HashSet<String>,
}

impl Static {
    fn of(graph: &Graph) -> Self {
        let mut names: HashSet<String> = graph.constants.keys().cloned().collect();
        let mut open: HashSet<String> = HashSet::new();
        for node in &graph.nodes {
            let inputs = node::inputs_of(node);
            let given = || inputs.iter().filter(|n| !n.is_empty());
            let fixed = given().all(|n| names.contains(n));
            let shape_only =
                matches!(node.op_type.as_str(), "Shape" | "Size") && is_default(&node.domain);
            let tainted = given().any(|n| open.contains(n));
            if (fixed && !is_random(node)) || (shape_only && !tainted) {
                names.extend(node.output.iter().cloned());
            } else if tainted || shapes_by_value(node, &names) {
                open.extend(node.output.iter().cloned());
            }
        }
        names.remove("");
        open.remove("");
        Self { names, open }
    }
}

/// Does the shape of what `node` makes depend on values that are not known beforehand?
fn shapes_by_value(node: &NodeProto, fixed: &HashSet<String>) -> bool {
    let unknown = |i: usize| {
        node.input
            .get(i)
            .is_some_and(|n| !n.is_empty() && !fixed.contains(n))
    };
    match node.op_type.as_str() {
        "NonZero" | "Unique" | "NonMaxSuppression" | "StringSplit" => true,
        "Reshape" | "Expand" | "Tile" | "TopK" | "Pad" | "OneHot" | "Compress" => unknown(1),
        "Slice" => (1..5).any(unknown),
        "Range" => (0..3).any(unknown),
        "ConstantOfShape" => unknown(0),
        "Upsample" => unknown(1),
        "Resize" => unknown(2) || unknown(3),
        "AffineGrid" | "Unsqueeze" | "Squeeze" | "Split" => unknown(1),
        _ => false,
    }
}

fn is_random(node: &NodeProto) -> bool {
    matches!(
        node.op_type.as_str(),
        "RandomNormal"
            | "RandomUniform"
            | "RandomNormalLike"
            | "RandomUniformLike"
            | "Bernoulli"
            | "Multinomial"
    )
}

/// One run with every shape as an output and every static value beside it.
fn probe(
    graph: &mut Graph,
    feeds: &BTreeMap<String, Tensor>,
    engine: &dyn Engine,
    task: &Task,
) -> Result<()> {
    infer_types(graph);
    let fixed = Static::of(graph);
    let mut probe = Graph {
        outputs: Vec::new(),
        ..graph.clone()
    };
    let mut shapes = Vec::new();
    let mut values = Vec::new();
    for node in &graph.nodes {
        for name in node.output.iter().filter(|n| !n.is_empty()) {
            if graph
                .infos
                .get(name)
                .is_none_or(|i| i.elem == Elem::Other(0))
            {
                continue;
            }
            if fixed.names.contains(name) {
                values.push(name.clone());
            } else {
                let shape = format!("nearmiss/shape_of/{name}");
                probe.nodes.push(NodeProto {
                    op_type: "Shape".into(),
                    input: vec![name.clone()],
                    output: vec![shape.clone()],
                    ..NodeProto::default()
                });
                shapes.push((name.clone(), shape));
            }
        }
    }
    probe.outputs = shapes
        .iter()
        .map(|(_, s)| s.clone())
        .chain(values.iter().cloned())
        .collect();
    // Shapes are not known yet: outputs must not claim any.
    probe.infos.clear();
    probe.declared.clear();
    let mut declare = |name: &String, elem| {
        let port = Port {
            name: name.clone(),
            elem,
            dims: Vec::new(),
            has_shape: false,
        };
        probe.declared.insert(name.clone(), port);
    };
    for (_, shape) in &shapes {
        declare(shape, Elem::I64);
    }
    for name in &values {
        declare(
            name,
            graph.infos.get(name).map_or(Elem::Other(0), |i| i.elem),
        );
    }
    if probe.outputs.is_empty() {
        return Ok(());
    }
    let mut program = engine.load(&probe, Effort::Once)?;
    drop(probe);
    let fed: Vec<(&str, &Tensor)> = feeds.iter().map(|(n, t)| (n.as_str(), t)).collect();
    let mut results = program.run(&fed, task)?.into_iter();
    for (name, _) in shapes {
        let shape = results.next().and_then(|t| t.to_ints()).unwrap_or_default();
        if let Some(info) = graph.infos.get_mut(&name) {
            info.shape = shape.iter().map(|&d| d.max(0) as usize).collect();
        }
    }
    for name in values {
        if let Some(tensor) = results.next() {
            let tensor = tensor.in_float32();
            graph.infos.insert(
                name.clone(),
                Info {
                    elem: tensor.elem(),
                    shape: tensor.shape().to_vec(),
                },
            );
            graph.constants.insert(name, tensor);
        }
    }
    let known = &graph.constants;
    graph.nodes.retain(|n| {
        !n.output
            .iter()
            .all(|o| o.is_empty() || known.contains_key(o))
    });
    Ok(())
}

/// Replaces each `If` whose condition is constant by the branch it takes; says whether there was one.
fn take_branches(graph: &mut Graph, round: usize) -> Result<bool> {
    let mut found = false;
    let mut nodes = Vec::with_capacity(graph.nodes.len());
    for (i, node) in std::mem::take(&mut graph.nodes).into_iter().enumerate() {
        let condition = node
            .input
            .first()
            .and_then(|c| graph.constants.get(c))
            .and_then(Tensor::to_ints);
        let branch = match (node.op_type.as_str(), condition.as_deref()) {
            ("If", Some([c])) => node.graph(if *c == 0 {
                "else_branch"
            } else {
                "then_branch"
            }),
            _ => None,
        };
        if let Some(branch) = branch {
            found = true;
            nodes.extend(inline::branch(&node, branch, round * 100_000 + i, graph)?);
        } else {
            nodes.push(node);
        }
    }
    graph.nodes = nodes;
    if found {
        graph.take_constant_nodes()?;
        graph.sort()?;
    }
    Ok(found)
}

/// Computes once what depends on constants alone, unless that makes the graph much larger; all shapes are known.
///
/// # Errors
/// The engine cannot run it.
pub fn fold(graph: &mut Graph, engine: &dyn Engine, task: &Task) -> Result<()> {
    let mut fixed: HashSet<String> = graph.constants.keys().cloned().collect();
    let mut folded = Vec::new();
    for node in &graph.nodes {
        let inputs = node::inputs_of(node);
        let ready = inputs.iter().all(|n| n.is_empty() || fixed.contains(n));
        let bytes = |name: &String| {
            let info = graph.infos.get(name)?;
            elements(&info.shape)?.checked_mul(info.elem.width()?)
        };
        let from: usize = inputs.iter().filter_map(bytes).max().unwrap_or(0);
        let makes: Option<usize> = node
            .output
            .iter()
            .filter(|o| !o.is_empty())
            .map(bytes)
            .sum();
        let worth = makes.is_some_and(|m| m <= SMALL || m <= from.saturating_mul(GROWTH));
        if ready && worth && !is_random(node) {
            fixed.extend(node.output.iter().cloned());
            folded.push(node.clone());
        }
    }
    if folded.is_empty() {
        graph.prune();
        return Ok(());
    }
    let made: HashSet<&String> = folded.iter().flat_map(|n| &n.output).collect();
    let mut wanted: Vec<String> = Vec::new();
    let mut seen = HashSet::new();
    let rest = graph
        .nodes
        .iter()
        .filter(|n| !n.output.first().is_some_and(|o| made.contains(o)));
    for name in rest
        .flat_map(node::inputs_of)
        .chain(graph.outputs.iter().cloned())
    {
        if made.contains(&name) && seen.insert(name.clone()) {
            wanted.push(name);
        }
    }
    let names: HashSet<String> = folded.iter().flat_map(|n| n.output.clone()).collect();
    let mut part = Graph {
        inputs: Vec::new(),
        outputs: wanted.clone(),
        nodes: folded,
        ..graph.clone()
    };
    part.prune();
    if !wanted.is_empty() {
        let values = engine.load(&part, Effort::Once)?.run(&[], task)?;
        for (name, value) in wanted.into_iter().zip(values) {
            graph.constants.insert(name, value);
        }
    }
    graph
        .nodes
        .retain(|n| !n.output.first().is_some_and(|o| names.contains(o)));
    graph.prune();
    Ok(())
}

/// The element type of every value, as far as the file states those of the inputs, by the rules of the operators
/// that change it. Shapes stay as they are.
pub fn infer_types(graph: &mut Graph) {
    for port in &graph.inputs {
        let unknown = Info {
            elem: port.elem,
            shape: Vec::new(),
        };
        graph.infos.entry(port.name.clone()).or_insert(unknown);
    }
    for i in 0..graph.nodes.len() {
        let node = &graph.nodes[i];
        let of = |k: usize| -> Elem {
            let name = node.input.get(k).map_or("", String::as_str);
            let constant = graph.constants.get(name).map(Tensor::elem);
            constant
                .or_else(|| graph.infos.get(name).map(|i| i.elem))
                .unwrap_or(Elem::Other(0))
        };
        let types: Vec<Elem> = (0..node.output.len())
            .map(|k| output_type(node, k, &of))
            .collect();
        for (name, elem) in node.output.clone().into_iter().zip(types) {
            let shape = graph
                .infos
                .get(&name)
                .map(|i| i.shape.clone())
                .unwrap_or_default();
            if !name.is_empty() {
                graph.infos.insert(name, Info { elem, shape });
            }
        }
    }
}

fn output_type(node: &NodeProto, index: usize, of: &dyn Fn(usize) -> Elem) -> Elem {
    let stated = |name: &str, default: Elem| {
        node.int(name)
            .filter(|&n| n != 0)
            .map_or(default, |n| Elem::from_onnx(n as i32))
    };
    match (node.op_type.as_str(), index) {
        ("Shape" | "Size" | "ArgMax" | "ArgMin" | "NonZero" | "NonMaxSuppression", _)
        | ("TopK" | "MaxPool", 1)
        | ("Unique", 1..) => Elem::I64,
        (
            "Equal" | "Less" | "LessOrEqual" | "Greater" | "GreaterOrEqual" | "Not" | "And" | "Or"
            | "Xor" | "IsNaN" | "IsInf",
            _,
        )
        | ("Dropout", 1) => Elem::Bool,
        ("Cast", _) => stated("to", of(0)),
        ("CastLike" | "Where" | "QLinearWhere" | "QLinearConcat", _) => of(1),
        ("ConstantOfShape", _) => node
            .attribute("value")
            .and_then(|a| a.t.as_ref())
            .map_or(Elem::F32, |t| Elem::from_onnx(t.data_type)),
        ("RandomNormal" | "RandomUniform", _) => stated("dtype", Elem::F32),
        ("RandomNormalLike" | "RandomUniformLike" | "EyeLike" | "Bernoulli", _) => {
            stated("dtype", of(0))
        }
        ("Multinomial", _) => stated("dtype", Elem::I32),
        ("OneHot" | "MatMulIntegerToFloat" | "GatherBlockQuantized", _) => of(2),
        ("QuantizeLinear", _) => match of(2) {
            Elem::Other(0) => stated("output_dtype", Elem::U8),
            zero => zero,
        },
        ("DequantizeLinear", _) => stated("output_dtype", of(1)),
        ("DynamicQuantizeLinear", 1) => Elem::F32,
        ("DynamicQuantizeLinear", _) => Elem::U8,
        ("MatMulInteger" | "ConvInteger", _) => Elem::I32,
        ("QLinearMatMul" | "QLinearConv", _) => of(7),
        ("EmbedLayerNormalization", 1) => Elem::I32,
        ("EmbedLayerNormalization", _) => of(2),
        ("QAttention", _) => of(3),
        ("QGemm", _) => match of(8) {
            Elem::Other(0) => of(1),
            zero => zero,
        },
        ("If", _) => declared_type(node, "then_branch", index),
        // The first thing a loop's body makes is whether it goes on.
        ("Loop", _) => declared_type(node, "body", index + 1),
        ("Scan", _) => declared_type(node, "body", index),
        (
            "SequenceConstruct" | "SplitToSequence" | "SequenceEmpty" | "SequenceInsert"
            | "Optional",
            _,
        ) => Elem::Other(0),
        _ => of(0),
    }
}

/// What the graph in `attribute` declares its output `index` to be.
fn declared_type(node: &NodeProto, attribute: &str, index: usize) -> Elem {
    let declared = node.graph(attribute).and_then(|g| g.output.get(index));
    declared.map_or(Elem::Other(0), |v| super::Port::from(v).elem)
}
