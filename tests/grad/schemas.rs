//! The table of operators, versions and attributes against the schemas of ONNX and ONNX Runtime, and its page.

use super::harness::spread;
use super::net::{Net, node};
use nearmiss::grad::{Known, NEWEST_OPSET, Only, known, operators, operators_markdown, unknown};
use nearmiss::onnx::Tensor;
use nearmiss::onnx::node::{float, int, text};
use nearmiss::onnx::proto::{AttributeProto, NodeProto};
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// What `schemas.py` writes.
#[derive(Deserialize)]
struct Schemas {
    opset: i64,
    /// Versions, each with the names of its inputs and its attributes with type and default.
    operators: BTreeMap<String, Vec<Schema>>,
}

type Schema = (i64, Vec<String>, BTreeMap<String, (String, Value)>);

fn schemas() -> Schemas {
    serde_json::from_str(include_str!("../fixtures/schemas.json")).unwrap()
}

/// Each operator of the table with its schemas.
fn pairs(schemas: &Schemas) -> impl Iterator<Item = (&'static Known, &Vec<Schema>)> {
    known().iter().map(move |k| (k, &schemas.operators[k.op]))
}

fn with(op: &str, attributes: &[AttributeProto]) -> NodeProto {
    node(op, &["x"], &["y"], attributes)
}

/// The attribute `name` at the default that the schema says.
fn at_default(name: &str, default: &Value) -> AttributeProto {
    match default {
        Value::String(value) => text(name, value),
        Value::Number(value) if value.is_f64() => float(name, value.as_f64().unwrap() as f32),
        other => int(name, other.as_i64().unwrap_or(0)),
    }
}

/// The attribute `name` at a value that is not among `only`.
fn beyond(name: &str, only: &Only) -> AttributeProto {
    match only {
        Only::Ints(values) => int(name, values.iter().max().unwrap() + 1),
        Only::Float(value) => float(name, value + 1.0),
        Only::Texts(_) => text(name, "another"),
    }
}

#[test]
fn every_operator_is_in_the_table() {
    let names: Vec<&str> = known().iter().map(|k| k.op).collect();
    assert_eq!(names, operators());
    assert!(names.is_sorted());
    let schemas = schemas();
    assert_eq!(schemas.opset, NEWEST_OPSET);
    for name in names {
        assert!(schemas.operators.contains_key(name), "{name} has no schema");
    }
}

#[test]
fn every_version_is_known_or_refused() {
    for (known, versions) in pairs(&schemas()) {
        let all: Vec<i64> = versions.iter().map(|v| v.0).collect();
        // Graphs are read from operator set 7 on.
        let first = all.iter().copied().filter(|&v| v <= 7).max().unwrap_or(0);
        let wanted: Vec<i64> = all.into_iter().filter(|&v| v >= first).collect();
        let mut listed = [known.versions, known.refused].concat();
        listed.sort_unstable();
        assert_eq!(listed, wanted, "{}", known.op);
        for &version in known.versions {
            assert_eq!(known.refuses(&with(known.op, &[]), version), None);
        }
        for version in known.refused {
            let why = unknown(&with(known.op, &[]), *version).unwrap();
            assert!(why.contains(&format!("version {version}")), "{why}");
        }
    }
}

/// Attributes that no rule handles at any value, which have no default.
const REFUSED: [(&str, &str); 5] = [
    ("GRU", "clip"),
    ("LSTM", "clip"),
    ("RNN", "clip"),
    ("com.microsoft.DynamicQuantizeLSTM", "clip"),
    ("com.microsoft.FusedGemm", "activation_gamma"),
];

#[test]
fn every_attribute_is_handled_or_refused_by_name() {
    let mut refused = BTreeSet::new();
    for (known, versions) in pairs(&schemas()) {
        let why = |attribute, version| unknown(&with(known.op, &[attribute]), version);
        for (version, _, attributes) in versions.iter().filter(|v| known.versions.contains(&v.0)) {
            for (name, (_, default)) in attributes {
                let what = format!("{} {version}: {name}", known.op);
                if let Some((_, only)) = known.only.iter().find(|(n, _)| n == name) {
                    let said = why(beyond(name, only), *version).expect(&what);
                    assert!(
                        said.contains(name) && said.contains("not handled"),
                        "{said}"
                    );
                    if !default.is_null() {
                        assert_eq!(why(at_default(name, default), *version), None, "{what}");
                    }
                } else if known.attributes.contains(&name.as_str()) {
                    assert_eq!(why(at_default(name, default), *version), None, "{what}");
                } else {
                    assert!(
                        default.is_null(),
                        "{what} may be written out as its default"
                    );
                    let said = why(int(name, 1), *version).expect(&what);
                    assert!(said.contains(name) && said.contains("not known"), "{said}");
                    refused.insert((known.op, name.clone()));
                }
            }
        }
    }
    let refused: Vec<(&str, &str)> = refused.iter().map(|(op, n)| (*op, n.as_str())).collect();
    assert_eq!(refused, REFUSED);
}

