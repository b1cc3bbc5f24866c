//! Which part of a text each token stands for, and which words are one token.

use super::{Tokenizer, guarded, prefix};
use crate::error::{Error, Result};
use rayon::prelude::*;
use std::ops::Range;
use tokenizers::TruncationDirection;

/// What no vocabulary holds: two characters of a private use area.
pub(super) const UNHEARD_OF: &str = "\u{e000}\u{e001}";

impl Tokenizer {
    /// For each token of `text` as [`Tokenizer::encode`] makes them of this text alone, the bytes of `text` that it
    /// stands for; `None` for special tokens and padding.
    ///
    /// # Errors
    /// [`Error::Request`] for a text the tokenizer refuses.
    pub fn spans(&self, text: &str) -> Result<Vec<Option<Range<usize>>>> {
        let cleaned = self.cleaned(text).map_err(fault)?;
        let before = self.prompt.len();
        let whole = cleaned.text();
        let part = prefix::of_all(&self.library, &[whole]).map_err(fault)?[0];
        // Where the beginning is cut off, the part is the end of the text.
        let skipped = match self.library.get_truncation() {
            Some(cut) if cut.direction == TruncationDirection::Left => whole.len() - part.len(),
            _ => 0,
        };
        let encoding = guarded(|| self.library.encode(part, true)).map_err(fault)?;
        let mut encodings = [encoding];
        tokenizers::pad_encodings(&mut encodings, &self.padding).map_err(fault)?;
        let [encoding] = &encodings;
        let offsets = encoding.get_offsets().iter();
        let special = encoding.get_special_tokens_mask().iter();
        let mut spans: Vec<Option<Range<usize>>> = offsets
            .zip(special)
            .map(|(&(start, end), &special)| {
                let written = special == 0 && end > start;
                let origin = written
                    .then(|| cleaned.origin(start + skipped..end + skipped))
                    .flatten()?;
                (origin.start >= before).then(|| origin.start - before..origin.end - before)
            })
            .collect();
        if spans.is_empty() {
            spans.push(None);
        }
        Ok(spans)
    }

    /// For each of `words`, the id of the one token that it is in the middle of a text; `None` where it is several,
    /// or unknown.
    ///
    /// # Errors
    /// [`Error::Request`] for a word the tokenizer refuses.
    pub fn word_ids(&self, words: &[&str]) -> Result<Vec<Option<i64>>> {
        const BEFORE: &str = "a ";
        let inside = |word: &str| format!("{BEFORE}{word} a");
        let mut texts: Vec<String> = words.iter().map(|word| inside(word)).collect();
        texts.push(inside(UNHEARD_OF));
        // A model may take texts of a single token.
        let mut library = self.library.clone();
        library.with_truncation(None).map_err(fault)?;
        let one = |text: String| guarded(|| library.encode(text, true));
        let encodings: tokenizers::Result<Vec<_>> = texts.into_par_iter().map(one).collect();
        let encodings = encodings.map_err(fault)?;
        let lengths = words.iter().map(|w| w.len()).chain([UNHEARD_OF.len()]);
        let mut ids: Vec<Option<i64>> = encodings
            .iter()
            .zip(lengths)
            .map(|(encoding, length)| {
                let word = BEFORE.len()..BEFORE.len() + length;
                let offsets = encoding.get_offsets().iter();
                let mut over = offsets.zip(encoding.get_ids()).filter(|((start, end), _)| {
                    *start < word.end && *end > word.start && end > start
                });
                match (over.next(), over.next()) {
                    (Some(((_, end), id)), None) if *end >= word.end => Some(i64::from(*id)),
                    _ => None,
                }
            })
            .collect();
        let unknown = ids.pop().flatten();
        for id in ids.iter_mut().filter(|id| **id == unknown) {
            *id = None;
        }
        Ok(ids)
    }

    /// The words of letters, or of digits, that are one token each, with its id, in the order of ids. Of words that
    /// differ in case alone the one in small letters is kept, else the first.
    ///
    /// # Errors
    /// [`Error::Request`] for a word the tokenizer refuses.
    pub fn words(&self) -> Result<Vec<(String, i64)>> {
        let mut entries: Vec<u32> = self.library.get_vocab(false).into_values().collect();
        entries.sort_unstable();
        let written: Vec<(String, i64)> = entries
            .into_iter()
            .filter_map(|id| {
                // CLIP's decoder leaves the mark of a word's end.
                let text = guarded(|| self.library.decode(&[id], true)).ok()?;
                let word = text.trim().trim_end_matches("</w>");
                let letters = word.chars().all(char::is_alphabetic);
                let digits = word.chars().all(char::is_numeric);
                (!word.is_empty() && (letters || digits)).then(|| (word.to_owned(), i64::from(id)))
            })
            .collect();
        let texts: Vec<&str> = written.iter().map(|(word, _)| word.as_str()).collect();
        let ids = self.word_ids(&texts)?;
        // What is read back as another token is a piece of words.
        let whole = written.into_iter().zip(ids);
        let mut whole: Vec<(String, i64)> = whole
            .filter(|((_, id), read)| *read == Some(*id))
            .map(|(entry, _)| entry)
            .collect();
        whole.sort_by_key(|(word, id)| (word.to_lowercase(), *word != word.to_lowercase(), *id));
        whole.dedup_by_key(|(word, _)| word.to_lowercase());
        whole.sort_by_key(|(_, id)| *id);
        Ok(whole)
    }
}

#[allow(clippy::needless_pass_by_value)] // so that it fits `map_err`
pub(super) fn fault(error: tokenizers::Error) -> Error {
    Error::request(
        format!("the tokenizer refuses a text: {error}"),
        "Change the text, or leave it out.",
    )
}
