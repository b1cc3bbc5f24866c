//! Captions as transformers and sentence-transformers prepare them.

use super::{Captions, NO_LIMIT, sidecars};
use crate::encoder::beside::stated::Stated;
use crate::encoder::beside::{Found, find};
use crate::encoder::tokenize::Clean;
use crate::error::{Error, Result};
use serde_json::Value;
use std::path::PathBuf;

/// A tokenizer's usual length.
const USUAL: &str = "model_max_length";
/// What `SigLIP` and ALIGN were trained with, where their files do not say.
const FULL_LENGTH: usize = 64;
/// A model that is padded to full length has no longer one.
const PLAUSIBLE: usize = 512;
/// Models whose positions begin behind the padding's id.
const ROBERTA: [&str; 5] = [
    "roberta",
    "xlm-roberta",
    "xlm-roberta-xl",
    "camembert",
    "mpnet",
];

/// The text at `pointer`, in small letters.
fn text(found: Option<&Found>, pointer: &str) -> Option<String> {
    let value = found?.root.pointer(pointer)?;
    value.as_str().map(str::to_lowercase)
}

/// The tokenizer's own files, and the model's `config.json`.
pub(super) fn hugging_face(places: &[PathBuf]) -> Result<Captions> {
    let mut made = sidecars(places)?;
    let read = |name: &str| find(places, name);
    let (settings, config) = (read("tokenizer_config.json")?, read("config.json")?);
    let processors = [
        read("preprocessor_config.json")?,
        read("processor_config.json")?,
    ];
    let (settings, config) = (settings.as_ref(), config.as_ref());
    let outer = text(config, "/model_type");
    let kind = text(config, "/text_config/model_type").or(outer.clone());
    let tokenizer = text(settings, "/tokenizer_class");
    let tokenizer = tokenizer.as_deref().map(|t| t.trim_end_matches("fast"));
    let full = at_full_length(settings, config, &processors);
    let mut limits: Vec<(usize, Stated)> = Vec::new();
    let mut limit = |found: Option<&Found>, key: &str, less: usize| {
        let Some(found) = found else { return };
        let pointer = format!("/{}", key.replace('.', "/"));
        let value = found.root.pointer(&pointer).and_then(Value::as_f64);
        if let Some(n) = value.filter(|n| *n > less as f64 && *n < NO_LIMIT as f64) {
            let n = n as usize - less;
            let stated = Stated::read("tokens per caption", n.to_string(), &found.path, key);
            limits.push((n, stated));
        }
    };
    limit(settings, USUAL, 0);
    // The padding's id is usually 1 there.
    made.after_padding = kind.as_deref().is_some_and(|k| ROBERTA.contains(&k));
    let padding = |key: &str| config?.root.pointer(key)?.as_u64();
    let pad_id = padding("/text_config/pad_token_id").or(padding("/pad_token_id"));
    let less = if made.after_padding {
        pad_id.unwrap_or(1) as usize + 1
    } else {
        0
    };
    limit(config, "text_config.max_position_embeddings", less);
    if kind == outer {
        limit(config, "max_position_embeddings", less);
    }
    let sentences = find(places, "sentence_bert_config.json")?;
    limit(sentences.as_ref(), "max_seq_length", 0);
    // A tokenizer's own truncation goes before its usual length, not before the positions that there are.
    let positions = limits
        .iter()
        .filter(|(_, s)| s.key.as_deref() != Some(USUAL));
    made.rules.most = positions.map(|(n, _)| *n).min();
    if full.is_some() {
        // Some tokenizers state what their own model takes, not this one.
        limits.retain(|(n, s)| s.key.as_deref() != Some(USUAL) || *n <= PLAUSIBLE);
    }
    made.limited(limits.into_iter().min_by_key(|(n, _)| *n), full);
    // CLIP's text configurations carry a default that is not their tokenizer's.
    let clip = outer.as_deref() == Some("clip") || kind.as_deref() == Some("clip_text_model");
    made.rules.pad_id = pad_id.filter(|_| !clip).map(|id| id as u32);

    made.prompted(places)?;
    let lowers = |found: &Found| found.root.get("do_lower_case").and_then(Value::as_bool);
    let clean = match (tokenizer, settings) {
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

/// Where it is said that this is a model whose captions are always padded to full length: who it is may be written in any
/// of its files.
fn at_full_length(
    settings: Option<&Found>,
    config: Option<&Found>,
    processors: &[Option<Found>],
) -> Option<Stated> {
    // Who the model is may be written in any of them.
    let mut names: Vec<(String, Stated)> = Vec::new();
    let mut name = |found: Option<&Found>, key: &str| {
        let pointer = format!("/{}", key.replace('.', "/"));
        if let (Some(value), Some(found)) = (text(found, &pointer), found) {
            let stated = Stated::read("tokens per caption", "", &found.path, key);
            names.push((value, stated));
        }
    };
    name(config, "model_type");
    name(config, "text_config.model_type");
    name(settings, "tokenizer_class");
    name(settings, "processor_class");
    for found in processors.iter().map(Option::as_ref) {
        name(found, "image_processor_type");
        name(found, "processor_class");
        name(found, "image_processor.image_processor_type");
    }
    let trained = |n: &str| n.contains("siglip") || n == "align" || n.starts_with("alignprocessor");
    names
        .into_iter()
        .find(|(n, _)| trained(n))
        .map(|(_, stated)| stated)
}

impl Captions {
    /// Takes the `shortest` length that is stated; `full` says why every caption is padded to it.
    fn limited(&mut self, shortest: Option<(usize, Stated)>, full: Option<Stated>) {
        let (length, stated) = match (shortest, &full) {
            (Some(found), _) => found,
            (None, Some(stated)) => (
                FULL_LENGTH,
                Stated {
                    value: FULL_LENGTH.to_string(),
                    ..stated.clone()
                },
            ),
            (None, None) => return,
        };
        self.rules.limit = Some(length);
        self.rules.full = full.is_some();
        self.say(stated);
        if let Some(stated) = full {
            self.say(Stated {
                what: "padding",
                value: "to full length".into(),
                ..stated
            });
        }
    }

    /// Takes the prompt that sentence-transformers puts before every text.
    fn prompted(&mut self, places: &[PathBuf]) -> Result<()> {
        let Some(found) = find(places, "config_sentence_transformers.json")? else {
            return Ok(());
        };
        let name = found
            .root
            .get("default_prompt_name")
            .and_then(Value::as_str);
        let Some(name) = name else {
            return Ok(());
        };
        let prompts = found.root.get("prompts").and_then(|p| p.get(name));
        let Some(prompt) = prompts.and_then(Value::as_str) else {
            return Err(Error::model(
                &found.path,
                format!("names the prompt \"{name}\", and holds none of that name"),
                "Correct the file.",
            ));
        };
        prompt.clone_into(&mut self.rules.prompt);
        let key = format!("prompts.{name}");
        self.say(Stated::read(
            "put before a caption",
            prompt,
            &found.path,
            &key,
        ));
        Ok(())
    }
}
