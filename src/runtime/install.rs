//! Fetches the ONNX Runtime library into the application's data folder: `pip` downloads the wheel, we unpack it.

use super::flavour::Flavour;
use super::pip;
use super::search::newest_library;
use super::stop::patiently;
use crate::error::{Error, Result};
use crate::files::{open_regular, replace_folder};
use crate::paths::data_dir;
use crate::task::{Task, scratch};
use std::fs::File;
use std::io::{BufReader, Read, Write};
use std::path::{Path, PathBuf};

/// Downloads `flavour` and unpacks its libraries into `runtime` of [`data_dir`], in place of what was there. Returns
/// the library, which the next start of the program uses. Reports progress in bytes.
///
/// # Errors
/// No Python, no pip, no network, no package for this system, a full disk; cancellation.
pub fn install(flavour: Flavour, task: &Task) -> Result<PathBuf> {
    let data = data_dir()?;
    let temporary = |prefix: &str| {
        tempfile::Builder::new()
            .prefix(&scratch::prefix(&data, prefix))
            .tempdir_in(&data)
            .map_err(Error::io("create a folder in", &data))
    };
    task.begin("Looking for pip", 0);
    let python = patiently(task, "find-pip", pip::python)?;
    let download = temporary("download-")?;
    let wheel = pip::download(python, flavour, download.path(), task)?;
    let fresh = temporary("runtime-")?;
    unpack(&wheel, fresh.path(), task)?;
    let library = newest_library(fresh.path()).ok_or_else(|| {
        Error::runtime(
            format!(
                "the package {} holds no ONNX Runtime library for this system",
                flavour.package()
            ),
            "Choose another build: cpu is there for every system.",
        )
    })?;
    let place = data.join("runtime");
    replace_folder(&fresh.keep(), &place)?;
    Ok(place.join(library.file_name().unwrap_or_default()))
}

/// Unpacks the shared libraries of `wheel` into `folder`, without their folders.
fn unpack(wheel: &Path, folder: &Path, task: &Task) -> Result<()> {
    let damaged = |e: zip::result::ZipError| {
        Error::runtime(
            format!(
                "{}: the downloaded package is damaged: {e}",
                wheel.display()
            ),
            "Try again.",
        )
    };
    let file = open_regular(wheel).map_err(Error::io("read", wheel))?;
    let mut archive = zip::ZipArchive::new(BufReader::new(file)).map_err(damaged)?;
    let names: Vec<String> = archive
        .file_names()
        .filter(|n| library_name(n).is_some())
        .map(String::from)
        .collect();
    let sizes = names
        .iter()
        .filter_map(|n| archive.by_name(n).ok().map(|f| f.size()))
        .sum();
    task.begin("Unpacking ONNX Runtime", sizes);
    let mut buffer = vec![0; 1 << 18];
    for name in &names {
        let Some(plain) = library_name(name) else {
            continue;
        };
        let target = folder.join(plain);
        let mut from = archive.by_name(name).map_err(damaged)?;
        let mut to = File::create(&target).map_err(Error::io("create", &target))?;
        loop {
            task.check()?;
            let n = from.read(&mut buffer).map_err(Error::io("read", wheel))?;
            if n == 0 {
                break;
            }
            to.write_all(&buffer[..n])
                .map_err(Error::io("write", &target))?;
            task.add(n as u64);
        }
    }
    Ok(())
}

/// The file name of a shared library that the runtime needs; `None` for the rest of the wheel.
fn library_name(entry: &str) -> Option<&str> {
    let name = entry.strip_prefix("onnxruntime/capi/")?;
    let ours = ["libonnxruntime", "onnxruntime", "DirectML"]
        .iter()
        .any(|start| name.starts_with(start));
    let is = |ending: &str| {
        Path::new(name)
            .extension()
            .is_some_and(|e| e.eq_ignore_ascii_case(ending))
    };
    let library = is("dll") || is("dylib") || is("so") || name.contains(".so.");
    (ours && library && !name.contains('/') && !name.contains("pybind11")).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_runtimes_libraries_are_unpacked() {
        let kept = |name: &str| library_name(&format!("onnxruntime/capi/{name}")).is_some();
        assert!(kept("libonnxruntime.so.1.31.1") && kept("libonnxruntime_providers_cuda.so"));
        assert!(
            kept("onnxruntime.dll") && kept("DirectML.dll") && kept("libonnxruntime.1.31.1.dylib")
        );
        assert!(
            !kept("onnxruntime_pybind11_state.cpython-311-x86_64-linux-gnu.so")
                && !kept("_ld_preload.py")
        );
        assert!(
            !kept("../../libonnxruntime.so")
                && library_name("elsewhere/libonnxruntime.so").is_none()
        );
    }
}
