//! Encoders made on the spot: what is refused, what is named, what must not depend on its neighbours.

use super::models::{
    FLOAT, node, port, with, write, write_image_means, write_settings, write_text_sums,
};
use super::{scenes, task};
use nearmiss::dataset::{Dataset, Image};
use nearmiss::encoder::{Cache, Encoder, EncoderFiles, EncoderOptions};
use nearmiss::error::{Error, Question, Result};
use nearmiss::runtime::Provider;
use std::path::Path;
use tempfile::TempDir;

/// An encoder folder whose image model is `write`n by the test.
pub fn folder(write: impl FnOnce(&Path)) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    write(&folder.path().join("vision_model.onnx"));
    write_text_sums(&folder.path().join("text_model.onnx"));
    write_settings(folder.path());
    folder
}

pub fn open(folder: &TempDir, options: &EncoderOptions) -> Result<Encoder> {
    Encoder::open(&EncoderFiles::open(folder.path())?, options, &task())
}

pub fn refusal(folder: &TempDir) -> Error {
    open(folder, &EncoderOptions::default())
        .err()
        .expect("it is refused")
}

/// A dataset of one-coloured pictures, written into `folder`: name, grey level, caption.
pub fn pictures(folder: &Path, of: &[(&str, u8, &str)]) -> Dataset {
    let groups = of.iter().map(|&(name, grey, caption)| {
        let path = folder.join(name);
        let mut bytes = b"P6 10 10 255\n".to_vec();
        bytes.extend([grey; 300]);
        std::fs::write(&path, bytes).unwrap();
        (Image::file(name, path), vec![caption.to_owned()])
    });
    Dataset::from_groups("made", "made", groups.collect(), Vec::new())
}

#[test]
fn an_image_with_nan_is_listed_and_left_out() {
    let encoder = open(
        &folder(|p| write_image_means(p, "Sqrt", 0)),
        &EncoderOptions::default(),
    )
    .unwrap();
    let place = tempfile::tempdir().unwrap();
    // The root of a negative mean is NaN: dark pictures are.
    let dataset = pictures(
        place.path(),
        &[
            ("light.ppm", 200, "one"),
            ("dark.ppm", 20, "two"),
            ("lighter.ppm", 220, "three"),
        ],
    );
    let embedded = encoder.embed_dataset(&dataset, None, &task()).unwrap();
    let names: Vec<&str> = embedded
        .dataset
        .images
        .iter()
        .map(|i| i.name.as_str())
        .collect();
    assert_eq!(names, ["light.ppm", "lighter.ppm"]);
    assert_eq!(embedded.dataset.captions, ["one", "three"]);
    let problem = &embedded.dataset.problems[0];
    assert!(
        problem.place.contains("dark.ppm") && problem.what.contains("NaN"),
        "{problem:?}"
    );
    let dark = pictures(place.path(), &[("dark.ppm", 20, "two")]);
    let none = encoder.embed_dataset(&dark, None, &task()).err().unwrap();
    assert!(none.to_string().contains("NaN"), "{none}");
}

#[test]
fn a_caption_with_nan_is_named() {
    // The root of minus the id: 0 for an unknown word, NaN for a known one.
    let made = folder(|p| write_image_means(p, "Identity", 0));
    let path = made.path().join("text_model.onnx");
    let minus = [
        with(node("Cast", &["input_ids"], "x"), &[("to", 1)], &[]),
        node("Neg", &["x"], "n"),
        node("Sqrt", &["n"], "r"),
        with(
            node("ReduceMean", &["r"], "m"),
            &[("keepdims", 1)],
            &[("axes", &[1])],
        ),
        with(
            node("Concat", &["m", "m", "m"], "text_embeds"),
            &[("axis", 1)],
            &[],
        ),
    ];
    write(
        &path,
        vec![port("input_ids", super::models::INT64, &[0, 1])],
        minus.into(),
        vec![port("text_embeds", FLOAT, &[0, 3])],
    );
    let encoder = open(&made, &EncoderOptions::default()).unwrap();
    let error = encoder
        .embed_texts(&["unknown".into(), "three".into()], None, &task())
        .err()
        .unwrap();
    assert!(
        error.to_string().contains("the caption \"three\""),
        "{error}"
    );
}

