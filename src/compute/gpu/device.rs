//! A device with its pipelines, and the few calls that every kernel needs: upload, bind, dispatch, wait, read back.

use super::kernels::{Kernel, Pipelines};
use crate::error::{Error, Result};
use crate::task::lock;
use bytemuck::Pod;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// Devices opened so far.
static OPENED: AtomicU64 = AtomicU64::new(0);

/// A wgpu device whose errors are kept instead of thrown.
pub struct Device {
    pub wgpu: wgpu::Device,
    pub queue: wgpu::Queue,
    pub info: wgpu::AdapterInfo,
    /// A number of its own: wgpu's handles of devices opened apart can be equal.
    pub id: u64,
    fault: Arc<Mutex<Option<String>>>,
    pipelines: Pipelines,
    uploaded: AtomicU64,
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
            id: OPENED.fetch_add(1, Ordering::Relaxed),
            fault,
            pipelines: Pipelines::default(),
            uploaded: AtomicU64::new(0),
        })
    }

    /// Is this a software adapter?
    pub fn is_software(&self) -> bool {
        self.info.device_type == wgpu::DeviceType::Cpu
    }

    /// The pipeline of `kernel`, built when it is first asked for.
    pub fn pipeline(&self, kernel: Kernel) -> &wgpu::ComputePipeline {
        self.pipelines.get(&self.wgpu, kernel)
    }

    /// Names of the kernels whose pipelines were asked for.
    pub fn kernels(&self) -> Vec<&'static str> {
        self.pipelines.built()
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

    /// Writes `values` to the beginning of `buffer`, before whatever is submitted next.
    pub fn write<T: Pod>(&self, buffer: &wgpu::Buffer, values: &[T]) {
        self.uploaded
            .fetch_add(size_of_val(values) as u64, Ordering::Relaxed);
        self.queue
            .write_buffer(buffer, 0, bytemuck::cast_slice(values));
    }

    /// A storage buffer of these numbers.
    pub fn upload<T: Pod>(&self, label: &str, values: &[T]) -> wgpu::Buffer {
        let buffer = self.storage(label, size_of_val(values) as u64);
        self.write(&buffer, values);
        buffer
    }

    /// Bytes written to buffers since the device was opened.
    pub fn uploaded(&self) -> u64 {
        self.uploaded.load(Ordering::Relaxed)
    }

    /// The largest storage buffer that a kernel can be given, in bytes.
    pub fn largest_buffer(&self) -> u64 {
        let limits = self.wgpu.limits();
        limits
            .max_storage_buffer_binding_size
            .min(limits.max_buffer_size)
    }

    /// A bind group for `kernel` of `buffers` at bindings 0, 1, ...
    pub fn bind(&self, kernel: Kernel, buffers: &[&wgpu::Buffer]) -> wgpu::BindGroup {
        let entries: Vec<_> = buffers
            .iter()
            .zip(0..)
            .map(|(buffer, binding)| wgpu::BindGroupEntry {
                binding,
                resource: buffer.as_entire_binding(),
            })
            .collect();
        self.wgpu.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some(kernel.name()),
            layout: &self.pipeline(kernel).get_bind_group_layout(0),
            entries: &entries,
        })
    }

    /// Puts `groups` workgroups of `kernel` on the list of `pass`.
    pub fn dispatch(
        &self,
        pass: &mut wgpu::ComputePass<'_>,
        kernel: Kernel,
        group: &wgpu::BindGroup,
        [x, y]: [u32; 2],
    ) {
        pass.set_pipeline(self.pipeline(kernel));
        pass.set_bind_group(0, group, &[]);
        pass.dispatch_workgroups(x, y, 1);
    }

    /// Workgroups along x and y, each within the device's limit, that have a thread for each of `threads` numbers.
    pub fn spread(&self, kernel: Kernel, threads: usize) -> [u32; 2] {
        self.spread_groups(kernel.groups(threads, 1)[0] as usize)
    }

    /// `groups` workgroups over two axes, each within the device's limit.
    pub fn spread_groups(&self, groups: usize) -> [u32; 2] {
        let most = self.wgpu.limits().max_compute_workgroups_per_dimension as usize;
        let x = groups.clamp(1, most);
        [x as u32, groups.div_ceil(x) as u32]
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

    /// Waits for all submissions, then reads the first `count` numbers of a buffer.
    pub fn read<T: Pod>(&self, buffer: &wgpu::Buffer, count: usize) -> Result<Vec<T>> {
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
