//! No code from data: Python, libraries and programs of the working folder are left alone.

use super::Scratch;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// A folder with everything that an interpreter or a loader could pick up from it.
fn trap(scratch: &Scratch) -> std::path::PathBuf {
    let folder = scratch.path("downloaded");
    let capi = folder.join("onnxruntime/capi");
    std::fs::create_dir_all(&capi).unwrap();
    let hit = scratch.path("hit");
    let python = format!(
        "open({:?}, 'a').write(__name__ + ' ')\n",
        hit.display().to_string()
    );
    for name in [
        "contextlib.py",
        "pip.py",
        "site.py",
        "sitecustomize.py",
        "onnxruntime/__init__.py",
    ] {
        std::fs::write(folder.join(name), &python).unwrap();
    }
    std::fs::write(capi.join("libonnxruntime.so.1.99.0"), "no library").unwrap();
    for name in ["python3", "python"] {
        let program = folder.join(name);
        let text = format!("#!/bin/sh\necho program >> {}\n", hit.display());
        std::fs::write(&program, text).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    folder
}

fn doctor(scratch: &Scratch, folder: &Path, path: &str, variables: &[(&str, &str)]) -> String {
    let output = scratch
        .nearmiss(["doctor", "--json"])
        .current_dir(folder)
        .env("PATH", path)
        .env_remove("ORT_DYLIB_PATH")
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn nothing_of_the_working_folder_is_run_or_loaded() {
    let scratch = Scratch::new();
    let folder = trap(&scratch);
    let path = std::env::var("PATH").unwrap();
    let inside = folder.display().to_string();
    for (path, variables) in [
        (path.clone(), vec![]),
        // An empty or a relative part of the path is the working folder.
        (format!(":{path}"), vec![]),
        (format!(".:{path}"), vec![]),
        (path.clone(), vec![("PYTHONPATH", inside.as_str())]),
        (
            path,
            vec![("VIRTUAL_ENV", "."), ("CONDA_PREFIX", "onnxruntime")],
        ),
    ] {
        let report = doctor(&scratch, &folder, &path, &variables);
        let hit = std::fs::read_to_string(scratch.path("hit")).unwrap_or_default();
        assert_eq!(hit, "", "{path} {variables:?}");
        assert!(!report.contains("1.99.0"), "{report}");
    }
}
