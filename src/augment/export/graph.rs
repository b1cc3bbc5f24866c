//! The averaged embedding as one graph: the layer before an image model, and the mean of the copies' embeddings behind it.

use crate::augment::change::Magnitudes;
use crate::augment::draws::DRAWS;
use crate::augment::layer::{COPIES, MAGNITUDES, NOISE, PIXELS, graph as layer};
use crate::compute::Grid;
use crate::encoder::{Apart, Encoder};
use crate::error::{Error, Result};
use crate::onnx::node::{Attributes as _, int, text};
use crate::onnx::proto::NodeProto;
use crate::onnx::{Dim, Elem, Graph, NodeMaker, OPSET, Port, Tensor, upgrade};
use std::collections::BTreeMap;

/// The operator set from which `GridSample` calls its linear mode so.
const RENAMED: i64 = 20;
/// Added to a row's sum of squares: keeps a row of zeros so, and is lost in the rounding of any other.
const LEAST: f32 = 1e-30;

/// The image model of `encoder` with the layer before it and the unit mean over `draws`, `[copies, 7]`, behind it. Its input is the
/// model's, and its embedding, `[rows, dim]`, has unit norm. All copies of all rows run as one batch.
///
/// # Errors
/// An image model whose batch is fixed, or whose rows do not come out alike together; another input than pictures of floats
/// with channels first; as [`crate::encoder::Tower::apart`].
pub fn averaged(
    encoder: &Encoder,
    magnitudes: &Magnitudes,
    draws: &[f32],
    dim: usize,
) -> Result<Apart> {
    let tower = encoder.image_tower();
    let refuse = |what: String| {
        Err(Error::model(
            &tower.model().path,
            what,
            "Export the image model again with an open batch, one input of floats and channels first.",
        ))
    };
    if let Some(rows) = tower.fixed_batch() {
        return refuse(format!(
            "runs {rows} pictures at once and no others, and an averaged embedding runs all copies of a picture together"
        ));
    }
    let [channels, height, width] = tower.picture();
    let grid = Grid {
        rows: 0,
        channels,
        height,
        width,
    };
    let Apart {
        mut graph,
        embedding,
        rows,
    } = tower.apart()?;
    let name = tower.input_name().to_owned();
    if !matches!(&graph.inputs[..], [port] if takes_planes(port, channels)) {
        let all: Vec<String> = graph.inputs.iter().map(ToString::to_string).collect();
        return refuse(format!("takes {}", all.join(", ")));
    }
    if matches!(rows, Dim::Fixed(_)) {
        return refuse(format!("gives {rows} rows whatever it is fed"));
    }
    if graph.opset < OPSET {
        upgrade(&mut graph)?;
    }
    let elem = graph.inputs[0].elem;
    let mut layers = Layers::new(&mut graph);
    let scale = (encoder.preprocess().rescale * 255.0).recip();
    let [mean, std] = [&encoder.preprocess().mean, &encoder.preprocess().std].map(|values| {
        let mut values: Vec<f32> = values.iter().map(|value| value * scale).collect();
        if encoder.preprocess().bgr {
            values.reverse();
        }
        Tensor::floats(&[channels, 1, 1], &values)
    });
    let given = layers.cast(&name, elem, Elem::F32);
    let (mean, std) = (layers.constant(mean), layers.constant(std));
    let pixels = layers.op("Mul", &[&given, &std]);
    let pixels = layers.op("Add", &[&pixels, &mean]);
    let copies = draws.len() / DRAWS;
    let made = layers.copies(&pixels, (grid, copies), magnitudes, draws)?;
    let made = layers.op("Sub", &[&made, &mean]);
    let made = layers.op("Div", &[&made, &std]);
    let made = layers.cast(&made, Elem::F32, elem);
    let mut before = std::mem::take(&mut layers.nodes);
    drop(layers);
    // The model reads the copies; what is before them reads the pictures.
    graph.rename_readers(&name, &made);
    before.append(&mut graph.nodes);
    graph.nodes = before;
    let mut layers = Layers::new(&mut graph);
    let units = layers.unit(&embedding);
    let shape = layers.list(&[copies as i64, -1, dim as i64]);
    let units = layers.op("Reshape", &[&units, &shape]);
    let first = layers.list(&[0]);
    let sum = layers.sum(&units, &first, 0);
    let embedding = layers.unit(&sum);
    let mut after = std::mem::take(&mut layers.nodes);
    drop(layers);
    graph.nodes.append(&mut after);
    graph.outputs = vec![embedding.clone()];
    graph.infos.clear();
    graph.declared.clear();
    Ok(Apart {
        graph,
        embedding,
        rows,
    })
}

