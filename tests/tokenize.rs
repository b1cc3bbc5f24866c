//! Tokenizers, and the folders encoders come in.

use nearmiss::encoder::{EncoderFiles, Tokenizer};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A word-level tokenizer that ends every text with `[SEP]`; `extra` goes before its own keys.
fn tokenizer(extra: &str) -> String {
    format!(
        r#"{{"version": "1.0", {extra} "added_tokens": [], "normalizer": {{"type": "Lowercase"}},
        "pre_tokenizer": {{"type": "Whitespace"}}, "decoder": null, "post_processor": {{
            "type": "TemplateProcessing",
            "single": [{{"Sequence": {{"id": "A", "type_id": 0}}}}, {{"SpecialToken": {{"id": "[SEP]", "type_id": 0}}}}],
            "pair": [{{"Sequence": {{"id": "A", "type_id": 0}}}}, {{"Sequence": {{"id": "B", "type_id": 0}}}}],
            "special_tokens": {{"[SEP]": {{"id": "[SEP]", "ids": [3], "tokens": ["[SEP]"]}}}}}},
        "model": {{"type": "WordLevel", "unk_token": "[UNK]",
            "vocab": {{"[UNK]": 0, "a": 1, "dog": 2, "[SEP]": 3, "fill": 4, "runs": 5}}}}}}"#
    )
}

fn folder_with(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("below the folder")).expect("made");
        std::fs::write(path, text).expect("written");
    }
    folder
}

fn open(files: &[(&str, &str)], length: Option<usize>) -> Result<Tokenizer, String> {
    Tokenizer::open(&folder_with(files).path().join("tokenizer.json"), length)
        .map_err(|e| e.to_string())
}

const TEXTS: [&str; 2] = ["A dog runs", "zebra"];

#[test]
fn without_any_rule_texts_are_padded_to_the_longest_with_the_last_token() {
    let plain = tokenizer("");
    let tokens = open(&[("tokenizer.json", &plain)], None)
        .expect("opens")
        .encode(&TEXTS)
        .expect("encodes");
    assert_eq!((tokens.rows, tokens.cols), (2, 4));
    assert_eq!(tokens.ids, [1, 2, 5, 3, 0, 3, 3, 3]);
    assert_eq!(tokens.mask, [1, 1, 1, 1, 1, 1, 0, 0]);
}

#[test]
fn a_fixed_length_cuts_and_keeps_the_last_token() {
    let plain = tokenizer("");
    let config = r#"{"pad_token": {"content": "fill"}, "model_max_length": 2}"#;
    let files = [
        ("tokenizer.json", plain.as_str()),
        ("tokenizer_config.json", config),
    ];
    let tokens = open(&files, Some(3))
        .expect("opens")
        .encode(&TEXTS)
        .expect("encodes");
    assert_eq!(tokens.ids, [1, 2, 3, 0, 3, 4]);
    let by_config = open(&files, None)
        .expect("opens")
        .encode(&TEXTS)
        .expect("encodes");
    assert_eq!(by_config.ids, [1, 3, 0, 3]);
}

#[test]
fn siglip_is_padded_to_its_full_length() {
    let plain = tokenizer("");
    let config =
        r#"{"tokenizer_class": "SiglipTokenizer", "model_max_length": 6, "pad_token": "[UNK]"}"#;
    let files = [
        ("tokenizer.json", plain.as_str()),
        ("tokenizer_config.json", config),
    ];
    let tokens = open(&files, None)
        .expect("opens")
        .encode(&["dog"])
        .expect("encodes");
    assert_eq!(tokens.ids, [2, 3, 0, 0, 0, 0]);
}

