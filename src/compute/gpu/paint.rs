//! The GPU's colours: `shaders/heatmap.wgsl` into a buffer, `shaders/heatmap_texture.wgsl` into a texture of a device
//! that the caller gives, as the window's.

use super::Gpu;
use super::commands::Commands;
use super::kernels::Kernel;
use crate::compute::paint::{ALL, Scale, Table, index, table};
use crate::compute::{Colours, Paint};
use crate::error::{Error, Result};
use bytemuck::{Pod, Zeroable};
use wgpu::util::{BufferInitDescriptor, DeviceExt};

/// Numbers of one dispatch: 32 MiB each way.
const CHUNK: usize = 8 << 20;

/// Parameters; `shaders/heatmap.wgsl` has the same layout.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct HeatmapParams {
    count: u32,
    full: u32,
    factor: f32,
    unused: u32,
}

/// Every colour table on a device, in the order of [`ALL`].
pub type Tables = [wgpu::Buffer; ALL.len()];

/// Uploads every table.
fn tables(device: &wgpu::Device) -> Tables {
    ALL.map(|colours| {
        let table: &Table = table(colours);
        device.create_buffer_init(&BufferInitDescriptor {
            label: Some("colours"),
            contents: table.as_flattened(),
            usage: wgpu::BufferUsages::STORAGE,
        })
    })
}

impl Paint for Gpu {
    fn colour(&self, values: &[f32], colours: Colours, scale: f32) -> Result<Vec<u8>> {
        if values.is_empty() {
            return Ok(Vec::new());
        }
        let (device, _turn) = self.turn();
        let table = &self.tables.get_or_init(|| tables(&device.wgpu))[index(colours)];
        let most = device.largest_buffer() as usize;
        let chunk = CHUNK.min(most / size_of::<f32>()).min(values.len());
        let bytes = (chunk * size_of::<f32>()) as u64;
        let (numbers, pixels) = (
            device.storage("numbers", bytes),
            device.storage("pixels", bytes),
        );
        let Scale { full, factor } = Scale::new(scale);
        let mut out = Vec::with_capacity(values.len() * 4);
        for part in values.chunks(chunk) {
            let params = HeatmapParams {
                count: part.len() as u32,
                full,
                factor,
                unused: 0,
            };
            device.write(&numbers, part);
            let mut commands = Commands::new(device);
            let groups = device.spread(Kernel::Heatmap, part.len());
            commands.run(
                Kernel::Heatmap,
                &params,
                &[&numbers, table, &pixels],
                groups,
            );
            out.extend(commands.read::<u8>(&pixels, part.len() * 4)?);
        }
        Ok(out)
    }
}

/// Parameters; `shaders/heatmap_texture.wgsl` has the same layout.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct HeatmapTextureParams {
    width: u32,
    rows: u32,
    first: u32,
    full: u32,
    factor: f32,
    unused: [u32; 3],
}

/// Paints heatmaps into textures of one device, without a way back through memory.
pub struct HeatPainter {
    pipeline: wgpu::ComputePipeline,
    tables: Tables,
}

impl HeatPainter {
    /// Builds the pipeline and the tables on `device`.
    pub fn new(device: &wgpu::Device) -> Self {
        Self {
            pipeline: Kernel::HeatmapTexture.build(device),
            tables: tables(device),
        }
    }

    /// The colours of `values`, `[height, width]`, as [`Paint::colour`] gives them, in a new texture (`Rgba8Unorm`,
    /// to be sampled, stored to and copied from). A picture without pixels gives one transparent texel.
    ///
    /// # Errors
    /// `values` do not fill the picture, or a side is beyond the device's textures.
    #[allow(clippy::too_many_arguments)] // a device, a picture and its colours
    pub fn paint(
        &self,
        device: &wgpu::Device,
        queue: &wgpu::Queue,
        values: &[f32],
        width: usize,
        height: usize,
        colours: Colours,
        scale: f32,
    ) -> Result<wgpu::Texture> {
        use wgpu::TextureUsages as U;
        let limits = device.limits();
        let longest = limits.max_texture_dimension_2d as usize;
        if values.len() != width * height || width > longest || height > longest {
            return Err(Error::request(
                format!(
                    "{} values make no texture of {width} x {height}, at most {longest} a side",
                    values.len()
                ),
                "Show a smaller picture.",
            ));
        }
        let texture = device.create_texture(&wgpu::TextureDescriptor {
            label: Some("heatmap"),
            size: wgpu::Extent3d {
                width: width.max(1) as u32,
                height: height.max(1) as u32,
                depth_or_array_layers: 1,
            },
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format: wgpu::TextureFormat::Rgba8Unorm,
            usage: U::TEXTURE_BINDING | U::STORAGE_BINDING | U::COPY_SRC,
            view_formats: &[],
        });
        if values.is_empty() {
            return Ok(texture);
        }
        let view = texture.create_view(&wgpu::TextureViewDescriptor::default());
        let most = limits
            .max_storage_buffer_binding_size
            .min(limits.max_buffer_size);
        let rows = (CHUNK.min(most as usize / 4) / width).max(1);
        let Scale { full, factor } = Scale::new(scale);
        let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        for (n, part) in values.chunks(rows * width).enumerate() {
            let params = HeatmapTextureParams {
                width: width as u32,
                rows: (part.len() / width) as u32,
                first: (n * rows) as u32,
                full,
                factor,
                unused: [0; 3],
            };
            let buffer = |contents: &[u8], usage| {
                device.create_buffer_init(&BufferInitDescriptor {
                    label: Some("heatmap"),
                    contents,
                    usage,
                })
            };
            let head = buffer(bytemuck::bytes_of(&params), wgpu::BufferUsages::UNIFORM);
            let numbers = buffer(bytemuck::cast_slice(part), wgpu::BufferUsages::STORAGE);
            let resources = [
                head.as_entire_binding(),
                numbers.as_entire_binding(),
                self.tables[index(colours)].as_entire_binding(),
                wgpu::BindingResource::TextureView(&view),
            ];
            let entries: Vec<_> = resources
                .into_iter()
                .zip(0..)
                .map(|(resource, binding)| wgpu::BindGroupEntry { binding, resource })
                .collect();
            let group = device.create_bind_group(&wgpu::BindGroupDescriptor {
                label: None,
                layout: &self.pipeline.get_bind_group_layout(0),
                entries: &entries,
            });
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
            pass.set_pipeline(&self.pipeline);
            pass.set_bind_group(0, &group, &[]);
            let [x, y] = Kernel::HeatmapTexture.groups(width, params.rows as usize);
            pass.dispatch_workgroups(x, y, 1);
        }
        queue.submit([encoder.finish()]);
        Ok(texture)
    }
}
