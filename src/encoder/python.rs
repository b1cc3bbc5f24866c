//! The Python on the path, asked but never imported from.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The names under which an interpreter is tried.
pub(super) const COMMANDS: [&str; 2] = ["python3", "python"];

/// What [`answer`] says of a command that does not exist.
pub(super) const NO_COMMAND: &str = "no such command";

/// How long an interpreter may take to look for a package.
const PATIENCE: Duration = Duration::from_secs(3);

/// `onnxruntime/capi` folders of the environment at `root`; empty where it has none.
pub(super) fn capi_folders(root: &Path) -> Vec<PathBuf> {
    let mut sites = vec![root.join("Lib").join("site-packages")];
    if let Ok(entries) = std::fs::read_dir(root.join("lib")) {
        let pythons = entries
            .flatten()
            .filter(|e| e.file_name().to_string_lossy().starts_with("python"));
        sites.extend(pythons.map(|e| e.path().join("site-packages")));
    }
    sites
        .into_iter()
        .map(|s| s.join("onnxruntime").join("capi"))
        .filter(|p| p.is_dir())
        .collect()
}

/// The folder of the `onnxruntime` package that `command` would import, or why there is none.
pub(super) fn onnxruntime(command: &str) -> Result<PathBuf, String> {
    const SCRIPT: &str = "import importlib.util as u; s = u.find_spec('onnxruntime'); \
                          print(list(s.submodule_search_locations)[0] if s else '')";
    let folder = answer(command, &["-c", SCRIPT], PATIENCE)?;
    if folder.is_empty() {
        Err("has no onnxruntime package".into())
    } else {
        Ok(folder.into())
    }
}

/// The first line that `command` prints; an error in words where it fails or takes longer than `patience`.
pub(super) fn answer(
    command: &str,
    arguments: &[&str],
    patience: Duration,
) -> Result<String, String> {
    let mut child = Command::new(command)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|_| NO_COMMAND.to_owned())?;
    let since = Instant::now();
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if since.elapsed() < patience => std::thread::sleep(Duration::from_millis(5)),
            Ok(None) => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("did not answer within {} s", patience.as_secs()));
            }
            Err(e) => return Err(e.to_string()),
        }
    };
    let mut text = String::new();
    if let Some(mut out) = child.stdout.take() {
        let _ = out.read_to_string(&mut text);
    }
    if !status.success() {
        return Err("failed".into());
    }
    Ok(text.lines().next().unwrap_or_default().trim().to_owned())
}
