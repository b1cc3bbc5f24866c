//! The table of kernels: a line each, with the files of its source, its bindings and the size of its workgroup.
//!
//! A kernel is `shaders/NAME.wgsl` with the entry point [`ENTRY_POINT`]. What several kernels share lies in
//! `shaders/prelude/`; a kernel names the preludes that it needs, and they are joined at build time.

use std::sync::OnceLock;

/// The entry point of every kernel.
pub const ENTRY_POINT: &str = "main";

/// What is bound at one binding of group 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Binding {
    /// A uniform buffer: the kernel's parameters.
    Uniform,
    /// A storage buffer that is only read.
    Read,
    /// A storage buffer that is read and written.
    Write,
    /// A storage texture of format `Rgba8Unorm` that is only written.
    Texture,
}

impl Binding {
    fn layout(self) -> wgpu::BindingType {
        let buffer = |ty| wgpu::BindingType::Buffer {
            ty,
            has_dynamic_offset: false,
            min_binding_size: None,
        };
        match self {
            Self::Uniform => buffer(wgpu::BufferBindingType::Uniform),
            Self::Read => buffer(wgpu::BufferBindingType::Storage { read_only: true }),
            Self::Write => buffer(wgpu::BufferBindingType::Storage { read_only: false }),
            Self::Texture => wgpu::BindingType::StorageTexture {
                access: wgpu::StorageTextureAccess::WriteOnly,
                format: wgpu::TextureFormat::Rgba8Unorm,
                view_dimension: wgpu::TextureViewDimension::D2,
            },
        }
    }
}

/// A line of the table.
struct Line {
    name: &'static str,
    source: &'static str,
    bindings: &'static [Binding],
    workgroup: [u32; 2],
}

/// Each line: `Kernel: "file" with "prelude" .., [binding 0, binding 1, ..], [workgroup x, y];`
macro_rules! kernels {
    ($($kernel:ident: $file:literal $(with $($prelude:literal)+)?, [$($binding:ident),+], $workgroup:expr;)+) => {
        /// A kernel of the GPU engine.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Kernel {
            $(#[doc = concat!("`shaders/", $file, ".wgsl`")] $kernel),+
        }

        impl Kernel {
            /// Every kernel.
            pub const ALL: &'static [Self] = &[$(Self::$kernel),+];
        }

        const TABLE: [Line; Kernel::ALL.len()] = [$(Line {
            name: $file,
            source: concat!(
                $($(include_str!(concat!("../../../shaders/prelude/", $prelude, ".wgsl")), "\n",)+)?
                include_str!(concat!("../../../shaders/", $file, ".wgsl"))
            ),
            bindings: &[$(Binding::$binding),+],
            workgroup: $workgroup,
        }),+];
    };
}

kernels! {
    // Similarity of images and texts.
    Similarity: "similarity", [Uniform, Read, Read, Write, Write], [16, 16];
    Scan: "scan", [Uniform, Read, Read, Read, Write, Write], [64, 1];
    Reduce: "reduce" with "reduce", [Uniform, Read, Write], [64, 1];
    ReduceRows: "reduce_rows" with "reduce", [Uniform, Read, Write], [8, 8];
    // Layouts of maps.
    Attract: "attract", [Uniform, Read, Read, Read, Read, Write], [256, 1];
    // Losses of training.
    LossSum: "loss_sum" with "summed" "line", [Uniform, Read, Read, Write, Write], [64, 1];
    LossMaximum: "loss_maximum" with "summed" "line" "hardest", [Uniform, Read, Read, Write, Write], [64, 1];
    LossSemiHard: "loss_semi_hard" with "summed" "line" "hardest", [Uniform, Read, Read, Write, Write], [64, 1];
    LossMixture: "loss_mixture" with "summed" "line" "hardest", [Uniform, Read, Read, Write, Write], [64, 1];
    LossInfonce: "loss_infonce" with "summed" "line", [Uniform, Read, Read, Write, Write], [64, 1];
    LossSiglip: "loss_siglip" with "summed" "line", [Uniform, Read, Read, Write, Write], [64, 1];
    // The rest of a step of training.
    LearnMultiply: "learn_multiply", [Uniform, Read, Read, Read, Write], [16, 16];
    LearnActivate: "learn_activate" with "activation", [Uniform, Read, Write], [256, 1];
    LearnActivateBack: "learn_activate_back" with "activation", [Uniform, Read, Write], [256, 1];
    LearnUnit: "learn_unit" with "summed" "unit", [Uniform, Write, Write], [64, 1];
    LearnUnitBack: "learn_unit_back" with "summed" "unit", [Uniform, Read, Read, Write], [64, 1];
    LearnOrder: "learn_order" with "order", [Uniform, Read, Write], [16, 16];
    LearnOrderBack: "learn_order_back" with "order", [Uniform, Read, Read, Write], [256, 1];
    LearnLeaveOut: "learn_leave_out", [Uniform, Read, Write], [64, 1];
    LearnScalars: "learn_scalars" with "summed", [Uniform, Read, Write], [64, 1];
    LearnNorm: "learn_norm" with "summed", [Uniform, Read, Write], [64, 1];
    LearnUpdate: "learn_update", [Uniform, Read, Read, Write, Write, Write, Write], [256, 1];
    // Fourier transform.
    Fft: "fft" with "fft", [Uniform, Read, Read, Write], [256, 1];
    FftStage: "fft_stage" with "fft", [Uniform, Read, Read, Write], [256, 1];
    SpectrumClip: "spectrum_clip" with "spectrum", [Uniform, Read, Write], [256, 1];
    SpectrumFlatten: "spectrum_flatten" with "spectrum", [Uniform, Read, Write], [256, 1];
    SpectrumMagnitude: "spectrum_magnitude" with "spectrum", [Uniform, Read, Write], [256, 1];
    // Colours.
    Heatmap: "heatmap" with "heatmap", [Uniform, Read, Read, Write], [256, 1];
    HeatmapTexture: "heatmap_texture" with "heatmap", [Uniform, Read, Read, Texture], [16, 16];
    // Steps of attacks.
    Norms: "norms" with "step", [Uniform, Write, Read, Read, Read], [256, 1];
    Keys: "keys" with "step", [Uniform, Read, Read, Read, Read, Read, Read, Write], [256, 1];
    Select: "select" with "step", [Uniform, Write, Read], [256, 1];
    Step: "step" with "step" "selection", [Uniform, Read, Read, Read, Read, Read, Read, Write], [256, 1];
    Soften: "soften" with "step", [Uniform, Write, Read, Read], [256, 1];
    Place: "place" with "step" "selection", [Uniform, Read, Read, Read, Read, Read, Write], [256, 1];
    Blend: "blend" with "step", [Uniform, Read, Read, Write], [256, 1];
    Accumulate: "accumulate" with "step", [Uniform, Read, Read, Write], [256, 1];
    Noise: "noise" with "step", [Uniform, Read, Write], [256, 1];
    Squares: "squares" with "step", [Uniform, Read, Read, Read, Read, Read, Write], [256, 1];
}

