//! Plausible inputs for a model, made up.

use super::{Dim, Elem, Graph, Tensor, elements};
use std::collections::BTreeMap;

/// Plausible values for every input: uniform noise in [0, 1) for floats, 1 to 3 for ids, else ones, and zeros or
/// positions where the name says that it wants those. A dimension that the model leaves open is taken from
/// `open` by its name or as `input.axis`; else it is 1, for pictures 3 channels of 224 x 224, for text 16 tokens. An input that would be
/// empty, or with the others larger than 2^26 elements, is an array of zeros as its shape: of no elements.
pub fn sample_feeds(
    graph: &Graph,
    open: &BTreeMap<String, usize>,
    seed: u64,
) -> BTreeMap<String, Tensor> {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut feeds = BTreeMap::new();
    let mut room = MOST_SAMPLED;
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
        let count = elements(&shape).filter(|&n| n <= room).unwrap_or(0);
        room -= count;
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

/// Elements that all made-up inputs have at most.
const MOST_SAMPLED: usize = 1 << 26;

/// `values` in the integer type `elem` (truth values included); int64 where it is another.
pub fn integers_as(elem: Elem, shape: &[usize], values: &[i64]) -> Tensor {
    let width = elem.width().unwrap_or(8);
    let bytes = values
        .iter()
        .flat_map(|v| v.to_le_bytes()[..width].to_vec());
    Tensor::new(elem, shape.to_vec(), bytes.collect())
        .unwrap_or_else(|_| Tensor::ints(shape, values))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::onnx::Port;

    #[test]
    fn made_up_inputs_are_bounded_together() {
        let port = |name: &str, size| Port {
            name: name.into(),
            elem: Elem::F32,
            dims: vec![Dim::Fixed(size)],
            has_shape: true,
        };
        let graph = Graph {
            inputs: vec![port("small", 4), port("large", MOST_SAMPLED)],
            ..Graph::default()
        };
        let feeds = sample_feeds(&graph, &BTreeMap::new(), 0);
        assert_eq!(feeds["small"].len(), 4);
        assert_eq!(feeds["large"].len(), 0);
    }
}
