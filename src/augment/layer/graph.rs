//! The layer as a graph of standard operators.

use crate::augment::change::{CHANGES, Change, Changes};
use crate::augment::draws::DRAWS;
use crate::compute::Grid;
use crate::error::Result;
use crate::onnx::node::{int, text};
use crate::onnx::{Builder, Elem, Graph, OPSET, Tensor, Value};
use std::f32::consts::TAU;

/// The input with the pixels.
pub const PIXELS: &str = "pixels";
/// The input with the draws.
pub const NOISE: &str = "draws";
/// The input with the magnitudes.
pub const MAGNITUDES: &str = "magnitudes";
/// The output.
pub const COPIES: &str = "copies";

/// Added to twice the square of a blur's width, in pixels: a width of 0 leaves each pixel alone instead of dividing by 0.
const LEAST: f32 = 1e-4;

/// What is taken off each weight of a blur before it is cut at 0 and they are made to sum to 1: the largest is 1, so it is
/// below the rounding of any that counts, and without it those far away are subnormal numbers, with which processors
/// multiply many times as slowly.
const FAR: f32 = 1e-12;

/// The graph that makes `changes` of `rows` pictures. Inputs: [`PIXELS`] in [0, 1], `[rows, channels, height, width]`; [`NOISE`],
/// `[rows, 7]`; [`MAGNITUDES`], `[6]`, in the order of [`Change::ALL`]. Output: [`COPIES`], `[rows, channels, height, width]`.
///
/// Nothing in it depends on the number of pictures that share a row of draws: fed `[rows, pictures * channels, height, width]`,
/// it yields `[rows * pictures, channels, height, width]`.
///
/// In this order: pixel (x, y) is taken from where the inverse of scaling, turning (clockwise for a draw above 0) and moving
/// (right and down) leads, with linear interpolation, the picture mirrored at its edges; a Gaussian blur, whose weights sum
/// to 1 within the picture; `x + m u (x - grey)` with the mean of the channels for grey; `x + m u`; and the cut to [0, 1].
/// Where a value is cut off its derivative is 0, and so is that of a place beyond the middle of an edge's pixel.
///
/// # Errors
/// None for a grid with pixels.
pub fn graph(grid: Grid, rows: usize, changes: Changes) -> Result<Graph> {
    let mut b = Builder::new(Graph {
        opset: OPSET,
        ..Graph::default()
    });
    let Grid {
        channels,
        height,
        width,
        ..
    } = grid;
    let pixels = b.feed(PIXELS, Elem::F32, &[rows, channels, height, width]);
    let noise = b.feed(NOISE, Elem::F32, &[rows, DRAWS]);
    let magnitudes = b.feed(MAGNITUDES, Elem::F32, &[CHANGES]);
    let mut layer = Layers {
        b,
        grid,
        noise,
        magnitudes,
    };
    let mut x = pixels;
    let moves = [Change::Rotation, Change::Shift, Change::Scale];
    if moves.into_iter().any(|change| changes.has(change)) {
        x = layer.moved(&x, changes)?;
    }
    if changes.has(Change::Blur) {
        x = layer.blurred(&x)?;
    }
    let x = layer.toned(&x, changes)?;
    let mut graph = layer.b.into_graph();
    graph.rename(&x.name, COPIES);
    // What is made of the graph may call a node of its own as this value was called.
    if let Some(node) = graph.nodes.last_mut() {
        COPIES.clone_into(&mut node.name);
    }
    graph.outputs = vec![COPIES.to_owned()];
    Ok(graph)
}

struct Layers {
    b: Builder,
    grid: Grid,
    noise: Value,
    magnitudes: Value,
}

impl Layers {
    /// Draw `at` times the magnitude of `change`, `[rows, 1]`.
    fn change(&mut self, change: Change, at: usize) -> Result<Value> {
        let draw = self.b.slice(&self.noise, &[1], &[at], &[at + 1], &[1]);
        let place = change.index();
        let magnitude = self
            .b
            .slice(&self.magnitudes, &[0], &[place], &[place + 1], &[1]);
        Ok(self.b.mul(&draw, &magnitude)?)
    }

