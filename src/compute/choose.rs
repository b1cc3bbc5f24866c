//! Which engine: a real GPU where there is one, the CPU otherwise, or as the user says.

use super::{Cpu, Engine, Gpu};
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::str::FromStr;
use std::sync::{Arc, OnceLock};

/// The user's choice of engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Choice {
    /// A real GPU if there is one, else the CPU: a software adapter is far slower than `gemm`.
    #[default]
    Auto,
    /// The CPU engine.
    Cpu,
    /// The best GPU adapter, a software one if there is no other.
    Gpu,
}

impl FromStr for Choice {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "auto" => Ok(Self::Auto),
            "cpu" => Ok(Self::Cpu),
            "gpu" => Ok(Self::Gpu),
            other => Err(Error::request(
                format!("there is no compute engine {other:?}"),
                "Choose auto, cpu or gpu.",
            )),
        }
    }
}

/// A graphics adapter, as `nearmiss doctor` shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Adapter {
    /// The device's own name.
    pub name: String,
    /// Graphics API: "Vulkan", "Dx12", "Metal", "Gl".
    pub backend: String,
    /// "discrete GPU", "integrated GPU", "virtual GPU", "CPU" (software) or "other".
    pub kind: String,
    /// Driver and its version.
    pub driver: String,
    /// Where it sits on the PCI bus, as "0000:3b:00.0"; empty where the driver does not say.
    pub pci: String,
}

fn preference(info: &wgpu::AdapterInfo) -> u32 {
    use wgpu::DeviceType as D;
    match info.device_type {
        D::DiscreteGpu => 0,
        D::IntegratedGpu => 1,
        D::VirtualGpu => 2,
        D::Other => 3,
        D::Cpu => 4,
    }
}

/// Adapters that can compute, best first.
fn enumerate() -> Vec<wgpu::Adapter> {
    // OpenGL's compute lacks what the kernels need on many drivers.
    let backends = wgpu::Backends::PRIMARY;
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor {
        backends,
        flags: wgpu::InstanceFlags::empty(),
        ..wgpu::InstanceDescriptor::new_without_display_handle()
    });
    let mut adapters = pollster::block_on(instance.enumerate_adapters(backends));
    adapters.sort_by_key(|a| preference(&a.get_info()));
    FOUND.get_or_init(|| adapters.iter().map(|a| describe(&a.get_info())).collect());
    adapters
}

/// The adapters that the first enumeration found: asking the drivers is slow.
static FOUND: OnceLock<Vec<Adapter>> = OnceLock::new();

fn describe(info: &wgpu::AdapterInfo) -> Adapter {
    let kinds = [
        "discrete GPU",
        "integrated GPU",
        "virtual GPU",
        "other",
        "CPU",
    ];
    Adapter {
        name: info.name.clone(),
        backend: format!("{:?}", info.backend),
        kind: kinds[preference(info) as usize].into(),
        driver: format!("{} {}", info.driver, info.driver_info)
            .trim()
            .into(),
        pci: info.device_pci_bus_id.to_lowercase(),
    }
}

/// The graphics adapters of this machine, best first.
pub fn adapters() -> Vec<Adapter> {
    FOUND.get().cloned().unwrap_or_else(|| {
        enumerate()
            .iter()
            .map(|a| describe(&a.get_info()))
            .collect()
    })
}

/// The engine for `choice`.
///
/// # Errors
/// `Choice::Gpu` and no adapter, or one that gives no device. `Auto` falls back to the CPU.
pub fn choose(choice: Choice) -> Result<Arc<dyn Engine>> {
    choose_on(choice, None)
}

/// As [`choose`], on the adapter of this number in [`adapters`] or at this place on the PCI bus: of several graphics
/// processors each process takes one.
///
/// # Errors
/// As there; there is no such adapter.
pub fn choose_on(choice: Choice, adapter: Option<&str>) -> Result<Arc<dyn Engine>> {
    if choice == Choice::Cpu {
        return Ok(Arc::new(Cpu));
    }
    if let Some(wanted) = adapter {
        return Ok(Arc::new(Gpu::new(&named(wanted)?)?));
    }
    let real = |a: &wgpu::Adapter| {
        choice == Choice::Gpu || a.get_info().device_type != wgpu::DeviceType::Cpu
    };
    match (enumerate().into_iter().find(real), choice) {
        (Some(adapter), Choice::Gpu) => Ok(Arc::new(Gpu::new(&adapter)?)),
        (Some(adapter), _) => {
            Ok(Gpu::new(&adapter).map_or_else(|_| Arc::new(Cpu) as _, |gpu| Arc::new(gpu) as _))
        }
        (None, Choice::Gpu) => Err(Error::compute(
            "this machine has no graphics adapter that can compute",
            "Install a Vulkan driver (Debian: apt install mesa-vulkan-drivers), or use --compute cpu.",
        )),
        (None, _) => Ok(Arc::new(Cpu)),
    }
}

/// The adapter of this number or place on the PCI bus.
fn named(wanted: &str) -> Result<wgpu::Adapter> {
    let all = enumerate();
    let count = all.len();
    let is_it = |(n, adapter): &(usize, wgpu::Adapter)| {
        wanted.parse() == Ok(*n)
            || (wanted.contains(':') && describe(&adapter.get_info()).pci == wanted.to_lowercase())
    };
    let found = all.into_iter().enumerate().find(is_it);
    found.map(|(_, adapter)| adapter).ok_or_else(|| {
        Error::compute(
            format!("this machine has no graphics adapter {wanted}: it has {count}"),
            "\"nearmiss doctor\" lists them, numbered from 0, with their PCI addresses.",
        )
    })
}
