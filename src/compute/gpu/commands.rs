//! A list of kernels to run one after the other, in one submission.

use super::device::Device;
use super::kernels::Kernel;
use crate::error::Result;
use bytemuck::Pod;

/// Kernels recorded in the order in which they are to run.
pub struct Commands<'a> {
    device: &'a Device,
    encoder: wgpu::CommandEncoder,
}

impl<'a> Commands<'a> {
    /// Nothing recorded yet.
    pub fn new(device: &'a Device) -> Self {
        let descriptor = wgpu::CommandEncoderDescriptor::default();
        Self {
            device,
            encoder: device.wgpu.create_command_encoder(&descriptor),
        }
    }

    /// Records `groups` workgroups of `kernel`; `params` is its binding 0, `buffers` are those from 1 on.
    pub fn run(
        &mut self,
        kernel: Kernel,
        params: &impl Pod,
        buffers: &[&wgpu::Buffer],
        groups: [u32; 2],
    ) {
        let uniform = self
            .device
            .uniform(kernel.name(), size_of_val(params) as u64);
        self.device.write(&uniform, std::slice::from_ref(params));
        let all: Vec<&wgpu::Buffer> = std::iter::once(&uniform)
            .chain(buffers.iter().copied())
            .collect();
        let group = self.device.bind(kernel, &all);
        self.pass(|device, pass| device.dispatch(pass, kernel, &group, groups));
    }

    /// Records what `work` dispatches, in one compute pass.
    pub fn pass(&mut self, work: impl FnOnce(&Device, &mut wgpu::ComputePass<'_>)) {
        let descriptor = wgpu::ComputePassDescriptor::default();
        work(
            self.device,
            &mut self.encoder.begin_compute_pass(&descriptor),
        );
    }

    /// Records a copy of `bytes` bytes between buffers; all numbers are multiples of 4.
    pub fn copy(
        &mut self,
        (source, from): (&wgpu::Buffer, u64),
        (goal, to): (&wgpu::Buffer, u64),
        bytes: u64,
    ) {
        self.encoder
            .copy_buffer_to_buffer(source, from, goal, to, Some(bytes));
    }

    /// Submits what was recorded; [`Device::wait`] waits for it.
    pub fn submit(self) -> wgpu::SubmissionIndex {
        self.device.queue.submit([self.encoder.finish()])
    }

    /// Submits what was recorded, waits, and reads the first `count` numbers of `buffer`.
    pub fn read<T: Pod>(self, buffer: &wgpu::Buffer, count: usize) -> Result<Vec<T>> {
        let device = self.device;
        self.submit();
        device.read(buffer, count)
    }
}
