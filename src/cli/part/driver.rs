//! `nearmiss part driver`.

use crate::cli::output::emit;
use crate::error::Result;
use crate::files::{replace, shown};
use clap::{Args, ValueEnum};
use serde_json::json;
use std::io::Write;
use std::path::PathBuf;

/// An engine that runs tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Engine {
    /// Ray
    Ray,
    /// Slurm
    Slurm,
}

/// Arguments of `part driver`.
#[derive(Debug, Args)]
pub struct Driver {
    /// The engine
    #[arg(value_name = "ENGINE")]
    engine: Engine,
    /// Folder to write into
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

const RAY: (&str, &[u8]) = (
    "ray_driver.py",
    include_bytes!("../../../assets/cluster/ray_driver.py"),
);
const SLURM: (&str, &[u8]) = (
    "slurm.sh",
    include_bytes!("../../../assets/cluster/slurm.sh"),
);
const ABOUT: [(&str, &[u8]); 2] = [
    (
        "README.md",
        include_bytes!("../../../assets/cluster/README.md"),
    ),
    (
        "versions.txt",
        include_bytes!("../../../assets/cluster/versions.txt"),
    ),
];

impl Driver {
    /// Runs the command.
    pub fn run(&self, json: bool) -> Result<()> {
        let script = match self.engine {
            Engine::Ray => RAY,
            Engine::Slurm => SLURM,
        };
        let files: Vec<(&str, &[u8])> = std::iter::once(script).chain(ABOUT).collect();
        for (name, bytes) in &files {
            replace(&self.out.join(name), |out| out.write_all(bytes))?;
        }
        let names: Vec<&str> = files.iter().map(|(name, _)| *name).collect();
        let value = json!({ "out": shown(&self.out), "files": names });
        emit(&value, json, || {
            format!(
                "{} in {}: see its README.md",
                names.join(", "),
                self.out.display()
            )
        })
    }
}
