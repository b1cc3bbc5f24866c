//! `nearmiss part driver`.

use crate::cli::output::emit;
use crate::error::{Error, Result};
use crate::files::{read_all, replace, shown};
use clap::{Args, ValueEnum};
use serde_json::json;
use std::io::Write;
use std::path::{Path, PathBuf};

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
        let mut names: Vec<&str> = files.iter().map(|(name, _)| *name).collect();
        if self.engine == Engine::Ray {
            // What Ray sends to its workers with the folder.
            self.program()?;
            names.push("nearmiss");
        }
        let value = json!({ "out": shown(&self.out), "files": names });
        emit(&value, json, || {
            let place = self.out.display();
            format!("{} in {place}: see its README.md", names.join(", "))
        })
    }

    /// Puts this program beside the scripts.
    fn program(&self) -> Result<()> {
        let own = std::env::current_exe().map_err(Error::io("find", Path::new("this program")))?;
        let bytes = read_all(&own, u64::MAX).map_err(Error::io("read", &own))?;
        let to = self.out.join("nearmiss");
        replace(&to, |out| out.write_all(&bytes))?;
        let about = own.metadata().map_err(Error::io("read", &own))?;
        std::fs::set_permissions(&to, about.permissions()).map_err(Error::io("write", &to))
    }
}
