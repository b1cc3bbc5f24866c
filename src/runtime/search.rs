//! Where an ONNX Runtime library may lie on this machine.

use super::python;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// One place to look in. Lazy, because the last ones start an interpreter.
pub(super) enum Place {
    /// The file that `ORT_DYLIB_PATH` names.
    File(PathBuf),
    /// A folder, and how to call it in a message.
    Folder(String, PathBuf),
    /// The Python environment that this command starts.
    Python(&'static str),
}

/// The places in the order in which they are tried. `data` is the application's data folder, where known.
pub(super) fn places(data: Option<&Path>) -> Vec<Place> {
    let mut places = Vec::new();
    if let Some(file) = std::env::var_os("ORT_DYLIB_PATH").filter(|v| !v.is_empty()) {
        places.push(Place::File(file.into()));
    }
    if let Some(folder) = std::env::current_exe()
        .ok()
        .as_deref()
        .and_then(Path::parent)
    {
        places.push(Place::Folder(
            "beside the program".into(),
            folder.to_path_buf(),
        ));
    }
    if let Some(data) = data {
        places.push(Place::Folder(
            "application data".into(),
            data.join("runtime"),
        ));
    }
    for variable in ["VIRTUAL_ENV", "CONDA_PREFIX"] {
        // A relative one would lead into whatever folder we were started in.
        let root = std::env::var_os(variable).map(PathBuf::from);
        if let Some(root) = root.filter(|root| root.is_absolute()) {
            let found = python::capi_folders(&root);
            places.extend(
                found
                    .into_iter()
                    .map(|f| Place::Folder(format!("Python ({variable})"), f)),
            );
        }
    }
    places.extend(python::COMMANDS.iter().map(|c| Place::Python(c)));
    places
}

impl Place {
    /// How to call it in a message.
    pub(super) fn name(&self) -> String {
        match self {
            Self::File(path) => format!("ORT_DYLIB_PATH ({})", path.display()),
            Self::Folder(name, path) => format!("{name} ({})", path.display()),
            Self::Python(command) => format!("{command} on the path"),
        }
    }

    /// The library in this place, or why there is none.
    pub(super) fn library(&self) -> Result<PathBuf, String> {
        match self {
            Self::File(path) if path.is_file() => Ok(path.clone()),
            Self::File(path) if path.is_dir() => in_folder(path),
            Self::File(_) => Err("no such file".into()),
            Self::Folder(_, path) => in_folder(path),
            Self::Python(command) => {
                let folders = python::onnxruntime(command)?;
                let mut libraries = folders.iter().filter_map(|folder| newest_library(folder));
                libraries
                    .next()
                    .ok_or_else(|| "no ONNX Runtime library there".into())
            }
        }
    }
}

fn in_folder(folder: &Path) -> Result<PathBuf, String> {
    newest_library(folder).ok_or_else(|| "no ONNX Runtime library there".into())
}

/// The ONNX Runtime library in `folder`; of several the one whose name sorts last, as the versioned ones do.
pub(super) fn newest_library(folder: &Path) -> Option<PathBuf> {
    let files = std::fs::read_dir(folder).ok()?.flatten().map(|e| e.path());
    files
        .filter(|p| {
            p.file_name()
                .and_then(OsStr::to_str)
                .is_some_and(is_library)
        })
        .max()
}

/// Is this the file name of the runtime itself, and not of one of its providers?
fn is_library(name: &str) -> bool {
    if cfg!(windows) {
        name.eq_ignore_ascii_case("onnxruntime.dll")
    } else if cfg!(target_os = "macos") {
        let dylib = Path::new(name).extension().is_some_and(|e| e == "dylib");
        dylib && (name == "libonnxruntime.dylib" || name.starts_with("libonnxruntime."))
    } else {
        name == "libonnxruntime.so" || name.starts_with("libonnxruntime.so.")
    }
}

/// The version of a library: from its file name, else from `build` (`ort::info()`), else from the `dist-info`
/// folder of the wheel it came with, else "unknown version".
pub(super) fn version(library: &Path, build: &str) -> String {
    let name = library
        .file_name()
        .and_then(OsStr::to_str)
        .unwrap_or_default();
    from_name(name)
        .or_else(|| {
            build
                .split("git-branch=rel-")
                .nth(1)
                .and_then(leading_version)
        })
        .or_else(|| from_wheel(library))
        .unwrap_or_else(|| "unknown version".into())
}

fn from_name(name: &str) -> Option<String> {
    let rest = name.strip_prefix("libonnxruntime.")?;
    leading_version(rest.strip_prefix("so.").unwrap_or(rest))
}

/// The dotted number at the start of `text`; at least "1.2".
fn leading_version(text: &str) -> Option<String> {
    let end = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let version = text[..end].trim_end_matches('.');
    version.contains('.').then(|| version.to_owned())
}

fn from_wheel(library: &Path) -> Option<String> {
    let site = library.parent()?.parent()?.parent()?;
    std::fs::read_dir(site).ok()?.flatten().find_map(|entry| {
        let name = entry.file_name().into_string().ok()?;
        let (package, rest) = name.split_once('-')?;
        (package.starts_with("onnxruntime") && rest.ends_with(".dist-info"))
            .then(|| leading_version(rest))
            .flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_names_and_build_strings() {
        let v = |name: &str, build: &str| version(Path::new(name), build);
        assert_eq!(v("/a/libonnxruntime.so.1.31.1", ""), "1.31.1");
        assert_eq!(v("/a/libonnxruntime.1.20.0.dylib", ""), "1.20.0");
        let build = "ORT Build Info: git-branch=rel-1.23.2, git-commit-id=a";
        assert_eq!(v("/a/onnxruntime.dll", build), "1.23.2");
        assert_eq!(
            v("/a/libonnxruntime.so", "git-branch=main"),
            "unknown version"
        );
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn providers_are_no_libraries() {
        assert!(is_library("libonnxruntime.so.1.31.1") && is_library("libonnxruntime.so"));
        assert!(!is_library("libonnxruntime_providers_shared.so"));
    }
}
