//! What configurations of preprocessing say, in every form that is published.

use nearmiss::encoder::{Filter, Preprocess, Resize, Rounding};

/// What [`Preprocess::open`] makes of a configuration, or its complaint.
fn read(json: &str) -> Result<Preprocess, String> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("preprocessor_config.json");
    std::fs::write(&path, json).expect("written");
    Preprocess::open(&path).map_err(|e| e.to_string())
}

#[test]
fn configurations_of_all_forms_are_read() {
    let clip = Preprocess::named("clip", 224).expect("known");
    let old = r#"{"crop_size": 224, "do_center_crop": true, "do_normalize": true, "do_resize": true,
        "feature_extractor_type": "CLIPFeatureExtractor", "resample": 3, "size": 224,
        "image_mean": [0.48145466, 0.4578275, 0.40821073], "image_std": [0.26862954, 0.26130258, 0.27577711]}"#;
    assert_eq!(read(old), Ok(clip.clone()));
    let new = r#"{"crop_size": {"height": 224, "width": 224}, "do_center_crop": true, "do_rescale": true,
        "image_processor_type": "CLIPImageProcessor", "rescale_factor": 0.00392156862745098,
        "size": {"shortest_edge": 224}}"#;
    assert_eq!(read(new), Ok(clip.clone()));
    assert_eq!(
        read(&format!("{{\"image_processor\": {new}}}")),
        Ok(clip.clone())
    );
    let open_clip = r#"{"model_cfg": {"vision_cfg": {"image_size": 224}}, "preprocess_cfg": {
        "mean": [0.48145466, 0.4578275, 0.40821073], "std": [0.26862954, 0.26130258, 0.27577711]}}"#;
    // torchvision's centre crop starts elsewhere where the rest is odd.
    let torchvision = Preprocess {
        rounding: Rounding::HalfEven,
        ..clip.clone()
    };
    assert_eq!(read(open_clip), Ok(torchvision));
    let saved = serde_json::to_string(&clip).expect("serialises");
    assert_eq!(read(&saved), Ok(clip));

    let siglip = Preprocess::named("siglip", 256);
    let written = r#"{"do_resize": true, "image_processor_type": "SiglipImageProcessor", "resample": 3,
        "image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5], "size": {"height": 256, "width": 256}}"#;
    assert_eq!(read(written).ok(), siglip);
    let squashed = r#"{"preprocess_cfg": {"size": [256, 256], "mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5],
        "interpolation": "bicubic", "resize_mode": "squash"}}"#;
    let read_squashed = read(squashed).expect("read");
    assert_eq!(
        Some(Preprocess {
            rounding: Rounding::Floor,
            ..read_squashed
        }),
        siglip
    );

    let vit = read(r#"{"image_processor_type": "ViTImageProcessor", "size": 224}"#).expect("read");
    assert_eq!(
        vit.resize,
        Resize::Exact {
            height: 224,
            width: 224
        }
    );
    assert_eq!(
        (vit.filter, vit.output_size()),
        (Filter::Bilinear, Some((224, 224)))
    );

    let grey = read(
        r#"{"size": {"height": 28, "width": 28}, "resample": 2, "do_center_crop": false,
        "do_normalize": false, "num_channels": 1}"#,
    );
    let grey = grey.expect("read");
    assert_eq!(
        (grey.channels, grey.mean, grey.std),
        (1, vec![0.0], vec![1.0])
    );
}

