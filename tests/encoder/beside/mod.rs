//! What lies beside a text model decides the ids that it is given: each case with the ids that its own library makes.

mod layouts;

use super::made::open as open_folder;
use super::models::{FLOAT, INT64, named, node, with, write, write_image_means};
use super::task;
use nearmiss::encoder::{Encoder, EncoderFiles, EncoderOptions};
use nearmiss::error::Result;
use std::path::Path;
use tempfile::TempDir;

/// Words 1 to 5, the end 6; padding and the separator as the cases name them.
const TOKENIZER: &str = r#"{"version":"1.0","truncation":null,"padding":null,"added_tokens":[
    {"id":6,"content":"</s>","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true}],
    "normalizer":null,"pre_tokenizer":{"type":"Whitespace"},"post_processor":{"type":"TemplateProcessing",
    "single":[{"Sequence":{"id":"A","type_id":0}},{"SpecialToken":{"id":"</s>","type_id":0}}],
    "pair":[{"Sequence":{"id":"A","type_id":0}},{"Sequence":{"id":"B","type_id":0}}],
    "special_tokens":{"</s>":{"id":"</s>","ids":[6],"tokens":["</s>"]}}},"decoder":null,
    "model":{"type":"WordLevel","vocab":{"<unk>":0,"a":1,"dog":2,"Dog":3,"&":4,"<pad>":7,"</s>":6,"query":8},"unk_token":"<unk>"}}"#;

const PICTURES: &str = r#"{"image_processor_type":"CLIPImageProcessor","size":8,"crop_size":8}"#;

/// The mean of the ids, so that any number of tokens runs; the input is called `ids`.
fn text_model(path: &Path, ids: &str, masked: bool) {
    let mut inputs = vec![named(ids, INT64, &["batch", "seq"])];
    if masked {
        inputs.push(named("attention_mask", INT64, &["batch", "seq"]));
    }
    let mean = with(
        node("ReduceMean", &["f"], "m"),
        &[("keepdims", 1)],
        &[("axes", &[1])],
    );
    write(
        path,
        inputs,
        vec![
            with(node("Cast", &[ids], "f"), &[("to", 1)], &[]),
            mean,
            node("Mul", &["m", "m"], "mm"),
            with(
                node("Concat", &["m", "mm", "m"], "text_embeds"),
                &[("axis", 1)],
                &[],
            ),
        ],
        vec![named("text_embeds", FLOAT, &["batch", "3"])],
    );
}

