//! The inference engine: found once per process, installed where it is missing, and asked to run models.
//!
//! [`Runtime`] is ONNX Runtime where there is a library, else the built-in tract. [`Provider`]s say what it runs on.
//! [`RuntimeEngine`] runs graphs that are in memory, as the transform of gradients asks for them.

mod flavour;
mod install;
mod interpreter;
mod load;
mod pip;
mod program;
mod provider;
mod python;
mod search;
pub(crate) mod session;
mod stop;
mod tune;
mod tuned;
mod values;

pub use flavour::Flavour;
pub use install::install;
pub use interpreter::{Python, about as python};
pub use load::{Runtime, RuntimeInfo, Tried};
pub use program::RuntimeEngine;
pub use provider::Provider;
pub use stop::Stop;

pub(crate) use stop::patiently;
