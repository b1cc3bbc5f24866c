//! Tokenizers of encoders that bring a vocabulary instead of a `tokenizer.json`.

use super::LARGEST;
use crate::error::{Error, Result};
use crate::files::read_text;
use serde_json::{Map, Value, json};
use std::path::Path;

/// The `tokenizer.json` that `path` stands for: a `WordPiece` `vocab.txt`, or CLIP's `vocab.json` with its `merges.txt`.
/// `config` is the `tokenizer_config.json` beside it, or null.
///
/// # Errors
/// A file cannot be read; the vocabulary is of no kind that is known, or lacks the tokens that begin and end a text.
pub(super) fn of(path: &Path, config: &Value) -> Result<Vec<u8>> {
    let flag = |key: &str, usual: bool| config.get(key).and_then(Value::as_bool).unwrap_or(usual);
    let fault = |what: &str| {
        Error::model(
            path,
            what,
            "Save the tokenizer again with AutoTokenizer's save_pretrained of transformers, which writes a tokenizer.json.",
        )
    };
    let text = read_text(path, LARGEST).map_err(Error::io("read", path))?;
    let special = |id: &Value, content: &str| json!({"id": id, "content": content, "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true});
    let whole = if path.extension().is_some_and(|e| e == "txt") {
        let vocabulary: Map<String, Value> = text
            .lines()
            .enumerate()
            .map(|(id, word)| (word.to_owned(), json!(id)))
            .collect();
        let (Some(begin), Some(end)) = (vocabulary.get("[CLS]"), vocabulary.get("[SEP]")) else {
            return Err(fault("is no WordPiece vocabulary: it lacks [CLS] or [SEP]"));
        };
        let added: Vec<Value> = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
            .iter()
            .filter_map(|t| Some(special(vocabulary.get(*t)?, t)))
            .collect();
        let lower = flag("do_lower_case", true);
        let accents = config.get("strip_accents").cloned().unwrap_or(Value::Null);
        json!({
            "version": "1.0", "added_tokens": added,
            "normalizer": {"type": "BertNormalizer", "clean_text": true,
                "handle_chinese_chars": flag("tokenize_chinese_chars", true), "strip_accents": accents, "lowercase": lower},
            "pre_tokenizer": {"type": "BertPreTokenizer"},
            "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", end], "cls": ["[CLS]", begin]},
            "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                "max_input_chars_per_word": 100, "vocab": vocabulary},
        })
    } else {
        let vocabulary: Map<String, Value> =
            serde_json::from_str(&text).map_err(|e| fault(&format!("is not JSON: {e}")))?;
        let merges = path.with_file_name("merges.txt");
        let lines = read_text(&merges, LARGEST).map_err(Error::io("read", &merges))?;
        let merges: Vec<&str> = lines
            .lines()
            .filter(|l| !l.is_empty() && !l.starts_with("#version"))
            .collect();
        let (begin, end) = ("<|startoftext|>", "<|endoftext|>");
        let (Some(first), Some(last)) = (vocabulary.get(begin), vocabulary.get(end)) else {
            return Err(fault(
                "is not the vocabulary of CLIP: it lacks <|startoftext|> or <|endoftext|>, and what splits its words is \
                 not written in it",
            ));
        };
        let words = "'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+";
        json!({
            "version": "1.0", "added_tokens": [special(first, begin), special(last, end)],
            "normalizer": {"type": "Sequence", "normalizers": [{"type": "NFC"},
                {"type": "Replace", "pattern": {"Regex": "\\s+"}, "content": " "}, {"type": "Lowercase"}]},
            "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
                {"type": "Split", "pattern": {"Regex": words}, "behavior": "Removed", "invert": true},
                {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true}]},
            "post_processor": {"type": "RobertaProcessing", "sep": [end, last], "cls": [begin, first],
                "trim_offsets": false, "add_prefix_space": false},
            "model": {"type": "BPE", "unk_token": end, "continuing_subword_prefix": "", "end_of_word_suffix": "</w>",
                "fuse_unk": false, "byte_fallback": false, "vocab": vocabulary, "merges": merges},
        })
    };
    serde_json::to_vec(&whole).map_err(|e| fault(&format!("cannot be used: {e}")))
}
