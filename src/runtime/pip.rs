//! `pip`, asked to download one package: with progress, cancellable, its complaints put into plain words.

use super::flavour::Flavour;
use super::python::{self, Apart};
use crate::error::{Error, Result};
use crate::task::{Task, lock};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const NO_PYTHON: &str = "Install Python 3 with pip (Debian: apt install python3-pip), or put an ONNX Runtime library \
                         somewhere and set ORT_DYLIB_PATH to it.";

/// How long pip may take to say its version: it may have to be compiled first.
const PATIENCE: Duration = Duration::from_secs(30);

/// A Python with pip, and how it must be started to find it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct WithPip {
    command: &'static str,
    apart: Apart,
}

/// The Python on the path that has pip.
pub(super) fn python() -> Result<WithPip> {
    let mut found = false;
    for command in python::COMMANDS {
        match version(command) {
            Ok((apart, _)) => return Ok(WithPip { command, apart }),
            Err(why) => found |= why != python::NO_COMMAND,
        }
    }
    let what = if found {
        "the Python on the path has no pip"
    } else {
        "there is no python3 on the path"
    };
    Err(Error::runtime(
        format!("cannot download ONNX Runtime: {what}"),
        NO_PYTHON,
    ))
}

/// What the pip of `command` says of itself, and how far the interpreter can be kept apart to have it: pip may lie
/// among the user's own packages.
pub(super) fn version(command: &str) -> Result<(Apart, String), String> {
    let ask = |apart| {
        let said = python::answer_apart(command, apart, &["-m", "pip", "--version"], PATIENCE);
        said.map(|said| (apart, said))
    };
    match ask(Apart::Wholly) {
        Err(why) if why != python::NO_COMMAND => ask(Apart::FromEnvironment),
        answered => answered,
    }
}

/// Kills the child when dropped, so that no path leaves a download behind.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Downloads the wheel into `folder`.
pub(super) fn download(
    python: WithPip,
    flavour: Flavour,
    folder: &Path,
    task: &Task,
) -> Result<PathBuf> {
    task.begin("Downloading ONNX Runtime", 0);
    // pip works in a folder of ours, where nothing lies that it could import.
    let work = folder.join("work");
    std::fs::create_dir_all(&work).map_err(Error::io("create", &work))?;
    let name = Path::new(python.command);
    let child = python::command(python.command, python.apart, &work)
        .ok_or_else(|| Error::io("start", name)(std::io::ErrorKind::NotFound.into()))?
        .args([
            "-m",
            "pip",
            "download",
            "--no-deps",
            "--only-binary=:all:",
            "--no-input",
            "--no-cache-dir",
        ])
        .args([
            "--disable-pip-version-check",
            "--progress-bar",
            "off",
            "--retries",
            "1",
            "--timeout",
            "20",
            "--dest",
        ])
        .arg(folder)
        .arg(flavour.package())
        // pip collects a download in the temporary folder: there its growth is seen, and removed with ours.
        .env("TMPDIR", folder)
        .env("TEMP", folder)
        .env("TMP", folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(Error::io("start", name))?;
    let mut child = Running(child);
    let output = listen(child.0.stdout.take());
    let errors = listen(child.0.stderr.take());
    let (mut total, mut done) = (0, 0);
    let status = loop {
        task.check()?;
        if let Some(status) = child.0.try_wait().map_err(Error::io("wait for", name))? {
            break status;
        }
        if total == 0
            && let Some(bytes) = announced_size(&lock(&output))
        {
            total = bytes;
            done = 0;
            task.begin("Downloading ONNX Runtime", total);
        }
        let now = size_of(folder).min(if total > 0 { total } else { u64::MAX });
        task.add(now.saturating_sub(done));
        done = done.max(now);
        std::thread::sleep(Duration::from_millis(50));
    };
    // The pipes close a moment after the process.
    std::thread::sleep(Duration::from_millis(50));
    if !status.success() {
        return Err(refusal(flavour, &lock(&errors)));
    }
    let wheel = |p: &PathBuf| p.extension().is_some_and(|e| e == "whl");
    let entries = std::fs::read_dir(folder).map_err(Error::io("read", folder))?;
    entries
        .flatten()
        .map(|e| e.path())
        .find(wheel)
        .ok_or_else(|| refusal(flavour, &lock(&errors)))
}

/// Collects what a pipe says, on a thread that ends with the process.
fn listen(pipe: Option<impl Read + Send + 'static>) -> Arc<Mutex<String>> {
    let text = Arc::new(Mutex::new(String::new()));
    if let Some(pipe) = pipe {
        let heard = Arc::clone(&text);
        // Without this thread the child would block on a full pipe; with no thread to spare, it is killed on drop.
        let _ = std::thread::Builder::new()
            .name("install-pip".into())
            .spawn(move || {
                for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                    let mut text = lock(&heard);
                    text.push_str(&line);
                    text.push('\n');
                }
            });
    }
    text
}

