//! The pipelines of the transform, and the plan for planes of one size: buffers, tables and steps.

use super::lines::{self, Kernel, Layout, Step};
use crate::compute::fourier::{NOISE, mask};
use crate::compute::gpu::device::Device;
use crate::compute::{Band, Grid};
use crate::error::Result;
use bytemuck::{Pod, Zeroable};
use std::sync::Mutex;

/// What happens to a spectrum; the layout is the shaders'.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct Point {
    count: u32,
    plane: u32,
    limit: f32,
    unused: u32,
}

/// Pipelines of the transform, and the plan of the last size.
pub struct Fourier {
    line: wgpu::ComputePipeline,
    stage: wgpu::ComputePipeline,
    clip: wgpu::ComputePipeline,
    flatten: wgpu::ComputePipeline,
    magnitude: wgpu::ComputePipeline,
    /// Kept, since an attack transforms the same size again and again.
    pub plan: Mutex<Option<Plan>>,
}

impl Fourier {
    /// Builds the pipelines.
    pub fn new(device: &Device) -> Self {
        let source = |name, text| device.pipeline(name, text);
        Self {
            line: source("fft", include_str!("../../../../shaders/fft.wgsl")),
            stage: source(
                "fft stage",
                include_str!("../../../../shaders/fft_stage.wgsl"),
            ),
            clip: source(
                "spectrum clip",
                include_str!("../../../../shaders/spectrum_clip.wgsl"),
            ),
            flatten: source(
                "spectrum flatten",
                include_str!("../../../../shaders/spectrum_flatten.wgsl"),
            ),
            magnitude: source(
                "spectrum magnitude",
                include_str!("../../../../shaders/spectrum_magnitude.wgsl"),
            ),
            plan: Mutex::new(None),
        }
    }

    fn kernel(&self, kernel: Kernel) -> &wgpu::ComputePipeline {
        match kernel {
            Kernel::Line => &self.line,
            Kernel::Stage => &self.stage,
        }
    }
}

/// Buffers and steps for up to `planes` planes of one size.
pub struct Plan {
    height: usize,
    width: usize,
    planes: usize,
    real: wgpu::Buffer,
    spectrum: wgpu::Buffer,
    band: wgpu::Buffer,
    banded: Option<Band>,
    point: wgpu::Buffer,
    forward: Vec<Ready>,
    inverse: Vec<Ready>,
}

/// A step with its buffers.
struct Ready {
    step: Step,
    params: wgpu::Buffer,
    group: wgpu::BindGroup,
}

impl Plan {
    /// Allocates buffers for `planes` planes of `grid`'s size.
    pub fn new(device: &Device, fourier: &Fourier, grid: Grid, planes: usize) -> Self {
        let (height, width) = (grid.height, grid.width);
        let values = (planes * grid.plane()) as u64;
        let real = device.storage("planes", 4 * values);
        let complex = [
            device.storage("spectrum", 8 * values),
            device.storage("spectrum", 8 * values),
        ];
        let rows = Layout::rows(height, width);
        let columns = Layout::columns(height, width);
        let tables = [device.roots(width), device.roots(height)];
        let mut at = 0;
        let mut ready = |layouts: [(&Layout, &wgpu::Buffer); 2], inverse: bool| {
            let steps = layouts.iter().enumerate().flat_map(|(i, (layout, roots))| {
                let ends = (!inverse && i == 0, inverse && i == 1);
                let steps = layout.steps(inverse, ends.0, ends.1);
                steps.into_iter().map(move |s| (s, *roots))
            });
            let steps = steps.map(|(step, roots)| {
                let source = if step.real_in() { &real } else { &complex[at] };
                at = 1 - at;
                let goal = if step.real_out() { &real } else { &complex[at] };
                let params = device.uniform("line", lines::PARAMS);
                let pipeline = fourier.kernel(step.kernel);
                let group = device.bind(pipeline, &[&params, source, roots, goal]);
                Ready {
                    step,
                    params,
                    group,
                }
            });
            steps.collect::<Vec<_>>()
        };
        let forward = ready([(&rows, &tables[0]), (&columns, &tables[1])], false);
        let middle = forward.len() % 2;
        let inverse = ready([(&columns, &tables[1]), (&rows, &tables[0])], true);
        let [even, odd] = complex;
        Self {
            height,
            width,
            planes,
            spectrum: if middle == 0 { even } else { odd },
            real,
            band: device.storage("band", (grid.plane().div_ceil(32) * 4) as u64),
            banded: None,
            point: device.uniform("spectrum", size_of::<Point>() as u64),
            forward,
            inverse,
        }
    }

