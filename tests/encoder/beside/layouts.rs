//! Which files of a folder make an encoder.

use super::*;

/// The layouts that people publish, by the names of their files.
#[test]
fn files_are_told_apart_by_what_they_take() {
    let both: [(&str, &str, &str); 8] = [
        (
            "Hugging Face",
            "onnx/vision_model_quantized.onnx",
            "onnx/text_model_quantized.onnx",
        ),
        ("open_clip", "visual.onnx", "textual.onnx"),
        ("Immich", "visual/model.onnx", "textual/model.onnx"),
        ("CLIP-ONNX", "clip_visual.onnx", "clip_textual.onnx"),
        (
            "fastembed",
            "clip-ViT-B-32-vision/model.onnx",
            "clip-ViT-B-32-text/model.onnx",
        ),
        (
            "Chinese-CLIP",
            "vit-b-16.img.fp32.onnx",
            "vit-b-16.txt.fp32.onnx",
        ),
        (
            "MobileCLIP",
            "mobileclip_s0_image.onnx",
            "mobileclip_s0_text.onnx",
        ),
        ("any names", "a.onnx", "b.onnx"),
    ];
    for (who, image, text) in both {
        let made = tempfile::tempdir().unwrap();
        for name in [image, text] {
            std::fs::create_dir_all(made.path().join(name).parent().unwrap()).unwrap();
        }
        write_image_means(&made.path().join(image), "Identity", 0);
        text_model(&made.path().join(text), "input_ids", true);
        std::fs::write(made.path().join("tokenizer.json"), TOKENIZER).unwrap();
        std::fs::write(made.path().join("preprocessor_config.json"), PICTURES).unwrap();
        let files = EncoderFiles::open(made.path()).unwrap_or_else(|e| panic!("{who}: {e}"));
        let inner = |p: &Path| {
            p.strip_prefix(made.path())
                .unwrap()
                .to_string_lossy()
                .into_owned()
        };
        assert_eq!(
            (
                inner(&files.image_model).as_str(),
                inner(&files.text_model).as_str()
            ),
            (image, text),
            "{who}"
        );
        let encoder = Encoder::open(&files, &EncoderOptions::default(), &task())
            .unwrap_or_else(|e| panic!("{who}: {e}"));
        assert_eq!(
            encoder
                .embed_texts(&["a".into()], None, &task())
                .unwrap()
                .dim(),
            3,
            "{who}"
        );
    }
    // Precisions of one model are no question, two models are.
    let made = tempfile::tempdir().unwrap();
    for name in ["b16.img.fp16.onnx", "b16.img.fp32.onnx"] {
        write_image_means(&made.path().join(name), "Identity", 0);
    }
    for name in ["b16.txt.fp16.onnx", "b16.txt.fp32.onnx"] {
        text_model(&made.path().join(name), "input_ids", false);
    }
    std::fs::write(made.path().join("tokenizer.json"), TOKENIZER).unwrap();
    let files = EncoderFiles::open(made.path()).unwrap();
    assert!(
        files.image_model.ends_with("b16.img.fp32.onnx")
            && files.text_model.ends_with("b16.txt.fp32.onnx")
    );
    write_image_means(&made.path().join("l14.img.fp32.onnx"), "Identity", 0);
    text_model(&made.path().join("l14.txt.fp32.onnx"), "input_ids", false);
    let error = EncoderFiles::open(made.path()).err().unwrap();
    assert!(
        error.to_string().contains("several encoders") && error.remedy().contains("--image-model"),
        "{error}"
    );
}
