//! From texts to the token ids a text model takes.

mod clean;
mod prefix;
mod spans;
mod unread;
mod vocabulary;

pub(super) use clean::Clean;
pub use unread::Unread;

use crate::error::{Error, Result};
use crate::files::read_all;
use crate::task::contained;
use rayon::prelude::*;
use serde_json::Value;
use std::path::Path;
use tokenizers::{PaddingDirection, PaddingParams, PaddingStrategy, PostProcessor as _};
use tokenizers::{TruncationDirection, TruncationParams};

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

/// How captions become tokens where the tokenizer's file does not say, or something beside it says otherwise.
#[derive(Debug, Clone, Default)]
#[allow(clippy::struct_excessive_bools)] // independent of each other
pub(super) struct Rules {
    /// Put before every caption.
    pub prompt: String,
    /// Done to a caption first.
    pub clean: Clean,
    /// Tokens at most, where the tokenizer's file does not say.
    pub limit: Option<usize>,
    /// Tokens that the model has positions for: at most so many, whatever the tokenizer's file says.
    pub most: Option<usize>,
    /// Does `limit` hold whatever the tokenizer's file says?
    pub whole: bool,
    /// Is every caption padded to `limit`?
    pub full: bool,
    /// Is padding the id 0, whatever the tokenizer's file says?
    pub zero_pad: bool,
    /// Padding by name, then by id.
    pub pad_token: Option<String>,
    /// See `pad_token`.
    pub pad_id: Option<u32>,
    /// Is padding put before the tokens?
    pub pad_left: bool,
    /// Are tokens cut from the beginning?
    pub cut_left: bool,
    /// The token that ends a text, by name.
    pub separator: Option<String>,
    /// Is that token replaced by 0 (`open_clip`'s `strip_sep_token`)?
    pub blank_separator: bool,
    /// `tokenizer_config.json`, for a tokenizer that is made from its vocabulary.
    pub settings: Value,
}

/// Bytes of a tokenizer at most; the largest have some twenty million.
const LARGEST: u64 = 256 << 20;
/// Longest text that is asked for; a file that wants more is wrong.
const MOST: usize = 100_000;

/// A `tokenizer.json`, with its truncation and padding settled.
#[derive(Debug)]
pub struct Tokenizer {
    library: tokenizers::Tokenizer,
    padding: PaddingParams,
    prompt: String,
    clean: Clean,
    /// An id that is replaced by 0.
    blank: Option<u32>,
    fingerprint: String,
}

impl Tokenizer {
    /// The tokenizer at `path` under `rules`; `length` as for [`Tokenizer::open`].
    ///
    /// # Errors
    /// As [`Tokenizer::open`].
    pub(super) fn settled(path: &Path, rules: &Rules, length: Option<usize>) -> Result<Self> {
        let bytes = written(path, rules)?;
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
        let mut library = guarded(|| tokenizers::Tokenizer::from_bytes(&bytes))
            .map_err(|e| fault(format!("is not a tokenizer that can be used: {e}")))?;

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
        let own_limit = own_cut.as_ref().map(|t| t.max_length).or(own_length);
        let limit = match (length, rules.limit, own_limit) {
            (Some(length), ..) => Some(length),
            (None, Some(said), _) if rules.whole => Some(said),
            (None, said, own) => {
                let limit = own.or(said);
                limit.map_or(rules.most, |l| {
                    Some(rules.most.map_or(l, |most| l.min(most)))
                })
            }
        };
        if let Some(limit) = limit.filter(|&limit| limit >= MOST) {
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
        let direction = match &own_cut {
            Some(cut) => cut.direction,
            None if rules.cut_left => TruncationDirection::Left,
            None => TruncationDirection::Right,
        };
        let cut = limit.map(|max_length| TruncationParams {
            max_length,
            stride: 0,
            direction,
            ..TruncationParams::default()
        });

        let fixed = match (length, rules.full, &own_padding) {
            (Some(length), ..) => Some(length),
            // Some read their embedding off the last position and were trained at full length.
            (None, true, _) => limit,
            (None, false, Some(_)) => own_length.map(|own| rules.most.map_or(own, |m| m.min(own))),
            (None, false, None) => None,
        };
        let mut padding = match own_padding {
            Some(padding) => padding,
            None => rules.padding(&library).map_err(fault)?,
        };
        if rules.zero_pad {
            padding.pad_id = 0;
            padding.pad_token = library.id_to_token(0).unwrap_or_default();
        }
        padding.strategy = fixed.map_or(PaddingStrategy::BatchLongest, PaddingStrategy::Fixed);
        if limit.is_some() {
            padding.pad_to_multiple_of = None;
        }
        bounded(fixed, padding.pad_to_multiple_of).map_err(fault)?;
        let separator = rules.separator.as_deref().unwrap_or("[SEP]");
        let wanted = rules.blank_separator;
        let blank = match wanted.then(|| library.token_to_id(separator)) {
            Some(None) => {
                return Err(fault(format!(
                    "holds no token {separator}, which is to be replaced"
                )));
            }
            Some(id) => id,
            None => None,
        };
        let (hash, clean, prompt) = (blake3::hash(&bytes).to_hex(), rules.clean, &rules.prompt);
        let fingerprint =
            format!("tokenizer 2 {hash} {cut:?} {padding:?} {prompt:?} {clean:?} {blank:?}");
        library
            .with_truncation(cut)
            .map_err(|e| fault(format!("cannot cut texts: {e}")))?;
        Ok(Self {
            library,
            padding,
            prompt: rules.prompt.clone(),
            clean,
            blank,
            fingerprint,
        })
    }

    /// The id that fills short texts up.
    pub(super) fn pad_id(&self) -> u32 {
        self.padding.pad_id
    }

    /// Tokens of a text at most.
    pub fn limit(&self) -> Option<usize> {
        self.library.get_truncation().map(|t| t.max_length)
    }

    /// Tokens of every text, where all are padded to one length.
    pub fn fixed_length(&self) -> Option<usize> {
        match self.padding.strategy {
            // Texts that are cut later than padding ends are of several lengths.
            PaddingStrategy::Fixed(length) => self
                .limit()
                .is_some_and(|limit| limit <= length)
                .then_some(length),
            PaddingStrategy::BatchLongest => None,
        }
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
        let encodings = if self.is_plain() {
            let texts = prefix::of_all(&self.library, texts).map_err(fault)?;
            self.encodings(&texts)
        } else {
            let cleaned = texts.par_iter().map(|text| self.cleaned(text));
            let cleaned: Vec<_> = cleaned.collect::<tokenizers::Result<_>>().map_err(fault)?;
            let texts: Vec<&str> = cleaned.iter().map(clean::Cleaned::text).collect();
            let texts = prefix::of_all(&self.library, &texts).map_err(fault)?;
            self.encodings(&texts)
        };
        let mut encodings = encodings.map_err(fault)?;
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
            let id = |&id: &u32| {
                if Some(id) == self.blank {
                    0
                } else {
                    i64::from(id)
                }
            };
            tokens.ids.extend(encoding.get_ids().iter().map(id));
            tokens
                .mask
                .extend(encoding.get_attention_mask().iter().copied().map(i64::from));
        }
        Ok(tokens)
    }