fn folder(ids: &str, files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    write_image_means(&folder.path().join("vision_model.onnx"), "Identity", 0);
    text_model(&folder.path().join("text_model.onnx"), ids, false);
    std::fs::write(folder.path().join("tokenizer.json"), TOKENIZER).unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

fn open(made: &TempDir) -> Result<Encoder> {
    open_folder(made, &EncoderOptions::default())
}

/// The ids of one caption.
fn ids(made: &TempDir, caption: &str) -> Vec<i64> {
    let encoder = open(made).unwrap();
    encoder.tokenizer().encode(&[caption]).unwrap().ids
}

#[test]
fn hugging_face_files_say_length_and_padding() {
    let config = ("preprocessor_config.json", PICTURES);
    let plain = folder("input_ids", &[config]);
    assert_eq!(ids(&plain, "a dog"), [1, 2, 6]);
    // The shortest of what is said.
    let cut = folder(
        "input_ids",
        &[
            config,
            (
                "config.json",
                r#"{"model_type":"clip","text_config":{"max_position_embeddings":2}}"#,
            ),
        ],
    );
    assert_eq!(ids(&cut, "a dog"), [1, 6]);
    // SigLIP is padded to its full length, and so is ALIGN, wherever it is written who they are.
    let siglip = folder(
        "input_ids",
        &[
            config,
            (
                "config.json",
                r#"{"model_type":"siglip","text_config":{"max_position_embeddings":5}}"#,
            ),
        ],
    );
    assert_eq!(ids(&siglip, "a dog"), [1, 2, 6, 7, 7]);
    let align = folder(
        "input_ids",
        &[config, ("config.json", r#"{"model_type":"align"}"#)],
    );
    assert_eq!(ids(&align, "a dog").len(), 64);
    let two = folder(
        "input_ids",
        &[
            (
                "preprocessor_config.json",
                r#"{"image_processor_type":"SiglipImageProcessor","size":{"height":8,"width":8}}"#,
            ),
            (
                "tokenizer_config.json",
                r#"{"tokenizer_class":"GemmaTokenizer","model_max_length":4}"#,
            ),
        ],
    );
    assert_eq!(
        ids(&two, "a Dog"),
        [1, 3, 6, 7],
        "Gemma's tokenizer leaves capitals"
    );
    let first = folder(
        "input_ids",
        &[
            config,
            (
                "tokenizer_config.json",
                r#"{"tokenizer_class":"SiglipTokenizer","model_max_length":4}"#,
            ),
        ],
    );
    assert_eq!(ids(&first, "A  Dog!"), [1, 2, 6, 7]);
}

#[test]
fn open_clip_says_its_own_length_padding_and_cleaning() {
    let config = |text: &str| {
        format!(
            r#"{{"model_cfg":{{"text_cfg":{{{text}}}}},"preprocess_cfg":{{"size":8,"mean":[0.5,0.5,0.5],"std":[0.5,0.5,0.5]}}}}"#
        )
    };
    let of = |text: &str, caption: &str| {
        ids(
            &folder("text", &[("open_clip_config.json", &config(text))]),
            caption,
        )
    };
    // Without a tokenizer of Hugging Face: 77 tokens, zeros behind them, small letters, entities resolved.
    let usual = of("", " A Dog &amp;amp; a ");
    assert_eq!((usual.len(), &usual[..7]), (77, &[1, 2, 4, 1, 6, 0, 0][..]));
    assert_eq!(of(r#""context_length":4"#, "a dog"), [1, 2, 6, 0]);
    // With one: its own padding, capitals kept.
    let named = r#""context_length":5,"hf_tokenizer_name":"some/name""#;
    assert_eq!(of(named, " a   Dog "), [1, 3, 6, 7, 7]);
    let canonical = r#""context_length":5,"tokenizer_kwargs":{"clean":"canonicalize"}"#;
    assert_eq!(of(canonical, "A_Dog, & a!"), [1, 2, 1, 6, 0]);
    let bare =
        r#""context_length":4,"hf_tokenizer_name":"n","tokenizer_kwargs":{"strip_sep_token":true}"#;
    let made = folder(
        "text",
        &[
            ("open_clip_config.json", &config(bare)),
            ("special_tokens_map.json", r#"{"sep_token":"</s>"}"#),
        ],
    );
    assert_eq!(ids(&made, "a dog"), [1, 2, 0, 7]);
    for (text, word) in [
        (
            r#""tokenizer_kwargs":{"reduction_mask":"syntax"}"#,
            "reduction_mask",
        ),
        (r#""tokenizer_mode":"clips""#, "tokenizer_mode"),
        (r#""tokenizer_kwargs":{"clean":"tidy"}"#, "clean"),
        (r#""context_length":0"#, "context_length"),
    ] {
        let made = folder("text", &[("open_clip_config.json", &config(text))]);
        let error = open(&made).err().unwrap().to_string();
        assert!(error.contains(word), "{error}");
    }
}

#[test]
fn a_prompt_of_sentence_transformers_is_put_before_captions() {
    let made = folder(
        "input_ids",
        &[
            ("preprocessor_config.json", PICTURES),
            (
                "config_sentence_transformers.json",
                r#"{"prompts":{"query":"query "},"default_prompt_name":"query"}"#,
            ),
        ],
    );
    assert_eq!(ids(&made, "a dog"), [8, 1, 2, 6]);
    let spans = open(&made).unwrap().tokenizer().spans("a dog").unwrap();
    assert_eq!(spans, [None, Some(0..1), Some(2..5), None]);
}

#[test]
fn positions_may_begin_behind_padding() {
    let made = folder(
        "input_ids",
        &[
            ("preprocessor_config.json", PICTURES),
            (
                "config.json",
                r#"{"model_type":"xlm-roberta","max_position_embeddings":20,"pad_token_id":7}"#,
            ),
        ],
    );
    // Embeddings are sums of positions.
    let mean = with(
        node("ReduceMean", &["f"], "m"),
        &[("keepdims", 1)],
        &[("axes", &[1])],
    );
    write(
        &made.path().join("text_model.onnx"),
        vec![
            named("input_ids", INT64, &["batch", "seq"]),
            named("position_ids", INT64, &["batch", "seq"]),
        ],
        vec![
            node("Sub", &["input_ids", "input_ids"], "none"),
            node("Add", &["none", "position_ids"], "p"),
            with(node("Cast", &["p"], "f"), &[("to", 1)], &[]),
            mean,
            node("Mul", &["m", "m"], "mm"),
            node("Div", &["m", "m"], "one"),
            with(
                node("Concat", &["m", "mm", "one"], "text_embeds"),
                &[("axis", 1)],
                &[],
            ),
        ],
        vec![named("text_embeds", FLOAT, &["batch", "3"])],
    );
    let encoder = open(&made).unwrap();
    let row = encoder
        .embed_texts(&["a dog".into()], None, &task())
        .unwrap();
    // 8, 9 and 10: behind the padding's 7.
    let (mean, norm) = (9.0_f32, (81.0_f32 + 81.0 * 81.0 + 1.0).sqrt());
    assert!((row.row(0)[0] - mean / norm).abs() < 1e-6);
}

#[test]
fn every_value_names_the_file_and_key_that_it_is_from() {
    let made = folder(
        "input_ids",
        &[
            ("preprocessor_config.json", PICTURES),
            (
                "tokenizer_config.json",
                r#"{"model_max_length":12,"pad_token":"<pad>"}"#,
            ),
        ],
    );
    let stated = open(&made).unwrap().describe().stated;
    let from = |what: &str| {
        stated
            .iter()
            .find(|s| s.what == what)
            .map(|s| s.from.as_str())
    };
    assert_eq!(from("resize"), Some("preprocessor_config.json: size"));
    assert_eq!(from("mean"), Some("default of CLIPImageProcessor"));
    assert_eq!(
        from("tokens per caption"),
        Some("tokenizer_config.json: model_max_length")
    );
    assert_eq!(from("padding"), Some("tokenizer_config.json: pad_token"));
}

#[test]
fn what_is_stated_is_what_is_done() {
    let convnext = r#"{"image_processor_type":"ConvNextImageProcessor","resample":3,"size":{"shortest_edge":8},"crop_pct":0.5}"#;
    let made = folder("input_ids", &[("preprocessor_config.json", convnext)]);
    let stated = open(&made).unwrap().describe().stated;
    let value = |what: &str| {
        let found = stated.iter().find(|s| s.what == what);
        found.map(|s| s.value.as_str())
    };
    assert_eq!(value("resize"), Some("shortest edge to 16"));
    assert_eq!(value("crop"), Some("8 x 8"));
    assert_eq!(value("filter"), Some("bicubic"));
    let random = r#"{"model_cfg":{},"preprocess_cfg":{"size":8,"interpolation":"random","resize_mode":"squash"}}"#;
    let made = folder("text", &[("open_clip_config.json", random)]);
    let stated = open(&made).unwrap().describe().stated;
    let filter = stated.iter().find(|s| s.what == "filter").unwrap();
    assert_eq!(filter.value, "bicubic", "what random means in evaluation");
}

#[test]
fn a_vocabulary_stands_for_a_tokenizer() {
    let made = folder(
        "input_ids",
        &[
            ("preprocessor_config.json", PICTURES),
            ("vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\na\ndog\n##s\n"),
        ],
    );
    std::fs::remove_file(made.path().join("tokenizer.json")).unwrap();
    assert_eq!(ids(&made, "A Dogs"), [2, 4, 5, 6, 3]);
    let clip = folder(
        "input_ids",
        &[
            ("preprocessor_config.json", PICTURES),
            (
                "vocab.json",
                r#"{"d":0,"o":1,"g</w>":2,"do":3,"dog</w>":4,"a</w>":5,"<|startoftext|>":6,"<|endoftext|>":7}"#,
            ),
            ("merges.txt", "#version: 0.2\nd o\ndo g</w>\n"),
        ],
    );
    std::fs::remove_file(clip.path().join("tokenizer.json")).unwrap();
    assert_eq!(ids(&clip, "a  DOG"), [6, 5, 4, 7]);
}