#[test]
#[allow(clippy::too_many_lines)] // a table
fn a_silent_configuration_means_what_its_class_does() {
    // Class, filter, mean of the first channel, deviation, resize, crop: transformers' own defaults.
    let short = Resize::ShortestEdge;
    let square = |side| Resize::Exact {
        height: side,
        width: side,
    };
    let clip = (0.481_454_66, 0.268_629_54);
    let (half, imagenet) = ((0.5, 0.5), (0.485, 0.229));
    let rows = [
        (
            "CLIPImageProcessor",
            Filter::Bicubic,
            clip,
            short(224),
            Some(224),
        ),
        (
            "CLIPImageProcessorFast",
            Filter::Bicubic,
            clip,
            short(224),
            Some(224),
        ),
        (
            "ChineseCLIPFeatureExtractor",
            Filter::Bicubic,
            clip,
            short(224),
            Some(224),
        ),
        (
            "BitImageProcessor",
            Filter::Bicubic,
            clip,
            short(224),
            Some(224),
        ),
        (
            "SiglipImageProcessor",
            Filter::Bicubic,
            half,
            square(224),
            None,
        ),
        (
            "BlipImageProcessor",
            Filter::Bicubic,
            clip,
            square(384),
            None,
        ),
        (
            "ViTImageProcessor",
            Filter::Bilinear,
            half,
            square(224),
            None,
        ),
        (
            "DeiTImageProcessor",
            Filter::Bicubic,
            half,
            square(256),
            Some(224),
        ),
        (
            "LevitImageProcessor",
            Filter::Bicubic,
            imagenet,
            short(256),
            Some(224),
        ),
        (
            "OwlViTImageProcessor",
            Filter::Bicubic,
            clip,
            square(768),
            None,
        ),
        (
            "MobileNetV2ImageProcessor",
            Filter::Bilinear,
            half,
            short(256),
            Some(224),
        ),
        (
            "FlavaImageProcessor",
            Filter::Bicubic,
            clip,
            square(224),
            Some(224),
        ),
        (
            "JinaCLIPImageProcessor",
            Filter::Bicubic,
            clip,
            short(224),
            Some(224),
        ),
    ];
    for (class, filter, (mean, std), resize, crop) in rows {
        let size = if class.starts_with("Jina") {
            r#", "size": 224"#
        } else {
            ""
        };
        let made = read(&format!(r#"{{"image_processor_type": "{class}"{size}}}"#)).expect(class);
        assert_eq!((made.filter, made.resize), (filter, resize), "{class}");
        assert_eq!(made.crop, crop.map(|c| (c, c)), "{class}");
        assert_eq!(
            (made.mean[0], made.std[0], made.bgr),
            (mean, std, false),
            "{class}"
        );
    }
    let turned = r#"{"image_processor_type": "MobileViTImageProcessor", "resample": 2}"#;
    let turned = read(turned).expect("read");
    assert!(turned.bgr && turned.mean == [0.0; 3] && turned.std == [1.0; 3]);
    assert_eq!((turned.resize, turned.crop), (short(224), Some((256, 256))));
    // EfficientNet divides by the deviation twice unless it is told that its top is cut off.
    let twice = r#"{"image_processor_type": "EfficientNetImageProcessor", "resample": 2, "size": {"height": 9, "width": 9}"#;
    assert_eq!(read(&format!("{twice}}}")).expect("read").std, [0.25; 3]);
    let once = read(&format!(
        r#"{twice}, "include_top": false, "crop_size": 8}}"#
    ))
    .expect("read");
    assert_eq!((once.std, once.crop), (vec![0.5; 3], None));
}

#[test]
fn open_clip_and_those_who_took_its_keys_over_are_told_apart() {
    let open_clip = |mode: &str, size: &str| {
        let json = format!(
            r#"{{"preprocess_cfg": {{"size": {size}, "resize_mode": "{mode}", "interpolation": "bilinear", "fill_color": 127}}}}"#
        );
        read(&json).expect("read")
    };
    let (height, width) = (32, 48);
    let longest = open_clip("longest", "[32, 48]");
    assert_eq!(longest.resize, Resize::Within { height, width });
    assert_eq!((longest.crop, longest.fill), (Some((32, 48)), 127));
    assert_eq!(longest.filter, Filter::Bilinear);
    let shortest = open_clip("shortest", "[32, 48]");
    // There the filter is not passed on, and its own is bicubic.
    assert_eq!(shortest.resize, Resize::Cover { height, width });
    assert_eq!(shortest.filter, Filter::Bicubic);
    assert_eq!(
        open_clip("shortest", "[32]").resize,
        Resize::ShortestEdge(32)
    );
    let immich = |mode: &str| {
        let json = format!(
            r#"{{"size": [32, 32], "mode": "RGB", "resize_mode": "{mode}", "interpolation": "bicubic", "mean": [0.5, 0.5, 0.5],
            "std": [0.5, 0.5, 0.5], "fill_color": 0}}"#
        );
        read(&json)
    };
    let cut = immich("shortest").expect("read");
    assert_eq!((cut.rounding, cut.crop), (Rounding::Floor, Some((32, 32))));
    assert!(immich("longest").is_err_and(|e| e.contains("longest")));
}

#[test]
fn configurations_that_leave_a_question_are_refused() {
    for (json, word) in [
        ("", "not JSON"),
        ("[]", "no keys"),
        ("{}", "\"size\" is missing"),
        (r#"{"size": 224}"#, "\"resample\" is missing"),
        (
            r#"{"size": 224, "resample": 3}"#,
            "\"image_mean\" is missing",
        ),
        (r#"{"size": {"longest_edge": 224}, "resample": 3}"#, "size"),
        (
            r#"{"size": 0, "resample": 3, "do_normalize": false}"#,
            "size of 0",
        ),
        (
            r#"{"size": 4000000000, "resample": 3, "do_normalize": false}"#,
            "size of 4000000000",
        ),
        (r#"{"size": 224, "resample": 9}"#, "Pillow"),
        (
            r#"{"size": 8, "resample": 3, "image_mean": [0.5], "image_std": [0]}"#,
            "not zero",
        ),
        (
            r#"{"size": 8, "resample": 3, "image_mean": [0.5, 0.4], "image_std": [1]}"#,
            "3 numbers",
        ),
        (r#"{"size": 8, "do_pad": true}"#, "do_pad"),
        (
            r#"{"image_processor_type": "CLIPImageProcessor", "do_blur": true}"#,
            "do_blur",
        ),
        (
            r#"{"image_processor_type": "CLIPImageProcessor", "mean": [0.5, 0.5, 0.5]}"#,
            "\"mean\"",
        ),
        (
            r#"{"image_processor_type": "ConvNextImageProcessor", "size": {"shortest_edge": 224}}"#,
            "differs between versions",
        ),
        (
            r#"{"image_processor_type": "Siglip2ImageProcessor", "patch_size": 16}"#,
            "patches",
        ),
        (
            r#"{"image_processor_type": "VilBertImageProcessor", "size": 224}"#,
            "\"resample\" is missing",
        ),
        (
            r#"{"preprocess_cfg": {"size": 32, "blur": 3}}"#,
            "preprocess_cfg.blur",
        ),
        (
            r#"{"preprocess_cfg": {"size": 32, "interpolation": "lanczos"}}"#,
            "lanczos",
        ),
    ] {
        let complaint = read(json).expect_err(json);
        assert!(complaint.contains(word), "{json}: {complaint}");
    }
}
