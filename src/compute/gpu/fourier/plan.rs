//! The plan of the transform of planes of one size: buffers, tables and steps.

use super::lines::{self, Layout, Step};
use crate::compute::fourier::{NOISE, mask};
use crate::compute::gpu::commands::Commands;
use crate::compute::gpu::device::Device;
use crate::compute::gpu::kernels::Kernel;
use crate::compute::{Band, Grid};
use crate::error::Result;
use bytemuck::{Pod, Zeroable};

/// Parameters of the kernels that change a spectrum; `shaders/prelude/spectrum.wgsl` has the same layout.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct SpectrumParams {
    count: u32,
    plane: u32,
    limit: f32,
    unused: u32,
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
    params: wgpu::Buffer,
    forward: Vec<PlannedStep>,
    inverse: Vec<PlannedStep>,
}

/// A step with its buffers.
struct PlannedStep {
    step: Step,
    params: wgpu::Buffer,
    group: wgpu::BindGroup,
}

impl Plan {
    /// Allocates buffers for `planes` planes of `grid`'s size.
    pub fn new(device: &Device, grid: Grid, planes: usize) -> Self {
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
                let group = device.bind(step.kernel(), &[&params, source, roots, goal]);
                PlannedStep {
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
            params: device.uniform("spectrum", size_of::<SpectrumParams>() as u64),
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
        device.write(&self.band, &words);
        self.banded = Some(band);
    }

    /// Records `steps` for `planes` planes.
    fn transform(
        device: &Device,
        pass: &mut wgpu::ComputePass<'_>,
        steps: &[PlannedStep],
        planes: usize,
    ) {
        for planned in steps {
            device.write(&planned.params, &planned.step.params(planes));
            let groups = device.spread_groups(planned.step.groups(planes));
            device.dispatch(pass, planned.step.kernel(), &planned.group, groups);
        }
    }

    /// Transforms `values`, whole planes, applies `op`, and returns the magnitudes, or the values after the inverse
    /// transform.
    pub fn run(&self, device: &Device, values: &[f32], op: SpectrumOp) -> Result<Vec<f32>> {
        let plane = self.height * self.width;
        let planes = values.len() / plane;
        let params = SpectrumParams {
            count: values.len() as u32,
            plane: plane as u32,
            limit: op.limit(),
            unused: 0,
        };
        device.write(&self.real, values);
        device.write(&self.params, &[params]);
        let (kernel, buffers) = match op {
            SpectrumOp::Magnitudes => (
                Kernel::SpectrumMagnitude,
                [&self.params, &self.spectrum, &self.real],
            ),
            SpectrumOp::Flatten => (
                Kernel::SpectrumFlatten,
                [&self.params, &self.band, &self.spectrum],
            ),
            SpectrumOp::Clip(_) => (
                Kernel::SpectrumClip,
                [&self.params, &self.band, &self.spectrum],
            ),
        };
        let group = device.bind(kernel, &buffers);
        let mut commands = Commands::new(device);
        commands.pass(|device, pass| {
            Self::transform(device, pass, &self.forward, planes);
            let groups = device.spread(kernel, values.len());
            device.dispatch(pass, kernel, &group, groups);
            if !matches!(op, SpectrumOp::Magnitudes) {
                Self::transform(device, pass, &self.inverse, planes);
            }
        });
        commands.read(&self.real, values.len())
    }
}

/// What is done with a spectrum.
#[derive(Debug, Clone, Copy)]
pub enum SpectrumOp {
    /// Its magnitudes are taken.
    Magnitudes,
    /// Every magnitude becomes 1 or 0.
    Flatten,
    /// Every magnitude is clipped here.
    Clip(f32),
}

impl SpectrumOp {
    fn limit(self) -> f32 {
        match self {
            Self::Magnitudes => 0.0,
            Self::Flatten => NOISE,
            Self::Clip(limit) => limit,
        }
    }
}
