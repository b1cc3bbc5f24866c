//! `nearmiss runtime install`: fetches an ONNX Runtime library.

use super::output::emit;
use super::progress::watched;
use crate::error::Result;
use crate::files::shown;
use crate::runtime::{Flavour, install};
use clap::{Args, Subcommand};
use serde_json::json;

/// Arguments of `runtime`.
#[derive(Debug, Args)]
pub struct Runtime {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Fetch ONNX Runtime with pip into the application's data folder
    Install {
        /// Which build: cpu, cuda or directml
        #[arg(default_value = "cpu", value_name = "cpu|cuda|directml")]
        flavour: Flavour,
    },
}

impl Runtime {
    /// Runs the command.
    pub fn run(self, json: bool) -> Result<()> {
        let Action::Install { flavour } = self.action;
        let library = watched(|task| install(flavour, task))?;
        emit(&json!({ "library": shown(&library) }), json, || {
            format!(
                "Installed {}\nIt is used from the next start; `nearmiss doctor` shows what it offers.",
                library.display()
            )
        })
    }
}
