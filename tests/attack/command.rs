//! The command line: keys, the figures of `eval`, boxes to the last bit, wrong input.

use crate::variant::behind;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn nearmiss(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_nearmiss"))
        .args(arguments)
        .env(
            "NEARMISS_DATA",
            std::env::temp_dir().join("nearmiss-attack-data"),
        )
        .env(
            "NEARMISS_CACHE",
            std::env::temp_dir().join("nearmiss-attack-cache"),
        )
        .output()
        .unwrap()
}

fn json(arguments: &[&str]) -> Value {
    let output = nearmiss(arguments);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments:?}: {error}");
    serde_json::from_slice(&output.stdout).unwrap()
}

const DEMO: [&str; 4] = ["--dataset", "demo", "--encoder", "demo"];

#[test]
fn pairs_have_their_keys_and_eval_s_figures() {
    let mut arguments = vec!["attack", "pairs"];
    arguments.extend(DEMO);
    arguments.extend([
        "--attack", "pgd", "--eps", "8/255", "--steps", "5", "--limit", "12", "--json",
    ]);
    let answer = json(&arguments);
    for key in [
        "clean",
        "robust",
        "quantized",
        "success",
        "success_rate",
        "mean_linf",
        "mean_l2",
        "seconds",
        "steps_per_second",
        "levels",
        "rows",
        "settings",
    ] {
        assert!(answer.get(key).is_some(), "{key}");
    }
    for side in ["clean", "robust", "quantized"] {
        for key in ["i2t", "t2i", "rsum", "images", "captions"] {
            assert!(answer[side].get(key).is_some(), "{side}.{key}");
        }
    }
    let figures: Vec<String> = answer["success"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| format!("{} {}", s["direction"].as_str().unwrap(), s["k"]))
        .collect();
    let all = ["i2t 1", "i2t 5", "i2t 10", "t2i 1", "t2i 5", "t2i 10"];
    assert_eq!(figures, all);
    assert!(answer["mean_linf"].as_f64().unwrap() <= 8.0 / 255.0 * 1.00001);
    assert!(answer["success_rate"].as_f64().unwrap() > 0.5);
    // Over the whole set the clean figures are eval's.
    let mut whole = vec!["attack", "pairs"];
    whole.extend(DEMO);
    whole.extend([
        "--attack", "noise", "--steps", "1", "--eps", "1/255", "--json",
    ]);
    let mut eval = vec!["eval", "--json"];
    eval.extend(DEMO);
    let (whole, eval) = (json(&whole), json(&eval));
    assert_eq!(whole["clean"]["i2t"], eval["i2t"]);
    assert_eq!(whole["clean"]["t2i"], eval["t2i"]);
    assert_eq!(whole["clean"]["rsum"], eval["rsum"]);
}

#[test]
fn wrong_requests_say_what_is_wrong() {
    for (arguments, word) in [
        (&["--attack", "pdg"][..], "pdg"),
        (&["--attack", "pgd", "--eps", "-1"], "eps"),
        (&["--attack", "pgd", "--norm", "l3"], "l3"),
        (&["--attack", "pgd", "--region", "900,900,10,10"], "region"),
        (&["--attack", "pgd", "--mask", "nowhere.png"], "nowhere.png"),
        (&["--attack", "pgd", "--band", "0..0.5"], "band"),
        (
            &["--attack", "pgd", "--norm", "l0", "--eps", "8/255"],
            "pixels",
        ),
        (&["--attack", "pgd", "--at", "0"], "at"),
        (&["--attack", "pgd", "--direction", "up"], "direction"),
        (&["--attack", "pgd", "--goal", "away", "--at", "1"], "--at"),
        (&["--attack", "pgd", "--kappa", "1"], "--kappa"),
        (
            &["--attack", "pgd", "--goal", "away", "--loss", "dlr"],
            "DLR",
        ),
    ] {
        let mut all = vec!["attack", "pairs"];
        all.extend(DEMO);
        all.extend(["--limit", "1"]);
        all.extend(arguments);
        let output = nearmiss(&all);
        assert!(!output.status.success(), "{arguments:?}");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains(word), "{arguments:?}: {said}");
    }
}

