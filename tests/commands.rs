//! What the command line says of itself: the page of commands, the page of JSON keys, what is printed when it fails.

use clap::CommandFactory;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The program on `line`, with data and cache of its own.
fn run(line: &str) -> Output {
    let scratch = tempfile::tempdir().unwrap();
    Command::new(env!("CARGO_BIN_EXE_nearmiss"))
        .args(line.split(' '))
        .current_dir(scratch.path())
        .env("NEARMISS_DATA", scratch.path().join("data"))
        .env("NEARMISS_CACHE", scratch.path().join("cache"))
        .env("XDG_RUNTIME_DIR", scratch.path())
        .output()
        .unwrap()
}

fn printed(line: &str) -> Value {
    let output = run(line);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|why| panic!("{line}: {why}: {output:?}"))
}

fn page(name: &str) -> PathBuf {
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/guide");
    guide.join(name)
}

/// `NEARMISS_WRITE_DOCS=1` writes the page anew.
#[test]
fn commands_of_the_guide() {
    let path = page("commands.md");
    let made = String::from_utf8(run("help --markdown").stdout).unwrap();
    if std::env::var_os("NEARMISS_WRITE_DOCS").is_some() {
        std::fs::write(&path, made).unwrap();
        return;
    }
    assert!(
        std::fs::read_to_string(&path).unwrap() == made,
        "assets/guide/commands.md is out of date: run this test with NEARMISS_WRITE_DOCS=1"
    );
}

/// The table of keys in `json.md`: what stands in code in the row of each command, by its words before the options.
fn described() -> BTreeMap<String, BTreeSet<String>> {
    let text = std::fs::read_to_string(page("json.md")).unwrap();
    let rows = text.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| {
        let command = row.split('`').nth(1).unwrap();
        let words = command.split_whitespace();
        let name: Vec<&str> = words.take_while(|w| !w.starts_with(['-', '['])).collect();
        let code = row.split('`').skip(1).step_by(2);
        let keys = code.flat_map(str::split_whitespace).map(String::from);
        (name.join(" "), keys.collect())
    })
    .collect()
}

#[test]
fn keys_that_are_printed_are_described() {
    let table = described();
    for (name, line) in [
        ("doctor", "doctor --json"),
        ("eval", "eval --dataset demo --encoder demo --json"),
        ("convert IN OUT", "convert demo few --images 0,1 --json"),
        (
            "embed",
            "embed --dataset demo --encoder demo --out e --json",
        ),
        (
            "rank",
            "rank --dataset demo --encoder demo --image 0 --json",
        ),
        (
            "mine",
            "mine --dataset demo --encoder demo --out n.jsonl --json",
        ),
        (
            "compare",
            "compare --dataset demo --encoder demo --other demo --json",
        ),
        (
            "report",
            "report --dataset demo --encoder demo --out r.html --json",
        ),
        ("cache", "cache --json"),
        (
            "bench rank",
            "bench rank --images 8 --captions 40 --dim 8 --compute cpu --json",
        ),
        (
            "bench kernels",
            "bench kernels --size small --repeat 1 --json",
        ),
        (
            "attack pairs",
            "attack pairs --dataset demo --encoder demo --attack fgsm --limit 2 --eps 2/255 --json",
        ),
        (
            "map",
            "map --dataset demo --encoder demo --method pca --json",
        ),
        (
            "strata",
            "strata --dataset demo --encoder demo --k 4 --json",
        ),
        (
            "learn",
            "learn --dataset demo --encoder demo --epochs 1 --json",
        ),
        (
            "forget",
            "forget --dataset demo --encoder demo --epochs 1 --train 0..200 --valid 200..300 --forget 0..4 --json",
        ),
        (
            "bench embed",
            "bench embed --dataset demo --encoder demo --json",
        ),
        (
            "attack caption",
            "attack caption --dataset demo --encoder demo --caption 0 --top 2 --json",
        ),
    ] {
        let row = table
            .get(name)
            .unwrap_or_else(|| panic!("{name}: no row among {:?}", table.keys()));
        let report = printed(line);
        let keys = report.as_object().unwrap().keys();
        // Said once for all commands that open data.
        for key in keys.filter(|key| !key.starts_with("data")) {
            assert!(row.contains(key), "{name}: {key} is not in {row:?}");
        }
    }
}

#[test]
fn every_command_has_its_keys_described() {
    let table = described();
    let program = nearmiss::cli::Cli::command();
    for command in program.get_subcommands().filter(|c| c.get_name() != "help") {
        let name = command.get_name();
        assert!(
            table.keys().any(|row| row.split(' ').next() == Some(name)),
            "{name} is not in assets/guide/json.md"
        );
    }
}

#[test]
fn a_failure_is_an_object_with_its_parts() {
    let fault = printed("eval --dataset nowhere --encoder demo --json");
    let text = |key: &str| fault[key].as_str().unwrap().to_owned();
    assert!(text("error").contains("nowhere"), "{fault}");
    assert_eq!(text("file"), "nowhere");
    assert!(!text("cause").contains("nowhere") && !text("remedy").is_empty());
}

#[test]
fn wrong_usage_is_an_object_too_and_help_is_none() {
    for line in [
        "eval --nonsense --json",
        "--json runtime",
        "help nobody --json",
    ] {
        let output = run(line);
        assert_eq!(output.status.code(), Some(2), "{line}");
        let fault: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(fault["file"], Value::Null);
        assert!(!fault["cause"].as_str().unwrap().is_empty(), "{line}");
        assert!(!output.stderr.is_empty(), "{line}");
    }
    let output = run("eval --nonsense");
    assert!(output.status.code() == Some(2) && output.stdout.is_empty());
    for line in ["--version --json", "eval --help", "help attack pairs"] {
        let output = run(line);
        assert!(
            output.status.success() && !output.stdout.is_empty(),
            "{line}"
        );
    }
}

#[test]
fn links_of_the_guide_lead_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut pages = vec![root.join("README.md"), root.join("CONTRIBUTING.md")];
    let guide = std::fs::read_dir(root.join("assets/guide")).unwrap();
    pages.extend(guide.map(|entry| entry.unwrap().path()));
    let mut count = 0;
    for path in pages
        .iter()
        .filter(|path| path.extension().is_some_and(|e| e == "md"))
    {
        let text = std::fs::read_to_string(path).unwrap();
        // Every second part lies between fences.
        for part in text
            .split("```")
            .step_by(2)
            .flat_map(|part| part.split("](").skip(1))
        {
            let link = part.split([')', '#']).next().unwrap();
            if link.is_empty() || link.contains("://") {
                continue;
            }
            let there = path.parent().unwrap().join(link);
            assert!(there.exists(), "{}: {link}", path.display());
            count += 1;
        }
    }
    assert!(count > 20, "only {count} links are seen");
}
