//! Embeddings that are given: repeated rows, the measure, rows of zeros; one side alone.

mod account;

use nearmiss::dataset::npy::write_array;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A folder with files of embeddings.
pub struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, rows: &[&[f32]]) {
        let shape = [rows.len(), rows[0].len()];
        write_array(&self.path(name), &rows.concat(), &shape).unwrap();
    }

    /// Runs the program in this folder: did it succeed, what it printed, what it said.
    fn run(&self, arguments: &str) -> (bool, String, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_nearmiss"))
            .args(arguments.split('|'))
            .current_dir(self.0.path())
            .env(
                "NEARMISS_DATA",
                std::env::temp_dir().join("nearmiss-given-data"),
            )
            .env("NEARMISS_CACHE", self.path("cache"))
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (
            output.status.success(),
            text(output.stdout),
            text(output.stderr),
        )
    }

    fn json(&self, arguments: &str) -> (Value, String) {
        let (fine, out, said) = self.run(&format!("{arguments}|--json"));
        assert!(fine, "{said}");
        (serde_json::from_str(&out).unwrap(), said)
    }

    fn refused(&self, arguments: &str) -> String {
        let (fine, out, said) = self.run(arguments);
        assert!(!fine, "{out}");
        said
    }
}

fn r1(report: &Value) -> [f64; 2] {
    ["i2t", "t2i"].map(|way| report[way]["r1"].as_f64().unwrap())
}

const BOTH: &str = "--image-embeds|images.npy|--text-embeds|texts.npy";

/// Four images in five equal rows each; of each image's captions the last lies nearer to the next image.
fn fivefold() -> Folder {
    let folder = Folder::new();
    let axis = |i: usize, far: f32| -> Vec<f32> {
        let mut row = vec![0.0; 4];
        (row[i], row[(i + 1) % 4]) = (1.0, far);
        row
    };
    let images: Vec<Vec<f32>> = (0..20).map(|r| axis(r / 5, 0.0)).collect();
    let texts: Vec<Vec<f32>> = (0..20)
        .map(|r| axis(r / 5, if r % 5 == 4 { 1.5 } else { 0.1 }))
        .collect();
    folder.write(
        "images.npy",
        &images.iter().map(Vec::as_slice).collect::<Vec<_>>(),
    );
    folder.write(
        "texts.npy",
        &texts.iter().map(Vec::as_slice).collect::<Vec<_>>(),
    );
    folder
}

#[test]
fn image_rows_that_are_repeated_for_each_caption_are_one_image() {
    let folder = fivefold();
    for each in ["", "|--captions-per-image|5"] {
        let (report, said) = folder.json(&format!("eval|{BOTH}{each}"));
        assert_eq!(
            (&report["images"], &report["captions"]),
            (&4.into(), &20.into())
        );
        assert_eq!(r1(&report), [100.0, 80.0]);
        assert!(said.contains("20 image rows are equal in groups") && said.contains("4 images"));
    }
    let (report, said) = folder.json(&format!("eval|{BOTH}|--captions-per-image|1"));
    assert_eq!(report["images"], 20);
    assert!(said.contains("equal in groups of 5"), "{said}");
    let said = folder.refused(&format!("eval|{BOTH}|--captions-per-image|4"));
    assert!(said.contains("groups of 5"), "{said}");
}

#[test]
fn a_dataset_says_which_repeated_rows_are_one_image() {
    let folder = fivefold();
    let rows = (0..20).map(|r| format!("{}.jpg,caption {r}\n", r / 5));
    let table = format!("image,caption\n{}", rows.collect::<String>());
    std::fs::write(folder.path("captions.csv"), table).unwrap();
    let (report, _) = folder.json(&format!("eval|--dataset|captions.csv|{BOTH}"));
    assert_eq!((&report["images"], r1(&report)), (&4.into(), [100.0, 80.0]));
}

/// Two pairs that are right by cosine; by dot product the second image prefers the first caption (6 to 3.9), and the
/// first caption the second image (6 to 2).
fn long_and_short() -> Folder {
    let folder = Folder::new();
    folder.write("images.npy", &[&[1.0, 0.0], &[3.0, 3.0]]);
    folder.write("texts.npy", &[&[2.0, 0.0], &[0.3, 1.0]]);
    folder
}

