//! What is learned, on the device, and how a step moves it.

use super::jobs::Job;
use super::stack::floats;
use crate::compute::gpu::device::Device;
use crate::compute::gpu::kernels::Kernel;
use crate::compute::train::{HIGHEST, Learned, Plan, Step};
use crate::error::Result;
use bytemuck::{Pod, Zeroable};

/// Parts in which the gradient's norm is summed.
const PARTS: usize = 256;

/// Parameters of a step; `shaders/learn_update.wgsl` has the same layout.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct UpdateParams {
    count: u32,
    scalars: u32,
    adam: u32,
    trained: u32,
    rate: f32,
    second: f32,
    kept: f32,
    decay: f32,
    betas: [f32; 2],
    shares: [f32; 2],
    epsilon: f32,
    clip: f32,
    highest: f32,
    unused: u32,
}

/// Weights, moments and gradient, each in the order of the weights.
pub struct State {
    plan: Plan,
    pub weights: wgpu::Buffer,
    first: wgpu::Buffer,
    second: wgpu::Buffer,
    most: wgpu::Buffer,
    pub gradient: wgpu::Buffer,
    params: wgpu::Buffer,
    /// Makes the squared norm of the gradient.
    norm: [Job; 2],
    update: Job,
    steps: u64,
}

impl State {
    /// Uploads what is learned so far.
    pub fn new(device: &Device, plan: Plan, start: &Learned) -> Self {
        let count = plan.shape.count();
        let weights = device.upload("weights", &start.weights);
        let first = device.upload("first moment", &start.first);
        let second = device.upload("second moment", &start.second);
        let most = device.upload("largest second moment", &start.most);
        let gradient = floats(device, "gradient", count);
        let (parts, squares) = (
            floats(device, "parts of the norm", PARTS),
            floats(device, "squared norm", 1),
        );
        let params = device.uniform("update", size_of::<UpdateParams>() as u64);
        let sum = |params: [u32; 4], of: &wgpu::Buffer, to: &wgpu::Buffer, groups| {
            Job::new(device, Kernel::LearnNorm, &params, &[of, to], [groups, 1])
        };
        let norm = [
            sum([count as u32, 1, 0, 0], &gradient, &parts, PARTS as u32),
            sum([PARTS as u32, 0, 0, 0], &parts, &squares, 1),
        ];
        let update = Job::of(
            device,
            Kernel::LearnUpdate,
            &params,
            &[&gradient, &squares, &weights, &first, &second, &most],
            device.spread(Kernel::LearnUpdate, count),
        );
        Self {
            plan,
            weights,
            first,
            second,
            most,
            gradient,
            params,
            norm,
            update,
            steps: start.steps,
        }
    }

    /// What moves the weights by the gradient, for what is submitted next.
    pub fn step(&mut self, device: &Device, step: &Step) -> impl Iterator<Item = &Job> {
        self.steps += 1;
        let factors = step.factors(self.steps);
        let clips = step.clip.is_finite();
        let params = UpdateParams {
            count: self.plan.shape.count() as u32,
            scalars: self.plan.shape.weights() as u32,
            adam: u32::from(factors.is_adam) + u32::from(factors.by_most),
            trained: u32::from(self.plan.scalars),
            rate: factors.rate,
            second: factors.second,
            kept: factors.kept,
            decay: factors.decay,
            betas: factors.betas,
            shares: factors.shares,
            epsilon: factors.epsilon,
            clip: if clips { step.clip } else { -1.0 },
            highest: HIGHEST.ln(),
            unused: 0,
        };
        device.write(&self.params, &[params]);
        let norm = if clips { &self.norm[..] } else { &[] };
        norm.iter().chain([&self.update])
    }

    /// Goes on from what was learned elsewhere.
    pub fn put(&mut self, device: &Device, learned: &Learned) {
        device.write(&self.weights, &learned.weights);
        device.write(&self.first, &learned.first);
        device.write(&self.second, &learned.second);
        device.write(&self.most, &learned.most);
        self.steps = learned.steps;
    }

    /// What is learned so far.
    pub fn read(&self, device: &Device) -> Result<Learned> {
        let count = self.plan.shape.count();
        Ok(Learned {
            weights: device.read(&self.weights, count)?,
            first: device.read(&self.first, count)?,
            second: device.read(&self.second, count)?,
            most: device.read(&self.most, count)?,
            steps: self.steps,
        })
    }
}
