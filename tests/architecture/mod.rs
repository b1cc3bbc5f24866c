//! The layers only look down: which module may name which, read from the syntax of the sources.

mod desktop;
mod names;
mod outside;
mod picture;
mod terms;

use names::{Source, module_of};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// What each module may import, besides `error`, `task` and `files`, which everyone may.
#[allow(clippy::too_many_lines)] // one table
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
        ("compute", &["names"]),
        ("runtime", &["onnx", "paths"]),
        (
            "encoder",
            &["dataset", "onnx", "compute", "runtime", "paths"],
        ),
        ("retrieval", &["dataset", "compute"]),
        ("names", &[]),
        ("map", &["dataset", "compute", "retrieval", "names"]),
        (
            "source",
            &["dataset", "compute", "encoder", "retrieval", "paths"],
        ),
        ("report", &["dataset", "compute", "retrieval"]),
        (
            "parts",
            &[
                "source",
                "encoder",
                "runtime",
                "retrieval",
                "compute",
                "dataset",
                "paths",
            ],
        ),
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
                "names",
            ],
        ),
        (
            "learn",
            &[
                "encoder",
                "grad",
                "onnx",
                "retrieval",
                "compute",
                "dataset",
                "names",
            ],
        ),
        (
            "parts",
            &[
                "source",
                "paths",
                "attack",
                "dataset",
                "compute",
                "encoder",
                "runtime",
                "retrieval",
            ],
        ),
        (
            "augment",
            &[
                "attack", "learn", "encoder", "runtime", "grad", "onnx", "compute", "dataset",
                "names",
            ],
        ),
        (
            "cli",
            &[
                "augment",
                "parts",
                "source",
                "paths",
                "attack",
                "learn",
                "dataset",
                "onnx",
                "grad",
                "compute",
                "encoder",
                "runtime",
                "retrieval",
                "map",
                "report",
            ],
        ),
        (
            "desktop",
            &[
                "augment",
                "parts",
                "source",
                "paths",
                "attack",
                "learn",
                "dataset",
                "onnx",
                "grad",
                "compute",
                "encoder",
                "runtime",
                "retrieval",
                "map",
                "report",
            ],
        ),
    ])
}

/// The folder of the member `nearmiss-grad`.
fn member() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/grad")
}

/// Module, path and text of each source file of the program.
fn all() -> Vec<(String, PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    files_of(&root, &[&member()])
}

/// As [`all`], with the member's.
fn everything() -> Vec<(String, PathBuf, String)> {
    let mut files = all();
    files.extend(files_of(&member().join("src"), &[]));
    files
}

fn files_of(root: &Path, skip: &[&Path]) -> Vec<(String, PathBuf, String)> {
    names::files(root, skip)
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

/// The sources of the program, by syntax.
fn program() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    names::sources(&root, &[&member()])
}

/// Every module with its place in `sources`.
fn modules(sources: &[Source]) -> BTreeMap<Vec<String>, usize> {
    let places = sources.iter().enumerate();
    places.map(|(at, s)| (s.module.clone(), at)).collect()
}

/// The first part below the crate's root of what `source` names, for each name.
fn tops(source: &Source) -> impl Iterator<Item = &str> {
    let names = source.names.iter();
    names.filter_map(|name| match name.as_slice() {
        [root, top, ..] if root == "crate" => Some(top.as_str()),
        _ => None,
    })
}

#[test]
fn modules_name_only_what_lies_below_them() {
    let allowed = allowed();
    let mut wrong = Vec::new();
    for source in program() {
        let Some(module) = source.module.first() else {
            continue;
        };
        let may = allowed
            .get(module.as_str())
            .unwrap_or_else(|| panic!("{module} is not on the map"));
        for top in tops(&source) {
            if top != module && !["error", "task", "files"].contains(&top) && !may.contains(&top) {
                wrong.push(format!("{}: {module} -> {top}", source.path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The circles among the files of one crate, but those of a module with what lies below it.
fn circles(sources: &[Source]) -> Vec<String> {
    let modules = modules(sources);
    let edges: Vec<BTreeSet<usize>> = sources
        .iter()
        .map(|source| {
            let named = source.names.iter().filter_map(|n| module_of(n, &modules));
            let apart = |other: &usize| {
                let (a, b) = (&source.module, &sources[*other].module);
                !a.starts_with(b) && !b.starts_with(a)
            };
            named.filter(apart).collect()
        })
        .collect();
    let reach = |from: usize| {
        let mut seen = BTreeSet::new();
        let mut open: Vec<usize> = edges[from].iter().copied().collect();
        while let Some(at) = open.pop() {
            if seen.insert(at) {
                open.extend(edges[at].iter().copied());
            }
        }
        seen
    };
    let reached: Vec<BTreeSet<usize>> = (0..sources.len()).map(reach).collect();
    let mut found = BTreeSet::new();
    for at in 0..sources.len() {
        let mut circle: Vec<String> = reached[at]
            .iter()
            .filter(|&&other| reached[other].contains(&at))
            .map(|&other| sources[other].title())
            .collect();
        circle.sort();
        if !circle.is_empty() {
            found.insert(circle.join(" <-> "));
        }
    }
    found.into_iter().collect()
}

#[test]
fn no_files_name_each_other() {
    let mut found = circles(&program());
    found.extend(circles(&names::sources(&member().join("src"), &[])));
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn no_file_is_longer_than_400_lines() {
    let mut files = everything();
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    files.extend(files_of(&tests, &[&tests.join("fuzz")]));
    let long: Vec<String> = files
        .iter()
        .map(|(_, path, text)| (text.lines().count(), path))
        .filter(|(count, _)| *count > 400)
        .map(|(count, path)| format!("{}: {count}", path.display()))
        .collect();
    assert!(long.is_empty(), "{}", long.join("\n"));
}

#[test]
fn the_member_stands_alone() {
    // Its graphs, and what they stand on, know nothing of the transform.
    let below = ["onnx", "guard", "error", "monitor"];
    for source in names::sources(&member().join("src"), &[]) {
        let place = source.path.display();
        let module = source.module.first().map_or("lib", String::as_str);
        for top in tops(&source) {
            let may = match module {
                "onnx" => below.contains(&top),
                "guard" => top == "guard",
                "error" | "monitor" => top == "error",
                _ => true,
            };
            assert!(may || top == module, "{place}: {module} -> {top}");
        }
        for name in &source.names {
            assert_ne!(
                name.first().map(String::as_str),
                Some("nearmiss"),
                "{place} names the program"
            );
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
        // The tests of a file that would be too long with them.
        if path.ends_with("tests.rs") {
            continue;
        }
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