/// Is `port` a batch of pictures of floats with channels first?
fn takes_planes(port: &Port, channels: usize) -> bool {
    let is = |axis: usize| port.dims.get(axis) == Some(&Dim::Fixed(channels));
    let open = |axis: usize| !matches!(port.dims.get(axis), Some(Dim::Fixed(_)));
    let first = is(1) || (open(1) && !is(3));
    port.has_shape && port.dims.len() == 4 && first && matches!(port.elem, Elem::F32 | Elem::F16)
}

/// Operators added to a graph, in the order in which they run.
struct Layers<'a> {
    make: NodeMaker<'a>,
    nodes: Vec<NodeProto>,
    opset: i64,
}

impl<'a> Layers<'a> {
    fn new(graph: &'a mut Graph) -> Self {
        Self {
            opset: graph.opset,
            make: NodeMaker::new(graph, "nearmiss_augment"),
            nodes: Vec::new(),
        }
    }

    fn op(&mut self, op: &str, inputs: &[&str]) -> String {
        self.make.node(&mut self.nodes, op, inputs, &[])
    }

    fn constant(&mut self, tensor: Tensor) -> String {
        self.make.constant(tensor)
    }

    fn list(&mut self, values: &[i64]) -> String {
        self.constant(Tensor::ints(&[values.len()], values))
    }

    fn cast(&mut self, value: &str, from: Elem, to: Elem) -> String {
        if from == to {
            return value.to_owned();
        }
        let to = [i64::from(to.to_onnx())];
        self.make
            .node(&mut self.nodes, "Cast", &[value], &[("to", &to)])
    }

    /// The sum over `axes`, a constant.
    fn sum(&mut self, value: &str, axes: &str, keep: i64) -> String {
        let sum = self.op("ReduceSum", &[value, axes]);
        if let Some(node) = self.nodes.last_mut() {
            node.attribute.push(int("keepdims", keep));
        }
        sum
    }

    /// Rows of unit norm.
    fn unit(&mut self, rows: &str) -> String {
        let squares = self.op("Mul", &[rows, rows]);
        let second = self.list(&[1]);
        let sum = self.sum(&squares, &second, 1);
        let least = self.constant(Tensor::floats(&[], &[LEAST]));
        let sum = self.op("Add", &[&sum, &least]);
        let norm = self.op("Sqrt", &[&sum]);
        self.op("Div", &[rows, &norm])
    }

    /// The copies of `pixels`, `[rows, channels, height, width]` in [0, 1]: `[copies x rows, channels, height, width]`, all rows of
    /// one draw after the other.
    fn copies(
        &mut self,
        pixels: &str,
        (grid, copies): (Grid, usize),
        magnitudes: &Magnitudes,
        draws: &[f32],
    ) -> Result<String> {
        let Grid { height, width, .. } = grid;
        // One row for each draw, with the channels of all pictures.
        let flat = self.list(&[1, -1, height as i64, width as i64]);
        let flat = self.op("Reshape", &[pixels, &flat]);
        let all = self.list(&[copies as i64, 1, 1, 1]);
        let all = self.op("Expand", &[&flat, &all]);
        let made = layer(grid, copies, magnitudes.made())?;
        let floats = magnitudes.floats();
        let mut names = BTreeMap::from([
            (PIXELS.to_owned(), all),
            (
                NOISE.to_owned(),
                self.constant(Tensor::floats(&[copies, DRAWS], draws)),
            ),
            (
                MAGNITUDES.to_owned(),
                self.constant(Tensor::floats(&[floats.len()], &floats)),
            ),
        ]);
        for (name, tensor) in made.constants {
            let own = self.constant(tensor);
            names.insert(name, own);
        }
        for node in made.nodes {
            let inputs: Vec<&str> = node
                .input
                .iter()
                .map(|input| names.get(input).map_or("", String::as_str))
                .collect();
            let output = self.op(&node.op_type, &inputs);
            if let Some(own) = self.nodes.last_mut() {
                own.attribute.clone_from(&node.attribute);
                if node.op_type == "GridSample"
                    && self.opset >= RENAMED
                    && node.text_or("mode", "bilinear") == "bilinear"
                {
                    own.attribute.retain(|attribute| attribute.name != "mode");
                    own.attribute.push(text("mode", "linear"));
                }
            }
            names.extend(node.output.into_iter().map(|name| (name, output.clone())));
        }
        Ok(names.remove(COPIES).unwrap_or_default())
    }
}
