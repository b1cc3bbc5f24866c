//! `nearmiss eval` on benchmarks made of the demo's scenes, against scores by the plain calls.

use super::{near, task};
use nearmiss::dataset::{Picture, open_picture, trials, write_png};
use nearmiss::encoder::{Encoder, EncoderFiles, EncoderOptions};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A folder of the demo's scenes as a benchmark's pictures.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        std::fs::create_dir(folder.path("images")).unwrap();
        for i in 0..6 {
            let name = format!("{i:03}.png");
            std::fs::copy(scene(i), folder.path(&format!("images/{name}"))).unwrap();
        }
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, content: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    fn eval(&self, path: &Path) -> Value {
        let output = Command::new(env!("CARGO_BIN_EXE_nearmiss"))
            .args(["eval", "--encoder", "demo", "--json", "--dataset"])
            .arg(path)
            .env(
                "NEARMISS_DATA",
                std::env::temp_dir().join("nearmiss-compositional-data"),
            )
            .env("NEARMISS_CACHE", self.path("cache"))
            .output()
            .unwrap();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{error}");
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

fn scene(i: usize) -> PathBuf {
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/demo/scenes");
    demo.join(format!("{i:03}.png"))
}

/// The first caption of scene `i`.
fn words(i: usize) -> String {
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/demo/metadata.jsonl");
    let text = std::fs::read_to_string(demo).unwrap();
    let rows = text
        .lines()
        .map(|l| serde_json::from_str::<Value>(l).unwrap());
    let name = format!("scenes/{i:03}.png");
    let mut found = rows.filter(|row| row["file_name"] == name.as_str());
    found.next().unwrap()["text"].as_str().unwrap().to_owned()
}

/// The demo encoder's score of a picture with words, by the plain calls.
struct Scorer(Encoder);

impl Scorer {
    fn new() -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/demo/encoder");
        let files = EncoderFiles::open(&folder).unwrap();
        Self(Encoder::open(&files, &EncoderOptions::default(), &task()).unwrap())
    }

    fn score(&self, picture: &Picture, words: &str) -> f32 {
        let image = self.0.embed_picture(picture).unwrap();
        let text = self
            .0
            .embed_texts(&[words.to_owned()], None, &task())
            .unwrap();
        image.dot(0, &text, 0)
    }

    fn of_scene(&self, i: usize, words: &str) -> f32 {
        self.score(&open_picture(&scene(i)).unwrap(), words)
    }
}

#[test]
fn winoground_is_scored_end_to_end() {
    let folder = Folder::new();
    let pairs = [(0, 1), (2, 3), (4, 5), (1, 4)];
    let mut lines = String::from("\u{FEFF}");
    let (scorer, mut right) = (Scorer::new(), [0_usize; 3]);
    for (n, (a, b)) in pairs.into_iter().enumerate() {
        // The last has its captions the wrong way round.
        let (c0, c1) = if n == 3 {
            (words(b), words(a))
        } else {
            (words(a), words(b))
        };
        let tag = if n < 2 { "Object" } else { "Both" };
        let row = json!({"id": n, "image_0": format!("{a:03}"), "image_1": format!("{b:03}"), "caption_0": c0, "caption_1": c1, "collapsed_tag": tag, "tag": "x"});
        lines.push_str(&row.to_string());
        lines.push_str("\r\n");
        let s = |i, words: &str| scorer.of_scene(i, words);
        let text = s(a, &c0) > s(a, &c1) && s(b, &c1) > s(b, &c0);
        let image = s(a, &c0) > s(b, &c0) && s(b, &c1) > s(a, &c1);
        for (count, good) in right.iter_mut().zip([text, image, text && image]) {
            *count += usize::from(good);
        }
    }
    // One whose picture is missing is listed, and the rest scored.
    let gone = json!({"image_0": "000", "image_1": "gone", "caption_0": "a", "caption_1": "b"});
    lines.push_str(&gone.to_string());
    folder.write("examples.jsonl", &lines);
    let report = folder.eval(&folder.path(""));
    assert_eq!(report["benchmark"], "Winoground");
    assert_eq!(
        (&report["trials"], &report["images"]),
        (&4.into(), &6.into())
    );
    for (key, count) in ["text", "image", "group"].iter().zip(right) {
        near(report[key].as_f64().unwrap(), 25.0 * count as f64);
    }
    assert!(
        (1..4).contains(&right[2]),
        "the demo must get some right and the swapped one wrong"
    );
    let names: Vec<_> = report["categories"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["name"].clone())
        .collect();
    assert_eq!(names, ["Object", "Both"]);
    for key in ["trials", "accuracy", "low", "high"] {
        assert!(report["categories"][0][key].is_number(), "{key}");
    }
}

