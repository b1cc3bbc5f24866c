//! The builds of ONNX Runtime that can be installed.

use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// Which build of ONNX Runtime.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Flavour {
    /// For the processor; about 20 MB.
    Cpu,
    /// For NVIDIA GPUs; needs CUDA and cuDNN on the system. Several hundred MB.
    Cuda,
    /// For any GPU on Windows.
    DirectMl,
}

impl Flavour {
    /// The package that contains the library.
    pub fn package(self) -> &'static str {
        match self {
            Self::Cpu => "onnxruntime",
            Self::Cuda => "onnxruntime-gpu",
            Self::DirectMl => "onnxruntime-directml",
        }
    }
}

impl FromStr for Flavour {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text.to_ascii_lowercase().as_str() {
            "cpu" => Ok(Self::Cpu),
            "cuda" => Ok(Self::Cuda),
            "directml" => Ok(Self::DirectMl),
            _ => Err(Error::request(
                format!("{text:?} is no build of ONNX Runtime"),
                "Choose from cpu, cuda and directml.",
            )),
        }
    }
}
