//! The layers of heads: rows of all sides in one stack, forward to unit rows and back to the gradient by the weights.

use super::jobs::{Job, Matrix, Product};
use crate::compute::gpu::device::Device;
use crate::compute::gpu::kernels::Kernel;
use crate::compute::train::{Activation, HeadShape, Part};
use bytemuck::{Pod, Zeroable};

/// Which rows pass which weights. Heads that are not shared are two layers of the stack, whose rows follow each other as
/// their weights do; shared ones are a single layer with the rows of both sides.
#[derive(Clone, Copy)]
pub struct Layout {
    pub shape: HeadShape,
    /// The weights of the first layer of the stack.
    part: Part,
    layers: usize,
    /// Rows of one layer.
    rows: usize,
    /// From the weights of one layer to those of the next.
    step: usize,
}

impl Layout {
    /// Both sides of a batch of `pairs`: rows of the images, then those of the captions.
    pub fn both(shape: HeadShape, pairs: usize) -> Self {
        let [image, text] = shape.parts();
        let layers = if shape.shared { 1 } else { 2 };
        Self {
            shape,
            part: image,
            layers,
            rows: 2 * pairs / layers,
            step: text.first.start - image.first.start,
        }
    }

    /// Rows of one side, by the head at `part`.
    pub fn single(shape: HeadShape, part: Part, rows: usize) -> Self {
        Self {
            shape,
            part,
            layers: 1,
            rows,
            step: 0,
        }
    }

    fn all_rows(&self) -> usize {
        self.layers * self.rows
    }

    /// Rows of `columns` values, one after the other.
    fn matrix(&self, columns: usize) -> Matrix {
        Matrix::new(0, columns).layers(self.rows * columns)
    }
}

/// What the forward pass makes, in buffers of its own.
pub struct Stack {
    layout: Layout,
    /// What goes in, with the bias's 1 where there is one.
    pub given: wgpu::Buffer,
    /// The hidden layer before and after its activation.
    hidden: [wgpu::Buffer; 2],
    /// Unit rows.
    pub units: wgpu::Buffer,
    norms: wgpu::Buffer,
}

/// Parameters of the kernels that change each value; `shaders/prelude/activation.wgsl` has the same layout.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct ActivationParams {
    count: u32,
    gelu: u32,
    unused: [u32; 2],
}

impl ActivationParams {
    fn new(count: usize, activation: Activation) -> Self {
        Self {
            count: count as u32,
            gelu: u32::from(activation == Activation::Gelu),
            unused: [0; 2],
        }
    }
}

/// A buffer of `count` floats.
pub fn floats(device: &Device, label: &str, count: usize) -> wgpu::Buffer {
    device.storage(label, (count * size_of::<f32>()) as u64)
}

impl Stack {
    /// Buffers for rows in this layout.
    pub fn new(device: &Device, layout: Layout) -> Self {
        let (shape, rows) = (layout.shape, layout.all_rows());
        let width = shape.hidden.map_or(0, |hidden| hidden.width);
        Self {
            layout,
            given: floats(device, "rows", rows * shape.columns()),
            hidden: ["hidden", "activated"].map(|name| floats(device, name, rows * width)),
            units: floats(device, "unit rows", rows * shape.outputs),
            norms: floats(device, "norms", rows),
        }
    }