#[test]
fn aro_shows_the_part_in_the_box() {
    let folder = Folder::new();
    let scorer = Scorer::new();
    // Scenes side by side in one picture; the box says which one is meant.
    let scenes: Vec<Picture> = (0..3).map(|i| open_picture(&scene(i)).unwrap()).collect();
    let (w, h) = (scenes[0].width, scenes[0].height);
    let mut wide = Picture {
        width: 3 * w,
        height: h,
        rgb: Vec::new(),
    };
    for y in 0..h as usize {
        for scene in &scenes {
            let row = 3 * w as usize;
            wide.rgb
                .extend_from_slice(&scene.rgb[y * row..(y + 1) * row]);
        }
    }
    write_png(&folder.path("images/wide.png"), &wide).unwrap();
    let mut rows = Vec::new();
    let mut expected = Vec::new();
    for i in 0..3 {
        for j in (0..3).filter(|&j| j != i) {
            let (right, wrong) = (words(i), words(j));
            expected.push(scorer.of_scene(i, &right) > scorer.of_scene(i, &wrong));
            rows.push(json!({"image_id": 1, "image_path": "wide.png", "relation_name": if i < 2 { "on" } else { "under" }, "bbox_x": i as u32 * w, "bbox_y": 0, "bbox_w": w, "bbox_h": h, "true_caption": right, "false_caption": wrong}));
        }
    }
    // No rectangle; gigabytes of black; further away than a place can be.
    for (x, w, h) in [(0.0, 0, 9), (0.0, 20_000, 20_000), (-1e300, 9, 9)] {
        rows.push(json!({"image_path": "wide.png", "bbox_x": x, "bbox_y": 0, "bbox_w": w, "bbox_h": h, "true_caption": "a", "false_caption": "b", "relation_name": "on"}));
    }
    let file = folder.write(
        "visual_genome_relation.json",
        &Value::from(rows).to_string(),
    );
    let opened = trials::open(&file, &task()).unwrap().unwrap();
    assert_eq!(opened.dataset.images.len(), 3, "one image for each box");
    assert_eq!(opened.dataset.problems.len(), 3);
    let part = opened.part(1..3, &folder.path("cut"), &task()).unwrap();
    for (i, image) in part.images.iter().enumerate() {
        let cut = Picture::decode(&image.bytes().unwrap(), &image.place()).unwrap();
        assert_eq!(cut, scenes[i + 1]);
    }
    let report = folder.eval(&file);
    assert_eq!(report["benchmark"], "ARO relation");
    let share = |all: &[bool]| 100.0 * all.iter().filter(|&&r| r).count() as f64 / all.len() as f64;
    near(report["micro"].as_f64().unwrap(), share(&expected));
    let both = f64::midpoint(share(&expected[..4]), share(&expected[4..]));
    near(report["accuracy"].as_f64().unwrap(), both);
    assert!(report.get("text").is_none());
}

#[test]
fn a_folder_of_sugarcrepe_has_a_category_a_file() {
    let folder = Folder::new();
    let scorer = Scorer::new();
    let mut expected = Vec::new();
    for (name, shift) in [("add_att", 1), ("swap_obj", 2)] {
        let mut object = serde_json::Map::new();
        let mut right = 0;
        for i in 0..4 {
            let (good, bad) = (words(i), words((i + shift) % 6));
            right += usize::from(scorer.of_scene(i, &good) > scorer.of_scene(i, &bad));
            object.insert(i.to_string(), json!({"filename": format!("{i:03}.png"), "caption": good, "negative_caption": bad}));
        }
        // Both captions alike: a tie, and so wrong.
        object.insert(
            "4".into(),
            json!({"filename": "004.png", "caption": words(4), "negative_caption": words(4)}),
        );
        folder.write(&format!("{name}.json"), &Value::from(object).to_string());
        expected.push(100.0 * right as f64 / 5.0);
    }
    let report = folder.eval(&folder.path(""));
    assert_eq!(report["benchmark"], "SugarCrepe");
    assert_eq!(report["trials"], 10);
    for (category, accuracy) in report["categories"]
        .as_array()
        .unwrap()
        .iter()
        .zip(&expected)
    {
        near(category["accuracy"].as_f64().unwrap(), *accuracy);
        assert_eq!(category["trials"], 5);
    }
    near(
        report["accuracy"].as_f64().unwrap(),
        f64::midpoint(expected[0], expected[1]),
    );
    near(report["chance"].as_f64().unwrap(), 50.0);
    let one = folder.eval(&folder.path("swap_obj.json"));
    near(one["accuracy"].as_f64().unwrap(), expected[1]);
}

#[test]
fn orders_of_words_have_the_right_caption_first() {
    let folder = Folder::new();
    let scorer = Scorer::new();
    let options: Vec<String> = [0, 1, 2, 3, 4].map(words).to_vec();
    let best = (1..5).all(|k| scorer.of_scene(0, &options[0]) > scorer.of_scene(0, &options[k]));
    let file = folder.write(
        "coco_order.json",
        &json!([{"image": "000.png", "caption_options": options}]).to_string(),
    );
    let report = folder.eval(&file);
    assert_eq!(report["benchmark"], "ARO order");
    near(report["chance"].as_f64().unwrap(), 20.0);
    near(
        report["accuracy"].as_f64().unwrap(),
        if best { 100.0 } else { 0.0 },
    );
}

#[test]
fn other_files_are_no_benchmark_and_broken_ones_say_why() {
    let folder = Folder::new();
    let plain = folder.write("captions.csv", "image,caption\n000.png,one\n");
    assert!(trials::open(&plain, &task()).unwrap().is_none());
    assert!(trials::open(&folder.path(""), &task()).unwrap().is_none());
    let row = json!({"0": {"filename": "gone.jpg", "caption": "a", "negative_caption": "b"}});
    let path = folder.write("add_att.json", &row.to_string());
    let error = trials::open(&path, &task()).unwrap_err().to_string();
    assert!(
        error.contains("add_att.json") && error.contains("gone.jpg"),
        "{error}"
    );
    let path = folder.write("add_obj.json", &row.to_string()[..60]);
    assert!(
        trials::open(&path, &task())
            .unwrap_err()
            .to_string()
            .contains("add_obj.json")
    );
}