#[test]
fn radii_are_found_where_none_are_given() {
    let mut arguments = vec!["attack", "pairs"];
    arguments.extend(DEMO);
    arguments.extend([
        "--attack",
        "pgd",
        "--limit",
        "6",
        "--direction",
        "i2t",
        "--at",
        "1",
        "--json",
    ]);
    let answer = json(&arguments);
    let levels = answer["levels"].as_array().unwrap();
    let recall = |at: usize| levels[at]["robust"]["i2t"]["r1"].as_f64().unwrap();
    assert_eq!(recall(levels.len() - 1), 0.0);
    assert!(levels.len() > 2 && recall(0) > recall(levels.len() - 2) - 1e-9);
    assert!(answer["robust"].get("t2i").is_none() && answer["robust"].get("rsum").is_none());
}

#[test]
fn a_gradient_that_is_not_exact_is_said_not_to_be() {
    let run = |encoder: &tempfile::TempDir| {
        let more = ["--eps", "2/255", "--limit", "2", "--json"];
        nearmiss(&pgd("demo", text(encoder.path()), &more))
    };
    let rounded = run(&behind(&[
        ("Mul", 32.0),
        ("Round", 0.0),
        ("Mul", 1.0 / 32.0),
    ]));
    let said = String::from_utf8_lossy(&rounded.stderr).into_owned();
    assert!(
        said.contains("approximate") && said.contains("Round"),
        "{said}"
    );
    let answer: Value = serde_json::from_slice(&rounded.stdout).unwrap();
    assert_eq!(answer["gradient"]["approximate"][0], "Round");
    for operators in [
        &[("Sign", 0.0)][..],
        &[("Mul", 32.0), ("Cast", 7.0), ("Cast", 1.0)][..],
    ] {
        let cut = run(&behind(operators));
        let said = String::from_utf8_lossy(&cut.stderr).into_owned();
        assert_eq!(cut.status.code(), Some(1), "{said}");
        let name = if operators.len() == 1 { "Sign" } else { "Cast" };
        assert!(
            said.contains(name) && said.contains("made"),
            "the node is named: {said}"
        );
    }
}

/// Arguments of an attack on the pairs of `dataset` with `encoder`, nothing taken from the cache.
fn pairs<'a>(dataset: &'a str, encoder: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let opened = [
        "attack",
        "pairs",
        "--dataset",
        dataset,
        "--encoder",
        encoder,
    ];
    [&opened[..], &["--no-cache"], more].concat()
}

/// The same by PGD.
fn pgd<'a>(dataset: &'a str, encoder: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    pairs(dataset, encoder, &[&["--attack", "pgd"], more].concat())
}

/// Cases of `reports/data` in the material.
fn case(name: &str) -> PathBuf {
    let material = PathBuf::from(std::env::var_os("NEARMISS_MATERIAL").unwrap());
    material.join("reports/data").join(name)
}

#[test]
#[ignore = "needs NEARMISS_MATERIAL"]
fn a_ratio_of_two_captions_is_refused() {
    let case = case("07_dlr_with_two_captions");
    let (set, encoder) = (case.join("set"), case.join("enc"));
    for (loss, least) in [("dlr", "3"), ("targeted-dlr", "4")] {
        let more = ["--loss", loss, "--eps", "30/255"];
        let output = nearmiss(&pgd(text(&set), text(&encoder), &more));
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(
            said.contains(least) && said.contains("there are 2"),
            "{said}"
        );
    }
}

#[test]
#[ignore = "needs NEARMISS_MATERIAL"]
fn a_slope_beside_a_closed_rectifier_is_right_or_said_to_be_missing() {
    let case = case("01_nan_gradient_passes_check");
    let (set, encoder) = (case.join("set"), case.join("enc"));
    let more = ["--eps", "16/255", "--json"];
    let answer = json(&pgd(text(&set), text(&encoder), &more));
    let broken = answer["success_rate"].as_f64().unwrap();
    let blind = answer["gradient"]["not_finite"].as_u64().unwrap();
    assert!(
        broken > 0.9 || blind == 8,
        "{broken} broken, {blind} without a finite gradient"
    );
}

