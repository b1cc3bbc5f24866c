//! `nearmiss doctor`: what this machine offers, and what is in use.

use super::encoder::EncoderArgs;
use super::output::{bytes, counted, emit};
use super::remedy::remedy;
use super::signals;
use crate::compute::{Choice, adapters, choose};
use crate::error::{Error, Result};
use crate::files::shown;
use crate::paths::{cache_dir, data_dir};
use crate::runtime::{self, Runtime};
use crate::task::Task;
use clap::Args;
use serde_json::{Value, json};
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Arguments of `doctor`.
#[derive(Debug, Args)]
pub struct Doctor {
    #[command(flatten)]
    encoder: EncoderArgs,
}

impl Doctor {
    /// Runs the command. What is missing is reported, never an error; an encoder that was named must open.
    pub fn run(&self, json: bool) -> Result<()> {
        let mut report = json!({
            "nearmiss": env!("CARGO_PKG_VERSION"),
            "system": format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            "cores": std::thread::available_parallelism().map_or(1, usize::from),
            "runtime": runtime(),
            "compute": compute(),
            "adapters": adapters(),
            "data": folder(data_dir()),
            "cache": folder(cache_dir()),
            "python": python(),
            "display": display(),
        });
        if self.encoder.is_given() {
            let encoder = self.encoder.open(&Task::cancelled_by(signals::arrived()))?;
            report["encoder"] = json!(encoder.describe());
        }
        emit(&report, json, || describe(&report))
    }
}

fn failed(error: &Error) -> Value {
    json!({ "error": error.to_string(), "remedy": remedy(error) })
}

fn runtime() -> Value {
    match Runtime::get() {
        Ok(runtime) => {
            let info = runtime.info();
            let tried: Vec<_> = info
                .tried
                .iter()
                .map(|t| json!({ "what": t.what, "why": t.why }))
                .collect();
            json!({
                "engine": info.engine,
                "version": info.version,
                "library": info.library.as_deref().map(shown),
                "providers": info.providers,
                "tried": tried,
            })
        }
        Err(error) => failed(&error),
    }
}

fn compute() -> Value {
    match choose(Choice::Auto) {
        Ok(engine) => json!({ "engine": engine.name() }),
        Err(error) => failed(&error),
    }
}

fn folder(path: Result<PathBuf>) -> Value {
    match path {
        Ok(path) => json!({ "path": shown(&path), "bytes": size(&path) }),
        Err(error) => failed(&error),
    }
}

/// Bytes of all files below `folder`; links are not followed, what cannot be read counts as nothing.
fn size(folder: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return 0;
    };
    entries
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(meta) if meta.is_dir() => size(&entry.path()),
            Ok(meta) => meta.len(),
            Err(_) => 0,
        })
        .sum()
}

/// The first Python on the path, and its pip: `runtime install` needs both.
fn python() -> Value {
    match runtime::python() {
        Some(python) => {
            json!({ "command": python.command, "version": python.version, "pip": python.pip })
        }
        None => Value::Null,
    }
}

/// Where a window would open; null on a Linux machine without a display.
fn display() -> Value {
    if !cfg!(target_os = "linux") {
        return json!("the system's own");
    }
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    match (set("WAYLAND_DISPLAY"), set("DISPLAY")) {
        (Some(name), _) => json!(format!("Wayland {name}")),
        (None, Some(name)) => json!(format!("X11 {name}")),
        (None, None) => Value::Null,
    }
}

fn describe(report: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_string();
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let mut out = String::new();
    let mut row = |name: &str, value: String| {
        let _ = writeln!(out, "{name:<16}{value}");
    };
    let or_error = |value: &Value, words: String| match value.get("error") {
        Some(error) => format!("{}. {}", text(error), text(&value["remedy"])),
        None => words,
    };
    let cores = report["cores"].as_u64().unwrap_or(1) as usize;
    row(
        "nearmiss",
        format!(
            "{}, {}, {}",
            text(&report["nearmiss"]),
            text(&report["system"]),
            counted(cores, "core")
        ),
    );
    let runtime = &report["runtime"];
    row(
        "runtime",
        or_error(
            runtime,
            format!("{} {}", text(&runtime["engine"]), text(&runtime["version"])),
        ),
    );
    if let Some(library) = runtime["library"].as_str() {
        row("library", library.into());
    }
    let providers: Vec<String> = list(&runtime["providers"]).iter().map(text).collect();
    if !providers.is_empty() {
        row("providers", providers.join(", "));
    }
    for tried in list(&runtime["tried"]) {
        row(
            "not used",
            format!("{}: {}", text(&tried["what"]), text(&tried["why"])),
        );
    }
    row(
        "compute",
        or_error(&report["compute"], text(&report["compute"]["engine"])),
    );
    for adapter in list(&report["adapters"]) {
        let parts = ["name", "kind", "backend", "driver", "pci"].map(|key| text(&adapter[key]));
        row(
            "adapter",
            parts
                .into_iter()
                .filter(|part| !part.is_empty())
                .collect::<Vec<_>>()
                .join(", "),
        );
    }
    if list(&report["adapters"]).is_empty() {
        row(
            "adapter",
            "none found; ranking runs on the processor".into(),
        );
    }
    for (name, key) in [("data folder", "data"), ("cache folder", "cache")] {
        let value = &report[key];
        let words = format!(
            "{} ({})",
            text(&value["path"]),
            bytes(value["bytes"].as_u64().unwrap_or(0))
        );
        row(name, or_error(value, words));
    }
    let python = &report["python"];
    row(
        "python",
        match (python["version"].as_str(), python["pip"].as_str()) {
            (Some(version), Some(pip)) => format!("{version} with {pip}"),
            (Some(version), None) => {
                format!("{version} without pip: `nearmiss runtime install` needs it")
            }
            (None, _) => "not found: `nearmiss runtime install` needs it".into(),
        },
    );
    let display = report["display"].as_str();
    row(
        "display",
        display
            .unwrap_or("none (DISPLAY and WAYLAND_DISPLAY are unset); headless commands work")
            .into(),
    );
    if let Some(encoder) = report.get("encoder") {
        row("encoder", text(&encoder["name"]));
        for key in ["image_input", "image_output", "text_input", "text_output"] {
            row(&key.replace('_', " "), text(&encoder[key]));
        }
        for stated in list(&encoder["stated"]) {
            let [what, value, from] = ["what", "value", "from"].map(|key| text(&stated[key]));
            row(&what, format!("{value}  ({from})"));
        }
    }
    out
}