    /// Does this plan serve chunks of `planes` planes of `grid`'s size, without much waste?
    pub fn serves(&self, grid: Grid, planes: usize) -> bool {
        (self.height, self.width) == (grid.height, grid.width)
            && (planes..2 * planes).contains(&self.planes)
    }

    /// Uploads the frequencies of `band`, a bit each.
    pub fn set_band(&mut self, device: &Device, band: Band) {
        if self.banded == Some(band) {
            return;
        }
        let mask = mask(self.height, self.width, band);
        let word = |bits: &[bool]| {
            let bit = |(i, &inside): (usize, &bool)| u32::from(inside) << i;
            bits.iter().enumerate().map(bit).sum::<u32>()
        };
        let words: Vec<u32> = mask.chunks(32).map(word).collect();
        let words = bytemuck::cast_slice(&words);
        device.queue.write_buffer(&self.band, 0, words);
        self.banded = Some(band);
    }

    fn transform(
        device: &Device,
        fourier: &Fourier,
        pass: &mut wgpu::ComputePass<'_>,
        steps: &[Ready],
        planes: usize,
    ) {
        for ready in steps {
            let params = ready.step.params(planes);
            let params = bytemuck::cast_slice(&params);
            device.queue.write_buffer(&ready.params, 0, params);
            pass.set_pipeline(fourier.kernel(ready.step.kernel));
            pass.set_bind_group(0, &ready.group, &[]);
            let (x, y) = device.spread(ready.step.groups(planes));
            pass.dispatch_workgroups(x, y, 1);
        }
    }

    /// Transforms `values`, whole planes, applies `what`, and returns what comes of it.
    pub fn run(
        &self,
        device: &Device,
        fourier: &Fourier,
        values: &[f32],
        what: What,
    ) -> Result<Vec<f32>> {
        let plane = self.height * self.width;
        let planes = values.len() / plane;
        let point = Point {
            count: values.len() as u32,
            plane: plane as u32,
            limit: what.limit(),
            unused: 0,
        };
        let queue = &device.queue;
        queue.write_buffer(&self.real, 0, bytemuck::cast_slice(values));
        queue.write_buffer(&self.point, 0, bytemuck::bytes_of(&point));
        let (pipeline, buffers) = match what {
            What::Magnitudes => (
                &fourier.magnitude,
                [&self.point, &self.spectrum, &self.real],
            ),
            What::Flatten => (&fourier.flatten, [&self.point, &self.band, &self.spectrum]),
            What::Clip(_) => (&fourier.clip, [&self.point, &self.band, &self.spectrum]),
        };
        let group = device.bind(pipeline, &buffers);
        let mut encoder = device
            .wgpu
            .create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        {
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
            Self::transform(device, fourier, &mut pass, &self.forward, planes);
            pass.set_pipeline(pipeline);
            pass.set_bind_group(0, &group, &[]);
            let (x, y) = device.spread(values.len().div_ceil(256));
            pass.dispatch_workgroups(x, y, 1);
            if !matches!(what, What::Magnitudes) {
                Self::transform(device, fourier, &mut pass, &self.inverse, planes);
            }
        }
        queue.submit([encoder.finish()]);
        device.read(&self.real, values.len())
    }
}

/// What is done with a spectrum.
#[derive(Debug, Clone, Copy)]
pub enum What {
    /// Its magnitudes are taken.
    Magnitudes,
    /// Every magnitude becomes 1 or 0.
    Flatten,
    /// Every magnitude is clipped here.
    Clip(f32),
}

impl What {
    fn limit(self) -> f32 {
        match self {
            Self::Magnitudes => 0.0,
            Self::Flatten => NOISE,
            Self::Clip(limit) => limit,
        }
    }
}
