//! The picture of the architecture in `CONTRIBUTING.md` is drawn from the code.

use super::*;

/// What everyone may name; left out of the picture.
const COMMON: [&str; 3] = ["error", "task", "files"];

/// Which modules each module names.
fn named() -> BTreeMap<String, BTreeSet<String>> {
    let mut edges: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut add = |from: &str, to: &str| {
        if !COMMON.contains(&from) && !COMMON.contains(&to) {
            let to_others = edges.entry(from.to_owned()).or_default();
            if from != to {
                to_others.insert(to.to_owned());
            }
        }
    };
    for source in program() {
        if let Some(module) = source.module.first() {
            tops(&source).for_each(|top| add(module, top));
        }
    }
    // The member's graphs, and what stands on them.
    add("onnx", "onnx");
    add("grad", "onnx");
    edges
}

/// Without what follows from the other edges.
fn reduced(edges: &BTreeMap<String, BTreeSet<String>>) -> BTreeMap<&str, Vec<&str>> {
    fn reaches(from: &str, to: &str, edges: &BTreeMap<String, BTreeSet<String>>) -> bool {
        edges
            .get(from)
            .is_some_and(|below| below.iter().any(|b| b == to || reaches(b, to, edges)))
    }
    let direct = |below: &BTreeSet<String>, to: &str| {
        let mut others = below.iter().filter(|b| *b != to);
        !others.any(|b| reaches(b, to, edges))
    };
    edges
        .iter()
        .map(|(from, below)| {
            let kept = below.iter().filter(|to| direct(below, to));
            (from.as_str(), kept.map(String::as_str).collect())
        })
        .collect()
}

/// The picture, as the page has it.
fn picture() -> String {
    let edges = named();
    let lines = reduced(&edges).into_iter().flat_map(|(from, below)| {
        let edges = below.into_iter().map(move |to| format!("{from} --> {to}"));
        std::iter::once(from.to_owned()).chain(edges)
    });
    let lines: Vec<String> = lines.map(|line| format!("    {line}")).collect();
    format!("```mermaid\nflowchart TD\n{}\n```\n", lines.join("\n"))
}

/// `NEARMISS_WRITE_DOCS=1` draws it anew.
#[test]
fn architecture_of_the_guide() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("CONTRIBUTING.md");
    let text = std::fs::read_to_string(&path).expect("readable");
    let (begin, end) = ("<!-- architecture -->\n", "<!-- end of architecture -->\n");
    let (before, rest) = text.split_once(begin).expect("the begin of the picture");
    let (there, after) = rest.split_once(end).expect("the end of the picture");
    let made = picture();
    if std::env::var_os("NEARMISS_WRITE_DOCS").is_some() {
        std::fs::write(&path, [before, begin, &made, end, after].concat()).expect("written");
        return;
    }
    assert_eq!(
        there, made,
        "the picture of the architecture in CONTRIBUTING.md is out of date: run this test with NEARMISS_WRITE_DOCS=1"
    );
}
