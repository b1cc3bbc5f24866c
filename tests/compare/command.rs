//! `nearmiss compare`.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Runs the program with its own data and cache.
pub fn nearmiss(arguments: &[&str]) -> Output {
    let own = |name: &str| std::env::temp_dir().join(format!("nearmiss-compare-{name}"));
    Command::new(env!("CARGO_BIN_EXE_nearmiss"))
        .args(arguments)
        .env("NEARMISS_DATA", own("data"))
        .env("NEARMISS_CACHE", own("cache"))
        .output()
        .unwrap()
}

/// What it prints as JSON.
pub fn json(arguments: &[&str]) -> Value {
    let output = nearmiss(arguments);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments:?}: {error}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Writes random unit rows; the same seed gives the same rows.
fn rows(path: &Path, count: usize, seed: u64) {
    let mut random = fastrand::Rng::with_seed(seed);
    let values: Vec<f32> = (0..count * 8).map(|_| random.f32() - 0.5).collect();
    nearmiss::dataset::npy::write_array(path, &values, &[count, 8]).unwrap();
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

struct Vectors {
    _folder: tempfile::TempDir,
    files: [PathBuf; 4],
}

fn vectors() -> Vectors {
    let folder = tempfile::tempdir().unwrap();
    let files = ["ai", "at", "bi", "bt"].map(|n| folder.path().join(format!("{n}.npy")));
    for (seed, (file, count)) in files.iter().zip([30, 60, 30, 60]).enumerate() {
        rows(file, count, seed as u64);
    }
    Vectors {
        _folder: folder,
        files,
    }
}

#[test]
fn embeddings_are_compared_and_the_figures_are_eval_s() {
    let v = vectors();
    let [ai, at, bi, bt] = v.files.each_ref().map(|f| text(f));
    let found = json(&[
        "compare",
        "--image-embeds",
        ai,
        "--text-embeds",
        at,
        "--other-image-embeds",
        bi,
        "--other-text-embeds",
        bt,
        "--k",
        "7",
        "--json",
    ]);
    for (letter, i, t) in [("a", ai, at), ("b", bi, bt)] {
        let eval = json(&["eval", "--image-embeds", i, "--text-embeds", t, "--json"]);
        for way in ["i2t", "t2i"] {
            assert_eq!(found[way][letter], eval[way], "{letter} {way}");
        }
    }
    assert_eq!(
        (&found["images"], &found["captions"]),
        (&30.into(), &60.into())
    );
    assert_eq!(
        (found["a"].as_str(), found["b"].as_str()),
        (Some("ai.npy"), Some("bi.npy"))
    );
    for way in ["i2t", "t2i"] {
        let way = &found[way];
        for key in [
            "queries",
            "a",
            "b",
            "r1_difference",
            "at",
            "spearman",
            "better",
            "worse",
            "same",
            "same_hardest",
            "shifts",
            "largest",
        ] {
            assert!(way.get(key).is_some(), "{key}");
        }
        assert_eq!(way["largest"].as_array().unwrap().len(), 7);
        let right = &way["at"][0];
        let sum: u64 = ["both", "only_a", "only_b", "neither"]
            .iter()
            .map(|key| right[key].as_u64().unwrap())
            .sum();
        assert_eq!(Some(sum), way["queries"].as_u64());
    }
}

#[test]
fn an_encoder_is_compared_with_other_embeddings_by_name() {
    let out = tempfile::tempdir().unwrap();
    let folder = text(out.path());
    json(&[
        "embed",
        "--dataset",
        "demo",
        "--encoder",
        "demo",
        "--out",
        folder,
        "--json",
    ]);
    let (images, texts) = (
        out.path().join("image_embeds.npy"),
        out.path().join("text_embeds.npy"),
    );
    let found = json(&[
        "compare",
        "--dataset",
        "demo",
        "--encoder",
        "demo",
        "--other-image-embeds",
        text(&images),
        "--other-text-embeds",
        text(&texts),
        "--json",
    ]);
    // The same vectors by way of a file.
    assert_eq!(found["i2t"]["same"], found["i2t"]["queries"]);
    assert_eq!(found["t2i"]["r1_difference"]["high"], 0.0);
    let first = &found["i2t"]["largest"][0];
    assert!(first["name"].as_str().unwrap().contains(".png"));
    assert!(first["hardest_a"]["name"].as_str().unwrap().contains(' '));
}

#[test]
fn wrong_input_is_told() {
    let v = vectors();
    let [ai, at, bi, _] = v.files.each_ref().map(|f| text(f));
    let missing = nearmiss(&["compare", "--image-embeds", ai, "--text-embeds", at]);
    assert_eq!(missing.status.code(), Some(2));
    let other = nearmiss(&[
        "compare",
        "--image-embeds",
        ai,
        "--text-embeds",
        at,
        "--other-image-embeds",
        bi,
        "--other-text-embeds",
        bi,
    ]);
    assert_eq!(other.status.code(), Some(1));
    let error = String::from_utf8_lossy(&other.stderr).into_owned();
    assert!(error.contains("30 images and 30 captions"), "{error}");
}
