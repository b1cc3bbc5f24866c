//! Static shapes: an engine runs the graph once, and says the shape of every value and the values of those that no
//! input reaches.

use super::claims;
use super::engine::{Effort, GraphEngine};
use super::graph::{Graph, Info};
use super::node::{self, Attributes, is_default, is_random};
use super::types::infer_types;
use super::unroll::{trips, written_out};
use super::{Dim, Elem, Port, Tensor, inline};
use crate::error::{Error, Result};
use crate::monitor::Monitor;
use crate::onnx::proto::{GraphProto, NodeProto};
use std::collections::{BTreeMap, HashSet};

/// Branches inside branches, at most.
const MAX_BRANCHES: usize = 64;

/// Binds the inputs of `graph` to the shapes of `feeds`, which name every input: afterwards the type and shape of
/// every value is known, what depends on shapes and weights alone is a constant, and an `If` whose condition is
/// such is replaced by its branch, a `Loop` or `Scan` whose number of trips is by its bodies.
///
/// # Errors
/// The engine cannot run the graph on `feeds`.
pub fn bind(
    graph: &mut Graph,
    feeds: &BTreeMap<String, Tensor>,
    engine: &dyn GraphEngine,
    monitor: &dyn Monitor,
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
        monitor.check()?;
        probe(graph, feeds, engine, monitor)?;
        if !decide(graph, number)? {
            break;
        }
    }
    graph.open = Static::of(graph).open;
    graph.prune();
    Ok(())
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
            let present = || inputs.iter().filter(|n| !n.is_empty());
            let fixed = present().all(|n| names.contains(n));
            let shape_only =
                matches!(node.op_type.as_str(), "Shape" | "Size") && is_default(&node.domain);
            let tainted = present().any(|n| open.contains(n));
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
        "Reshape" | "Expand" | "Tile" | "TopK" | "Pad" | "OneHot" | "Compress" | "Upsample"
        | "AffineGrid" | "Unsqueeze" | "Squeeze" | "Split" => unknown(1),
        "Slice" => (1..5).any(unknown),
        "Range" => (0..3).any(unknown),
        "ConstantOfShape" => unknown(0),
        "Resize" => unknown(2) || unknown(3),
        _ => false,
    }
}

/// Makes `name` an output of `probe`. Integers come out as float64, exact below 2^53: in tract int64 may be a dimension,
/// which is of a type of its own that cannot be read.
pub(super) fn ask(probe: &mut Graph, name: &str, mut elem: Elem) {
    let mut output = name.to_owned();
    if elem == Elem::I64 {
        elem = Elem::F64;
        output = format!("nearmiss/integers_of/{name}");
        probe.nodes.push(NodeProto {
            op_type: "Cast".into(),
            input: vec![name.to_owned()],
            output: vec![output.clone()],
            attribute: vec![node::int("to", i64::from(elem.to_onnx()))],
            ..NodeProto::default()
        });
    }
    let port = Port {
        name: output.clone(),
        elem,
        dims: Vec::new(),
        has_shape: false,
    };
    probe.declared.insert(output.clone(), port);
    probe.outputs.push(output);
}

/// Values whose shapes come out of a probe together: an engine may look for each of its outputs among all of them.
const GROUP: usize = 64;

/// Makes the ranks of the values `names` an output of `probe`, and then all their sizes, one after the other.
fn ask_shapes(probe: &mut Graph, names: &[String], number: usize) {
    let mut node = |op: &str, input: Vec<String>, output: &str| {
        let axis = (op == "Concat").then(|| node::int("axis", 0));
        probe.nodes.push(NodeProto {
            op_type: op.into(),
            input,
            output: vec![output.to_owned()],
            attribute: axis.into_iter().collect(),
            ..NodeProto::default()
        });
        output.to_owned()
    };
    let (mut ranks, mut sizes) = (Vec::new(), Vec::new());
    for name in names {
        let shape = format!("nearmiss/dimensions_of/{name}");
        let rank = format!("nearmiss/rank_of/{name}");
        sizes.push(node("Shape", vec![name.clone()], &shape));
        ranks.push(node("Shape", vec![shape], &rank));
    }
    let ranks = node("Concat", ranks, &format!("nearmiss/ranks/{number}"));
    let sizes = node("Concat", sizes, &format!("nearmiss/sizes/{number}"));
    ask(probe, &ranks, Elem::I64);
    ask(probe, &sizes, Elem::I64);
}

/// Those of the values in `fixed` that the rest of `graph` reads: the values between them are for the engine alone.
fn boundary(graph: &Graph, fixed: &HashSet<String>) -> HashSet<String> {
    let rest = graph.nodes.iter().filter(|n| {
        let mut made = n.output.iter().filter(|o| !o.is_empty());
        made.any(|o| !fixed.contains(o))
    });
    rest.flat_map(node::inputs_of)
        .chain(graph.outputs.iter().cloned())
        .filter(|name| fixed.contains(name))
        .collect()
}

