//! The layers only look down: which module may import which, read from the sources.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What each module may import, besides `error`, `task` and `files`, which everyone may.
fn allowed() -> BTreeMap<&'static str, &'static [&'static str]> {
    BTreeMap::from([
        ("error", &[][..]),
        ("task", &[]),
        ("files", &[]),
        ("paths", &[]),
        ("dataset", &[]),
        // The two of the member `nearmiss-grad`.
        ("onnx", &[]),
        ("grad", &["onnx"]),
        ("compute", &[]),
        ("runtime", &["onnx", "paths"]),
        (
            "encoder",
            &["dataset", "onnx", "compute", "runtime", "paths"],
        ),
        ("retrieval", &["dataset", "compute"]),
        (
            "source",
            &["dataset", "compute", "encoder", "retrieval", "paths"],
        ),
        ("report", &["dataset", "compute", "retrieval"]),
        (
            "attack",
            &[
                "encoder",
                "runtime",
                "grad",
                "onnx",
                "retrieval",
                "compute",
                "dataset",
            ],
        ),
        (
            "session",
            &[
                "source",
                "attack",
                "dataset",
                "grad",
                "compute",
                "encoder",
                "runtime",
                "retrieval",
            ],
        ),
        (
            "ui",
            &[
                "source",
                "session",
                "attack",
                "dataset",
                "onnx",
                "grad",
                "compute",
                "encoder",
                "runtime",
                "retrieval",
            ],
        ),
        (
            "cli",
            &[
                "source",
                "paths",
                "attack",
                "dataset",
                "onnx",
                "grad",
                "compute",
                "encoder",
                "runtime",
                "retrieval",
                "report",
            ],
        ),
        (
            "app",
            &[
                "source",
                "paths",
                "attack",
                "dataset",
                "onnx",
                "grad",
                "compute",
                "encoder",
                "runtime",
                "retrieval",
                "report",
                "session",
                "ui",
            ],
        ),
    ])
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a source folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

/// The folder of the member `nearmiss-grad`.
fn member() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/grad")
}

/// Module, path and text of each source file of the program.
fn all() -> Vec<(String, PathBuf, String)> {
    let mut files = files_of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    files.retain(|(_, path, _)| !path.starts_with(member()));
    files
}

/// As [`all`], with the member's.
fn everything() -> Vec<(String, PathBuf, String)> {
    let mut files = all();
    files.extend(files_of(&member().join("src")));
    files
}

fn files_of(root: &Path) -> Vec<(String, PathBuf, String)> {
    let mut files = Vec::new();
    sources(root, &mut files);
    files
        .into_iter()
        .map(|path| {
            let inside = path.strip_prefix(root).expect("inside src");
            let first = inside.components().next().expect("a part").as_os_str();
            let module = first.to_string_lossy().trim_end_matches(".rs").to_owned();
            let text = std::fs::read_to_string(&path).expect("readable");
            (module, path, text)
        })
        .collect()
}

/// The modules that `text` names as `crate::module`.
fn imports(text: &str) -> Vec<String> {
    text.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .flat_map(|line| line.split("crate::").skip(1))
        .map(|rest| {
            rest.chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect::<String>()
        })
        .filter(|module| !module.is_empty())
        .collect()
}

