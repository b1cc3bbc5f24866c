//! Preprocessing against what Pillow made of the same pictures (`fixtures/pillow.py`), and the files that describe it.

mod configurations;

use nearmiss::dataset::{Picture, open_picture};
use nearmiss::encoder::{Filter, Preprocess, Resize};
use serde::Deserialize;
use std::path::PathBuf;

#[derive(Deserialize)]
struct Fixtures {
    mean: Vec<f32>,
    std: Vec<f32>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    source: String,
    resize: Resize,
    filter: Filter,
    crop: Option<(u32, u32)>,
    channels: usize,
    normalised: Option<Vec<f32>>,
}

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/pillow")
        .join(name)
}

fn fixtures() -> Fixtures {
    let text = std::fs::read_to_string(fixture("cases.json")).expect("the fixtures are there");
    serde_json::from_str(&text).expect("the fixtures are JSON")
}

fn picture(name: &str) -> Picture {
    open_picture(&fixture(&format!("{name}.png"))).expect("the fixture opens")
}

fn steps(case: &Case, mean: &[f32], std: &[f32]) -> Preprocess {
    Preprocess {
        resize: case.resize,
        crop: case.crop,
        filter: case.filter,
        rescale: 1.0 / 255.0,
        mean: mean[..case.channels].to_vec(),
        std: std[..case.channels].to_vec(),
        channels: case.channels,
        ..Preprocess::named("clip", 8).expect("known")
    }
}

#[test]
fn resizing_and_cropping_are_within_one_level_of_pillow() {
    let all = fixtures();
    assert!(all.cases.len() > 30);
    for case in &all.cases {
        let ours =
            steps(case, &all.mean, &all.std).resized(&picture(&format!("source-{}", case.source)));
        let (ours, pillow) = (ours.expect(&case.name), picture(&case.name));
        assert_eq!(
            (ours.width, ours.height),
            (pillow.width, pillow.height),
            "{}",
            case.name
        );
        let worst = ours
            .rgb
            .iter()
            .zip(&pillow.rgb)
            .map(|(a, b)| a.abs_diff(*b))
            .max();
        let limit = u8::from(case.filter != Filter::Nearest);
        assert!(
            worst <= Some(limit),
            "{}: {worst:?} levels away from Pillow",
            case.name
        );
    }
}

#[test]
fn numbers_are_rescaled_and_normalised_as_hugging_face_does() {
    let all = fixtures();
    let mut compared = 0;
    for case in &all.cases {
        let Some(expected) = &case.normalised else {
            continue;
        };
        let ours =
            steps(case, &all.mean, &all.std).apply(&picture(&format!("source-{}", case.source)));
        let ours = ours.expect(&case.name);
        assert_eq!(ours.len(), expected.len());
        // A level of the 8-bit picture, but nothing beyond float32 where that picture is the same.
        let level = if case.filter == Filter::Nearest {
            0.0
        } else {
            1.0 / 255.0 / 0.26
        };
        for (a, b) in ours.iter().zip(expected) {
            assert!((a - b).abs() <= level + 2e-6, "{}: {a} and {b}", case.name);
        }
        compared += 1;
    }
    assert_eq!(compared, 2);
}

#[test]
fn channels_come_one_after_the_other() {
    let steps = Preprocess {
        resize: Resize::None,
        crop: None,
        filter: Filter::Bicubic,
        rescale: 1.0,
        mean: vec![0.0, 1.0, 2.0],
        std: vec![1.0, 1.0, 2.0],
        channels: 3,
        ..Preprocess::named("clip", 8).expect("known")
    };
    let two = Picture {
        width: 2,
        height: 1,
        rgb: vec![10, 20, 30, 11, 21, 32],
    };
    assert_eq!(
        steps.apply(&two).expect("fits"),
        [10.0, 11.0, 19.0, 20.0, 14.0, 15.0]
    );
    assert_eq!(steps.output_size(), None);
}

#[test]
fn pictures_without_pixels_and_edited_steps_are_errors_not_panics() {
    let mut clip = Preprocess::named("clip", 32).expect("known");
    assert!(
        clip.apply(&Picture {
            width: 0,
            height: 0,
            rgb: vec![]
        })
        .is_err()
    );
    assert!(
        clip.apply(&Picture {
            width: 9,
            height: 9,
            rgb: vec![0; 3]
        })
        .is_err()
    );
    let thin = Picture {
        width: 1,
        height: 60_000,
        rgb: vec![0; 180_000],
    };
    let clip224 = Preprocess::named("clip", 224).expect("known");
    assert!(
        clip224
            .apply(&thin)
            .is_err_and(|e| e.to_string().contains("too thin"))
    );
    clip.std.clear();
    assert!(
        clip.apply(&Picture {
            width: 1,
            height: 1,
            rgb: vec![0; 3]
        })
        .is_err()
    );
    assert_eq!(Preprocess::named("unheard-of", 224), None);
}

#[test]
fn the_fingerprint_changes_with_every_step() {
    let clip = Preprocess::named("clip", 224).expect("known");
    let mut other = clip.clone();
    other.mean[1] += 1e-6;
    assert_eq!(clip.fingerprint(), clip.clone().fingerprint());
    assert_ne!(clip.fingerprint(), other.fingerprint());
}
