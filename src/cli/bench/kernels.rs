//! `nearmiss bench kernels`: is what the graphics processor computes what the CPU computes, and how long does each take?

use crate::cli::common::positive;
use crate::cli::output::emit;
use crate::cli::progress::watched;
use crate::compute::check::{Compared, Scale, compare};
use crate::compute::{Choice, Kernel, choose_on};
use crate::error::{Error, Result};
use clap::{Args, ValueEnum};
use serde_json::json;

/// Arguments of `bench kernels`.
#[derive(Debug, Args)]
pub struct Kernels {
    /// How much each has to do
    #[arg(long, value_enum, default_value = "full")]
    size: Size,
    /// The adapter: its number in `nearmiss doctor`, or its place on the PCI bus; the best one if left out
    #[arg(long, value_name = "N|PCI")]
    adapter: Option<String>,
    /// Runs; the best counts
    #[arg(long, value_name = "N", default_value = "3", value_parser = positive)]
    repeat: usize,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Size {
    /// A software adapter does it in seconds
    Small,
    /// Loads a graphics processor
    Full,
}

impl Kernels {
    /// Runs the command.
    pub fn run(&self, json: bool) -> Result<()> {
        let engine = choose_on(Choice::Gpu, self.adapter.as_deref())?;
        let scale = match self.size {
            Size::Small => Scale::Small,
            Size::Full => Scale::Full,
        };
        let found = watched(|task| compare(&*engine, scale, self.repeat, task))?;
        let run = engine.kernels();
        let not_run: Vec<&str> = Kernel::ALL
            .iter()
            .map(|kernel| kernel.name())
            .filter(|name| !run.contains(name))
            .collect();
        let report = json!({
            "engine": engine.name(),
            "size": match self.size { Size::Small => "small", Size::Full => "full" },
            "cases": found,
            "kernels_run": run,
            "kernels_not_run": not_run,
        });
        emit(&report, json, || {
            told(&engine.name(), &found, &run, &not_run)
        })?;
        let wrong: Vec<&str> = found
            .iter()
            .filter(|case| !case.agrees)
            .map(|case| case.name.as_str())
            .collect();
        if wrong.is_empty() {
            return Ok(());
        }
        Err(Error::compute(
            format!(
                "{} computes otherwise than the CPU: {}",
                engine.name(),
                wrong.join(", ")
            ),
            "Use --compute cpu (in the window: Settings), update the graphics driver, and report this.",
        ))
    }
}

fn told(engine: &str, found: &[Compared], run: &[&str], not_run: &[&str]) -> String {
    let mut lines = vec![format!(
        "{engine} against the CPU\n{:<32}{:>12}{:>10}{:>12}{:>12}{:>9}",
        "", "difference", "at most", "CPU, ms", "GPU, ms", "CPU/GPU"
    )];
    for case in found {
        lines.push(format!(
            "{:<32}{:>12.1e}{:>10.0e}{:>12.2}{:>12.2}{:>9.2}{}",
            case.name,
            case.difference,
            case.bound,
            case.cpu_seconds * 1e3,
            case.seconds * 1e3,
            case.cpu_seconds / case.seconds,
            if case.agrees { "" } else { "  wrong" }
        ));
    }
    let left = match not_run {
        [] => String::new(),
        ["heatmap_texture"] => {
            "; not heatmap_texture, which paints on the window's own device".into()
        }
        names => format!("; not {}", names.join(", ")),
    };
    lines.push(format!("{} kernels ran{left}", run.len()));
    lines.join("\n")
}
