//! What lies beside the models goes with them, and is read as it was.

use super::{Data, Opened, heads, shapes};
use crate::encoder::models::{write_image_means, write_settings, write_text_sums};
use nearmiss::encoder::{EncoderOptions, Preprocess};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Every JSON file that the program reads beside a model is among those that are carried, but for the poolings', which the
/// copy has inside.
#[test]
fn every_configuration_that_is_read_is_carried() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/encoder/beside");
    let carried = std::fs::read_to_string(root.join("carried.rs")).unwrap();
    let mut open = vec![root.clone()];
    let mut names = 0;
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if !path.ends_with("pooling.rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let quoted = text.split('"');
                let is_json = |t: &&str| Path::new(t).extension().is_some_and(|e| e == "json");
                for name in quoted.filter(is_json) {
                    names += 1;
                    assert!(carried.contains(&format!("\"{name}\"")), "{name}");
                }
            }
        }
    }
    assert!(names > 10);
}

/// Both models in folders of their own, each with its own configurations; the text model is cut after three tokens.
fn parted() -> TempDir {
    let made = tempfile::tempdir().unwrap();
    write_settings(made.path());
    let [visual, textual] = ["visual", "textual"].map(|name| {
        let folder = made.path().join(name);
        std::fs::create_dir(&folder).unwrap();
        folder
    });
    write_image_means(&visual.join("model.onnx"), "Identity", 0);
    write_text_sums(&textual.join("model.onnx"));
    std::fs::write(visual.join("config.json"), r#"{"hidden_size": 3}"#).unwrap();
    let cut = r#"{"model_type":"bert","max_position_embeddings":3}"#;
    std::fs::write(textual.join("config.json"), cut).unwrap();
    made
}

#[test]
fn configurations_of_one_name_stay_with_their_sides() {
    let made = parted();
    let opened = Opened::plain(made.path());
    assert_eq!(
        opened
            .encoder
            .tokenizer()
            .encode(&["one two three four"])
            .unwrap()
            .cols,
        3
    );
    let (_place, copy, _) = opened.agrees(&heads(shapes(3)[1].1), &Data::words());
    assert!(copy.files.image_model.ends_with("visual/model.onnx"));
    let stated = |of: &Opened| {
        let stated = of.encoder.describe().stated.into_iter();
        stated.map(|s| (s.what, s.value, s.key)).collect::<Vec<_>>()
    };
    assert_eq!(stated(&opened), stated(&copy));
}

#[test]
fn a_chosen_preprocessing_goes_before_what_lies_beside() {
    let config = r#"{"model_cfg":{"text_cfg":{"context_length":4,"hf_tokenizer_name":"some/name"}},
        "preprocess_cfg":{"size":8,"mean":[0.5,0.5,0.5],"std":[0.5,0.5,0.5]}}"#;
    for names in [
        &["open_clip_config.json"][..],
        &["preprocessor_config.json"],
        &["open_clip_config.json", "preprocessor_config.json"],
        &["open_clip_config.json", "processor_config.json"],
        &["processor_config.json"],
    ] {
        let made = tempfile::tempdir().unwrap();
        write_settings(made.path());
        let own = made.path().join("preprocessor_config.json");
        let pictures = std::fs::read_to_string(&own).unwrap();
        std::fs::remove_file(&own).unwrap();
        write_image_means(&made.path().join("vision_model.onnx"), "Identity", 0);
        write_text_sums(&made.path().join("text_model.onnx"));
        for name in names {
            let text = match *name {
                "open_clip_config.json" => config.to_owned(),
                "processor_config.json" => format!(r#"{{"image_processor":{pictures}}}"#),
                _ => pictures.clone(),
            };
            std::fs::write(made.path().join(name), text).unwrap();
        }
        let options = EncoderOptions {
            preprocess: Preprocess::named("imagenet", 8),
            ..EncoderOptions::default()
        };
        let opened = Opened::of(made.path(), options);
        let (_place, copy, _) = opened.agrees(&heads(shapes(3)[0].1), &Data::words());
        let tokens = |of: &Opened| of.encoder.tokenizer().encode(&["one", "two four"]).unwrap();
        assert_eq!(tokens(&opened), tokens(&copy), "{names:?}");
        assert_eq!(copy.encoder.preprocess(), opened.encoder.preprocess());
    }
}
