//! How captions are prepared: their length, padding, cleaning and positions, and which file says so.

use super::super::folder::EncoderFiles;
use super::super::tokenize::{Clean, Rules, Tokenizer};
use super::stated::Stated;
use super::{Found, find};
use crate::error::{Error, Result};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// A `model_max_length` from here on is the placeholder for "none".
const NO_LIMIT: u64 = 100_000;
/// A tokenizer's usual length.
const USUAL: &str = "model_max_length";
/// What `SigLIP` and ALIGN were trained with, where their files do not say.
const FULL_LENGTH: usize = 64;
/// `open_clip`'s and Immich's context length where the configuration names none.
const CONTEXT: usize = 77;

/// What was settled about captions.
pub(in super::super) struct Captions {
    pub rules: Rules,
    /// Do positions count from behind the padding's id, as RoBERTa's do?
    pub after_padding: bool,
    pub stated: Vec<Stated>,
}

impl Tokenizer {
    /// Opens a `tokenizer.json` of Hugging Face.
    ///
    /// Texts are cut and padded to `length`, the model's own fixed number of tokens, where it has one. Otherwise they are
    /// cut to the shortest of the file's own truncation, `model_max_length` of `tokenizer_config.json` beside it and
    /// `max_position_embeddings` of `config.json`, and padded to the longest of their batch, or to full length for the
    /// models that were trained so (`SigLIP`, ALIGN). Cutting keeps the final special token. The padding token is the
    /// file's own, else `pad_token` of `tokenizer_config.json` or `special_tokens_map.json`, else `[PAD]` or `<pad>` of
    /// the vocabulary, else `pad_token_id` of `config.json`, else the token that ends every text (CLIP's
    /// `<|endoftext|>`).
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Model`] for a file that is no tokenizer, or a length with no room for a word.
    pub fn open(path: &Path, length: Option<usize>) -> Result<Self> {
        let folder = path.parent().unwrap_or(Path::new(".")).to_path_buf();
        let made = hugging_face(&[folder])?;
        Self::settled(path, &made.rules, length)
    }
}

/// What is said of captions beside the text model, whose main input is called `input`.
///
/// # Errors
/// A file cannot be read, or asks for something that is not known.
pub(in super::super) fn captions(files: &EncoderFiles, input: &str) -> Result<Captions> {
    let places = files.text_places.as_slice();
    let flat = find(&files.image_places, "preprocess_cfg.json")?.is_some();
    let config = find(places, "config.json")?;
    if let Some(found) = config.filter(|f| flat && f.root.get("text_cfg").is_some()) {
        return open_clip(places, &found, "text_cfg", true);
    }
    let both = find(&files.image_places, "preprocessor_config.json")?.is_some();
    if !(both && input == "input_ids")
        && let Some(found) = find(places, "open_clip_config.json")?
    {
        return if found.root.pointer("/model_cfg/text_cfg").is_some() {
            open_clip(places, &found, "model_cfg.text_cfg", false)
        } else {
            // What the model was trained with is not said: the tokenizer's own files, and open_clip's padding.
            let mut made = hugging_face(places)?;
            made.rules.zero_pad = true;
            Ok(made)
        };
    }
    hugging_face(places)
}

/// A number of tokens.
fn count(value: &Value, path: &Path, key: &str) -> Result<usize> {
    let number = value.as_u64().filter(|n| (1..NO_LIMIT).contains(n));
    number.map(|n| n as usize).ok_or_else(|| {
        Error::model(
            path,
            format!("\"{key}\" is {value}, which is no number of tokens"),
            "Correct the file.",
        )
    })
}

/// `open_clip`'s `text_cfg`, which Immich's `config.json` holds too.
fn open_clip(
    places: &[PathBuf],
    found: &Found,
    within: &'static str,
    immich: bool,
) -> Result<Captions> {
    let library = if immich { "Immich" } else { "open_clip" };
    let path = &found.path;
    let config = found
        .root
        .pointer(&format!("/{}", within.replace('.', "/")))
        .unwrap_or(&Value::Null);
    let at = |key: &str| format!("{within}.{key}");
    let refuse = |key: &str, value: &Value| {
        Error::model(
            path,
            format!("asks for \"{}\": {value}, which is not known here", at(key)),
            "Export a model whose captions are prepared as open_clip does without it.",
        )
    };
    let mut made = sidecars(places)?;
    let length = match config.get("context_length").filter(|v| !v.is_null()) {
        Some(value) => {
            let length = count(value, path, &at("context_length"))?;
            made.say(Stated::read(
                "tokens per caption",
                length.to_string(),
                path,
                &at("context_length"),
            ));
            length
        }
        None => {
            made.say(Stated::other(
                "tokens per caption",
                CONTEXT.to_string(),
                format!("default of {library}"),
            ));
            CONTEXT
        }
    };
    made.rules.limit = Some(length);
    made.rules.full = true;
    made.rules.whole = true;
    if let Some(mode) = config.get("tokenizer_mode").filter(|v| !v.is_null()) {
        return Err(refuse("tokenizer_mode", mode));
    }
    let named = config
        .get("hf_tokenizer_name")
        .is_some_and(|v| v.as_str().is_some_and(|v| !v.is_empty()));
    let more = config.get("tokenizer_kwargs");
    let more = |key: &str| more.and_then(|m| m.get(key)).filter(|v| !v.is_null());
    for key in ["reduction_mask", "additional_special_tokens", "language"] {
        if let Some(value) = more(key) {
            return Err(refuse(&format!("tokenizer_kwargs.{key}"), value));
        }
    }
    if more("strip_sep_token").and_then(Value::as_bool) == Some(true) {
        made.rules.blank_separator = true;
        made.say(Stated::read(
            "separator",
            "replaced by 0",
            path,
            &at("tokenizer_kwargs.strip_sep_token"),
        ));
    }
    if !named && !immich {
        made.rules.zero_pad = true;
        made.say(Stated::other(
            "padding",
            "0",
            "default of open_clip without hf_tokenizer_name",
        ));
    }
    let clean = more("clean");
    made.rules.clean = match (clean.and_then(Value::as_str), immich) {
        (None, _) if clean.is_some() => {
            return Err(refuse(
                "tokenizer_kwargs.clean",
                clean.unwrap_or(&Value::Null),
            ));
        }
        (Some("canonicalize"), true) => Clean::JoinedCanonical,
        (_, true) => Clean::Joined,
        (Some("canonicalize"), false) => Clean::Canonical,
        (Some("lower"), false) => Clean::Lower,
        (Some("whitespace"), false) => Clean::Whitespace,
        (None, false) if named => Clean::Whitespace,
        (None, false) => Clean::Lower,
        (Some(_), false) => {
            return Err(refuse(
                "tokenizer_kwargs.clean",
                clean.unwrap_or(&Value::Null),
            ));
        }
    };
    let title = made.rules.clean.title();
    made.say(match clean {
        Some(_) => Stated::read("captions", title, path, &at("tokenizer_kwargs.clean")),
        None => Stated::other("captions", title, format!("default of {library}")),
    });
    Ok(made)
}

/// The tokenizer's own files, and the model's `config.json`.
fn hugging_face(places: &[PathBuf]) -> Result<Captions> {
    let mut made = sidecars(places)?;
    let settings = find(places, "tokenizer_config.json")?;
    let config = find(places, "config.json")?;
    let processors = [
        find(places, "preprocessor_config.json")?,
        find(places, "processor_config.json")?,
    ];
    let text = |found: &Option<Found>, pointer: &str| -> Option<String> {
        let value = found.as_ref()?.root.pointer(pointer)?;
        value.as_str().map(str::to_lowercase)
    };
    let kind = text(&config, "/text_config/model_type").or(text(&config, "/model_type"));
    let outer = text(&config, "/model_type");
    let tokenizer = text(&settings, "/tokenizer_class");
    // Who the model is may be written in any of them.
    let mut names: Vec<(String, Stated)> = Vec::new();
    let mut name = |found: &Option<Found>, key: &str| {
        let pointer = format!("/{}", key.replace('.', "/"));
        if let (Some(value), Some(found)) = (text(found, &pointer), found) {
            let stated = Stated::read("tokens per caption", "", &found.path, key);
            names.push((value, stated));
        }
    };
    name(&config, "model_type");
    name(&config, "text_config.model_type");
    name(&settings, "tokenizer_class");
    name(&settings, "processor_class");
    for found in &processors {
        name(found, "image_processor_type");
        name(found, "processor_class");
        name(found, "image_processor.image_processor_type");
    }
    let full = names
        .into_iter()
        .find(|(n, _)| n.contains("siglip") || n == "align" || n.starts_with("alignprocessor"));

    let mut limits: Vec<(usize, Stated)> = Vec::new();
    let mut limit = |found: &Option<Found>, key: &str, less: usize| {
        let Some(found) = found else { return };
        let pointer = format!("/{}", key.replace('.', "/"));
        let value = found.root.pointer(&pointer).and_then(Value::as_f64);
        if let Some(n) = value.filter(|n| *n > less as f64 && *n < NO_LIMIT as f64) {
            let n = n as usize - less;
            let stated = Stated::read("tokens per caption", n.to_string(), &found.path, key);
            limits.push((n, stated));
        }
    };
    limit(&settings, USUAL, 0);
    // RoBERTa's positions begin behind the padding's id, usually 1.
    let roberta = [
        "roberta",
        "xlm-roberta",
        "camembert",
        "mpnet",
        "xlm-roberta-xl",
    ];
    let after = |kind: &Option<String>| kind.as_deref().is_some_and(|k| roberta.contains(&k));
    made.after_padding = after(&kind);
    let padding = |key: &str| config.as_ref()?.root.pointer(key)?.as_u64();
    let pad_id = padding("/text_config/pad_token_id").or(padding("/pad_token_id"));
    let less = if made.after_padding {
        pad_id.unwrap_or(1) as usize + 1
    } else {
        0
    };
    limit(&config, "text_config.max_position_embeddings", less);
    if kind == outer {
        limit(&config, "max_position_embeddings", less);
    }
    let sentences = find(places, "sentence_bert_config.json")?;
    limit(&sentences, "max_seq_length", 0);
    // A tokenizer's own truncation goes before its usual length, not before the positions that there are.
    let positions = limits
        .iter()
        .filter(|(_, s)| s.key.as_deref() != Some(USUAL));
    made.rules.most = positions.map(|(n, _)| *n).min();
    let shortest = limits.into_iter().min_by_key(|(n, _)| *n);
    match (shortest, full) {
        (Some((n, stated)), full) => {
            made.rules.limit = Some(n);
            made.rules.full = full.is_some();
            made.say(stated);
            if let Some((_, why)) = full {
                made.say(Stated {
                    what: "padding",
                    value: "to full length".into(),
                    ..why
                });
            }
        }
        (None, Some((_, stated))) => {
            made.rules.limit = Some(FULL_LENGTH);
            made.rules.full = true;
            made.say(Stated {
                value: format!("{FULL_LENGTH}, padded to full length"),
                ..stated
            });
        }
        (None, None) => {}
    }
    // CLIP's text configurations carry a default that is not their tokenizer's.
    let clip = outer.as_deref() == Some("clip") || kind.as_deref() == Some("clip_text_model");
    made.rules.pad_id = pad_id.filter(|_| !clip).map(|id| id as u32);

    if let Some(found) = find(places, "config_sentence_transformers.json")?
        && let Some(name) = found
            .root
            .get("default_prompt_name")
            .and_then(Value::as_str)
    {
        let key = format!("prompts.{name}");
        let prompt = found
            .root
            .get("prompts")
            .and_then(|p| p.get(name))
            .and_then(Value::as_str);
        let Some(prompt) = prompt else {
            return Err(Error::model(
                &found.path,
                format!("names the prompt \"{name}\", and holds none of that name"),
                "Correct the file.",
            ));
        };
        prompt.clone_into(&mut made.rules.prompt);
        made.say(Stated::read(
            "put before a caption",
            prompt,
            &found.path,
            &key,
        ));
    }
    let lowers = |found: &Found| found.root.get("do_lower_case").and_then(Value::as_bool);
    let clean = match (tokenizer.as_deref(), &settings) {
        (Some("sigliptokenizer"), Some(found)) if lowers(found) != Some(false) => {
            Some((Clean::Siglip, found, "tokenizer_class"))
        }
        (Some("siglip2tokenizer"), Some(found)) => Some((Clean::Small, found, "tokenizer_class")),
        _ => sentences
            .as_ref()
            .filter(|found| lowers(found) == Some(true))
            .map(|found| (Clean::Small, found, "do_lower_case")),
    };
    if let Some((clean, found, key)) = clean {
        made.rules.clean = clean;
        made.say(Stated::read("captions", clean.title(), &found.path, key));
    }
    Ok(made)
}

/// What `tokenizer_config.json` and `special_tokens_map.json` say of padding and sides.
fn sidecars(places: &[PathBuf]) -> Result<Captions> {
    let mut made = Captions {
        rules: Rules::default(),
        after_padding: false,
        stated: Vec::new(),
    };
    let settings = find(places, "tokenizer_config.json")?;
    let special = find(places, "special_tokens_map.json")?;
    for found in [&settings, &special].into_iter().flatten() {
        let token = |key: &str| {
            let value = found.root.get(key)?;
            let text = value.as_str().or_else(|| value.get("content")?.as_str());
            text.map(str::to_owned)
        };
        if made.rules.pad_token.is_none()
            && let Some(token) = token("pad_token")
        {
            made.say(Stated::read("padding", &token, &found.path, "pad_token"));
            made.rules.pad_token = Some(token);
        }
        if made.rules.separator.is_none() {
            made.rules.separator = token("sep_token");
        }
    }
    if let Some(found) = &settings {
        let left = |key: &str| found.root.get(key).and_then(Value::as_str) == Some("left");
        made.rules.pad_left = left("padding_side");
        made.rules.cut_left = left("truncation_side");
        made.rules.settings = found.root.clone();
    }
    Ok(made)
}

impl Captions {
    fn say(&mut self, stated: Stated) {
        self.stated.push(stated);
    }
}
