//! Features of the window, and code that only draws.

use super::*;

/// The folders of the desktop that are no feature.
const COMMON: [&str; 2] = ["core", "shell"];

#[test]
fn features_see_the_core_and_never_each_other() {
    let mut wrong = Vec::new();
    for source in program() {
        let [desktop, part, ..] = source.module.as_slice() else {
            continue;
        };
        // What holds the features together may name them.
        if desktop != "desktop" || ["features", "host", "window", "frames"].contains(&part.as_str())
        {
            continue;
        }
        for name in &source.names {
            let [root, desktop, other, ..] = name.as_slice() else {
                continue;
            };
            if root != "crate" || desktop != "desktop" || other == part {
                continue;
            }
            let may: &[&str] = match part.as_str() {
                "core" => &[],
                "shell" => &["core"],
                "feature" => &["core", "shell"],
                _ => &["core", "shell", "feature"],
            };
            if !may.contains(&other.as_str()) {
                wrong.push(format!("{}: {part} -> {other}", source.path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_feature_is_listed_once() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/desktop");
    let list = std::fs::read_to_string(root.join("features.rs")).expect("readable");
    for entry in std::fs::read_dir(&root).expect("a folder") {
        let entry = entry.expect("an entry");
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.path().is_dir() && !COMMON.contains(&name.as_str()) {
            let count = list.matches(&format!("Host::<super::{name}::")).count();
            assert_eq!(count, 1, "{name} in features.rs");
        }
    }
}

/// Does `source` only draw?
fn draws(source: &Source) -> bool {
    match source.module.as_slice() {
        [desktop, shell, ..] if desktop == "desktop" && shell == "shell" => true,
        [desktop, _, view, ..] => desktop == "desktop" && view == "view",
        _ => false,
    }
}

#[test]
fn drawing_code_names_no_files_models_jobs_or_threads() {
    let banned: [&[&str]; 19] = [
        &["std", "fs"],
        &["std", "thread"],
        &["std", "process"],
        &["std", "net"],
        &["std", "sync", "mpsc"],
        &["ort"],
        &["rfd"],
        &["wgpu"],
        &["rayon"],
        &["crate", "desktop", "core", "Core"],
        &["crate", "desktop", "core", "BoundJobs"],
        &["crate", "desktop", "core", "Dialog"],
        &["crate", "task", "Task"],
        &["crate", "task", "Jobs"],
        &["crate", "encoder", "Encoder"],
        &["crate", "encoder", "Cache"],
        &["crate", "runtime", "Runtime"],
        &["crate", "compute", "Engine"],
        &["crate", "compute", "choose"],
    ];
    // What names a file is no file; what is opened lies in functions of these.
    let opens = [
        "open",
        "read_all",
        "replace",
        "write_json",
        "open_picture",
        "open_regular",
    ];
    let mut wrong = Vec::new();
    for source in program().iter().filter(|s| draws(s)) {
        for name in &source.names {
            let parts: Vec<&str> = name.iter().map(String::as_str).collect();
            let opened = parts.len() > 2
                && ["files", "source", "dataset"].contains(&parts[1])
                && parts.last().is_some_and(|last| opens.contains(last));
            if opened || banned.iter().any(|ban| parts.starts_with(ban)) {
                wrong.push(format!("{}: {}", source.path.display(), parts.join("::")));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn tables_and_plots_are_drawn_by_one_helper_each() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    // What draws, and the files that may.
    let helpers: [(&str, &[&str]); 6] = [
        ("egui_plot::Plot", &["shell/plots/mod.rs"]),
        ("Plot::new(", &["shell/plots/mod.rs"]),
        ("BarChart", &["shell/plots/mod.rs"]),
        ("TableBuilder", &[]),
        // The pairs of the workbench have a list of their own; its head turns their order.
        (
            "Role::ColumnHeader",
            &["shell/table/head.rs", "negatives/view/row.rs"],
        ),
        // Forms of dialogs are no tables.
        (
            "Grid::new(",
            &[
                "shell/table/small.rs",
                "shell/dialogs.rs",
                "shell/sets.rs",
                "shell/help/about.rs",
            ],
        ),
    ];
    let (mut wrong, mut seen) = (Vec::new(), 0);
    for source in program() {
        let Ok(path) = source.path.strip_prefix("desktop") else {
            continue;
        };
        let text = std::fs::read_to_string(root.join(&source.path)).expect("readable");
        let path = path.to_string_lossy().replace('\\', "/");
        seen += 1;
        for (what, may) in helpers {
            if text.contains(what) && !may.contains(&path.as_str()) {
                wrong.push(format!("{path}: {what}"));
            }
        }
    }
    assert!(seen > 100, "{seen} files");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
