//! What the kernels of the steps are told and leave; `shaders/prelude/step.wgsl` has the same layouts.

use bytemuck::{Pod, Zeroable};

/// Parameters of every kernel of the steps; what `kind` means depends on the kernel.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
pub struct StepParams {
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

/// What the kernels know of a row: they hand it on from one to the next.
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