    /// The picture turned, moved and scaled.
    fn moved(&mut self, x: &Value, changes: Changes) -> Result<Value> {
        let (height, width) = (self.grid.height, self.grid.width);
        let rows = x.shape[0];
        let area = height * width;
        // Pixels from the middle.
        let across = |at: usize| (at % width) as f32 + 0.5 - width as f32 / 2.0;
        let down = |at: usize| (at / width) as f32 + 0.5 - height as f32 / 2.0;
        let across: Vec<f32> = (0..area).map(across).collect();
        let down: Vec<f32> = (0..area).map(down).collect();
        let mut places =
            [across, down].map(|values| self.b.tensor(Tensor::floats(&[1, area], &values)));
        if changes.has(Change::Shift) {
            let sides = [width, height];
            for ((place, side), draw) in places.iter_mut().zip(sides).zip(1..) {
                let move_by = self.change(Change::Shift, draw)?;
                let move_by = self.b.scale(&move_by, side as f32);
                *place = self.b.sub(place, &move_by)?;
            }
        }
        if changes.has(Change::Rotation) {
            let turn = self.change(Change::Rotation, 0)?;
            let turn = self.b.scale(&turn, TAU);
            let (cos, sin) = (self.b.unary("Cos", &turn), self.b.unary("Sin", &turn));
            let [across, down] = &places;
            let (a, c) = (self.b.mul(across, &cos)?, self.b.mul(down, &sin)?);
            let turned = self.b.add(&a, &c)?;
            let (a, c) = (self.b.mul(down, &cos)?, self.b.mul(across, &sin)?);
            places = [turned, self.b.sub(&a, &c)?];
        }
        if changes.has(Change::Scale) {
            let log = self.change(Change::Scale, 3)?;
            let log = self.b.unary("Neg", &log);
            let factor = self.b.unary("Exp", &log);
            for place in &mut places {
                *place = self.b.mul(place, &factor)?;
            }
        }
        let sides = [width, height];
        let mut parts = Vec::with_capacity(2);
        for (place, side) in places.iter().zip(sides) {
            // From -1 to 1 between the outer edges.
            let part = self.b.scale(place, 2.0 / side as f32);
            parts.push(self.b.reshape(&part, &[rows, area, 1])?);
        }
        let places = self.b.concat(&parts, 2)?;
        let places = self.b.reshape(&places, &[rows, height, width, 2])?;
        let attributes = vec![
            text("mode", "bilinear"),
            text("padding_mode", "reflection"),
            int("align_corners", 0),
        ];
        Ok(self
            .b
            .node("GridSample", &[x, &places], attributes, x.elem, &x.shape))
    }

    /// The picture blurred, as a product with a matrix of weights along each side.
    fn blurred(&mut self, x: &Value) -> Result<Value> {
        let (height, width) = (self.grid.height, self.grid.width);
        let share = self.change(Change::Blur, 6)?;
        let sigma = self.b.scale(&share, height.min(width) as f32);
        let square = self.b.mul(&sigma, &sigma)?;
        let twice = self.b.scale(&square, 2.0);
        let spread = self.b.shift(&twice, LEAST);
        let spread = self.b.reshape(&spread, &[x.shape[0], 1, 1, 1])?;
        let left = self.weights(height, &spread, 3)?;
        let right = self.weights(width, &spread, 2)?;
        let along = self.b.matmul(&left, x)?;
        Ok(self.b.matmul(&along, &right)?)
    }

    /// `exp(-(i - j)^2 / spread)`, `[rows, 1, side, side]`, without those below [`FAR`], over its sum along `axis`.
    fn weights(&mut self, side: usize, spread: &Value, axis: usize) -> Result<Value> {
        let apart = |at: usize| {
            let apart = (at / side).abs_diff(at % side) as f32;
            -apart * apart
        };
        let squares: Vec<f32> = (0..side * side).map(apart).collect();
        let squares = self.b.tensor(Tensor::floats(&[1, 1, side, side], &squares));
        let powers = self.b.div(&squares, spread)?;
        let weights = self.b.unary("Exp", &powers);
        let weights = self.b.shift(&weights, -FAR);
        let weights = self.b.unary("Relu", &weights);
        let sum = self.b.sum(&weights, &[axis], true);
        Ok(self.b.div(&weights, &sum)?)
    }

    /// Colour and brightness changed, cut to [0, 1].
    fn toned(&mut self, x: &Value, changes: Changes) -> Result<Value> {
        let Grid {
            channels,
            height,
            width,
            ..
        } = self.grid;
        let (rows, area) = (x.shape[0], height * width);
        // Rows of draws, pictures that share them, channels, pixels.
        let mut x = self.open(x, [rows, 1, channels, area], 1);
        if changes.has(Change::Colour) {
            let factor = self.change(Change::Colour, 5)?;
            let factor = self.b.reshape(&factor, &[rows, 1, 1, 1])?;
            let grey = self.b.mean(&x, &[2], true);
            let colour = self.b.sub(&x, &grey)?;
            let more = self.b.mul(&colour, &factor)?;
            x = self.b.add(&x, &more)?;
        }
        if changes.has(Change::Brightness) {
            let light = self.change(Change::Brightness, 4)?;
            let light = self.b.reshape(&light, &[rows, 1, 1, 1])?;
            x = self.b.add(&x, &light)?;
        }
        let (black, white) = (self.b.scalar(0.0), self.b.scalar(1.0));
        let cut = self
            .b
            .node("Clip", &[&x, &black, &white], vec![], x.elem, &x.shape);
        Ok(self.open(&cut, [rows, channels, height, width], 0))
    }

    /// `x` under another shape, whose size along `axis` is what the values leave.
    fn open(&mut self, x: &Value, shape: [usize; 4], axis: usize) -> Value {
        let mut list = shape.map(|size| size as i64);
        list[axis] = -1;
        let list = self.b.ints(&list);
        self.b.node("Reshape", &[x, &list], vec![], x.elem, &shape)
    }
}
