//! A device with its pipelines, and the few calls that every kernel needs: upload, dispatch, wait, read back.

use crate::error::{Error, Result};
use crate::task::lock;
use std::sync::{Arc, Mutex};

/// A wgpu device whose errors are kept instead of thrown.
pub struct Device {
    pub wgpu: wgpu::Device,
    pub queue: wgpu::Queue,
    pub info: wgpu::AdapterInfo,
    fault: Arc<Mutex<Option<String>>>,
}

impl Device {
    /// Opens a device with the adapter's own limits.
    pub fn open(adapter: &wgpu::Adapter) -> Result<Self> {
        let info = adapter.get_info();
        let limits = adapter.limits();
        let request = wgpu::DeviceDescriptor {
            label: Some("nearmiss"),
            required_limits: limits,
            ..wgpu::DeviceDescriptor::default()
        };
        let (device, queue) =
            pollster::block_on(adapter.request_device(&request)).map_err(|e| {
                Error::compute(
                    format!("the adapter {} gives no device: {e}", info.name),
                    "Update the graphics driver, or choose the CPU engine (--compute cpu).",
                )
            })?;
        let fault = Arc::new(Mutex::new(None));
        let (on_error, on_loss) = (Arc::clone(&fault), Arc::clone(&fault));
        device.on_uncaptured_error(Arc::new(move |e: wgpu::Error| {
            lock(&on_error).get_or_insert_with(|| e.to_string());
        }));
        device.set_device_lost_callback(move |reason, message| {
            if !matches!(reason, wgpu::DeviceLostReason::Destroyed) {
                lock(&on_loss).get_or_insert_with(|| format!("device lost: {message}"));
            }
        });
        Ok(Self {
            wgpu: device,
            queue,
            info,
            fault,
        })
    }

    /// Is this a software adapter?
    pub fn is_software(&self) -> bool {
        self.info.device_type == wgpu::DeviceType::Cpu
    }

    /// A compute pipeline from one WGSL file with an entry point `main`.
    pub fn pipeline(&self, label: &str, source: &str) -> wgpu::ComputePipeline {
        let module = self
            .wgpu
            .create_shader_module(wgpu::ShaderModuleDescriptor {
                label: Some(label),
                source: wgpu::ShaderSource::Wgsl(source.into()),
            });
        self.wgpu
            .create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
                label: Some(label),
                layout: None,
                module: &module,
                entry_point: Some("main"),
                compilation_options: wgpu::PipelineCompilationOptions::default(),
                cache: None,
            })
    }

    /// An empty storage buffer of at least 64 bytes: a binding must hold one element of any kernel's.
    pub fn storage(&self, label: &str, bytes: u64) -> wgpu::Buffer {
        use wgpu::BufferUsages as U;
        self.wgpu.create_buffer(&wgpu::BufferDescriptor {
            label: Some(label),
            size: bytes.max(64).next_multiple_of(16),
            usage: U::STORAGE | U::COPY_SRC | U::COPY_DST,
            mapped_at_creation: false,
        })
    }

    /// A uniform buffer of `bytes` bytes.
    pub fn uniform(&self, label: &str, bytes: u64) -> wgpu::Buffer {
        use wgpu::BufferUsages as U;
        self.wgpu.create_buffer(&wgpu::BufferDescriptor {
            label: Some(label),
            size: bytes,
            usage: U::UNIFORM | U::COPY_DST,
            mapped_at_creation: false,
        })
    }

    /// A bind group of `buffers` at bindings 0, 1, ...
    pub fn bind(
        &self,
        pipeline: &wgpu::ComputePipeline,
        buffers: &[&wgpu::Buffer],
    ) -> wgpu::BindGroup {
        let entries: Vec<_> = buffers
            .iter()
            .enumerate()
            .map(|(i, b)| wgpu::BindGroupEntry {
                binding: i as u32,
                resource: b.as_entire_binding(),
            })
            .collect();
        self.wgpu.create_bind_group(&wgpu::BindGroupDescriptor {
            label: None,
            layout: &pipeline.get_bind_group_layout(0),
            entries: &entries,
        })
    }

    /// Waits for a submission (`None`: for all), and reports what went wrong on the device meanwhile.
    pub fn wait(&self, submission: Option<wgpu::SubmissionIndex>) -> Result<()> {
        let waited = self.wgpu.poll(wgpu::PollType::Wait {
            submission_index: submission,
            timeout: None,
        });
        if let Some(what) = lock(&self.fault).take() {
            return Err(self.failed(&what));
        }
        waited.map(|_| ()).map_err(|e| self.failed(&e.to_string()))
    }

    /// Copies `bytes` bytes of a buffer back.
    pub fn read<T: bytemuck::Pod>(&self, buffer: &wgpu::Buffer, count: usize) -> Result<Vec<T>> {
        let bytes = (count * size_of::<T>()) as u64;
        if bytes == 0 {
            return Ok(Vec::new());
        }
        let staging = self.wgpu.create_buffer(&wgpu::BufferDescriptor {
            label: Some("readback"),
            size: bytes.next_multiple_of(16),
            usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        let mut encoder = self
            .wgpu
            .create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        encoder.copy_buffer_to_buffer(buffer, 0, &staging, 0, Some(bytes.next_multiple_of(4)));
        self.queue.submit([encoder.finish()]);
        staging.map_async(wgpu::MapMode::Read, .., |_| {});
        self.wait(None)?;
        let view = staging
            .get_mapped_range(..)
            .map_err(|e| self.failed(&e.to_string()))?;
        Ok(bytemuck::pod_collect_to_vec(&view[..bytes as usize]))
    }

    fn failed(&self, what: &str) -> Error {
        let what: Vec<&str> = what
            .lines()
            .map(str::trim)
            .filter(|l| !l.is_empty())
            .collect();
        Error::compute(
            format!("the GPU {} failed: {}", self.info.name, what.join(" ")),
            "Try again with the CPU engine (Settings, or --compute cpu).",
        )
    }
}
