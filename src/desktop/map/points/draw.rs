//! One drawing of a map on the window's device: its pipeline, and what it gives to the shader.

use super::{Buffers, slot};
use crate::map::Layer;
use bytemuck::{Pod, Zeroable};
use eframe::egui_wgpu::{CallbackResources, CallbackTrait, RenderState, ScreenDescriptor};
use egui::PaintCallbackInfo;
use std::ops::Range;
use std::sync::{Arc, OnceLock};
use wgpu::util::{BufferInitDescriptor, DeviceExt};

/// Positions as the shader has them: the place in two parts, the high ones first.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
pub(super) struct Place {
    pub high: [f32; 2],
    pub low: [f32; 2],
}

impl Place {
    pub fn of(at: [f64; 2]) -> Self {
        let high = at.map(|v| v as f32);
        let low = [0, 1].map(|axis| (at[axis] - f64::from(high[axis])) as f32);
        Self { high, low }
    }
}

/// The camera as `shaders/draw/points.wgsl` has it.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
pub(super) struct Uniform {
    pub middle: [[f32; 2]; 2],
    pub half_size: [f32; 2],
    pub scale: f32,
    pub radius: f32,
    pub opacity: f32,
    pub pale: f32,
    pub ring: u32,
    pub square: f32,
}

/// One drawing of a map.
pub(super) struct Draw {
    pub pipeline: Arc<OnceLock<wgpu::RenderPipeline>>,
    /// Places and looks.
    pub buffers: [Arc<Buffers>; 2],
    pub uniforms: [Uniform; 2],
    pub ranges: [Vec<Range<u32>>; 2],
    pub groups: OnceLock<[wgpu::BindGroup; 2]>,
}

impl CallbackTrait for Draw {
    fn prepare(
        &self,
        device: &wgpu::Device,
        _: &wgpu::Queue,
        _: &ScreenDescriptor,
        _: &mut wgpu::CommandEncoder,
        _: &mut CallbackResources,
    ) -> Vec<wgpu::CommandBuffer> {
        if let Some(pipeline) = self.pipeline.get() {
            let group = |uniform: &Uniform| {
                let buffer = device.create_buffer_init(&BufferInitDescriptor {
                    label: Some("camera of the map"),
                    contents: bytemuck::bytes_of(uniform),
                    usage: wgpu::BufferUsages::UNIFORM,
                });
                device.create_bind_group(&wgpu::BindGroupDescriptor {
                    label: Some("camera of the map"),
                    layout: &pipeline.get_bind_group_layout(0),
                    entries: &[wgpu::BindGroupEntry {
                        binding: 0,
                        resource: buffer.as_entire_binding(),
                    }],
                })
            };
            self.groups
                .get_or_init(|| [group(&self.uniforms[0]), group(&self.uniforms[1])]);
        }
        Vec::new()
    }

    fn paint(
        &self,
        _: PaintCallbackInfo,
        pass: &mut wgpu::RenderPass<'static>,
        _: &CallbackResources,
    ) {
        let (Some(pipeline), Some(groups)) = (self.pipeline.get(), self.groups.get()) else {
            return;
        };
        pass.set_pipeline(pipeline);
        for layer in Layer::ALL {
            let at = slot(layer);
            let [Some(places), Some(looks)] = [&self.buffers[0].0[at], &self.buffers[1].0[at]]
            else {
                continue;
            };
            pass.set_bind_group(0, &groups[at], &[]);
            pass.set_vertex_buffer(0, places.slice(..));
            pass.set_vertex_buffer(1, looks.slice(..));
            for range in &self.ranges[at] {
                pass.draw(0..4, range.clone());
            }
        }
    }
}

/// The pipeline on the window's device.
pub(super) fn make(state: &RenderState) -> wgpu::RenderPipeline {
    let source = include_str!("../../../../shaders/draw/points.wgsl");
    let module = state
        .device
        .create_shader_module(wgpu::ShaderModuleDescriptor {
            label: Some("points"),
            source: wgpu::ShaderSource::Wgsl(source.into()),
        });
    let buffer = |stride, attributes| {
        Some(wgpu::VertexBufferLayout {
            array_stride: stride,
            step_mode: wgpu::VertexStepMode::Instance,
            attributes,
        })
    };
    state
        .device
        .create_render_pipeline(&wgpu::RenderPipelineDescriptor {
            label: Some("points"),
            layout: None,
            vertex: wgpu::VertexState {
                module: &module,
                entry_point: Some("vertex"),
                compilation_options: wgpu::PipelineCompilationOptions::default(),
                buffers: &[
                    buffer(16, &wgpu::vertex_attr_array![0 => Float32x4]),
                    buffer(8, &wgpu::vertex_attr_array![1 => Uint32x2]),
                ],
            },
            primitive: wgpu::PrimitiveState {
                topology: wgpu::PrimitiveTopology::TriangleStrip,
                ..wgpu::PrimitiveState::default()
            },
            depth_stencil: None,
            multisample: wgpu::MultisampleState::default(),
            fragment: Some(wgpu::FragmentState {
                module: &module,
                entry_point: Some("fragment"),
                compilation_options: wgpu::PipelineCompilationOptions::default(),
                targets: &[Some(wgpu::ColorTargetState {
                    format: state.target_format,
                    blend: Some(wgpu::BlendState::PREMULTIPLIED_ALPHA_BLENDING),
                    write_mask: wgpu::ColorWrites::ALL,
                })],
            }),
            multiview_mask: None,
            cache: None,
        })
}
