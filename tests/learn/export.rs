//! An encoder with heads is an encoder like any other.

use super::made::{of_opset, single};
use super::{Data, Opened, demo, gradient_passes, heads, shapes, task};
use crate::encoder::models::{
    FLOAT, node, port, with, write, write_both, write_image_means, write_settings, write_text_sums,
};
use nearmiss::compute::train::HeadShape;
use nearmiss::dataset::Picture;
use nearmiss::encoder::{Encoder, EncoderFiles, EncoderOptions, Preprocess};
use nearmiss::learn::export::{Trained, export};
use nearmiss::onnx::Dim;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A folder with these models and the settings of the made ones.
fn folder(images: impl FnOnce(&Path)) -> TempDir {
    let made = tempfile::tempdir().unwrap();
    write_settings(made.path());
    images(&made.path().join("vision_model.onnx"));
    write_text_sums(&made.path().join("text_model.onnx"));
    made
}

fn means(last: &'static str, batch: i64) -> TempDir {
    folder(|path| write_image_means(path, last, batch))
}

#[test]
fn the_demo_with_heads_of_every_kind_is_an_encoder() {
    let opened = Opened::plain(&demo().join("encoder"));
    let data = Data::demo();
    for (name, shape) in shapes(opened.dim()) {
        let (place, copy, off) = opened.agrees(&heads(shape), &data);
        println!("demo, {name}: largest difference {off:.1e}");
        assert_eq!(copy.dim(), shape.outputs);
        let [given, made] = [&opened, &copy].map(|of| {
            let (image, text) = (of.encoder.image_tower(), of.encoder.text_tower());
            (
                [image.model(), text.model()].map(|m| (m.inputs.clone(), m.opset)),
                of.encoder.batch(),
            )
        });
        assert_eq!(given, made, "inputs and operator sets stay");
        for model in ["vision_model.onnx", "text_model.onnx"] {
            gradient_passes(&place.path().join("learned").join(model));
        }
    }
}

#[test]
fn a_copy_with_heads_gets_heads_itself() {
    let made = means("Identity", 0);
    let opened = Opened::plain(made.path());
    let all = shapes(3);
    let (_place, copy, _) = opened.agrees(&heads(all[4].1), &Data::words());
    copy.agrees(&heads(all[2].1), &Data::words());
}

#[test]
fn older_operator_sets_get_their_own_form() {
    for version in [7, 11, 12, 13, 17] {
        let made = means("Identity", 0);
        for model in ["vision_model.onnx", "text_model.onnx"] {
            of_opset(&made.path().join(model), version);
        }
        let opened = Opened::plain(made.path());
        for (_, shape) in [shapes(3)[2], shapes(3)[5]] {
            let (place, copy, _) = opened.agrees(&heads(shape), &Data::words());
            assert_eq!(copy.encoder.text_tower().model().opset, version);
            gradient_passes(&place.path().join("learned/vision_model.onnx"));
        }
    }
    let made = means("Identity", 0);
    let path = made.path().join("text_model.onnx");
    of_opset(&path, 6);
    // The inference engine may refuse it first.
    let files = EncoderFiles::open(made.path()).unwrap();
    if let Ok(encoder) = Encoder::open(&files, &EncoderOptions::default(), &task()) {
        let refused = encoder.text_tower().apart().unwrap_err();
        assert!(refused.to_string().contains("older than 7"), "{refused}");
    }
}

#[test]
fn an_open_batch_stays_open_and_a_fixed_one_fixed() {
    let head = heads(shapes(3)[1].1);
    for (batch, dim) in [(0, Dim::Named("batch".into())), (3, Dim::Fixed(3))] {
        let made = means("Identity", batch);
        let opened = Opened::plain(made.path());
        let (_place, copy, _) = opened.agrees(&head, &Data::words());
        let output = &copy.encoder.image_tower().model().outputs[0];
        assert_eq!(output.dims, [dim, Dim::Fixed(2)]);
        assert_eq!(output.name, "image_embeds");
    }
}

#[test]
fn a_row_of_zeros_stays_one() {
    // Below the mean, the rectifier leaves nothing.
    let made = means("Relu", 0);
    let opened = Opened::plain(made.path());
    let dark = Picture {
        width: 8,
        height: 8,
        rgb: vec![20; 192],
    };
    let mut data = Data::words();
    data.pictures.push(dark.clone());
    for (name, shape) in shapes(3) {
        let (_place, copy, _) = opened.agrees(&heads(shape), &data);
        let made = copy.encoder.embed_picture(&dark).unwrap();
        if !shape.bias {
            assert_eq!(made.data(), vec![0.0; shape.outputs], "{name}");
        }
    }
}

#[test]
fn both_towers_in_one_file_become_two_files() {
    let made = tempfile::tempdir().unwrap();
    write_both(&made.path().join("model.onnx"));
    write_settings(made.path());
    let opened = Opened::plain(made.path());
    for (name, shape) in shapes(3) {
        let (_place, copy, off) = opened.agrees(&heads(shape), &Data::words());
        println!("both in one file, {name}: largest difference {off:.1e}");
        let inputs = |text: bool| {
            let encoder = &copy.encoder;
            let tower = if text {
                encoder.text_tower()
            } else {
                encoder.image_tower()
            };
            let inputs = tower.model().inputs.iter();
            inputs.map(|p| p.name.clone()).collect::<Vec<_>>()
        };
        assert_eq!(inputs(false), ["pixel_values"]);
        assert_eq!(inputs(true), ["input_ids", "attention_mask"]);
        gradient_passes(&copy.files.image_model);
    }
}