#[test]
fn a_model_of_the_wrong_rank_is_refused() {
    let flat = folder(|p| {
        write(
            p,
            vec![port("x", FLOAT, &[0, 784])],
            vec![node("Identity", &["x"], "y")],
            vec![port("y", FLOAT, &[0, 784])],
        );
    });
    let error = refusal(&flat);
    assert!(
        error.to_string().contains("2 dimensions instead of 4"),
        "{error}"
    );
    assert!(error.to_string().contains("vision_model.onnx"));

    let hidden = folder(|p| {
        let flat = with(node("Flatten", &["pixel_values"], "f"), &[("axis", 2)], &[]);
        let ports = (
            vec![port("pixel_values", FLOAT, &[0, 3, 8, 8])],
            vec![port("last_hidden_state", FLOAT, &[0, 50, 768])],
        );
        write(
            p,
            ports.0,
            vec![flat, node("Identity", &["f"], "last_hidden_state")],
            ports.1,
        );
    });
    assert!(refusal(&hidden).to_string().contains("per token or patch"));
}

#[test]
fn a_preprocessing_that_does_not_fit_is_refused() {
    let made = folder(|p| write_image_means(p, "Identity", 0));
    let config = made.path().join("preprocessor_config.json");
    let text = std::fs::read_to_string(&config)
        .unwrap()
        .replace("\"width\":8", "\"width\":9");
    std::fs::write(&config, text).unwrap();
    let error = refusal(&made);
    assert!(
        error
            .to_string()
            .contains("pictures of 8 x 8, the preprocessing gives 8 x 9"),
        "{error}"
    );

    std::fs::remove_file(&config).unwrap();
    assert!(matches!(
        refusal(&made),
        Error::Ask {
            question: Question::Preprocess,
            ..
        }
    ));
}

#[test]
fn several_outputs_are_asked_about_and_a_choice_is_taken() {
    let made = folder(|p| {
        let mean = with(
            node("ReduceMean", &["pixel_values"], "mean"),
            &[("keepdims", 0)],
            &[("axes", &[2, 3])],
        );
        let outputs = vec![port("a", FLOAT, &[0, 3]), port("b", FLOAT, &[0, 3])];
        let nodes = vec![
            mean,
            node("Identity", &["mean"], "a"),
            node("Neg", &["mean"], "b"),
        ];
        write(
            p,
            vec![port("pixel_values", FLOAT, &[0, 3, 8, 8])],
            nodes,
            outputs,
        );
    });
    let Error::Ask {
        question: Question::ImageOutput(names),
        ..
    } = refusal(&made)
    else {
        panic!("it asks")
    };
    assert_eq!(names, ["a", "b"]);
    let options = |name: &str| EncoderOptions {
        image_output: Some(name.into()),
        ..EncoderOptions::default()
    };
    assert_eq!(
        open(&made, &options("b")).unwrap().describe().image_output,
        "b"
    );
    let error = open(&made, &options("c")).err().unwrap().to_string();
    assert!(
        error.contains("no output named c; it has a: float32 [batch, 3]"),
        "{error}"
    );
}

#[test]
fn a_fixed_batch_is_filled_up_and_cut() {
    let (any, three) = (
        folder(|p| write_image_means(p, "Identity", 0)),
        folder(|p| write_image_means(p, "Identity", 3)),
    );
    let place = tempfile::tempdir().unwrap();
    let dataset = pictures(
        place.path(),
        &[
            ("a.ppm", 10, "one"),
            ("b.ppm", 60, "two"),
            ("c.ppm", 120, "one two"),
            ("d.ppm", 200, "four four two"),
        ],
    );
    let embed = |made| {
        open(made, &EncoderOptions::default())
            .unwrap()
            .embed_dataset(&dataset, None, &task())
            .unwrap()
    };
    let (a, b) = (embed(&any), embed(&three));
    let (a, b) = (a.embedded, b.embedded);
    assert_eq!((a.images, a.texts), (b.images, b.texts));
}

#[test]
fn captions_of_unlike_length_do_not_touch_each_other() {
    // This model has no mask: a padded row would have another mean.
    let encoder = open(
        &folder(|p| write_image_means(p, "Identity", 0)),
        &EncoderOptions::default(),
    )
    .unwrap();
    let texts = ["one", "one two three four", "two two", "one", "four"].map(String::from);
    let together = encoder.embed_texts(&texts, None, &task()).unwrap();
    for (i, text) in texts.iter().enumerate() {
        let alone = encoder
            .embed_texts(std::slice::from_ref(text), None, &task())
            .unwrap();
        assert_eq!(together.row(i), alone.row(0), "{text}");
    }
    assert!(encoder.embed_texts(&[], None, &task()).is_err());
}

