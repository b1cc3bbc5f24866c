//! Magnitudes of changes: the layer against pictures made by hand, derivatives against differences, a set that is invariant to
//! rotation alone, the averaged embedding as an encoder, the command.

mod bars;
mod command;
mod export;
mod layer;
mod levels;

use nearmiss::augment::{Change, Changes, DRAWS, Layer, Magnitudes};
use nearmiss::compute::Grid;
use nearmiss::onnx::{Dim, Elem, Encoded, Graph, NodeMaker, Port, Tensor};
use nearmiss::runtime::Provider;
use nearmiss::task::Task;
use std::path::Path;

fn task() -> Task {
    Task::detached()
}

fn grid(channels: usize, height: usize, width: usize) -> Grid {
    Grid {
        rows: 0,
        channels,
        height,
        width,
    }
}

fn all() -> Changes {
    Change::ALL.into_iter().collect()
}

fn only(change: Change, magnitude: f64) -> Magnitudes {
    let mut magnitudes = Magnitudes::default();
    magnitudes.set(change, magnitude);
    magnitudes
}

fn layer(grid: Grid, changes: Changes) -> Layer {
    Layer::new(grid, changes, &[Provider::Cpu], &task()).unwrap()
}

/// One copy of `pixels` with `magnitudes`, of a layer that makes all changes; `draws` are the values that are not 0.
fn copy(grid: Grid, pixels: &[f32], magnitudes: &Magnitudes, draws: &[(usize, f32)]) -> Vec<f32> {
    let mut noise = [0.0; DRAWS];
    for &(at, value) in draws {
        noise[at] = value;
    }
    let made = layer(grid, all()).copies(pixels, &noise, magnitudes, &task());
    made.unwrap()
}

/// Values in [0, 1].
fn random(count: usize, seed: u64) -> Vec<f32> {
    let mut random = fastrand::Rng::with_seed(seed);
    (0..count).map(|_| random.f32()).collect()
}

fn apart(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    let pairs = a.iter().zip(b);
    pairs.fold(0.0, |most, (a, b)| most.max((a - b).abs()))
}

/// A small image model of `grid`, with `hidden` values between two random layers and `dim` at the end. Each hidden value is `op` of a
/// sum over all pixels, by weights that differ from pixel to pixel (of size `noise`), and of each channel's mean (of size `even`).
fn small_model(
    grid: Grid,
    (hidden, dim): (usize, usize),
    op: &str,
    [noise, even]: [f32; 2],
) -> Graph {
    let mut graph = Graph {
        opset: 18,
        inputs: vec![Port {
            name: "pixel_values".into(),
            elem: Elem::F32,
            dims: vec![
                Dim::Named("batch".into()),
                Dim::Fixed(grid.channels),
                Dim::Fixed(grid.height),
                Dim::Fixed(grid.width),
            ],
            has_shape: true,
        }],
        outputs: vec!["image_embeds".into()],
        ..Graph::default()
    };
    let mut random = fastrand::Rng::with_seed(11);
    let mut signed = |size: f32| (2.0 * random.f32() - 1.0) * size;
    let of_channels: Vec<f32> = (0..grid.channels * hidden)
        .map(|_| signed(even / grid.plane() as f32))
        .collect();
    let size = noise * (3.0 / grid.len() as f32).sqrt();
    let first: Vec<f32> = (0..grid.len() * hidden)
        .map(|at| {
            let channel = at / hidden / grid.plane();
            signed(size) + of_channels[channel * hidden + at % hidden]
        })
        .collect();
    let size = (3.0 / hidden as f32).sqrt();
    let second: Vec<f32> = (0..hidden * dim).map(|_| signed(size)).collect();
    let phases: Vec<f32> = (0..hidden).map(|_| signed(0.5 * noise)).collect();
    let first = Tensor::floats(&[grid.len(), hidden], &first);
    let second = Tensor::floats(&[hidden, dim], &second);
    let phases = Tensor::floats(&[hidden], &phases);
    let mut make = NodeMaker::new(&mut graph, "m");
    let mut nodes = Vec::new();
    let shape = make.constant(Tensor::ints(&[2], &[-1, grid.len() as i64]));
    let [first, second, phases] = [first, second, phases].map(|tensor| make.constant(tensor));
    let flat = make.node(&mut nodes, "Reshape", &["pixel_values", &shape], &[]);
    let inner = make.node(&mut nodes, "MatMul", &[&flat, &first], &[]);
    let inner = make.node(&mut nodes, "Add", &[&inner, &phases], &[]);
    let bent = make.node(&mut nodes, op, &[&inner], &[]);
    make.node(&mut nodes, "MatMul", &[&bent, &second], &[]);
    nodes.last_mut().unwrap().output = vec!["image_embeds".into()];
    graph.nodes = nodes;
    let port = Port {
        name: "image_embeds".into(),
        elem: Elem::F32,
        dims: vec![Dim::Named("batch".into()), Dim::Fixed(dim)],
        has_shape: true,
    };
    graph.declared = [("image_embeds".to_owned(), port)].into();
    graph
}

fn write(graph: &Graph, path: &Path) {
    std::fs::write(path, graph.encode(Encoded::DATA).model).unwrap();
}
