//! The similarity of a batch, what its lines cost, and the gradient by the unit rows.

use super::jobs::{Job, Matrix, Product};
use super::stack::floats;
use crate::compute::gpu::device::Device;
use crate::compute::gpu::kernels::Kernel;
use crate::compute::train::{Plan, StepLoss};
use crate::error::Result;
use bytemuck::{Pod, Zeroable};

/// Values of a line's cost: loss, derivatives by both scalars.
pub const COSTS: usize = 3;

/// Parameters of a loss; `shaders/prelude/line.wgsl` has the same layout.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct LineParams {
    size: u32,
    columns: u32,
    scalars: u32,
    unused: u32,
    margin: f32,
    warmth: f32,
    share: f32,
    unused_too: f32,
}

/// Parameters of the gradient by the scalars; `shaders/learn_scalars.wgsl` has the same layout.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct ScalarsParams {
    lines: u32,
    place: u32,
    share: f32,
    unused: u32,
}

/// The buffers of a batch's similarity.
pub struct Lines {
    plan: Plan,
    /// `[B, B]`, images by captions.
    pub scores: wgpu::Buffer,
    /// The gradient by them.
    by_score: wgpu::Buffer,
    /// Losses of all lines, then their derivatives by the scalars.
    pub costs: wgpu::Buffer,
    /// Pairs that are left out.
    left_out: wgpu::Buffer,
    leave_out_params: wgpu::Buffer,
    /// One of the rows, one of the columns.
    params: [wgpu::Buffer; 2],
}

impl Lines {
    /// For batches of the plan's size.
    pub fn new(device: &Device, plan: Plan) -> Self {
        let square = plan.batch * plan.batch;
        let line_params = size_of::<LineParams>() as u64;
        Self {
            plan,
            scores: floats(device, "similarity", square),
            by_score: floats(device, "by similarity", square),
            costs: floats(device, "costs", COSTS * 2 * plan.batch),
            left_out: floats(device, "left out", 4 * plan.batch),
            leave_out_params: device.uniform("left out", 16),
            params: ["rows", "columns"].map(|name| device.uniform(name, line_params)),
        }
    }

    /// Makes the similarity of unit rows.
    pub fn compare(&self, device: &Device, units: &wgpu::Buffer) -> Job {
        let (size, dim) = (self.plan.batch, self.plan.shape.outputs);
        if self.plan.loss.description().by_order {
            return Job::new(
                device,
                Kernel::LearnOrder,
                &self.order_params(),
                &[units, &self.scores],
                Kernel::LearnOrder.groups(size, size),
            );
        }
        let images = Matrix::new(0, dim);
        let texts = Matrix::new(size * dim, dim).transposed();
        let product = Product::new([size, size, dim], [images, texts, Matrix::new(0, size)]);
        Job::multiply(device, &product, [units, units, &self.scores], None)
    }

    /// Gives the pairs that are left out their score; nothing to do where there are none.
    pub fn leave_out(&mut self, device: &Device, pairs: &[u32]) -> Option<Job> {
        let whole = self.plan.batch * self.plan.batch;
        if pairs.is_empty() {
            return None;
        }
        let bytes = size_of_val(pairs) as u64;
        if bytes > self.left_out.size() {
            self.left_out = device.storage("left out", bytes.next_power_of_two());
        }
        device.write(&self.left_out, pairs);
        device.write(
            &self.leave_out_params,
            &[pairs.len() as u32, whole as u32, 0, 0],
        );
        Some(Job::of(
            device,
            Kernel::LearnLeaveOut,
            &self.leave_out_params,
            &[&self.left_out, &self.scores],
            device.spread(Kernel::LearnLeaveOut, pairs.len()),
        ))
    }

    /// Makes what each line costs and the gradient by the similarity, then that by the scalars and by the unit rows: the
    /// latter in `back`.
    pub fn cost(
        &self,
        device: &Device,
        [weights, gradient]: [&wgpu::Buffer; 2],
        [units, back]: [&wgpu::Buffer; 2],
    ) -> Vec<Job> {
        let (size, dim) = (self.plan.batch, self.plan.shape.outputs);
        let about = self.plan.loss.description();
        let buffers = [&self.scores, weights, &self.by_score, &self.costs];
        let lines = [size as u32, 1];
        let mut jobs: Vec<Job> = self
            .params
            .iter()
            .map(|params| Job::of(device, about.kernel, params, &buffers, lines))
            .collect();
        if self.plan.scalars {
            let params = ScalarsParams {
                lines: 2 * size as u32,
                place: self.plan.shape.weights() as u32,
                share: 1.0 / size as f32,
                unused: 0,
            };
            let buffers = [&self.costs, gradient];
            jobs.push(Job::new(
                device,
                Kernel::LearnScalars,
                &params,
                &buffers,
                [1, 1],
            ));
        }
        if about.by_order {
            jobs.push(Job::new(
                device,
                Kernel::LearnOrderBack,
                &self.order_params(),
                &[units, &self.by_score, back],
                device.spread(Kernel::LearnOrderBack, 2 * size * dim),
            ));
            return jobs;
        }
        let scores = Matrix::new(0, size);
        let [images, texts] = [0, size * dim].map(|start| Matrix::new(start, dim));
        let buffers = [&self.by_score, units, back];
        for of in [
            [scores, texts, images],
            [scores.transposed(), images, texts],
        ] {
            let product = Product::new([size, dim, size], of);
            jobs.push(Job::multiply(device, &product, buffers, None));
        }
        jobs
    }

    /// Sets how far the loss has warmed up, for what is submitted next.
    pub fn warm(&self, device: &Device, warmth: f32) {
        for (params, columns) in self.params.iter().zip(0..) {
            device.write(
                params,
                &[LineParams {
                    size: self.plan.batch as u32,
                    columns,
                    scalars: self.plan.shape.weights() as u32,
                    unused: 0,
                    margin: self.plan.margin,
                    warmth,
                    share: 1.0 / self.plan.batch as f32,
                    unused_too: 0.0,
                }],
            );
        }
    }

    /// What the last batch cost.
    pub fn read(&self, device: &Device) -> Result<StepLoss> {
        let lines = device.read(&self.costs, 2 * self.plan.batch)?;
        Ok(step_loss(lines, self.plan.batch))
    }

    /// Pairs, length of a row; `shaders/prelude/order.wgsl` has the same layout.
    fn order_params(&self) -> [u32; 4] {
        [self.plan.batch as u32, self.plan.shape.outputs as u32, 0, 0]
    }
}

/// What a step of these line losses cost.
pub fn step_loss(lines: Vec<f32>, pairs: usize) -> StepLoss {
    let total: f64 = lines.iter().map(|&loss| f64::from(loss)).sum();
    StepLoss {
        mean: (total / pairs as f64) as f32,
        lines,
    }
}
