//! From texts to the token ids a text model takes.

mod prefix;
mod spans;

use crate::error::{Error, Result};
use serde_json::Value;
use std::path::Path;
use tokenizers::{PaddingDirection, PaddingParams, PaddingStrategy, PostProcessor as _};
use tokenizers::{TruncationDirection, TruncationParams};

/// A `model_max_length` from here on is the placeholder for "none".
const NO_LIMIT: u64 = 100_000;
/// What `SigLIP`'s text towers were trained with, where their files do not say.
const SIGLIP_LENGTH: usize = 64;

/// Token ids of several texts, padded to one length.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tokens {
    /// Ids, `rows` x `cols`, row-major.
    pub ids: Vec<i64>,
    /// 1 for a token, 0 for padding; the same shape.
    pub mask: Vec<i64>,
    /// Texts.
    pub rows: usize,
    /// Tokens per text.
    pub cols: usize,
}

/// A `tokenizer.json`, with its truncation and padding settled.
#[derive(Debug)]
pub struct Tokenizer {
    library: tokenizers::Tokenizer,
    padding: PaddingParams,
    fingerprint: String,
}

impl Tokenizer {
    /// Opens a `tokenizer.json` of Hugging Face.
    ///
    /// Texts are cut and padded to `length`, the model's own fixed number of tokens, where it has one. Otherwise the
    /// file's own truncation and padding hold; where it has none, `tokenizer_config.json` beside it
    /// (`model_max_length`, `pad_token`), and texts are padded to the longest of their batch. Cutting keeps the
    /// final special token. The padding token is the file's own, else `pad_token` of `tokenizer_config.json` or
    /// `special_tokens_map.json`, else `[PAD]` or `<pad>` of the vocabulary, else the token that ends every text
    /// (CLIP's `<|endoftext|>`).
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Model`] for a file that is no tokenizer, or a length with no room for a word.
    pub fn open(path: &Path, length: Option<usize>) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(Error::io("read", path))?;
        let fault = |what: String| {
            Error::model(
                path,
                what,
                "Save it again with AutoTokenizer's save_pretrained of transformers.",
            )
        };
        if bytes.is_empty() {
            return Err(fault("is empty (0 bytes)".into()));
        }
        let mut library = tokenizers::Tokenizer::from_bytes(&bytes)
            .map_err(|e| fault(format!("is not a tokenizer that can be used: {e}")))?;
        let config = Sidecars::open(path)?;

        let own_cut = library.get_truncation().cloned();
        let own_padding = library.get_padding().cloned();
        // From here on the library cuts as `limit` says, and pads in `encode` alone.
        library
            .with_padding(None)
            .with_truncation(None)
            .map_err(|e| fault(e.to_string()))?;
        let own_length = own_padding.as_ref().and_then(|p| match p.strategy {
            PaddingStrategy::Fixed(length) => Some(length),
            PaddingStrategy::BatchLongest => None,
        });
        let limit = length
            .or(own_cut.as_ref().map(|t| t.max_length))
            .or(own_length)
            .or_else(|| config.max_length())
            .or(config.is_siglip().then_some(SIGLIP_LENGTH));
        if let Some(limit) = limit.filter(|&limit| limit as u64 >= NO_LIMIT) {
            return Err(fault(format!("asks for texts of {limit} tokens")));
        }
        let special = library
            .get_post_processor()
            .map_or(0, |p| p.added_tokens(false));
        if let Some(limit) = limit.filter(|&limit| limit <= special) {
            return Err(fault(format!(
                "a length of {limit} leaves no room beside {special} special tokens"
            )));
        }
        let cut = limit.map(|max_length| TruncationParams {
            max_length,
            stride: 0,
            direction: own_cut
                .as_ref()
                .map_or(config.truncation_side(), |t| t.direction),
            ..TruncationParams::default()
        });

        let fixed = match (length, &own_padding) {
            (None, Some(_)) => own_length,
            // SigLIP reads its embedding off the last position and was trained at full length.
            (None, None) => limit.filter(|_| config.is_siglip()),
            (length, _) => length,
        };
        let mut padding = match own_padding {
            Some(padding) => padding,
            None => config.padding(&library).map_err(fault)?,
        };
        padding.strategy = fixed.map_or(PaddingStrategy::BatchLongest, PaddingStrategy::Fixed);
        if limit.is_some() {
            padding.pad_to_multiple_of = None;
        }
        let hash = blake3::hash(&bytes).to_hex();
        let fingerprint = format!("tokenizer 1 {hash} {cut:?} {padding:?}");
        library
            .with_truncation(cut)
            .map_err(|e| fault(format!("cannot cut texts: {e}")))?;
        Ok(Self {
            library,
            padding,
            fingerprint,
        })
    }

    /// The tokens of `texts`, one row each, at least one column. Runs on all cores.
    ///
    /// # Errors
    /// [`Error::Request`] for a text the tokenizer refuses.
    pub fn encode(&self, texts: &[&str]) -> Result<Tokens> {
        let fault = |e: tokenizers::Error| {
            Error::request(
                format!("the tokenizer refuses a text: {e}"),
                "Change the text, or leave it out.",
            )
        };
        let texts = prefix::of_all(&self.library, texts).map_err(fault)?;
        let mut encodings = self
            .library
            .encode_batch_fast(texts.clone(), true)
            .map_err(fault)?;
        tokenizers::pad_encodings(&mut encodings, &self.padding).map_err(fault)?;
        let (rows, cols) = (
            texts.len(),
            encodings
                .iter()
                .map(tokenizers::Encoding::len)
                .max()
                .unwrap_or(0)
                .max(1),
        );
        let mut tokens = Tokens {
            rows,
            cols,
            ..Tokens::default()
        };
        for mut encoding in encodings {
            let PaddingParams {
                pad_id,
                pad_type_id,
                pad_token,
                direction,
                ..
            } = &self.padding;
            encoding.pad(cols, *pad_id, *pad_type_id, pad_token, *direction);
            tokens
                .ids
                .extend(encoding.get_ids().iter().copied().map(i64::from));
            tokens
                .mask
                .extend(encoding.get_attention_mask().iter().copied().map(i64::from));
        }
        Ok(tokens)
    }

    /// A text that two tokenizers share exactly when they make the same tokens; part of the cache's key.
    pub fn fingerprint(&self) -> String {
        self.fingerprint.clone()
    }
}

/// What `tokenizer_config.json` and `special_tokens_map.json` beside a tokenizer say; `Null` where absent.
struct Sidecars {
    config: Value,
    special: Value,
}

impl Sidecars {
    fn open(tokenizer: &Path) -> Result<Self> {
        let read = |name: &str| {
            let path = tokenizer.with_file_name(name);
            if !path.is_file() {
                return Ok(Value::Null);
            }
            let text = std::fs::read_to_string(&path).map_err(Error::io("read", &path))?;
            serde_json::from_str(&text).map_err(|e| {
                Error::model(
                    &path,
                    format!("is not JSON: {e}"),
                    "Correct it, or remove it: it is optional.",
                )
            })
        };
        Ok(Self {
            config: read("tokenizer_config.json")?,
            special: read("special_tokens_map.json")?,
        })
    }

    fn max_length(&self) -> Option<usize> {
        let length = self.config.get("model_max_length")?.as_u64()?;
        (length > 0 && length < NO_LIMIT).then_some(length as usize)
    }

    fn is_siglip(&self) -> bool {
        let class = |key| {
            self.config
                .get(key)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        ["tokenizer_class", "processor_class"]
            .iter()
            .any(|key| class(key).to_lowercase().contains("siglip"))
    }

    fn is_left(&self, key: &str) -> bool {
        self.config.get(key).and_then(Value::as_str) == Some("left")
    }

    fn truncation_side(&self) -> TruncationDirection {
        if self.is_left("truncation_side") {
            TruncationDirection::Left
        } else {
            TruncationDirection::Right
        }
    }

    /// The padding of a tokenizer that has none of its own.
    fn padding(&self, library: &tokenizers::Tokenizer) -> Result<PaddingParams, String> {
        let named = [&self.config, &self.special].into_iter().find_map(|file| {
            let token = file.get("pad_token")?;
            token.as_str().or_else(|| token.get("content")?.as_str())
        });
        let usual = ["[PAD]", "<pad>"];
        let found = named
            .into_iter()
            .chain(usual)
            .find_map(|t| Some((library.token_to_id(t)?, t.to_owned())));
        let (pad_id, pad_token) = if let Some(found) = found {
            found
        } else {
            let empty = library
                .encode_fast("", true)
                .map_err(|e| format!("cannot encode a text: {e}"))?;
            let last = empty.get_ids().last().copied().unwrap_or(0);
            (last, library.id_to_token(last).unwrap_or_default())
        };
        let left = self.is_left("padding_side");
        let direction = if left {
            PaddingDirection::Left
        } else {
            PaddingDirection::Right
        };
        Ok(PaddingParams {
            pad_id,
            pad_token,
            direction,
            ..PaddingParams::default()
        })
    }
}
