//! How captions are prepared: their length, padding, cleaning and positions, and which file says so.

mod hugging_face;
mod open_clip;

use super::find;
use super::stated::Stated;
use crate::encoder::folder::EncoderFiles;
use crate::encoder::tokenize::{Rules, Tokenizer};
use crate::error::Result;
use hugging_face::hugging_face;
use open_clip::open_clip;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// A `model_max_length` from here on is the placeholder for "none".
const NO_LIMIT: u64 = 100_000;

/// What was settled about captions.
pub(in super::super) struct Captions {
    pub rules: Rules,
    /// Do positions count from behind the padding's id, as `RoBERTa`'s do?
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
    /// [`crate::error::Error::Io`]; [`crate::error::Error::Model`] for a file that is no tokenizer, or a length with no room for a word.
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