#[test]
fn the_files_own_padding_and_truncation_hold() {
    let own = tokenizer(
        r#""truncation": {"direction": "Right", "max_length": 3, "strategy": "LongestFirst", "stride": 0},
        "padding": {"strategy": {"Fixed": 5}, "direction": "Right", "pad_to_multiple_of": null, "pad_id": 4,
            "pad_type_id": 0, "pad_token": "fill"},"#,
    );
    let files = [
        ("tokenizer.json", own.as_str()),
        ("tokenizer_config.json", r#"{"model_max_length": 2}"#),
    ];
    let tokens = open(&files, None)
        .expect("opens")
        .encode(&TEXTS)
        .expect("encodes");
    assert_eq!(tokens.ids, [1, 2, 3, 4, 4, 0, 3, 4, 4, 4]);
    assert_eq!(tokens.mask, [1, 1, 1, 0, 0, 1, 1, 0, 0, 0]);
    let shorter = open(&files, Some(2))
        .expect("opens")
        .encode(&TEXTS)
        .expect("encodes");
    assert_eq!(shorter.ids, [1, 3, 0, 3]);
}

#[test]
fn no_text_is_no_row_and_an_empty_text_has_a_column() {
    let plain = tokenizer("");
    let tokenizer = open(&[("tokenizer.json", &plain)], None).expect("opens");
    let none = tokenizer.encode(&[]).expect("encodes");
    assert_eq!((none.rows, none.ids.len()), (0, 0));
    assert_eq!(tokenizer.encode(&[""]).expect("encodes").ids, [3]);
    let bare = r#"{"version": "1.0", "pre_tokenizer": {"type": "Whitespace"}, "model": {"type": "WordLevel",
        "vocab": {"[UNK]": 0, "[PAD]": 7}, "unk_token": "[UNK]"}}"#;
    let tokens = open(&[("tokenizer.json", bare)], None)
        .expect("opens")
        .encode(&[""])
        .expect("encodes");
    assert_eq!((tokens.ids, tokens.mask), (vec![7], vec![0]));
}

#[test]
fn broken_tokenizers_and_lengths_without_room_are_refused() {
    let plain = tokenizer("");
    for (text, length, word) in [
        ("", None, "empty"),
        ("{}", None, "not a tokenizer"),
        (plain.as_str(), Some(1), "no room"),
        (plain.as_str(), Some(0), "no room"),
    ] {
        let complaint = open(&[("tokenizer.json", text)], length).expect_err(word);
        assert!(complaint.contains(word), "{complaint}");
    }
    let files = [
        ("tokenizer.json", plain.as_str()),
        ("tokenizer_config.json", "{"),
    ];
    assert!(open(&files, None).is_err_and(|e| e.contains("tokenizer_config.json")));
}

#[test]
fn texts_filled_up_without_end_are_refused() {
    let cut = r#""truncation": {"direction": "Right", "max_length": 8, "strategy": "LongestFirst", "stride": 0},"#;
    for (cut, strategy, multiple) in [
        (cut, r#"{"Fixed": 1099511627776}"#, "null"),
        ("", r#""BatchLongest""#, "1099511627776"),
    ] {
        let padding = format!(
            r#"{cut} "padding": {{"strategy": {strategy}, "direction": "Right", "pad_to_multiple_of": {multiple},
            "pad_id": 4, "pad_type_id": 0, "pad_token": "fill"}},"#
        );
        let complaint = open(&[("tokenizer.json", &tokenizer(&padding))], None).expect_err("long");
        assert!(complaint.contains("1099511627776 tokens"), "{complaint}");
    }
}

#[test]
fn texts_cut_beyond_their_padding_are_of_several_lengths() {
    let rules = r#""truncation": {"direction": "Right", "max_length": 4, "strategy": "LongestFirst", "stride": 0},
        "padding": {"strategy": {"Fixed": 3}, "direction": "Right", "pad_to_multiple_of": null, "pad_id": 4,
        "pad_type_id": 0, "pad_token": "fill"},"#;
    let made = open(&[("tokenizer.json", &tokenizer(rules))], None).expect("opens");
    assert_eq!((made.fixed_length(), made.limit()), (None, Some(4)));
    let columns = |text| made.encode(&[text]).expect("encodes").cols;
    assert_eq!([columns("a dog runs"), columns("a")], [4, 3]);
}

#[test]
fn the_fingerprint_knows_the_length() {
    let plain = tokenizer("");
    let print = |length| {
        open(&[("tokenizer.json", &plain)], length)
            .expect("opens")
            .fingerprint()
    };
    assert_eq!(print(Some(4)), print(Some(4)));
    assert_ne!(print(Some(4)), print(Some(5)));
}

fn material() -> PathBuf {
    PathBuf::from(
        std::env::var_os("NEARMISS_MATERIAL").expect("NEARMISS_MATERIAL names the folder"),
    )
}

#[test]
#[ignore = "needs NEARMISS_MATERIAL"]
fn clip_tokens_are_the_published_ones() {
    let path = material().join("clip-tokenizer/tokenizer.json");
    let tokens = Tokenizer::open(&path, Some(77))
        .expect("opens")
        .encode(&["Hello World!"])
        .expect("encodes");
    assert_eq!((tokens.rows, tokens.cols), (1, 77));
    assert_eq!(tokens.ids[..5], [49406, 3306, 1002, 256, 49407]);
    assert!(tokens.ids[5..].iter().all(|&id| id == 49407));
    assert_eq!(tokens.mask.iter().sum::<i64>(), 5);
    let long = "dog ".repeat(200);
    let cut = Tokenizer::open(&path, Some(77))
        .expect("opens")
        .encode(&[&long])
        .expect("encodes");
    assert_eq!(
        (cut.cols, cut.ids[0], cut.ids[75], cut.ids[76]),
        (77, 49406, cut.ids[1], 49407)
    );
}