#[test]
fn the_measure_is_said_and_can_be_chosen() {
    let folder = long_and_short();
    let (report, said) = folder.json(&format!("eval|{BOTH}"));
    assert_eq!(r1(&report), [100.0, 100.0]);
    assert!(report["protocol"].as_str().unwrap().contains("by cosine"));
    assert!(
        said.contains("1 of 2 image rows had norms from 1.00 to 4.24"),
        "{said}"
    );
    for engine in ["cpu", "auto"] {
        let line = format!("eval|{BOTH}|--similarity|dot|--compute|{engine}");
        let (report, said) = folder.json(&line);
        assert_eq!((r1(&report), said.as_str()), ([50.0, 50.0], ""));
        assert!(
            report["protocol"]
                .as_str()
                .unwrap()
                .contains("by dot product")
        );
        // [0.2 + 6 - 2]+ and [0.2 + 6 - 3.9]+ over two pairs.
        for loss in ["loss_sh", "loss_mh"] {
            assert!(
                (report[loss].as_f64().unwrap() - 3.25).abs() < 1e-5,
                "{report}"
            );
        }
    }
}

#[test]
fn dot_products_are_shown_in_true_units() {
    let folder = long_and_short();
    let (answer, _) = folder.json(&format!("rank|{BOTH}|--similarity|dot|--image|1"));
    let near = |value: &Value, right: f64| (value.as_f64().unwrap() - right).abs() < 1e-5;
    assert!(near(&answer["results"][0]["score"], 6.0) && near(&answer["margin"], -2.1));
    let line = format!("mine|{BOTH}|--similarity|dot|--direction|i2t|--margin-below|0");
    let (fine, out, said) = folder.run(&format!("{line}|--json"));
    assert!(fine, "{said}");
    // The first line; the last is the account.
    let negative: Value = serde_json::from_str(out.lines().next().unwrap()).unwrap();
    assert_eq!(
        (&negative["query"], &negative["negative"]),
        (&1.into(), &0.into())
    );
    assert!(near(&negative["margin"], -2.1) && near(&negative["score_negative"], 6.0));
    // A bound in true units keeps it out.
    let (fine, out, said) = folder.run(&format!("{line}|--max-score|5|--json"));
    // What is left is the account.
    let left: Value = serde_json::from_str(&out).unwrap();
    assert!(
        fine && left["data"]["measure"] == "dot product",
        "{out}{said}"
    );
}

#[test]
fn rows_much_shorter_than_others_are_ranked_all_the_same() {
    let folder = long_and_short();
    folder.write("images.npy", &[&[1e-6, 0.0], &[3e3, 3e3]]);
    let (report, _) = folder.json(&format!("eval|{BOTH}|--similarity|dot"));
    assert_eq!(r1(&report), [50.0, 50.0]);
}

#[test]
fn rows_of_zeros_are_left_out_or_refused() {
    let folder = long_and_short();
    folder.write("images.npy", &[&[1.0, 0.0], &[0.0, 0.0]]);
    let (report, said) = folder.json(&format!("eval|{BOTH}"));
    assert_eq!(report["images"], 1);
    assert!(
        said.contains("left out 1 image row (1): zero throughout"),
        "{said}"
    );
    let said = folder.refused(&format!("mine|{BOTH}"));
    assert!(
        said.contains("(1)") && said.contains("--similarity dot"),
        "{said}"
    );
    let (report, said) = folder.json(&format!("eval|{BOTH}|--similarity|dot"));
    assert!(report["images"] == 2 && said.contains("dot product with anything is 0"));
}

fn demo(name: &str) -> PathBuf {
    let assets = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/demo");
    assets.join(name)
}

fn places(answer: &Value) -> Vec<(u64, f64)> {
    let rows = answer["results"].as_array().unwrap().iter();
    rows.map(|r| (r["index"].as_u64().unwrap(), r["score"].as_f64().unwrap()))
        .collect()
}