#[test]
fn a_shared_perturbation_that_no_gradient_leads_to_is_said() {
    let dark = behind(&[("Add", -100.0), ("Relu", 0.0)]);
    let more = ["--attack", "universal", "--eps", "2/255", "--limit", "3"];
    let more = [&more[..], &["--at", "1", "--direction", "i2t", "--json"]].concat();
    let output = nearmiss(&pairs("demo", text(dark.path()), &more));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        said.contains("The gradient was zero") && said.contains("3 of 3"),
        "{said}"
    );
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["gradient"]["zero"], 3);
    let gradients = answer["rows"].as_array().unwrap().iter();
    let gradients: Vec<u64> = gradients
        .map(|r| r["gradients"].as_u64().unwrap())
        .collect();
    let steps = answer["settings"]["steps"].as_u64().unwrap_or(10);
    assert_eq!(gradients, [steps; 3], "one a pass for each picture");
}

#[test]
fn both_sources_of_gradients_give_the_same_attack() {
    let run = |engine: &str, attack: &str| -> Value {
        let output = Command::new(env!("CARGO_BIN_EXE_nearmiss"))
            .args([
                "attack", "pairs", "--attack", attack, "--steps", "5", "--eps", "4/255",
            ])
            .args(["--limit", "10", "--batch", "5", "--no-cache", "--json"])
            .args(DEMO)
            .env("NEARMISS_ENGINE", engine)
            .env(
                "NEARMISS_DATA",
                std::env::temp_dir().join("nearmiss-attack-data"),
            )
            .output()
            .unwrap();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{engine}: {error}");
        serde_json::from_slice(&output.stdout).unwrap()
    };
    for attack in ["pgd", "apgd", "deepfool"] {
        let (ours, tract) = (run("", attack), run("tract", attack));
        let margins = |answer: &Value| -> Vec<(u64, f64)> {
            let rows = answer["rows"].as_array().unwrap().iter();
            let mut all: Vec<(u64, f64)> = rows
                .map(|r| {
                    (
                        r["image"].as_u64().unwrap(),
                        r["margin_after"].as_f64().unwrap(),
                    )
                })
                .collect();
            all.sort_by_key(|(image, _)| *image);
            all
        };
        for ((i, a), (j, b)) in margins(&ours).into_iter().zip(margins(&tract)) {
            assert_eq!(i, j);
            // Signs of gradients near 0 differ by rounding, and steps go by signs.
            assert!((a - b).abs() < 0.02, "{attack}, picture {i}: {a} and {b}");
        }
    }
}

fn material(name: &str) -> PathBuf {
    PathBuf::from(std::env::var_os("NEARMISS_MATERIAL").unwrap())
        .join("classifiers")
        .join(name)
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
#[ignore = "needs NEARMISS_MATERIAL"]
fn classifier_rows_stay_in_their_box_to_the_last_bit() {
    use nearmiss::dataset::npy::read_array;
    let folder = material("mnist_fc");
    let out = tempfile::tempdir().unwrap();
    let saved = out.path().join("adv.npy");
    let (lower, upper) = (folder.join("lower.npy"), folder.join("upper.npy"));
    let (model, labels) = (
        folder.join("mnist-net_256x2.onnx"),
        folder.join("instances.json"),
    );
    let answer = json(&[
        "attack",
        "classifier",
        "--model",
        text(&model),
        "--lower",
        text(&lower),
        "--upper",
        text(&upper),
        "--labels",
        text(&labels),
        "--attack",
        "pgd",
        "--steps",
        "20",
        "--json",
        "--save",
        text(&saved),
    ]);
    let (x, shape) = read_array(&saved).unwrap();
    let (l, u) = (read_array(&lower).unwrap().0, read_array(&upper).unwrap().0);
    assert_eq!(shape, [90, 784]);
    let results = answer["results"].as_array().unwrap();
    assert_eq!(results.len(), 30, "the rows of this model alone");
    let mut broken = 0;
    for result in results {
        let row = result["row"].as_u64().unwrap() as usize;
        let margin = result["margin"].as_f64().unwrap();
        assert_eq!(result["success"].as_bool().unwrap(), margin >= 0.0);
        broken += usize::from(margin >= 0.0);
        let range = row * 784..(row + 1) * 784;
        assert!(
            range.clone().all(|i| l[i] <= x[i] && x[i] <= u[i]),
            "row {row}"
        );
    }
    assert!(broken >= 8, "PGD breaks {broken} rows");
}