#[test]
fn broken_pictures_are_listed_and_all_broken_is_an_error() {
    let encoder = open(
        &folder(|p| write_image_means(p, "Identity", 0)),
        &EncoderOptions::default(),
    )
    .unwrap();
    let place = tempfile::tempdir().unwrap();
    let dataset = pictures(
        place.path(),
        &[
            ("a.ppm", 10, "one"),
            ("cut.ppm", 20, "two"),
            ("gone.ppm", 30, "three"),
        ],
    );
    std::fs::write(place.path().join("cut.ppm"), b"P6 10 10 255\nshort").unwrap();
    std::fs::remove_file(place.path().join("gone.ppm")).unwrap();
    let made = encoder.embed_dataset(&dataset, None, &task()).unwrap();
    assert_eq!(
        (
            made.embedded.images.rows(),
            made.embedded.texts.rows(),
            made.dataset.captions.len()
        ),
        (1, 1, 1)
    );
    let places: Vec<&str> = made
        .dataset
        .problems
        .iter()
        .map(|p| p.place.as_str())
        .collect();
    assert!(
        places.len() == 2 && places[0].ends_with("cut.ppm") && places[1].ends_with("gone.ppm"),
        "{places:?}"
    );

    std::fs::remove_file(place.path().join("a.ppm")).unwrap();
    let error = encoder
        .embed_dataset(&dataset, None, &task())
        .err()
        .unwrap()
        .to_string();
    assert!(error.contains("none of the 3 pictures"), "{error}");
}

#[test]
fn a_provider_that_cannot_be_is_noted_and_the_cpu_does_it() {
    let made = folder(|p| write_image_means(p, "Identity", 0));
    let options = EncoderOptions {
        providers: vec![Provider::CoreMl, Provider::DirectMl],
        ..EncoderOptions::default()
    };
    let info = open(&made, &options).unwrap().describe();
    if cfg!(target_os = "linux") && !info.engine.contains("tract") {
        assert_eq!(info.image_provider, "CPU");
        assert!(
            info.notes
                .iter()
                .any(|n| n.starts_with("DirectML unavailable: ")),
            "{:?}",
            info.notes
        );
    }
}

#[test]
fn a_cancelled_task_embeds_nothing() {
    let made = folder(|p| write_image_means(p, "Identity", 0));
    let encoder = open(&made, &EncoderOptions::default()).unwrap();
    let cancelled = task();
    cancelled.cancel();
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::at(folder.path().to_path_buf());
    assert!(
        encoder
            .embed_dataset(&scenes(4), Some(&cache), &cancelled)
            .is_err_and(|e| e.is_cancelled())
    );
    assert!(
        encoder
            .embed_texts(&["one".into()], None, &cancelled)
            .is_err_and(|e| e.is_cancelled())
    );
}

#[test]
fn embeddings_are_kept_for_the_model_in_memory_whatever_lies_in_its_file() {
    let made = folder(|p| write_image_means(p, "Identity", 0));
    let encoder = open(&made, &EncoderOptions::default()).unwrap();
    let (dataset, kept) = (scenes(3), tempfile::tempdir().unwrap());
    let cache = Cache::at(kept.path().to_path_buf());
    // Another model is exported to the same name while the first is open.
    write_image_means(&made.path().join("vision_model.onnx"), "Sqrt", 0);
    let embed = |encoder: &Encoder, cache| {
        let made = encoder.embed_dataset(&dataset, cache, &task()).unwrap();
        assert!(made.warnings.is_empty(), "{:?}", made.warnings);
        (made.embedded.images, made.cached_images)
    };
    let (first, _) = embed(&encoder, Some(&cache));
    let other = open(&made, &EncoderOptions::default()).unwrap();
    let (second, cached) = embed(&other, Some(&cache));
    assert_eq!((second.data(), cached), (embed(&other, None).0.data(), 0));
    assert!(super::largest_difference(first.data(), second.data()) > 1e-3);
    // The first goes on when the file is gone.
    drop(made);
    assert_eq!(embed(&encoder, Some(&cache)).1, 3);
}
