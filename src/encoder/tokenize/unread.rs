//! Which words of a text the tokenizer does not know.

use super::spans::{UNHEARD_OF, fault};
use super::{Tokenizer, guarded};
use crate::error::Result;
use std::ops::Range;
use tokenizers::ModelWrapper;

/// What of a text does not reach the model.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unread {
    /// Words that are unknown, or that the tokenizer leaves out, in order.
    pub words: Vec<String>,
    /// Does nothing of the text reach the model?
    pub all: bool,
}

impl Tokenizer {
    /// What of `text` does not reach the model for want of tokens; what is cut off at the end is not meant.
    ///
    /// # Errors
    /// [`crate::error::Error::Request`] for a text the tokenizer refuses.
    pub fn unread(&self, text: &str) -> Result<Unread> {
        let cleaned = self.cleaned(text).map_err(fault)?;
        let before = self.prompt.len();
        let mut library = self.library.clone();
        library.with_truncation(None).map_err(fault)?;
        let unknown = self.unknown()?;
        let encoding = guarded(|| library.encode(cleaned.text(), true)).map_err(fault)?;
        let offsets = encoding.get_offsets().iter();
        let special = encoding.get_special_tokens_mask().iter();
        let tokens = offsets.zip(special).zip(encoding.get_ids());
        let known: Vec<Range<usize>> = tokens
            .filter(|(((start, end), special), id)| {
                **special == 0 && end > start && Some(**id) != unknown
            })
            .filter_map(|((&(start, end), _), _)| cleaned.origin(start..end))
            .filter(|origin| origin.start >= before)
            .map(|origin| origin.start - before..origin.end - before)
            .collect();
        let reaches = |word: &Range<usize>| {
            known
                .iter()
                .any(|token| token.start < word.end && word.start < token.end)
        };
        let words = words(text);
        Ok(Unread {
            all: !words.iter().any(reaches),
            words: words
                .iter()
                .filter(|word| !reaches(word))
                .map(|word| text[word.clone()].to_owned())
                .collect(),
        })
    }

    /// The id that unknown words have; `None` where there is none, as where words fall apart into bytes.
    fn unknown(&self) -> Result<Option<u32>> {
        let named = match self.library.get_model() {
            ModelWrapper::WordPiece(model) => Some(model.unk_token.as_str()),
            ModelWrapper::WordLevel(model) => Some(model.unk_token.as_str()),
            ModelWrapper::BPE(model) => model.unk_token.as_deref(),
            ModelWrapper::Unigram(_) => None,
        };
        if let Some(id) = named.and_then(|name| self.library.token_to_id(name)) {
            return Ok(Some(id));
        }
        let strange = guarded(|| self.library.encode(UNHEARD_OF, false)).map_err(fault)?;
        Ok(match strange.get_ids() {
            [id] => Some(*id),
            _ => None,
        })
    }
}

/// The bytes of what stands between spaces and holds a letter or a digit, without the signs around it.
fn words(text: &str) -> Vec<Range<usize>> {
    let part = |part: &str| {
        let word = part.trim_matches(|c: char| !c.is_alphanumeric());
        let at = word.as_ptr() as usize - text.as_ptr() as usize;
        (!word.is_empty()).then(|| at..at + word.len())
    };
    text.split_whitespace().filter_map(part).collect()
}