/// The size in "Downloading onnxruntime-1.31.1-...whl (17.3 MB)", in bytes.
fn announced_size(output: &str) -> Option<u64> {
    let line = output
        .lines()
        .find(|l| l.trim_start().starts_with("Downloading") && l.contains(".whl"))?;
    let (number, unit) = line
        .rsplit_once('(')?
        .1
        .split_once(')')?
        .0
        .split_once(' ')?;
    let scale = match unit {
        "kB" => 1e3,
        "MB" => 1e6,
        "GB" => 1e9,
        _ => return None,
    };
    Some((number.parse::<f64>().ok()? * scale) as u64)
}

/// Bytes in the files under `folder`.
fn size_of(folder: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return 0;
    };
    entries
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(about) if about.is_dir() => size_of(&entry.path()),
            Ok(about) => about.len(),
            Err(_) => 0,
        })
        .sum()
}

/// What pip's complaint means.
fn refusal(flavour: Flavour, errors: &str) -> Error {
    const OFFLINE: [&str; 9] = [
        "NewConnectionError",
        "name resolution",
        "Name or service not known",
        "getaddrinfo failed",
        "Connection refused",
        "Network is unreachable",
        "timed out",
        "ProxyError",
        "SSLError",
    ];
    let package = flavour.package();
    let has = |needle: &str| errors.contains(needle);
    if OFFLINE.iter().any(|sign| has(sign)) {
        return Error::runtime(
            format!("cannot download {package}: the package index cannot be reached"),
            "Check the network and pip's proxy settings, then try again.",
        );
    }
    if has("No matching distribution") || has("Could not find a version") {
        return Error::runtime(
            format!("there is no package {package} for this system and this Python"),
            "Choose another build, or use a newer Python.",
        );
    }
    if has("No space left") {
        return Error::runtime(
            format!("cannot download {package}: the disk is full"),
            "Free some space.",
        );
    }
    let lines = || errors.lines().map(str::trim).filter(|l| !l.is_empty());
    let last = lines()
        .rfind(|l| l.starts_with("ERROR"))
        .or_else(|| lines().next_back());
    let last = last.map_or("it gave no reason", |l| l.trim_start_matches("ERROR: "));
    Error::runtime(
        format!("pip cannot download {package}: {last}"),
        "Try the same with pip on a terminal.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pips_words_are_understood() {
        let said = "Collecting onnxruntime\n  Downloading onnxruntime-1.31.1-cp311-manylinux.whl (17.5 MB)\n";
        assert_eq!(announced_size(said), Some(17_500_000));
        assert_eq!(
            announced_size("  Using cached onnxruntime.whl (17.5 MB)"),
            None
        );
        let offline =
            "WARNING: Retrying after NewConnectionError\nERROR: No matching distribution found";
        assert!(
            refusal(Flavour::Cpu, offline)
                .to_string()
                .contains("cannot be reached")
        );
        assert!(
            refusal(Flavour::Cuda, "ERROR: No matching distribution found")
                .to_string()
                .contains("no package")
        );
        assert!(
            refusal(Flavour::Cpu, "ERROR: broken\n")
                .to_string()
                .ends_with("broken")
        );
    }
}