#[test]
fn every_attribute_of_the_table_has_a_schema() {
    for (known, versions) in pairs(&schemas()) {
        let own = versions.iter().filter(|v| known.versions.contains(&v.0));
        let all: BTreeSet<&str> = own.flat_map(|v| v.2.keys().map(String::as_str)).collect();
        let only: Vec<&str> = known.only.iter().map(|(name, _)| *name).collect();
        for name in known.attributes.iter().chain(&only) {
            assert!(all.contains(name), "{}: {name}", known.op);
        }
        assert!(only.iter().all(|n| !known.attributes.contains(n)));
    }
}

#[test]
fn newer_versions_are_refused() {
    let next = NEWEST_OPSET + 1;
    for known in known() {
        let why = unknown(&with(known.op, &[]), next);
        if known.op.starts_with("com.microsoft.") {
            assert_eq!(why, None, "{}: its own operator set is meant", known.op);
        } else {
            assert!(why.unwrap().contains(&format!("operator set {next}")));
        }
    }
    assert_eq!(unknown(&with("If", &[]), next), None);
    let short = Known {
        op: "Abs",
        versions: &[6, 13],
        refused: &[20],
        attributes: &[],
        only: &[],
    };
    let why = |opset| short.refuses(&with("Abs", &[]), opset);
    assert_eq!((why(5), why(18), why(19)), (None, None, None));
    let said = "version 20 of it is not known, up to 13 is";
    assert_eq!(
        (why(20).as_deref(), why(25).as_deref()),
        (Some(said), Some(said))
    );
}

/// Sliding windows came with version 25 of attention.
#[test]
fn windows_of_attention_are_refused_by_name() {
    for side in ["left_window_size", "right_window_size"] {
        let net = |size| {
            let windows = [int(side, size)];
            Net::new(25).input("x", &[1, 2, 3, 4]).node(
                "Attention",
                &["x", "x", "x"],
                &["y"],
                &windows,
            )
        };
        let refusal = net(1).refusal("x");
        for part in ["Attention", "the y", side, "= 1 is not handled"] {
            assert!(refusal.contains(part), "{part}: {refusal}");
        }
        // No window.
        assert_eq!(unknown(&with("Attention", &[int(side, -1)]), 25), None);
    }
}

#[test]
fn an_operator_set_to_come_is_refused() {
    let refusal = Net::new(NEWEST_OPSET + 1)
        .input("x", &[2])
        .node("Relu", &["x"], &["y"], &[])
        .refusal("x");
    assert!(
        refusal.contains("Relu") && refusal.contains("is newer than"),
        "{refusal}"
    );
}

#[test]
fn angles_of_other_channels_are_refused() {
    let how = [int("num_heads", 2), int("rotary_embedding_dim", 4)];
    let refusal = Net::new(18)
        .domain("com.microsoft", 1)
        .input("x", &[1, 3, 16])
        .constant("at", &Tensor::ints(&[1, 3], &[0, 1, 2]))
        .constant("angles", &spread(&[5, 4], 3))
        .node(
            "com.microsoft.RotaryEmbedding",
            &["x", "at", "angles", "angles"],
            &["y"],
            &how,
        )
        .refusal("x");
    assert!(refusal.contains("rotary_embedding_dim = 4"), "{refusal}");
}

/// `NEARMISS_WRITE_DOCS=1` writes the page anew.
#[test]
fn the_page_of_operators_is_the_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/grad/OPERATORS.md");
    let page = operators_markdown();
    if std::env::var_os("NEARMISS_WRITE_DOCS").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page,
        "{} is out of date: run this test with NEARMISS_WRITE_DOCS=1",
        path.display()
    );
    let about = std::fs::read_to_string(path.with_file_name("README.md")).unwrap();
    assert!(about.contains(&format!("Operator sets 7 to {NEWEST_OPSET}")));
}
