//! Encoders whose models give a vector per token or patch: the pooling is part of the copy.

use super::made::{embedded, pixels, tokens};
use super::{Data, Opened, gradient_passes, heads, shapes};
use crate::encoder::models::{FLOAT, FLOAT16, write_image_means, write_settings, write_text_sums};
use nearmiss::encoder::{EncoderOptions, Pool};

#[test]
fn a_pooling_behind_the_text_model_is_inside_the_copy() {
    let mut largest = 0.0_f32;
    let all = shapes(3);
    for (pool, masked, left, elem) in [
        (Pool::Mean, true, false, FLOAT),
        (Pool::Mean, false, false, FLOAT),
        (Pool::Mean, true, true, FLOAT16),
        (Pool::First, true, false, FLOAT),
        (Pool::First, false, true, FLOAT),
        (Pool::Last, true, false, FLOAT),
        (Pool::Last, false, false, FLOAT),
        (Pool::Last, true, true, FLOAT),
    ] {
        let made = tempfile::tempdir().unwrap();
        write_settings(made.path());
        write_image_means(&made.path().join("vision_model.onnx"), "Identity", 0);
        tokens(&made.path().join("text_model.onnx"), masked, elem);
        if left {
            let config = r#"{"padding_side":"left"}"#;
            std::fs::write(made.path().join("tokenizer_config.json"), config).unwrap();
        }
        let options = EncoderOptions {
            text_pool: Some(pool),
            ..EncoderOptions::default()
        };
        let opened = Opened::of(made.path(), options);
        for (_, shape) in [all[1], all[5]] {
            let (_place, copy, off) = opened.agrees(&heads(shape), &Data::words());
            let inputs = &copy.encoder.text_tower().model().inputs;
            assert_eq!(inputs.len(), 2, "{inputs:?}");
            assert_eq!(inputs[1].to_string(), "attention_mask: int64 [batch, seq]");
            assert_eq!(copy.encoder.text_tower().output(), "text_embeds");
            // Rows of float16 may differ more beside each other: the name keeps telling.
            assert_eq!(copy.encoder.text_tower().is_coarse(), elem == FLOAT16);
            largest = largest.max(off);
        }
    }
    println!("text: largest difference {largest:.1e}");
}

#[test]
fn the_pooling_of_sentence_transformers_is_followed_and_not_asked_for_again() {
    let made = tempfile::tempdir().unwrap();
    write_settings(made.path());
    write_image_means(&made.path().join("vision_model.onnx"), "Identity", 0);
    tokens(&made.path().join("text_model.onnx"), true, FLOAT);
    std::fs::create_dir(made.path().join("1_Pooling")).unwrap();
    let said = r#"{"pooling_mode_mean_tokens": true}"#;
    std::fs::write(made.path().join("1_Pooling/config.json"), said).unwrap();
    let opened = Opened::plain(made.path());
    opened.agrees(&heads(shapes(3)[2].1), &Data::words());
}

#[test]
fn a_pooling_behind_the_image_model_is_inside_the_copy() {
    for pool in [Pool::Mean, Pool::First, Pool::Last] {
        let made = tempfile::tempdir().unwrap();
        write_settings(made.path());
        pixels(&made.path().join("vision_model.onnx"));
        write_text_sums(&made.path().join("text_model.onnx"));
        let options = EncoderOptions {
            image_pool: Some(pool),
            ..EncoderOptions::default()
        };
        let opened = Opened::of(made.path(), options);
        let (place, _, off) = opened.agrees(&heads(shapes(3)[3].1), &Data::words());
        println!("image, {}: largest difference {off:.1e}", pool.name());
        gradient_passes(&place.path().join("learned/vision_model.onnx"));
    }
}

#[test]
fn a_gradient_passes_the_pooling_of_a_text_model() {
    for pool in [Pool::Mean, Pool::First, Pool::Last] {
        let made = tempfile::tempdir().unwrap();
        write_settings(made.path());
        write_image_means(&made.path().join("vision_model.onnx"), "Identity", 0);
        embedded(&made.path().join("text_model.onnx"));
        let options = EncoderOptions {
            text_pool: Some(pool),
            ..EncoderOptions::default()
        };
        let opened = Opened::of(made.path(), options);
        let (place, copy, _) = opened.agrees(&heads(shapes(3)[3].1), &Data::words());
        gradient_passes(&place.path().join("learned/text_model.onnx"));
        // The original's own gradient is refused where the last token is wanted; the copy's is not.
        assert!(copy.encoder.text_tower().graph().is_ok());
    }
}
