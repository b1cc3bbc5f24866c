//! A linear classifier as an ONNX model: [`classifier`].

use super::shape::Shape;
use crate::error::{Error, Result};
use crate::onnx::{Dim, Elem, Graph, NodeMaker, Port, Tensor};

/// The operator set of the model.
const OPSET: i64 = 17;

/// The classifier `w` for pictures of `shape`, as the bytes of an ONNX file: input "pixels", float32
/// `[batch, channels, height, width]` with the values that the rows of the problem had; output "logits", float32
/// `[batch, 2]`, `-(w . x + offset) / 2` for the label -1, then `(w . x + offset) / 2` for +1, so that their difference is
/// `w . x + offset`, the larger one is the answer and their softmax the probabilities of the logistic model. The offset is
/// `-w . m` where rows had a mean m taken off them, and 0 where they had not.
///
/// Weights become float32, scaled down together where the largest would not fit.
///
/// # Errors
/// Weights that are not as many as the values of `shape`, not finite, or all 0.
pub fn classifier(w: &[f64], offset: f64, shape: Shape) -> Result<Vec<u8>> {
    let values = shape.values()?;
    let largest = super::norm::largest(w);
    let finite = w.iter().chain([&offset]).all(|v| v.is_finite());
    if w.len() != values || !finite || largest == 0.0 {
        return Err(Error::request(
            format!("{} weights are no classifier of {values} values", w.len()),
            "Give one finite weight for each value, not all of them 0.",
        ));
    }
    let scale = if largest > 1e30 { 1e30 / largest } else { 1.0 };
    let half = |w: &f64| (0.5 * scale * w) as f32;
    let columns: Vec<f32> = w.iter().flat_map(|w| [-half(w), half(w)]).collect();
    let batch = Dim::Named("batch".into());
    let port = |name: &str, sides: &[usize]| {
        let sides = sides.iter().map(|&side| Dim::Fixed(side));
        Port {
            name: name.into(),
            elem: Elem::F32,
            dims: std::iter::once(batch.clone()).chain(sides).collect(),
            has_shape: true,
        }
    };
    let mut graph = Graph {
        opset: OPSET,
        inputs: vec![port("pixels", &[shape.channels, shape.height, shape.width])],
        outputs: vec!["logits".into()],
        declared: [("logits".into(), port("logits", &[2]))].into(),
        ..Graph::default()
    };
    let mut make = NodeMaker::new(&mut graph, "linear");
    let mut nodes = Vec::new();
    let matrix = make.constant(Tensor::floats(&[values, 2], &columns));
    let flat = make.node(&mut nodes, "Flatten", &["pixels"], &[("axis", &[1])]);
    let product = make.node(&mut nodes, "MatMul", &[&flat, &matrix], &[]);
    if offset != 0.0 {
        let both = make.constant(Tensor::floats(&[2], &[-half(&offset), half(&offset)]));
        make.node(&mut nodes, "Add", &[&product, &both], &[]);
    }
    if let Some(last) = nodes.last_mut() {
        last.output = vec!["logits".into()];
    }
    graph.nodes = nodes;
    Ok(graph.encode("").model)
}
