//! The words of a caption.

use std::collections::HashSet;
use std::ops::Range;

/// One word of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// As it is written.
    pub text: String,
    /// Its bytes in the text.
    pub span: Range<usize>,
}

impl Word {
    /// The word in small letters.
    pub fn folded(&self) -> String {
        self.text.to_lowercase()
    }

    /// Is it a number?
    pub fn is_number(&self) -> bool {
        is_number(&self.text)
    }
}

/// Does `text` consist of digits alone?
pub(super) fn is_number(text: &str) -> bool {
    !text.is_empty() && text.chars().all(char::is_numeric)
}

/// Does `text` consist of letters alone, or of digits alone?
pub(super) fn is_plain(text: &str) -> bool {
    is_number(text) || (!text.is_empty() && text.chars().all(char::is_alphabetic))
}

/// The words of `text`: runs of letters and digits, with single apostrophes and hyphens inside ("man's", "t-shirt").
pub fn split(text: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut start = None;
    let mut letters = text.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        let follows = letters
            .peek()
            .is_some_and(|(_, next)| next.is_alphanumeric());
        let joins = start.is_some() && matches!(letter, '\'' | '’' | '-') && follows;
        if letter.is_alphanumeric() || joins {
            start.get_or_insert(at);
        } else if let Some(from) = start.take() {
            words.push(from..at);
        }
    }
    words.extend(start.map(|from| from..text.len()));
    let word = |span: Range<usize>| Word {
        text: text.get(span.clone()).unwrap_or_default().to_owned(),
        span,
    };
    words.into_iter().map(word).collect()
}

/// `text` with other words in the place of some: `(index, word)`.
pub(super) fn replaced(text: &str, words: &[Word], changes: &[(usize, &str)]) -> String {
    let mut changed = String::with_capacity(text.len() + 16);
    let mut done = 0;
    for (i, word) in words.iter().enumerate() {
        if let Some((_, new)) = changes.iter().find(|(at, _)| *at == i) {
            changed += text.get(done..word.span.start).unwrap_or_default();
            changed += new;
            done = word.span.end;
        }
    }
    changed + text.get(done..).unwrap_or_default()
}

/// `text` without word `index`, and without the space that would be left double.
pub(super) fn without(text: &str, words: &[Word], index: usize) -> String {
    let Some(word) = words.get(index) else {
        return text.to_owned();
    };
    let before = text.get(..word.span.start).unwrap_or_default();
    let after = text.get(word.span.end..).unwrap_or_default();
    let gap = before.is_empty() || before.ends_with(char::is_whitespace);
    let after = if gap { after.trim_start() } else { after };
    format!("{before}{after}").trim_end().to_owned()
}

/// For each word, the columns of the tokens that stand for it: a token belongs to the word that it shares most bytes
/// with.
pub(super) fn columns(words: &[Word], spans: &[Option<Range<usize>>]) -> Vec<Vec<usize>> {
    let mut columns = vec![Vec::new(); words.len()];
    for (column, span) in spans.iter().enumerate() {
        let Some(span) = span else { continue };
        let shared = |word: &Word| {
            let end = span.end.min(word.span.end);
            end.saturating_sub(span.start.max(word.span.start))
        };
        let most = words.iter().map(shared).enumerate().filter(|(_, n)| *n > 0);
        // Of equal shares the first.
        if let Some((word, _)) = most.max_by_key(|(i, n)| (*n, std::cmp::Reverse(*i))) {
            columns[word].push(column);
        }
    }
    columns
}

/// Words in small letters.
pub(super) fn folded_set<'a>(words: impl IntoIterator<Item = &'a String>) -> HashSet<String> {
    words.into_iter().map(|w| w.to_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<String> {
        split(text).into_iter().map(|w| w.text).collect()
    }

    #[test]
    fn words_are_runs_of_letters() {
        assert_eq!(
            texts("A man's t-shirt , 2 dogs."),
            ["A", "man's", "t-shirt", "2", "dogs"]
        );
        assert_eq!(texts("-'a--b' über"), ["a", "b", "über"]);
        assert!(texts("  ... ").is_empty() && texts("").is_empty());
        for word in split("Zwei ältere Männer – draußen") {
            assert_eq!(
                &"Zwei ältere Männer – draußen"[word.span.clone()],
                word.text
            );
        }
    }

    #[test]
    fn words_are_replaced_and_left_out() {
        let text = "A dog, a cat.";
        let words = split(text);
        assert_eq!(
            replaced(text, &words, &[(3, "bird"), (0, "One")]),
            "One dog, a bird."
        );
        assert_eq!(replaced(text, &words, &[]), text);
        assert_eq!(without(text, &words, 0), "dog, a cat.");
        assert_eq!(without(text, &words, 1), "A , a cat.");
        assert_eq!(without(text, &words, 3), "A dog, a .");
        assert_eq!(without("dog", &split("dog"), 0), "");
        assert_eq!(without(text, &words, 9), text);
    }

    #[test]
    fn tokens_go_to_the_word_they_share_most_with() {
        let words = split("ab cde");
        // The second token starts with the space, as those of SentencePiece do.
        let spans = [None, Some(0..2), Some(2..4), Some(4..6), Some(6..6), None];
        assert_eq!(columns(&words, &spans), [vec![1], vec![2, 3]]);
    }
}