impl Kernel {
    fn line(self) -> &'static Line {
        &TABLE[self as usize]
    }

    /// Name of its file in `shaders/`, without the ending.
    pub fn name(self) -> &'static str {
        self.line().name
    }

    /// Its WGSL source, preludes first.
    pub fn source(self) -> &'static str {
        self.line().source
    }

    /// What is bound to it, by binding of group 0.
    pub fn bindings(self) -> &'static [Binding] {
        self.line().bindings
    }

    /// Threads of a workgroup along x and y.
    pub fn workgroup(self) -> [u32; 2] {
        self.line().workgroup
    }

    /// Workgroups along x and y for at least `x` times `y` threads.
    pub fn groups(self, x: usize, y: usize) -> [u32; 2] {
        let [wide, tall] = self.workgroup();
        [(x as u32).div_ceil(wide), (y as u32).div_ceil(tall)]
    }

    /// Builds its pipeline on `device`, whose error handler is told of what is wrong with it.
    pub fn build(self, device: &wgpu::Device) -> wgpu::ComputePipeline {
        let label = Some(self.name());
        let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label,
            source: wgpu::ShaderSource::Wgsl(self.source().into()),
        });
        let entries: Vec<_> = self
            .bindings()
            .iter()
            .zip(0..)
            .map(|(kind, binding)| wgpu::BindGroupLayoutEntry {
                binding,
                visibility: wgpu::ShaderStages::COMPUTE,
                ty: kind.layout(),
                count: None,
            })
            .collect();
        let group = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
            label,
            entries: &entries,
        });
        let layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label,
            bind_group_layouts: &[Some(&group)],
            immediate_size: 0,
        });
        device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label,
            layout: Some(&layout),
            module: &module,
            entry_point: Some(ENTRY_POINT),
            compilation_options: wgpu::PipelineCompilationOptions::default(),
            cache: None,
        })
    }
}

/// The pipelines of one device, each built when it is first needed: starting the program takes few of them.
pub struct Pipelines([OnceLock<wgpu::ComputePipeline>; Kernel::ALL.len()]);

impl Default for Pipelines {
    fn default() -> Self {
        Self(std::array::from_fn(|_| OnceLock::new()))
    }
}

impl Pipelines {
    /// The pipeline of `kernel` on `device`, the same in every call.
    pub fn get(&self, device: &wgpu::Device, kernel: Kernel) -> &wgpu::ComputePipeline {
        self.0[kernel as usize].get_or_init(|| kernel.build(device))
    }

    /// Names of the kernels that were needed so far.
    pub fn built(&self) -> Vec<&'static str> {
        let all = Kernel::ALL.iter();
        let built = all.filter(|&&kernel| self.0[kernel as usize].get().is_some());
        built.map(|kernel| kernel.name()).collect()
    }
}