    /// What the library makes of `texts`, unpadded.
    fn encodings(&self, texts: &[&str]) -> tokenizers::Result<Vec<tokenizers::Encoding>> {
        let one = |text: &&str| guarded(|| self.library.encode_fast(*text, true));
        texts.par_iter().map(one).collect()
    }

    /// Is a caption given to the library as it is written?
    fn is_plain(&self) -> bool {
        self.clean == Clean::None && self.prompt.is_empty()
    }

    /// What the library is given for `text`.
    fn cleaned(&self, text: &str) -> tokenizers::Result<clean::Cleaned> {
        self.clean.of(&format!("{}{text}", self.prompt))
    }

    /// A text that two tokenizers share exactly when they make the same tokens; part of the cache's key.
    pub fn fingerprint(&self) -> String {
        self.fingerprint.clone()
    }
}

/// No text is filled up to more tokens than one may have.
fn bounded(fixed: Option<usize>, multiple: Option<usize>) -> Result<(), String> {
    let mut filled = fixed.into_iter().chain(multiple);
    match filled.find(|&filled| filled >= MOST) {
        Some(filled) => Err(format!("fills texts up to {filled} tokens")),
        None => Ok(()),
    }
}

/// Runs what calls the library, which panics on some broken files.
fn guarded<T>(work: impl FnOnce() -> tokenizers::Result<T>) -> tokenizers::Result<T> {
    contained(work).unwrap_or_else(|why| Err(format!("its reader stopped ({why})").into()))
}

/// The `tokenizer.json` at `path`, or the one that the vocabulary there stands for.
fn written(path: &Path, rules: &Rules) -> Result<Vec<u8>> {
    if path.extension().is_some_and(|e| e == "txt")
        || path.file_name().is_some_and(|n| n == "vocab.json")
    {
        vocabulary::of(path, &rules.settings)
    } else {
        read_all(path, LARGEST).map_err(Error::io("read", path))
    }
}

impl Rules {
    /// The padding of a tokenizer that has none of its own.
    fn padding(&self, library: &tokenizers::Tokenizer) -> Result<PaddingParams, String> {
        let usual = ["[PAD]", "<pad>"];
        let found = self
            .pad_token
            .as_deref()
            .into_iter()
            .chain(usual)
            .find_map(|t| Some((library.token_to_id(t)?, t.to_owned())));
        let by_id = || {
            let id = self.pad_id?;
            Some((id, library.id_to_token(id)?))
        };
        let (pad_id, pad_token) = if let Some(found) = found.or_else(by_id) {
            found
        } else {
            let empty = guarded(|| library.encode_fast("", true))
                .map_err(|e| format!("cannot encode a text: {e}"))?;
            let last = empty.get_ids().last().copied().unwrap_or(0);
            (last, library.id_to_token(last).unwrap_or_default())
        };
        let direction = if self.pad_left {
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