    /// Makes unit rows of the rows that are given.
    pub fn forward(&self, device: &Device, weights: &wgpu::Buffer) -> Vec<Job> {
        let Layout {
            shape,
            part,
            layers,
            rows,
            step,
        } = self.layout;
        let given = self.layout.matrix(shape.columns());
        let units = self.layout.matrix(shape.outputs);
        let first = Matrix::new(part.first.start, part.first.columns)
            .transposed()
            .layers(step);
        let base = shape.residual.then_some((given, &self.given));
        let onto = |size, of| {
            Product::new(size, of)
                .layers(layers)
                .onto(base.map(|(matrix, _)| matrix))
        };
        let base = base.map(|(_, buffer)| buffer);
        let mut jobs = Vec::new();
        if let (Some(second), Some(hidden)) = (part.second, shape.hidden) {
            let [before, after] = &self.hidden;
            let inner = self.layout.matrix(hidden.width);
            let size = [rows, hidden.width, shape.columns()];
            let product = Product::new(size, [given, first, inner]).layers(layers);
            jobs.push(Job::multiply(
                device,
                &product,
                [&self.given, weights, before],
                None,
            ));
            let count = layers * rows * hidden.width;
            jobs.push(Job::new(
                device,
                Kernel::LearnActivate,
                &ActivationParams::new(count, hidden.activation),
                &[before, after],
                device.spread(Kernel::LearnActivate, count),
            ));
            let second = Matrix::new(second.start, second.columns)
                .transposed()
                .layers(step);
            let size = [rows, shape.outputs, hidden.width];
            let buffers = [after, weights, &self.units];
            let product = onto(size, [inner, second, units]);
            jobs.push(Job::multiply(device, &product, buffers, base));
        } else {
            let size = [rows, shape.outputs, shape.columns()];
            let buffers = [&self.given, weights, &self.units];
            let product = onto(size, [given, first, units]);
            jobs.push(Job::multiply(device, &product, buffers, base));
        }
        jobs.push(Job::new(
            device,
            Kernel::LearnUnit,
            &self.unit_params(),
            &[&self.units, &self.norms],
            device.spread_groups(layers * rows),
        ));
        jobs
    }

    /// Makes the gradient by the weights; `back` holds that by the unit rows, and is overwritten.
    pub fn backward(
        &self,
        device: &Device,
        weights: &wgpu::Buffer,
        back: &wgpu::Buffer,
        gradient: &wgpu::Buffer,
    ) -> Vec<Job> {
        let Layout {
            shape,
            part,
            layers,
            rows,
            step,
        } = self.layout;
        let given = self.layout.matrix(shape.columns());
        let outer = self.layout.matrix(shape.outputs);
        let of = |size, of| Product::new(size, of).layers(layers);
        let goal = |start, columns| Matrix::new(start, columns).layers(step);
        let first = goal(part.first.start, part.first.columns);
        let mut jobs = vec![Job::new(
            device,
            Kernel::LearnUnitBack,
            &self.unit_params(),
            &[&self.units, &self.norms, back],
            device.spread_groups(layers * rows),
        )];
        let (Some(second), Some(hidden)) = (part.second, shape.hidden) else {
            let size = [shape.outputs, shape.columns(), rows];
            let product = of(size, [outer.transposed(), given, first]);
            let buffers = [back, &self.given, gradient];
            jobs.push(Job::multiply(device, &product, buffers, None));
            return jobs;
        };
        let [before, after] = &self.hidden;
        let inner = self.layout.matrix(hidden.width);
        let second = goal(second.start, second.columns);
        let size = [shape.outputs, hidden.width, rows];
        let product = of(size, [outer.transposed(), inner, second]);
        jobs.push(Job::multiply(
            device,
            &product,
            [back, after, gradient],
            None,
        ));
        let count = layers * rows * hidden.width;
        let by_hidden = floats(device, "by hidden", count);
        let size = [rows, hidden.width, shape.outputs];
        let product = of(size, [outer, second, inner]);
        let buffers = [back, weights, &by_hidden];
        jobs.push(Job::multiply(device, &product, buffers, None));
        jobs.push(Job::new(
            device,
            Kernel::LearnActivateBack,
            &ActivationParams::new(count, hidden.activation),
            &[before, &by_hidden],
            device.spread(Kernel::LearnActivateBack, count),
        ));
        let size = [hidden.width, shape.columns(), rows];
        let product = of(size, [inner.transposed(), given, first]);
        let buffers = [&by_hidden, &self.given, gradient];
        jobs.push(Job::multiply(device, &product, buffers, None));
        jobs
    }

    /// Rows, their length; `shaders/prelude/unit.wgsl` has the same layout.
    fn unit_params(&self) -> [u32; 4] {
        let rows = self.layout.all_rows();
        [rows as u32, self.layout.shape.outputs as u32, 0, 0]
    }
}

/// Adds rows of the shape's inputs to `out` as the stack takes them, each with the bias's 1 where there is one.
pub fn stage(shape: &HeadShape, rows: &[f32], out: &mut Vec<f32>) {
    if shape.bias {
        for row in rows.chunks_exact(shape.inputs) {
            out.extend_from_slice(row);
            out.push(1.0);
        }
    } else {
        out.extend_from_slice(rows);
    }
}
