//! Which words may stand in a caption.

use super::substitute::Options;
use super::words::{Word, folded_set, is_number, is_plain, split};
use crate::encoder::Tokenizer;
use crate::error::{Error, Result};
use std::collections::{HashMap, HashSet};

/// A word that may come into a caption: one token of the model's vocabulary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CandidateWord {
    pub word: String,
    pub folded: String,
    pub id: i64,
}

/// The candidates of one search, and which word of a caption each may replace.
pub(super) struct CandidateWords<'a> {
    pub all: Vec<CandidateWord>,
    options: &'a Options,
    keep: HashSet<String>,
    /// What a word's synonyms are, in small letters.
    synonyms: HashMap<String, HashSet<String>>,
}

impl<'a> CandidateWords<'a> {
    /// All that `options` leave for `words`: of the vocabulary given, else of the synonyms, else of the tokenizer.
    ///
    /// # Errors
    /// None is left; the tokenizer refuses a word.
    pub(super) fn new(tokenizer: &Tokenizer, options: &'a Options, words: &[Word]) -> Result<Self> {
        let listed = |given: &[String]| -> Result<Vec<(String, i64)>> {
            let plain: Vec<&str> = given
                .iter()
                .map(String::as_str)
                .filter(|w| is_plain(w))
                .collect();
            let ids = tokenizer.word_ids(&plain)?.into_iter();
            let known = plain
                .iter()
                .zip(ids)
                .filter_map(|(w, id)| Some(((*w).to_owned(), id?)));
            Ok(known.collect())
        };
        let entries = match (&options.vocabulary, &options.synonyms) {
            (Some(given), _) => listed(given)?,
            (None, Some(synonyms)) => listed(&synonyms.all())?,
            (None, None) => tokenizer.words()?,
        };
        let keep = folded_set(&options.keep);
        let mut synonyms = HashMap::new();
        if let Some(given) = &options.synonyms {
            for word in words {
                synonyms.insert(word.folded(), folded_set(given.of(&word.text)));
            }
        }
        let mut known = HashSet::new();
        let mut all: Vec<CandidateWord> = entries
            .into_iter()
            .map(|(word, id)| CandidateWord {
                folded: word.to_lowercase(),
                word,
                id,
            })
            .collect();
        all.retain(|c| !keep.contains(&c.folded) && known.insert(c.folded.clone()));
        let mut candidates = Self {
            all,
            options,
            keep,
            synonyms,
        };
        let mut all = std::mem::take(&mut candidates.all);
        all.retain(|c| words.iter().any(|w| candidates.allows(w, c)));
        candidates.all = all;
        if candidates.all.is_empty() {
            return Err(Error::request(
                "no word may be exchanged: nothing that is allowed is one token of the model's vocabulary",
                "Allow more words: another vocabulary, more synonyms, fewer words that must stay.",
            ));
        }
        Ok(candidates)
    }

    /// May `word` be replaced at all?
    pub(super) fn open(&self, word: &Word) -> bool {
        !self.keep.contains(&word.folded())
    }

    /// May `candidate` stand in the place of `word`? A number stands for a number only, and another word for another.
    pub(super) fn allows(&self, word: &Word, candidate: &CandidateWord) -> bool {
        let folded = word.folded();
        folded != candidate.folded
            && !self.keep.contains(&folded)
            && word.is_number() == is_number(&candidate.word)
            && (self.options.synonyms.is_none()
                || self
                    .synonyms
                    .get(&folded)
                    .is_some_and(|s| s.contains(&candidate.folded)))
    }
}

/// The words of `captions` in small letters, each once, the most frequent first, then in alphabetical order.
pub fn words_by_frequency(captions: &[String]) -> Vec<String> {
    let mut counts: HashMap<String, usize> = HashMap::new();
    for word in captions.iter().flat_map(|c| split(c)) {
        *counts.entry(word.folded()).or_default() += 1;
    }
    let mut words: Vec<(String, usize)> = counts.into_iter().collect();
    words.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    words.into_iter().map(|(word, _)| word).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frequent_words_come_first() {
        let captions = ["A dog.", "a cat and a Dog"].map(String::from);
        assert_eq!(words_by_frequency(&captions), ["a", "dog", "and", "cat"]);
    }
}
