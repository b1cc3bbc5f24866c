//! The Python on the path, asked but never imported from.

use crate::files::SCRATCH;
use crate::task::scratch;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The names under which an interpreter is tried.
pub(super) const COMMANDS: [&str; 2] = ["python3", "python"];

/// What [`answer`] says of a command that does not exist.
pub(super) const NO_COMMAND: &str = "no such command";

/// How long an interpreter may take to look for a package.
pub(super) const PATIENCE: Duration = Duration::from_secs(3);

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

/// Every `onnxruntime/capi` folder that `command` would import from, in its order, or why there is none.
pub(super) fn onnxruntime(command: &str) -> Result<Vec<PathBuf>, String> {
    // Isolated from the user's site and the environment, which are named here instead of being imported from.
    const SCRIPT: &str = "import sys, site; \
                          paths = sys.path + [site.getusersitepackages()]; \
                          print('\\0'.join(p for p in paths if p))";
    let paths = answer(command, &["-c", SCRIPT], PATIENCE)?;
    let folders = paths.split('\0').map(PathBuf::from);
    let found: Vec<PathBuf> = folders
        .filter(|path| path.is_absolute())
        .map(|path| path.join("onnxruntime").join("capi"))
        .filter(|path| path.is_dir())
        .collect();
    if found.is_empty() {
        Err("has no onnxruntime package".into())
    } else {
        Ok(found)
    }
}

/// How far an interpreter is kept from everything but its own installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Apart {
    /// From the working folder, the environment and the user's own packages.
    Wholly,
    /// From the environment; the user's own packages may be imported, and the working folder is one of ours.
    FromEnvironment,
}

/// The interpreter `name`, looked up in the absolute folders of the path alone, to be run in `folder`: nothing that
/// lies in the folder we were started in is ever executed. `None` where there is no such interpreter.
pub(super) fn command(name: &str, apart: Apart, folder: &Path) -> Option<Command> {
    let mut command = Command::new(on_path(name)?);
    command.current_dir(folder).stdin(Stdio::null());
    command.arg(match apart {
        Apart::Wholly => "-I",
        Apart::FromEnvironment => "-E",
    });
    // A version manager's own interpreter would obey a file of the folder that we were started in.
    for variable in ["PWD", "OLDPWD", "PYENV_DIR"] {
        command.env_remove(variable);
    }
    Some(command)
}

/// The program `name` in the first absolute folder of the path that has it.
fn on_path(name: &str) -> Option<PathBuf> {
    let paths = std::env::var_os("PATH")?;
    std::env::split_paths(&paths)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX)))
        .find(|program| is_program(program))
}

#[cfg(unix)]
fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata()
        .is_ok_and(|about| about.is_file() && about.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(path: &Path) -> bool {
    path.is_file()
}

/// The first line that the interpreter `name` prints; an error in words where it fails or takes longer than `patience`.
/// It runs isolated, in an empty folder.
pub(super) fn answer(name: &str, arguments: &[&str], patience: Duration) -> Result<String, String> {
    answer_apart(name, Apart::Wholly, arguments, patience)
}

/// As [`answer`], kept [`Apart`] as said.
pub(super) fn answer_apart(
    name: &str,
    apart: Apart,
    arguments: &[&str],
    patience: Duration,
) -> Result<String, String> {
    let empty = tempfile::Builder::new()
        .prefix(&scratch::prefix(&std::env::temp_dir(), SCRATCH))
        .tempdir()
        .map_err(|e| format!("there is no folder to run it in: {e}"))?;
    let mut child = command(name, apart, empty.path())
        .ok_or_else(|| NO_COMMAND.to_owned())?
        .args(arguments)
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

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interpreter_sees_neither_our_folder_nor_the_environment() {
        let Ok(said) = answer(
            "python3",
            &[
                "-c",
                "import os, sys; print(len(os.listdir('.')), sys.flags.isolated, '' in sys.path)",
            ],
            PATIENCE,
        ) else {
            return;
        };
        assert_eq!(said, "0 1 False");
        assert_eq!(on_path("no-such-interpreter"), None);
    }
}