#[test]
fn modules_import_only_what_lies_below_them() {
    let allowed = allowed();
    let mut wrong = Vec::new();
    for (module, path, text) in all() {
        if module == "main" || module == "lib" {
            continue;
        }
        let may = allowed
            .get(module.as_str())
            .unwrap_or_else(|| panic!("{module} is not on the map"));
        for import in imports(&text) {
            if import != module
                && !["error", "task", "files"].contains(&import.as_str())
                && !may.contains(&import.as_str())
            {
                wrong.push(format!("{}: {module} -> {import}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_member_stands_alone() {
    // Its graphs, and what they stand on, know nothing of the transform.
    let below = ["onnx", "guard", "error", "monitor"];
    for (module, path, text) in files_of(&member().join("src")) {
        let place = path.display();
        assert!(!text.contains("nearmiss::"), "{place} names the program");
        for import in imports(&text) {
            let may = match module.as_str() {
                "onnx" => below.contains(&import.as_str()),
                "guard" => import == "guard",
                "error" | "monitor" => import == "error",
                _ => true,
            };
            assert!(may, "{place}: {module} -> {import}");
        }
    }
    let manifest = std::fs::read_to_string(member().join("Cargo.toml")).expect("readable");
    let (used, _) = manifest.split_once("[dev-dependencies]").expect("a table");
    for banned in ["\nnearmiss", "\nort", "\ntract", "\nwgpu", "\negui"] {
        assert!(!used.contains(banned), "it depends on{banned}");
    }
}

#[test]
fn there_are_no_circles() {
    let allowed = allowed();
    // Every module may import only modules from which it cannot be reached.
    fn reaches(from: &str, to: &str, map: &BTreeMap<&str, &'static [&'static str]>) -> bool {
        map.get(from)
            .is_some_and(|below| below.iter().any(|m| *m == to || reaches(m, to, map)))
    }
    for (module, below) in &allowed {
        for other in *below {
            assert!(!reaches(other, module, &allowed), "{module} <-> {other}");
        }
    }
}

#[test]
fn drawing_code_touches_no_files_models_or_threads() {
    let banned = [
        "std::fs",
        "std::thread",
        " ort::",
        "rfd::",
        "wgpu::",
        "File::",
        "compute::choose",
        "thread::spawn",
    ];
    for (module, path, text) in all() {
        if module == "ui" {
            for word in banned {
                assert!(!text.contains(word), "{} names {word}", path.display());
            }
        }
    }
}

#[test]
fn the_map_names_every_module() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let lib = std::fs::read_to_string(root.join("src/lib.rs")).expect("lib.rs");
    for module in allowed().keys() {
        assert!(
            lib.contains(&format!("pub mod {module};"))
                || lib.contains(&format!("pub use nearmiss_grad as {module};"))
                || lib.contains(&format!("pub use nearmiss_grad::{module};")),
            "lib.rs declares {module}"
        );
        assert!(
            lib.contains(&format!("[`{module}`]")),
            "the map of lib.rs names {module}"
        );
    }
}

#[test]
fn no_unwrap_outside_tests() {
    for (_, path, text) in everything() {
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for (n, line) in code.lines().enumerate() {
            let call = line.contains(".unwrap()")
                || line.contains("todo!(")
                || line.contains("unimplemented!(");
            assert!(!call, "{}:{}: {line}", path.display(), n + 1);
        }
    }
}

#[test]
fn files_are_opened_in_one_place() {
    // What is opened elsewhere is no file that somebody gave us.
    let may = [
        ("cli/bench/rank.rs", "\"/proc/self/status\""),
        // What the system says of its memory.
        ("guard/memory.rs", "fs::read_to_string("),
    ];
    for (_, path, text) in everything() {
        let place = path.display().to_string();
        if place.contains("src/files/") || place.ends_with("guard/file.rs") {
            continue;
        }
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for (n, line) in code.lines().enumerate() {
            // `TextFile::open` and its like are of the program.
            let opens = [
                " File::open(",
                "(File::open(",
                "fs::File::open(",
                "fs::read(",
                "fs::read_to_string(",
            ]
            .iter()
            .any(|call| line.contains(call));
            let known = may
                .iter()
                .any(|(file, call)| place.ends_with(file) && line.contains(call));
            assert!(!opens || known, "{place}:{}: {line}", n + 1);
        }
    }
}

#[test]
fn interpreters_are_started_in_one_place() {
    for (_, path, text) in everything() {
        let place = path.display().to_string();
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        let own = place.ends_with("runtime/python.rs") || place.ends_with("main.rs");
        assert!(own || !code.contains("Command::new("), "{place}");
    }
}
