//! Dispatches that are prepared once and recorded in every step.

use crate::compute::gpu::commands::Commands;
use crate::compute::gpu::device::Device;
use crate::compute::gpu::kernels::Kernel;
use bytemuck::{Pod, Zeroable};

/// A kernel with what is bound to it and how many workgroups it takes.
pub struct Job {
    kernel: Kernel,
    group: wgpu::BindGroup,
    groups: [u32; 3],
}

impl Job {
    /// `groups` workgroups of `kernel`; `params` are at binding 0, `buffers` from 1 on.
    pub fn new(
        device: &Device,
        kernel: Kernel,
        params: &impl Pod,
        buffers: &[&wgpu::Buffer],
        groups: [u32; 2],
    ) -> Self {
        let uniform = device.uniform(kernel.name(), size_of_val(params) as u64);
        device.write(&uniform, std::slice::from_ref(params));
        Self::of(device, kernel, &uniform, buffers, groups)
    }

    /// The same, with parameters that are written before every run.
    pub fn of(
        device: &Device,
        kernel: Kernel,
        params: &wgpu::Buffer,
        buffers: &[&wgpu::Buffer],
        [x, y]: [u32; 2],
    ) -> Self {
        let all: Vec<&wgpu::Buffer> = std::iter::once(params)
            .chain(buffers.iter().copied())
            .collect();
        Self {
            kernel,
            group: device.bind(kernel, &all),
            groups: [x, y, 1],
        }
    }

    /// A product for each layer; `base` is bound where the product adds one.
    pub fn multiply(
        device: &Device,
        product: &Product,
        [left, right, out]: [&wgpu::Buffer; 3],
        base: Option<&wgpu::Buffer>,
    ) -> Self {
        let size = product.params.size;
        let groups = [size[1].div_ceil(BLOCK), size[0].div_ceil(BLOCK)];
        let buffers = [left, right, base.unwrap_or(left), out];
        let mut job = Self::new(
            device,
            Kernel::LearnMultiply,
            &product.params,
            &buffers,
            groups,
        );
        job.groups[2] = product.layers;
        job
    }

    /// Puts it on the list of `pass`.
    fn record(&self, device: &Device, pass: &mut wgpu::ComputePass<'_>) {
        let [x, y, z] = self.groups;
        pass.set_pipeline(device.pipeline(self.kernel));
        pass.set_bind_group(0, &self.group, &[]);
        pass.dispatch_workgroups(x, y, z);
    }
}

/// Records `jobs` in one pass, each after what the ones before it have written.
pub fn record<'a>(commands: &mut Commands<'_>, jobs: impl IntoIterator<Item = &'a Job>) {
    commands.pass(|device, pass| {
        for job in jobs {
            job.record(device, pass);
        }
    });
}

/// Rows and columns of a block of `shaders/learn_multiply.wgsl`.
pub const BLOCK: u32 = 64;

/// Where the values of a matrix stand in their buffer.
#[derive(Clone, Copy, Default, Pod, Zeroable)]
#[repr(C)]
pub struct Matrix {
    start: u32,
    row: u32,
    column: u32,
    layer: u32,
}

impl Matrix {
    /// Row-major from `start` on, with this many columns.
    pub fn new(start: usize, columns: usize) -> Self {
        Self {
            start: start as u32,
            row: columns as u32,
            column: 1,
            layer: 0,
        }
    }

    /// The same transposed.
    pub fn transposed(self) -> Self {
        Self {
            row: self.column,
            column: self.row,
            ..self
        }
    }

    /// The same, where the next layer's matrix begins `step` values after it.
    pub fn layers(self, step: usize) -> Self {
        Self {
            layer: step as u32,
            ..self
        }
    }
}

/// Parameters of a product; `shaders/learn_multiply.wgsl` has the same layout.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct MultiplyParams {
    /// Rows, columns, depth.
    size: [u32; 3],
    based: u32,
    left: Matrix,
    right: Matrix,
    base: Matrix,
    out: Matrix,
}

/// What a product multiplies.
pub struct Product {
    params: MultiplyParams,
    layers: u32,
}

impl Product {
    /// `out = left . right` of this many rows, columns and values along the depth.
    pub fn new(size: [usize; 3], [left, right, out]: [Matrix; 3]) -> Self {
        let params = MultiplyParams {
            size: size.map(|n| n as u32),
            based: 0,
            left,
            right,
            base: Matrix::default(),
            out,
        };
        Self { params, layers: 1 }
    }

    /// As many of them.
    pub fn layers(mut self, layers: usize) -> Self {
        self.layers = layers as u32;
        self
    }

    /// Adds `base`, where there is one.
    pub fn onto(mut self, base: Option<Matrix>) -> Self {
        self.params.based = u32::from(base.is_some());
        self.params.base = base.unwrap_or_default();
        self
    }
}