#[test]
fn words_find_stored_pictures_with_the_text_model_alone() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path("half")).unwrap();
    for name in ["text_model.onnx", "tokenizer.json"] {
        let to = folder.path("half").join(name);
        std::fs::copy(demo("encoder").join(name), to).unwrap();
    }
    let (_, _) = folder.json("embed|--dataset|demo|--encoder|demo|--out|.");
    let query = "rank|--text|a red heart|--k|5";
    let (whole, _) = folder.json(&format!("{query}|--dataset|demo|--encoder|demo"));
    for given in [
        "--encoder|half|--image-embeds|image_embeds.npy|--dataset|demo",
        "--text-model|half/text_model.onnx|--image-embeds|image_embeds.npy",
        "--encoder|half|--image-embeds|image_embeds.npy|--text-embeds|text_embeds.npy",
    ] {
        let (answer, said) = folder.json(&format!("{query}|{given}"));
        assert_eq!(answer["direction"], "t2i");
        for (one, other) in places(&answer).iter().zip(places(&whole)) {
            assert!(
                one.0 == other.0 && (one.1 - other.1).abs() < 1e-4,
                "{answer} {said}"
            );
        }
    }
    let picture = demo("scenes/000.png").display().to_string();
    let stored = "--image-embeds|image_embeds.npy";
    let said = folder.refused(&format!("rank|--picture|{picture}|--encoder|half|{stored}"));
    assert!(
        said.contains("has no image model") && said.contains("--text"),
        "{said}"
    );
    let said = folder.refused("eval|--dataset|demo|--encoder|half");
    assert!(
        said.contains("no image model") && said.contains("rank --text"),
        "{said}"
    );
    let said = folder.refused(&format!("rank|--caption|0|{stored}"));
    assert!(
        said.contains("images alone") && said.contains("--image"),
        "{said}"
    );
    let said = folder.refused(&format!("rank|--text|x|{stored}"));
    assert!(said.contains("--text-model"), "{said}");
    let said = folder.refused(&format!("eval|--dataset|demo|{stored}"));
    assert!(
        said.contains("image_embeds.npy") && said.contains("rank"),
        "{said}"
    );
    folder.write("short.npy", &[&[1.0, 0.0], &[0.0, 1.0]]);
    let said = folder.refused("rank|--text|x|--encoder|half|--image-embeds|short.npy");
    assert!(
        said.contains("half") && said.contains("short.npy"),
        "{said}"
    );
}

#[test]
fn images_alone_find_their_like() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path("pictures")).unwrap();
    for i in 0..6 {
        let name = format!("{i:03}.png");
        let to = folder.path("pictures").join(&name);
        std::fs::copy(demo("scenes").join(&name), to).unwrap();
    }
    folder.json("embed|--dataset|pictures|--encoder|demo|--out|.");
    assert!(folder.path("image_embeds.npy").is_file() && !folder.path("text_embeds.npy").exists());
    let (made, _) = folder.json("rank|--dataset|pictures|--encoder|demo|--image|002.png");
    let line = "rank|--dataset|pictures|--image-embeds|image_embeds.npy|--image|2";
    let (stored, _) = folder.json(line);
    assert_eq!(
        (&made["direction"], &made["query"]),
        (&"i2i".into(), &"002.png".into())
    );
    assert_eq!(places(&made).len(), 5);
    assert!(places(&made).iter().all(|(index, _)| *index != 2));
    for (one, other) in places(&made).iter().zip(places(&stored)) {
        assert!(one.0 == other.0 && (one.1 - other.1).abs() < 1e-5);
    }
    // By hand from the file.
    let (values, _, dim) =
        nearmiss::dataset::npy::read_npy(&folder.path("image_embeds.npy")).unwrap();
    let dot = |i: usize| -> f64 {
        let rows = values[2 * dim..3 * dim].iter().zip(&values[i * dim..]);
        rows.map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
    };
    let best = [0, 1, 3, 4, 5]
        .into_iter()
        .max_by(|&a, &b| dot(a).total_cmp(&dot(b)));
    let first = places(&made)[0];
    assert!(Some(first.0 as usize) == best && (first.1 - dot(first.0 as usize)).abs() < 1e-5);
    let (by_picture, _) = folder.json(&format!(
        "rank|--dataset|pictures|--encoder|demo|--picture|{}",
        demo("scenes/003.png").display()
    ));
    assert_eq!(places(&by_picture)[0].0, 3);
    for command in ["eval", "mine"] {
        let said = folder.refused(&format!("{command}|--dataset|pictures|--encoder|demo"));
        assert!(
            said.contains("6 images without captions") && said.contains("rank --image"),
            "{said}"
        );
    }
}
