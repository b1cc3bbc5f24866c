//! Seeds that are texts.

use crate::CUT;

/// Files in one input.
fn joined(files: &[&str]) -> Vec<u8> {
    let files: Vec<&[u8]> = files.iter().map(|file| file.as_bytes()).collect();
    files.join(CUT)
}

/// A choice of name and split before each text.
fn named(seeds: &[(u8, u8, &[&str])]) -> Vec<Vec<u8>> {
    let seed =
        |(name, asked, files): &(u8, u8, &[&str])| [vec![*name, *asked], joined(files)].concat();
    seeds.iter().map(seed).collect()
}

/// See the target for the names.
pub fn captions_json() -> Vec<Vec<u8>> {
    let lines = "{\"file_name\": \"a.png\", \"text\": \"a dog\", \"split\": \"test\"}\n{\"file_name\": \"b.png\", \"text\": [\"a cat\", \"two\"]}\n";
    named(&[
        (0, 8, &[lines]),
        (
            0,
            0,
            &[
                "{\"file_name\": \"c.png\", \"captions\": {\"en\": [\"one\"], \"de\": [\"eins\"]}}\n",
            ],
        ),
        (
            1,
            1,
            &[
                r#"{"images": [{"filename": "a.png", "split": "test", "imgid": 0, "sentences": [{"raw": "a dog", "tokens": ["a", "dog"]}]}, {"filename": "b.png", "filepath": "images", "split": "train", "sentences": [{"raw": "x"}]}], "dataset": "x"}"#,
            ],
        ),
        (
            2,
            0,
            &[
                r#"{"images": [{"id": 7, "file_name": "a.png"}, {"id": 8, "file_name": "b.png"}], "annotations": [{"image_id": 7, "id": 1, "caption": "a dog"}, {"image_id": 8, "id": 2, "caption": "a cat"}]}"#,
            ],
        ),
        (
            3,
            0,
            &[r#"{"a.png": ["a dog", "two"], "images/d.png": "four"}"#],
        ),
        (
            3,
            0,
            &[r#"{"image_paths": ["a.png", "b.png"], "annotations": ["a dog", "a cat"]}"#],
        ),
        (
            3,
            2,
            &[
                r#"[{"image": "a.png", "caption": "a dog"}, {"image_path": "./b.png", "caption": ["x", "y"], "image_id": 3}]"#,
            ],
        ),
        (
            3,
            4,
            &[
                r#"[{"id": "a", "image": "a.png", "conversations": [{"from": "human", "value": "<image>\nwhat?"}, {"from": "gpt", "value": "a dog"}]}]"#,
            ],
        ),
        (
            4,
            0,
            &[
                "{\"image\": \"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGNgYGAAAAAEAAH2FzhVAAAAAElFTkSuQmCC\", \"text\": \"a dot\"}\n",
            ],
        ),
        (
            4,
            8,
            &[
                "{\"image/key\": \"a\", \"image/captions\": [\"one\"], \"url\": \"http://x/a.png\"}\n",
            ],
        ),
        (
            5,
            0,
            &[
                r#"{"0": {"filename": "a.png", "caption": "a dog", "negative_caption": "a cat"}, "1": {"filename": "b.png", "caption": "x", "negative_caption": "y"}}"#,
            ],
        ),
        (
            6,
            0,
            &[
                r#"[{"image_path": "a.png", "true_caption": "one", "false_caption": "another", "bbox_x": 0, "bbox_y": 0, "bbox_w": 2, "bbox_h": 2, "relation_name": "on"}]"#,
            ],
        ),
        (
            6,
            0,
            &[r#"[{"image": "a.png", "caption_options": ["the right one", "a wrong one"]}]"#],
        ),
        (
            7,
            0,
            &["{\"text_id\": 1, \"text\": \"a dog\", \"image_ids\": [1, 2]}\n"],
        ),
        (
            8,
            0,
            &[
                "{\"id\": 0, \"image_0\": \"a\", \"image_1\": \"b\", \"caption_0\": \"x y\", \"caption_1\": \"y x\", \"tag\": \"Object\", \"secondary_tag\": \"\", \"num_main_preds\": 1, \"collapsed_tag\": \"Object\"}\n",
            ],
        ),
        (
            3,
            16,
            &[r#"{"552666": [445512, 68120], "1": []}"#, r#"{"7": [1]}"#],
        ),
        (
            3,
            16,
            &[
                r#"{"version": 1, "decisions": [{"image": "a.png", "caption": "x", "verdict": "confirmed"}]}"#,
            ],
        ),
    ])
}

/// See the target for the names.
pub fn captions_csv() -> Vec<Vec<u8>> {
    named(&[
        (
            0,
            8,
            &["image,caption\na.png,a dog, that runs\na.png,\"a \"\"dog\"\"\"\nb.png,a cat\n"],
        ),
        (
            1,
            0,
            &["caption,filepath,split\n\"a dog\nruns\",a.png,test\nx,b.png,train\n"],
        ),
        (
            2,
            1,
            &["title\tfilepath\na dog\ta.png\na cat\timages/d.png\n"],
        ),
        (3, 8, &["file_name,text\na.png,a dog\nb.png,\"open\n"]),
        (
            4,
            0,
            &[
                "image_name| comment_number| comment\na.png| 0| a dog\na.png| 1| two\nb.png| 0 | x\n",
            ],
        ),
        (
            5,
            0,
            &["a.png#0\ta dog\na.png#1\tanother\nb.png#0\ta cat .\n"],
        ),
        (
            6,
            0,
            &[
                "1\tiVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGNgYGAAAAAEAAH2FzhVAAAAAElFTkSuQmCC\n2\tAAAA\n",
                "{\"text_id\": 1, \"text\": \"a dog\", \"image_ids\": [1]}\n",
            ],
        ),
        (7, 4, &["a.png\nb.png\n", "a dog\na cat\n"]),
        (8, 0, &["a dog\nanother\n", "\u{feff}a cat\r\n"]),
        (
            9,
            0,
            &[
                "image,caption,agg_score,sampling_method\nCOCO_val2014_000000552666.jpg,COCO_val2014:sentid:1,4.5,x\n",
            ],
        ),
        (1, 0, &["a.png,a dog\nb.png,a cat\n"]),
        (1, 0, &["img_url;caption\ra.png;a dog\rb.png;x\r"]),
    ])
}

const TINY: &str = r####"{"version":"1.0","truncation":null,"padding":null,"added_tokens":[{"id":0,"content":"[PAD]","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true},{"id":1,"content":"[UNK]","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true}],"normalizer":{"type":"Lowercase"},"pre_tokenizer":{"type":"Whitespace"},"post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"[CLS]","type_id":0}},{"Sequence":{"id":"A","type_id":0}}],"pair":[{"Sequence":{"id":"A","type_id":0}},{"Sequence":{"id":"B","type_id":1}}],"special_tokens":{"[CLS]":{"id":"[CLS]","ids":[2],"tokens":["[CLS]"]}}},"decoder":null,"model":{"type":"WordLevel","vocab":{"[PAD]":0,"[UNK]":1,"[CLS]":2,"a":3,"red":4,"dog":5},"unk_token":"[UNK]"}}"####;
const BPE: &str = r####"{"version":"1.0","truncation":{"direction":"Right","max_length":8,"strategy":"LongestFirst","stride":0},"padding":{"strategy":{"Fixed":8},"direction":"Right","pad_to_multiple_of":null,"pad_id":0,"pad_type_id":0,"pad_token":"!"},"added_tokens":[],"normalizer":{"type":"Sequence","normalizers":[{"type":"NFC"},{"type":"Replace","pattern":{"Regex":"\\s+"},"content":" "},{"type":"Lowercase"}]},"pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"Split","pattern":{"Regex":"'s|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+"},"behavior":"Removed","invert":true},{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true}]},"post_processor":{"type":"RobertaProcessing","sep":["</w>",3],"cls":["!",0],"trim_offsets":false,"add_prefix_space":false},"decoder":{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":true,"use_regex":true},"model":{"type":"BPE","dropout":null,"unk_token":"!","continuing_subword_prefix":"","end_of_word_suffix":"</w>","fuse_unk":false,"vocab":{"!":0,"d":1,"o":2,"</w>":3,"do":4,"g</w>":5,"dog</w>":6,"a</w>":7},"merges":["d o","do g</w>"]}}"####;
const UNIGRAM: &str = r####"{"version":"1.0","truncation":null,"padding":null,"added_tokens":[],"normalizer":{"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,"strip_accents":null,"lowercase":true},"pre_tokenizer":{"type":"Metaspace","replacement":"▁","add_prefix_space":true,"prepend_scheme":"always"},"post_processor":{"type":"BertProcessing","sep":["</s>",1],"cls":["<pad>",0]},"decoder":null,"model":{"type":"Unigram","unk_id":2,"vocab":[["<pad>",0.0],["</s>",0.0],["<unk>",-3.0],["▁a",-1.5],["▁dog",-2.0],["s",-2.5]],"byte_fallback":false}}"####;
const WORDPIECE: &str = r####"{"version":"1.0","normalizer":{"type":"Prepend","prepend":"▁"},"pre_tokenizer":{"type":"BertPreTokenizer"},"model":{"type":"WordPiece","unk_token":"[UNK]","continuing_subword_prefix":"##","max_input_chars_per_word":100,"vocab":{"[UNK]":0,"dog":1,"##s":2,"a":3}}}"####;

/// A length; then tokenizer, vocabularies, what lies beside, and a text.
pub fn tokenizer() -> Vec<Vec<u8>> {
    let settings = r#"{"tokenizer_class": "CLIPTokenizer", "model_max_length": 77, "pad_token": {"content": "[PAD]"}, "padding_side": "left", "do_lower_case": true, "clean_up_tokenization_spaces": true}"#;
    let special =
        r#"{"pad_token": "[PAD]", "sep_token": {"content": "[CLS]"}, "unk_token": "[UNK]"}"#;
    let config = r#"{"model_type": "siglip", "text_config": {"max_position_embeddings": 16, "pad_token_id": 1}, "max_position_embeddings": 64}"#;
    let vocab = "[PAD]\n[UNK]\n[CLS]\n[SEP]\na\ndog\n##s\n";
    let bpe = r#"{"<|startoftext|>": 0, "<|endoftext|>": 1, "a</w>": 2, "d": 3, "o": 4, "g</w>": 5, "do": 6, "dog</w>": 7}"#;
    let merges = "#version: 0.2\nd o\ndo g</w>\n";
    [
        (0, [TINY, "", "", "", settings, special, config, "a red dog"]),
        (8, [TINY, "", "", "", "", "", "", "dog dog"]),
        (0, [BPE, "", "", "", "", special, "", "dogs"]),
        (0, [UNIGRAM, "", "", "", settings, "", config, "a dog"]),
        (12, [WORDPIECE, "", "", "", "", "", "", "dogs"]),
        (0, ["", vocab, "", "", r#"{"tokenizer_class": "BertTokenizer", "model_max_length": 20, "strip_accents": false, "tokenize_chinese_chars": true, "do_lower_case": false}"#, "", "", "a dog"]),
        (0, ["", "", bpe, merges, settings, special, config, "a dog"]),
    ]
    .iter()
    .map(|(length, files)| [vec![*length], joined(files)].concat())
    .collect()
}

/// See the target for the files.
pub fn preprocessor() -> Vec<Vec<u8>> {
    let clip = r#"{"crop_size": {"height": 8, "width": 8}, "do_center_crop": true, "do_convert_rgb": true, "do_normalize": true, "do_rescale": true, "do_resize": true, "image_mean": [0.48, 0.45, 0.4], "image_processor_type": "CLIPImageProcessor", "image_std": [0.26, 0.26, 0.27], "resample": 3, "rescale_factor": 0.00392156862745098, "size": {"shortest_edge": 8}}"#;
    let siglip = r#"{"do_normalize": true, "do_rescale": true, "do_resize": true, "image_mean": [0.5, 0.5, 0.5], "image_processor_type": "SiglipImageProcessor", "image_std": [0.5, 0.5, 0.5], "resample": 2, "rescale_factor": 0.00392156862745098, "size": {"height": 8, "width": 8}}"#;
    let convnext = r#"{"crop_pct": 0.875, "do_resize": true, "do_normalize": false, "image_processor_type": "ConvNextImageProcessor", "resample": 3, "size": {"shortest_edge": 224}}"#;
    let mobile = r#"{"do_flip_channel_order": true, "do_center_crop": true, "crop_size": 8, "do_resize": true, "feature_extractor_type": "MobileViTFeatureExtractor", "resample": 2, "size": 9}"#;
    let pads = r#"{"do_pad": true, "pad_size": 4, "do_resize": false, "do_rescale": true, "rescale_factor": 0.5, "image_mean": 0.5, "image_std": 0.25, "do_normalize": true}"#;
    let jina = r#"{"image_processor_type": "JinaCLIPImageProcessor", "size": 8, "mode": "RGB", "resize_mode": "longest", "interpolation": "bicubic", "mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5], "fill_color": 3}"#;
    let open_clip = r#"{"model_cfg": {"embed_dim": 3, "vision_cfg": {"image_size": 8}, "text_cfg": {"context_length": 16, "hf_tokenizer_name": "x", "tokenizer_kwargs": {"clean": "canonicalize", "strip_sep_token": true}, "pad_id": 1}}, "preprocess_cfg": {"mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5], "interpolation": "bicubic", "resize_mode": "shortest", "size": [8, 8], "mode": "RGB", "fill_color": 0}}"#;
    let immich = r#"{"size": [8, 8], "mode": "RGB", "mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5], "interpolation": "bicubic", "resize_mode": "squash", "fill_color": 0}"#;
    let own = r#"{"resize": {"ShortestEdge": 8}, "crop": [8, 8], "filter": "Bicubic", "rescale": 0.0039, "mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5]}"#;
    let processor = r#"{"image_processor": {"image_processor_type": "Siglip2ImageProcessor", "size": {"height": 8, "width": 8}, "resample": 2}}"#;
    let config = r#"{"model_type": "clip", "text_config": {"max_position_embeddings": 16}, "text_cfg": {"context_length": 12, "tokenizer_kwargs": {"clean": "lower"}}, "embed_dim": 3}"#;
    let settings = r#"{"tokenizer_class": "CLIPTokenizer", "model_max_length": 16, "pad_token": "[PAD]", "padding_side": "right"}"#;
    let special = r#"{"pad_token": "[PAD]"}"#;
    let modules = r#"[{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"}, {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}]"#;
    let pooling = r#"{"word_embedding_dimension": 3, "pooling_mode_cls_token": false, "pooling_mode_mean_tokens": true, "pooling_mode_max_tokens": false}"#;
    [
        [clip, "", "", "", config, settings, special, "", ""],
        [siglip, "", "", "", "", "", "", modules, pooling],
        [convnext, "", "", "", "", "", "", "", ""],
        [mobile, "", "", "", "", "", "", "", ""],
        [pads, "", "", "", "", "", "", "", ""],
        [jina, "", "", "", "", "", "", "", ""],
        ["", "", open_clip, "", "", settings, "", "", ""],
        ["", "", "", immich, config, "", "", "", ""],
        [own, "", "", "", "", "", "", "", ""],
        ["", processor, "", "", config, "", "", modules, pooling],
        [
            clip, "", open_clip, "", config, settings, special, modules, pooling,
        ],
    ]
    .iter()
    .map(|files| joined(files))
    .collect()
}

/// The tokenizer of the encoder that the preprocessor's target opens.
pub(super) fn tiny() -> &'static str {
    TINY
}
