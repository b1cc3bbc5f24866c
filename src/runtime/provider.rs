//! Execution providers of ONNX Runtime, in the user's order.

use crate::error::Error;
use ort::ep::{self, ExecutionProvider, ExecutionProviderDispatch};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Where a model runs. Files and arguments say `cuda`, `directml`, `coreml`, `cpu`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// An NVIDIA GPU, through CUDA.
    Cuda,
    /// Any GPU on Windows, through DirectX 12.
    DirectMl,
    /// The neural engine, GPU or CPU of a Mac.
    CoreMl,
    /// The processor; always there.
    Cpu,
}

impl Provider {
    /// All providers, fastest first: the order where the user has set none.
    pub const ALL: [Self; 4] = [Self::Cuda, Self::DirectMl, Self::CoreMl, Self::Cpu];

    /// Can it exist on this operating system at all?
    pub fn fits_system(self) -> bool {
        match self {
            Self::Cuda => !cfg!(target_os = "macos"),
            Self::DirectMl => cfg!(windows),
            Self::CoreMl => cfg!(target_os = "macos"),
            Self::Cpu => true,
        }
    }

    /// Was the loaded library built with it? Asks the runtime, which must be there.
    pub(super) fn is_offered(self) -> bool {
        match self {
            Self::Cuda => ep::CUDA::is_available(),
            Self::DirectMl => ep::DirectML::is_available(),
            Self::CoreMl => ep::CoreML::is_available(),
            Self::Cpu => return true,
        }
        .unwrap_or(false)
    }

    /// What a session registers; `None` for the CPU, which needs no registration.
    pub(super) fn registration(self) -> Option<ExecutionProviderDispatch> {
        match self {
            Self::Cuda => Some(ep::CUDA::default().build()),
            Self::DirectMl => Some(ep::DirectML::default().build()),
            Self::CoreMl => Some(ep::CoreML::default().build()),
            Self::Cpu => None,
        }
        .map(ExecutionProviderDispatch::error_on_failure)
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cuda => "CUDA",
            Self::DirectMl => "DirectML",
            Self::CoreMl => "CoreML",
            Self::Cpu => "CPU",
        })
    }
}

impl FromStr for Provider {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|p| p.to_string().eq_ignore_ascii_case(text))
            .ok_or_else(|| {
                Error::request(
                    format!("{text:?} is no execution provider"),
                    "Choose from cuda, directml, coreml and cpu.",
                )
            })
    }
}