fn found(files: &[&str], below: &str) -> Result<EncoderFiles, String> {
    let files: Vec<(&str, &str)> = files.iter().map(|name| (*name, "{}")).collect();
    let folder = folder_with(&files);
    let real = |path: &mut PathBuf| {
        *path = path
            .strip_prefix(folder.path())
            .expect("inside the folder")
            .to_path_buf();
    };
    let mut encoder = EncoderFiles::open(&folder.path().join(below))
        .map_err(|e| format!("{e}\n{}", e.remedy()))?;
    real(&mut encoder.image_model);
    real(&mut encoder.text_model);
    real(&mut encoder.tokenizer);
    Ok(encoder)
}

#[test]
fn folders_are_recognised_in_every_layout() {
    type Row<'a> = (&'a [&'a str], &'a str, &'a str, &'a str);
    let rows: &[Row] = &[
        (
            &["vision_model.onnx", "text_model.onnx"],
            "",
            "vision_model.onnx",
            "text_model.onnx",
        ),
        (
            &[
                "onnx/vision_model_fp16.onnx",
                "onnx/vision_model.onnx",
                "onnx/text_model.onnx",
                "onnx/model.onnx",
            ],
            "",
            "onnx/vision_model.onnx",
            "onnx/text_model.onnx",
        ),
        (
            &[
                "vision_model.onnx",
                "vision_model_fp16.onnx",
                "text_model_fp16.onnx",
                "text_model_q4.onnx",
            ],
            "",
            "vision_model_fp16.onnx",
            "text_model_fp16.onnx",
        ),
        (
            &["vision_model_quantized.onnx", "text_model_q4.onnx"],
            "",
            "vision_model_quantized.onnx",
            "text_model_q4.onnx",
        ),
        (
            &["visual.onnx", "textual.onnx"],
            "",
            "visual.onnx",
            "textual.onnx",
        ),
        (
            &["image_encoder.onnx", "text_encoder.onnx"],
            "",
            "image_encoder.onnx",
            "text_encoder.onnx",
        ),
        (
            &["model_fp16.onnx", "model.onnx"],
            "",
            "model.onnx",
            "model.onnx",
        ),
        (
            &["onnx/model_fp16.onnx"],
            "onnx",
            "onnx/model_fp16.onnx",
            "onnx/model_fp16.onnx",
        ),
    ];
    for (models, below, image, text) in rows {
        let mut files = vec!["tokenizer.json", "preprocessor_config.json"];
        files.extend(*models);
        let encoder = found(&files, below).expect(image);
        assert_eq!(
            (encoder.image_model.as_path(), encoder.text_model.as_path()),
            (Path::new(image), Path::new(text))
        );
        assert_eq!(encoder.tokenizer, Path::new("tokenizer.json"));
        assert!(encoder.image_places.iter().any(|p| p.ends_with(below)));
        assert!(!encoder.name.is_empty() && encoder.name != "onnx");
    }
}

#[test]
fn what_a_folder_lacks_is_said() {
    let none = found(&["readme.txt"], "").expect_err("no models");
    assert!(none.contains("no image and text model"), "{none}");
    let half = found(&["vision_model.onnx", "tokenizer.json"], "").expect_err("one tower");
    assert!(
        half.contains("vision_model.onnx but no text model"),
        "{half}"
    );
    let mute = found(&["visual.onnx", "textual.onnx"], "").expect_err("no tokenizer");
    assert!(
        mute.contains("no tokenizer.json") && mute.contains("save_pretrained"),
        "{mute}"
    );
    assert!(found(&[], "nowhere").is_err_and(|e| e.contains("nowhere")));
}

#[test]
fn two_files_of_any_name_are_a_pair() {
    let folder = folder_with(&[
        ("a/x.onnx", ""),
        ("b/onnx/y.onnx", ""),
        ("b/tokenizer.json", "{}"),
    ]);
    let (image, text) = (
        folder.path().join("a/x.onnx"),
        folder.path().join("b/onnx/y.onnx"),
    );
    let pair = EncoderFiles::from_pair(&image, &text).expect("opens");
    assert_eq!((pair.image_model, pair.text_model), (image.clone(), text));
    assert_eq!(
        (pair.tokenizer, pair.name.as_str()),
        (folder.path().join("b/tokenizer.json"), "a")
    );
    assert!(EncoderFiles::from_pair(&image, &folder.path().join("absent.onnx")).is_err());
}
