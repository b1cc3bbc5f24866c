//! When a graph is rewritten by [`tuned`], and that what comes of it yields the same.

use super::load::Runtime;
use super::provider::Provider;
use super::session;
use super::tuned;
use crate::files::read_all;
use crate::onnx::node;
use crate::onnx::proto::{ModelProto, NodeProto};
use crate::onnx::{Dim, Effort, Elem, Encoded, Graph, Port, Program, Tensor, sample_feeds};
use crate::task::scratch;
use prost::Message as _;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::OnceLock;
use tempfile::TempDir;

/// Where the engine is to write what it makes of `graph`; `None` where the graph is not to be rewritten: it runs once, is
/// very large, or the engine has no operators of others.
pub fn keep(graph: &Graph, effort: Effort) -> Option<TempDir> {
    let fits = effort != Effort::Once
        && graph.nodes.len() <= tuned::MOST_NODES
        && graph.constant_bytes() <= tuned::MOST_BYTES
        && !Runtime::get().ok()?.is_tract();
    // Without a place to write, the graph runs as the engine has it.
    fits.then(|| scratch::folder().ok()).flatten()
}

/// The graph rewritten, from what the engine's optimiser wrote to `file`; `None` where nothing is gained.
pub fn rewritten(graph: &Graph, file: &Path) -> Option<Vec<u8>> {
    let model = read_all(file, 2 << 30).ok()?;
    tuned::rewritten(&model, graph, lanes())
}

/// Do both yield the same for made-up inputs of `graph`?
pub fn agree(graph: &Graph, plain: &mut dyn Program, other: &mut dyn Program) -> bool {
    let feeds = sample_feeds(graph, &BTreeMap::new(), 1);
    let feeds: Vec<(&str, &Tensor)> = feeds.iter().map(|(n, t)| (n.as_str(), t)).collect();
    let right = plain.run(&feeds, &());
    right.is_ok_and(|right| {
        tells(&right)
            && other
                .run(&feeds, &())
                .is_ok_and(|made| alike(&right, &made))
    })
}

/// Would another graph yield other values than these? Not where there are none, or no numbers, or nothing but zeros.
fn tells(values: &[Tensor]) -> bool {
    values.iter().filter_map(Tensor::to_floats).all(|values| {
        let mut finite = values.iter().filter(|x| x.is_finite());
        finite.any(|x| *x != 0.0)
    })
}

/// How far a value may be from the engine's own, as a part of the largest of its tensor: sums in another order. Numbers in
/// one row may be losses, sums of terms that cancel, so that they are held to the largest of all tensors, within limits.
const CLOSE: f32 = 1e-4;
/// How much larger that may be than what is compared.
const CANCELLED: f32 = 10.0;

/// Are these the same tensors but for rounding?
pub fn alike(right: &[Tensor], made: &[Tensor]) -> bool {
    let largest = |values: &[f32]| {
        let sizes = values.iter().map(|x| x.abs());
        sizes.filter(|x| x.is_finite()).fold(0.0_f32, f32::max)
    };
    let floats: Vec<_> = right.iter().map(Tensor::to_floats).collect();
    let of_all = floats.iter().flatten().map(|values| largest(values));
    let of_all = of_all.fold(0.0_f32, f32::max);
    let mut pairs = right.iter().zip(made).zip(&floats);
    right.len() == made.len()
        && pairs.all(|((right, made), floats)| {
            let (Some(of), Some(others)) = (floats, made.to_floats()) else {
                return right == made;
            };
            let own = largest(of);
            let size = if right.shape().len() < 2 {
                of_all.clamp(own, CANCELLED * own)
            } else {
                own
            };
            let close = |(a, b): (&f32, &f32)| {
                (a - b).abs() <= CLOSE * size || a == b || a.is_nan() && b.is_nan()
            };
            right.shape() == made.shape() && of.iter().zip(&others).all(close)
        })
}

/// Channels that the engine lays beside each other for its convolutions on this machine; 1 where it does not.
fn lanes() -> usize {
    static LANES: OnceLock<usize> = OnceLock::new();
    *LANES.get_or_init(|| measured().unwrap_or(1))
}

/// A convolution of 24 channels tells: as many are weighed where 8 lie beside each other, 32 where 16 do.
fn measured() -> Option<usize> {
    const CHANNELS: usize = 24;
    let weights = Tensor::floats(&[CHANNELS, CHANNELS, 1, 1], &[0.0; CHANNELS * CHANNELS]);
    let graph = Graph {
        opset: crate::onnx::OPSET,
        inputs: vec![Port {
            name: "x".into(),
            elem: Elem::F32,
            dims: [1, CHANNELS, 4, 4].map(Dim::Fixed).into(),
            has_shape: true,
        }],
        outputs: vec!["y".into()],
        nodes: vec![NodeProto {
            op_type: "Conv".into(),
            name: "conv".into(),
            input: vec!["x".into(), "w".into()],
            output: vec!["y".into()],
            attribute: vec![node::ints("kernel_shape", &[1, 1])],
            ..NodeProto::default()
        }],
        constants: [("w".to_owned(), weights)].into(),
        ..Graph::default()
    };
    let folder = scratch::folder().ok()?;
    let file = folder.path().join("model.onnx");
    let encoded = graph.encode(Encoded::DATA);
    session::open_graph(
        &graph,
        &encoded,
        &[Provider::Cpu],
        Effort::Often,
        Some(&file),
    )
    .ok()?;
    let model = ModelProto::decode(&*read_all(&file, 1 << 20).ok()?)
        .ok()?
        .graph?;
    let conv = model
        .node
        .iter()
        .find(|n| n.op_type == "Conv" && !n.domain.is_empty())?;
    let weights = model
        .initializer
        .iter()
        .find(|w| conv.input.get(1) == Some(&w.name))?;
    match *weights.dims.first()? {
        24 => Some(8),
        32 => Some(16),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tells_nothing_is_no_comparison() {
        let of = |values: &[f32]| Tensor::floats(&[values.len()], values);
        assert!(tells(&[of(&[0.0, 1.0]), of(&[f32::NAN, 2.0])]));
        for nothing in [&[][..], &[0.0, 0.0], &[f32::NAN], &[f32::INFINITY, 0.0]] {
            assert!(!tells(&[of(&[1.0]), of(nothing)]), "{nothing:?}");
        }
    }

    #[test]
    fn other_values_are_told() {
        let of = |values: &[f32]| vec![Tensor::floats(&[values.len()], values)];
        assert!(alike(&of(&[1.0, 2.0]), &of(&[1.0, 2.000_01])));
        assert!(!alike(&of(&[1.0, 2.0]), &of(&[1.0, 2.001])));
        assert!(!alike(&of(&[1.0, f32::NAN]), &of(&[1.0, 2.0])));
        assert!(alike(
            &of(&[f32::NAN, f32::INFINITY]),
            &of(&[f32::NAN, f32::INFINITY])
        ));
        assert!(!alike(&of(&[1.0]), &of(&[1.0, 2.0])));
        // A loss whose terms cancel, beside the values that it is made of.
        let with = |loss: f32, value: f32| [of(&[loss]), of(&[value, 4.0])].concat();
        assert!(alike(&with(0.1, 3.0), &with(0.100_05, 3.0)));
        assert!(!alike(&with(0.1, 3.0), &with(0.1004, 3.0)));
        assert!(!alike(&with(0.1, 3.0), &with(0.1, 3.001)));
    }
}