/// What [`ask`] made float64 as int64 again.
pub(super) fn answered(tensor: Tensor) -> Tensor {
    if tensor.elem() != Elem::F64 {
        return tensor.in_float32();
    }
    let (numbers, _) = tensor.bytes().as_chunks::<8>();
    let integers: Vec<i64> = numbers
        .iter()
        .map(|b| f64::from_le_bytes(*b) as i64)
        .collect();
    Tensor::ints(tensor.shape(), &integers)
}

/// One run with every shape as an output, and beside them the static values that the rest of the graph reads.
fn probe(
    graph: &mut Graph,
    feeds: &BTreeMap<String, Tensor>,
    engine: &dyn GraphEngine,
    monitor: &dyn Monitor,
) -> Result<()> {
    infer_types(graph);
    let fixed = Static::of(graph);
    let mut probe = Graph {
        outputs: Vec::new(),
        ..graph.clone()
    };
    // Shapes are not known yet: outputs must not claim any.
    probe.infos.clear();
    probe.declared.clear();
    claims::check(graph)?;
    let (mut values, mut shapes) = (Vec::new(), Vec::new());
    let wanted = boundary(graph, &fixed.names);
    for node in &graph.nodes {
        let elem = |name: &str| graph.infos.get(name).map_or(Elem::Other(0), |i| i.elem);
        let made = node.output.iter().filter(|n| !n.is_empty());
        // All of a node's values or none: a node of which some are constants would make those twice.
        let read = made.clone().any(|name| wanted.contains(name))
            && made.clone().all(|name| elem(name) != Elem::Other(0));
        for name in made.filter(|n| elem(n) != Elem::Other(0)) {
            if !fixed.names.contains(name) {
                shapes.push(name.clone());
            } else if read {
                ask(&mut probe, name, elem(name));
                values.push(name.clone());
            }
        }
    }
    for (number, group) in shapes.chunks(GROUP).enumerate() {
        ask_shapes(&mut probe, group, number);
    }
    if probe.outputs.is_empty() {
        return Ok(());
    }
    let mut program = engine.load(&probe, Effort::Once)?;
    drop(probe);
    let fed: Vec<(&str, &Tensor)> = feeds.iter().map(|(n, t)| (n.as_str(), t)).collect();
    let results = program.run(&fed, monitor).map_err(|error| match error {
        Error::Engine(why) => {
            let shapes: Vec<String> = feeds.iter().map(|(n, t)| format!("{n}: {t:?}")).collect();
            Error::DoesNotRun {
                path: graph.path.clone(),
                feeds: shapes.join(", "),
                why: why.to_string(),
            }
        }
        other => other,
    })?;
    let mut results = results.into_iter().map(answered);
    for (name, result) in values.into_iter().zip(results.by_ref()) {
        let info = Info {
            elem: result.elem(),
            shape: result.shape().to_vec(),
        };
        graph.infos.insert(name.clone(), info);
        graph.constants.insert(name, result);
    }
    for group in shapes.chunks(GROUP) {
        let mut numbers = || results.next().and_then(|r| r.to_ints()).unwrap_or_default();
        let (ranks, sizes) = (numbers(), numbers());
        let mut sizes = sizes.into_iter();
        for (name, rank) in group.iter().zip(ranks) {
            let shape = sizes.by_ref().take(rank.max(0) as usize);
            let shape = shape.map(|d| d.max(0) as usize).collect();
            if let Some(info) = graph.infos.get_mut(name) {
                info.shape = shape;
            }
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

/// Replaces each `If` whose condition is constant by the branch it takes, and each `Loop` and `Scan` whose number of trips
/// is known by its bodies; says whether there was one.
fn decide(graph: &mut Graph, round: usize) -> Result<bool> {
    let mut found = false;
    let mut nodes = Vec::with_capacity(graph.nodes.len());
    for (i, node) in std::mem::take(&mut graph.nodes).into_iter().enumerate() {
        let number = round * 100_000 + i;
        let instead = match node.op_type.as_str() {
            _ if !is_default(&node.domain) => None,
            "If" => match taken(graph, &node) {
                Some(branch) => Some(inline::branch(&node, branch, number, graph)?),
                None => None,
            },
            "Loop" | "Scan" => match trips(graph, &node) {
                Ok(count) => Some(written_out(&node, count, number, graph)?),
                Err(_) => None,
            },
            _ => None,
        };
        found |= instead.is_some();
        match instead {
            Some(instead) => nodes.extend(instead),
            None => nodes.push(node),
        }
    }
    graph.nodes = nodes;
    if found {
        graph.take_constant_nodes()?;
        graph.sort()?;
    }
    Ok(found)
}

/// The branch that `node`, an `If`, takes, where that is known.
fn taken<'a>(graph: &Graph, node: &'a NodeProto) -> Option<&'a GraphProto> {
    let condition = graph.constants.get(node.input.first()?)?.to_ints()?;
    let [condition] = condition.as_slice() else {
        return None;
    };
    node.graph(if *condition == 0 {
        "else_branch"
    } else {
        "then_branch"
    })
}
