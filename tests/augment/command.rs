//! `nearmiss augment` on the demo, and on real digits where the material is there.

use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};

fn nearmiss(home: &Path, line: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_nearmiss"))
        .arg("augment")
        .args(line.split_whitespace())
        .current_dir(home)
        .env("NEARMISS_DATA", home.join("data"))
        .env("NEARMISS_CACHE", home.join("cache"))
        .output()
        .unwrap()
}

fn json(home: &Path, line: &str) -> Value {
    let output = nearmiss(home, &format!("{line} --json"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Each is refused with a word of the reason, and with a remedy.
fn refused(home: &Path, line: &str, word: &str) {
    let output = nearmiss(home, line);
    assert!(!output.status.success(), "{line}");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains(word), "{line}: {said}");
}

const DEMO: &str = "--dataset demo --encoder demo";

#[test]
fn the_demo_is_learned_on_and_its_average_written() {
    let home = tempfile::tempdir().unwrap();
    let report = json(
        home.path(),
        &format!(
            "{DEMO} --most 36 --seeds 2 --steps 3 --batch 4 --copies 2 --draws 4 --magnitudes rotation=0.05 --only shift,colour \
             --out out"
        ),
    );
    assert_eq!(report["parts"], serde_json::json!([12, 12, 12]));
    let left = &report["data"]["images"]["left_out"];
    assert_eq!(left.as_array().unwrap().len(), 1, "{left}");
    assert_eq!(
        (&left[0]["reason"], &left[0]["count"]),
        (&"not_drawn".into(), &264.into())
    );
    assert_eq!(report["seeds"], serde_json::json!([1, 2]));
    let changes = report["changes"].as_array().unwrap();
    let course = |name: &str| {
        let change = changes
            .iter()
            .find(|change| change["name"] == name)
            .unwrap();
        change["course"].as_str().unwrap().to_owned()
    };
    assert_eq!(course("rotation"), "given");
    assert_eq!(course("blur"), "left_out");
    assert!(["grew", "fell", "not_settled"].contains(&course("shift").as_str()));
    let history = report["history"].as_array().unwrap();
    assert_eq!(history.len(), 6);
    assert_eq!(history[0]["magnitudes"]["rotation"], 0.05);
    assert!(history[0]["magnitudes"]["blur"].is_null());
    for way in ["plain", "averaged", "plain_read_out", "averaged_read_out"] {
        for share in report["recall"][way]["i2t"].as_array().unwrap() {
            let mean = share["mean"].as_f64().unwrap();
            assert!((0.0..=100.0).contains(&mean), "{way}: {mean}");
        }
    }
    // The difference is that of the means.
    let mean = |way: &str| report["recall"][way]["mean"]["mean"].as_f64().unwrap();
    let gain = report["gain"]["mean"].as_f64().unwrap();
    assert!((gain - (mean("averaged_read_out") - mean("plain_read_out"))).abs() < 1e-9);
    let says = report["says"].as_str().unwrap();
    assert!(says.contains("given, not learned: rotation"), "{says}");
    assert!(report["out"]["note"].is_null(), "{}", report["out"]);
    assert!(report["out"]["deviation"].as_f64().unwrap() < 1e-4);
    let out = home.path().join("out");
    for file in ["augment.json", "history.csv", "encoder/vision_model.onnx"] {
        assert!(out.join(file).is_file(), "{file}");
    }
    refused(
        home.path(),
        &format!("{DEMO} --out out"),
        "has files already",
    );
    // It is an encoder like any other.
    let evaluated = Command::new(env!("CARGO_BIN_EXE_nearmiss"))
        .args([
            "eval",
            "--dataset",
            "demo",
            "--encoder",
            "out/encoder",
            "--json",
        ])
        .current_dir(home.path())
        .env("NEARMISS_DATA", home.path().join("data"))
        .env("NEARMISS_CACHE", home.path().join("cache"))
        .output()
        .unwrap();
    assert!(evaluated.status.success(), "{evaluated:?}");
}

#[test]
fn what_cannot_be_asked_is_refused() {
    let home = tempfile::tempdir().unwrap();
    for (line, word) in [
        ("--magnitudes rotation=-0.1", "-0.1"),
        ("--magnitudes rotation=NaN", "NaN"),
        ("--magnitudes turning=0.1", "turning"),
        ("--magnitudes rotation", "NAME=VALUE"),
        ("--only turning", "turning"),
        ("--only blur --magnitudes blur=0.1", "both given"),
        ("--magnitudes blur=0.1,blur=0.05", "twice"),
        ("--most 11", "too few"),
        ("--rate 0", "no rate"),
        ("--batch 1", "images in a step"),
        ("--seeds 1000", "seeds"),
    ] {
        refused(home.path(), &format!("{DEMO} {line}"), word);
    }
}

#[test]
#[ignore = "needs NEARMISS_MATERIAL"]
fn digits_have_no_colour_and_are_learned_on() {
    let Some(material) = std::env::var_os("NEARMISS_MATERIAL") else {
        return;
    };
    let material = Path::new(&material).display().to_string();
    let home = tempfile::tempdir().unwrap();
    let digits =
        format!("--dataset {material}/digits --encoder {material}/encoders/digits-vit --most 120");
    let line = format!("{digits} --seeds 2 --steps 6 --batch 12 --draws 4");
    let report = json(home.path(), &line);
    let changes = report["changes"].as_array().unwrap();
    let colour = changes
        .iter()
        .find(|change| change["name"] == "colour")
        .unwrap();
    assert_eq!(colour["course"], "left_out");
    let notes = report["notes"].to_string();
    assert!(
        notes.contains("no colour") && notes.contains("different captions"),
        "{notes}"
    );
    refused(home.path(), &format!("{digits} --only colour"), "no colour");
    refused(
        home.path(),
        &format!("{digits} --magnitudes colour=0.5"),
        "no colour",
    );
}
