//! The kernels of the steps, and what they are told; layouts and numbers are the shaders'.

use crate::compute::gpu::device::Device;
use bytemuck::{Pod, Zeroable};
use std::sync::OnceLock;

/// The kernels, by number.
#[derive(Debug, Clone, Copy)]
pub enum Kernel {
    Norms,
    Keys,
    Select,
    Step,
    Soften,
    Place,
    Blend,
    Accumulate,
    Noise,
    Squares,
}

/// Name and source of each [`Kernel`], in its order.
const SOURCES: [(&str, &str); 10] = [
    ("norms", include_str!("../../../../shaders/norms.wgsl")),
    ("keys", include_str!("../../../../shaders/keys.wgsl")),
    ("select", include_str!("../../../../shaders/select.wgsl")),
    ("step", include_str!("../../../../shaders/step.wgsl")),
    ("soften", include_str!("../../../../shaders/soften.wgsl")),
    ("place", include_str!("../../../../shaders/place.wgsl")),
    ("blend", include_str!("../../../../shaders/blend.wgsl")),
    (
        "accumulate",
        include_str!("../../../../shaders/accumulate.wgsl"),
    ),
    ("noise", include_str!("../../../../shaders/noise.wgsl")),
    ("squares", include_str!("../../../../shaders/squares.wgsl")),
];

/// The pipelines, each built when it is first needed: starting the program takes none of them.
#[derive(Default)]
pub struct Kernels([OnceLock<wgpu::ComputePipeline>; SOURCES.len()]);

impl Kernels {
    /// The pipeline of `kernel`.
    pub fn get(&self, device: &Device, kernel: Kernel) -> &wgpu::ComputePipeline {
        let (name, source) = SOURCES[kernel as usize];
        self.0[kernel as usize].get_or_init(|| device.pipeline(name, source))
    }
}

/// What a kernel is told; the layout is the shaders'.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
pub struct Params {
    pub plane: u32,
    pub channels: u32,
    pub kind: u32,
    pub k: u32,
    pub count: u32,
    pub radius: f32,
    pub alpha: f32,
    pub width: u32,
    pub seed: [u32; 2],
    pub stream: u32,
    pub zero: u32,
}

/// What is known of a row; the layout is the shaders'.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
pub struct RowState {
    pub size: f32,
    pub linf: f32,
    pub l2: f32,
    pub l1: f32,
    pub sum: f32,
    pub pixels: u32,
    odd: u32,
    threshold: u32,
    cutoff: u32,
    chosen: u32,
    theta: f32,
    scale: f32,
}