#[test]
fn a_model_of_one_picture_without_a_batch_keeps_its_form() {
    let made = folder(single);
    let opened = Opened::plain(made.path());
    let (_place, copy, _) = opened.agrees(&heads(shapes(3)[2].1), &Data::words());
    let info = copy.encoder.describe();
    assert_eq!(info.image_input, "image: float32 [3, 8, 8]");
}

#[test]
fn what_was_chosen_is_part_of_the_copy() {
    let made = folder(|path| {
        let mean = with(
            node("ReduceMean", &["pixel_values"], "mean"),
            &[("keepdims", 0)],
            &[("axes", &[2, 3])],
        );
        // One is called as the copy's output is.
        let outputs = ["image_features", "other"].map(|name| port(name, FLOAT, &[0, 3]));
        let nodes = vec![
            mean,
            node("Neg", &["mean"], "image_features"),
            node("Abs", &["image_features"], "other"),
        ];
        let input = port("pixel_values", FLOAT, &[0, 3, 8, 8]);
        write(path, vec![input], nodes, outputs.into());
    });
    std::fs::remove_file(made.path().join("preprocessor_config.json")).unwrap();
    let options = EncoderOptions {
        image_output: Some("other".into()),
        preprocess: Preprocess::named("clip", 8),
        batch: 2,
        ..EncoderOptions::default()
    };
    let opened = Opened::of(made.path(), options);
    let (_place, copy, _) = opened.agrees(&heads(shapes(3)[1].1), &Data::words());
    assert_eq!(copy.encoder.preprocess(), opened.encoder.preprocess());
    assert_eq!(copy.encoder.image_tower().output(), "image_embeds");
}

#[test]
fn a_folder_that_holds_anything_is_refused() {
    let made = means("Identity", 0);
    let opened = Opened::plain(made.path());
    let head = heads(shapes(3)[0].1);
    let place = tempfile::tempdir().unwrap();
    let out = place.path().join("out");
    std::fs::create_dir(&out).unwrap();
    let exported = opened.export(&head, &out).unwrap();
    let mut files: Vec<PathBuf> = std::fs::read_dir(&out)
        .unwrap()
        .map(|e| e.unwrap().file_name().into())
        .collect();
    files.sort();
    let mut said = exported.files;
    said.sort();
    assert_eq!(files, said);
    let model = std::fs::read(out.join("text_model.onnx")).unwrap();
    let other = heads(shapes(3)[1].1);
    let refused = opened.export(&other, &out).unwrap_err();
    assert!(refused.to_string().contains("not empty"), "{refused}");
    assert_eq!(std::fs::read(out.join("text_model.onnx")).unwrap(), model);

    let part = opened
        .export(&head, &place.path().join("onnx"))
        .unwrap_err();
    assert!(part.to_string().contains("one folder up"), "{part}");
    let file = place.path().join("file");
    std::fs::write(&file, "mine").unwrap();
    assert!(opened.export(&head, &file).is_err());
    assert_eq!(std::fs::read(&file).unwrap(), b"mine");
}

#[test]
fn what_cannot_be_exported_leaves_nothing_behind() {
    let made = means("Identity", 0);
    let opened = Opened::plain(made.path());
    let place = tempfile::tempdir().unwrap();
    let out = place.path().join("out");
    let refused = |heads| opened.export(&heads, &out).unwrap_err().to_string();
    let wide = refused(heads(HeadShape::linear(5, 2)));
    assert!(wide.contains("take 5 values"), "{wide}");
    let mut broken = heads(shapes(3)[0].1);
    broken.weights[1] = f32::INFINITY;
    assert!(refused(broken).contains("not finite"));

    let (cancelled, head) = (task(), heads(shapes(3)[0].1));
    cancelled.cancel();
    let trained = Trained {
        encoder: &opened.encoder,
        files: &opened.files,
        options: &opened.options,
        heads: &head,
    };
    assert!(export(trained, &out, &cancelled).is_err_and(|e| e.is_cancelled()));

    // Another model under the name of the one that was trained on.
    write_image_means(&made.path().join("vision_model.onnx"), "Sqrt", 0);
    let changed = refused(head);
    assert!(changed.contains("written again"), "{changed}");
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0);
}

#[test]
#[ignore = "needs NEARMISS_MATERIAL"]
fn encoders_of_the_material_can_be_exported() {
    let material = PathBuf::from(std::env::var_os("NEARMISS_MATERIAL").expect("it is set"));
    for (encoder, data) in [
        ("flickr8k-cca", Data::demo()),
        ("digits-vit", Data::words()),
    ] {
        let opened = Opened::plain(&material.join("encoders").join(encoder));
        for (name, shape) in shapes(opened.dim()) {
            let (place, _, off) = opened.agrees(&heads(shape), &data);
            println!("{encoder}, {name}: largest difference {off:.1e}");
            if name == "GELU" {
                gradient_passes(&place.path().join("learned/vision_model.onnx"));
            }
        }
    }
}
