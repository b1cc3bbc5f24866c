//! Lists of words that a person brings: synonyms, and vocabularies.

use super::words::is_plain;
use crate::error::{Error, Result};
use crate::files::{TEXT, read_all};
use std::collections::BTreeMap;
use std::path::Path;

const FORM: &str = "Write one line per word, as \"dog: hound, puppy\" or \"dog,hound,puppy\"; lines with # are skipped.";

/// Which words may stand for which. It holds in the direction in which it is written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Synonyms {
    /// In small letters, to their synonyms in the order of the file.
    entries: BTreeMap<String, Vec<String>>,
    /// Synonyms that were left out because they are not one word of letters or digits.
    pub left_out: usize,
}

impl Synonyms {
    /// Reads a UTF-8 file with a line per word: `word: one, two`, or CSV (`word,one,two`). Lines for the same word
    /// add up; empty lines and those that start with `#` are passed over.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Request`] for a line that is neither, naming it, and for a file without an entry.
    pub fn open(path: &Path) -> Result<Self> {
        let text = read(path, FORM)?;
        Self::parse(&text).map_err(|what| fault(path, &what, FORM))
    }

    /// As [`Synonyms::open`], of text; the error says what is wrong in which line.
    ///
    /// # Errors
    /// As [`Synonyms::open`].
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut synonyms = Self::default();
        for (number, line) in lines(text) {
            let (word, rest) = line
                .split_once(':')
                .or_else(|| line.split_once(','))
                .ok_or_else(|| format!("line {number} has neither \":\" nor \",\": {line:?}"))?;
            let word = unquoted(word);
            if !is_plain(word) {
                return Err(format!(
                    "line {number} starts with {word:?}, which is not one word of letters"
                ));
            }
            let all: Vec<&str> = rest
                .split(',')
                .map(unquoted)
                .filter(|w| !w.is_empty())
                .collect();
            if all.is_empty() {
                return Err(format!("line {number} gives no synonym for {word:?}"));
            }
            let known = synonyms.entries.entry(word.to_lowercase()).or_default();
            for one in all {
                if !is_plain(one) {
                    synonyms.left_out += 1;
                } else if !known.iter().any(|k| k == one) {
                    known.push(one.to_owned());
                }
            }
        }
        if synonyms.entries.is_empty() {
            return Err("holds no synonyms".into());
        }
        Ok(synonyms)
    }

    /// What may stand for `word`, whatever its case.
    pub fn of(&self, word: &str) -> &[String] {
        self.entries
            .get(&word.to_lowercase())
            .map_or(&[], Vec::as_slice)
    }

    /// All synonyms, each once, in alphabetical order.
    pub fn all(&self) -> Vec<String> {
        let mut all: Vec<String> = self.entries.values().flatten().cloned().collect();
        all.sort_unstable();
        all.dedup();
        all
    }
}

/// Reads a UTF-8 file of words between white space or commas; lines that start with `#` are passed over.
///
/// # Errors
/// [`Error::Io`]; [`Error::Request`] for what is not a word of letters or digits, naming the line, and for a file
/// without a word.
pub fn read_words(path: &Path) -> Result<Vec<String>> {
    const FORM: &str = "Write one word per line; lines with # are skipped.";
    let text = read(path, FORM)?;
    let mut words = Vec::new();
    for (number, line) in lines(&text) {
        let parts = line.split(|c: char| c.is_whitespace() || c == ',');
        for word in parts.map(unquoted).filter(|w| !w.is_empty()) {
            if !is_plain(word) {
                let what = format!("line {number} has {word:?}, which is not one word of letters");
                return Err(fault(path, &what, FORM));
            }
            words.push(word.to_owned());
        }
    }
    if words.is_empty() {
        return Err(fault(path, "holds no words", FORM));
    }
    Ok(words)
}

fn read(path: &Path, form: &str) -> Result<String> {
    let bytes = read_all(path, TEXT).map_err(Error::io("read", path))?;
    String::from_utf8(bytes).map_err(|_| fault(path, "is not text in UTF-8", form))
}

/// Lines with content, and their numbers from 1.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let numbered = text
        .lines()
        .enumerate()
        .map(|(i, line)| (i + 1, line.trim()));
    numbered.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
}

fn unquoted(text: &str) -> &str {
    text.trim().trim_matches('"').trim()
}

fn fault(path: &Path, what: &str, form: &str) -> Error {
    Error::request(format!("{}: {what}", path.display()), form)
}
