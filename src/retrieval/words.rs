//! The words of captions.

use std::ops::Range;

/// English words that name nothing: articles, prepositions, pronouns, auxiliaries, conjunctions, counting words.
/// Sorted.
pub const STOP_WORDS: [&str; 131] = [
    "a", "about", "above", "across", "after", "against", "all", "along", "also", "am", "among",
    "an", "and", "another", "any", "are", "around", "as", "at", "away", "be", "been", "before",
    "behind", "being", "below", "beneath", "beside", "between", "both", "but", "by", "can",
    "could", "did", "do", "does", "down", "during", "each", "either", "few", "for", "from", "had",
    "has", "have", "he", "her", "here", "hers", "him", "his", "how", "i", "if", "in", "inside",
    "into", "is", "it", "its", "itself", "just", "many", "may", "me", "more", "most", "my", "near",
    "next", "no", "nor", "not", "of", "off", "on", "one", "onto", "or", "other", "others", "our",
    "out", "outside", "over", "own", "past", "several", "she", "so", "some", "than", "that", "the",
    "their", "them", "then", "there", "these", "they", "this", "those", "through", "to",
    "together", "too", "toward", "towards", "under", "until", "up", "upon", "very", "was", "we",
    "were", "what", "when", "where", "which", "while", "who", "whose", "will", "with", "within",
    "without", "you", "your",
];

/// Is `word` (in lower case) one that names nothing?
pub fn is_stop_word(word: &str) -> bool {
    STOP_WORDS.binary_search(&word).is_ok()
}

/// The words of a caption in order: lower case, without punctuation; an apostrophe or a hyphen between letters stays,
/// a possessive 's does not.
pub fn words(caption: &str) -> Vec<String> {
    let all = spans(caption).into_iter();
    all.map(|(_, word)| word).collect()
}

/// The same words with the bytes that each has in the caption.
pub(super) fn spans(caption: &str) -> Vec<(Range<usize>, String)> {
    caption
        .split(|c: char| !(c.is_alphanumeric() || matches!(c, '\'' | '’' | '-')))
        .filter_map(|part| {
            let written = part.trim_matches(|c: char| !c.is_alphanumeric());
            let word = written.to_lowercase().replace('’', "'");
            let word = word.strip_suffix("'s").unwrap_or(&word);
            let at = written.as_ptr() as usize - caption.as_ptr() as usize;
            (!word.is_empty()).then(|| (at..at + written.len(), word.to_owned()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_lower_case_and_bare() {
        let caption = "A dog's T-shirt -- \"Don’t\", it said; 2 CAFÉS (rock'n'roll) 's - .";
        let expected = "a dog t-shirt don't it said 2 cafés rock'n'roll s";
        assert_eq!(words(caption).join(" "), expected);
        assert!(words(" ,.! ").is_empty());
    }

    #[test]
    fn stop_words_are_sorted() {
        assert!(STOP_WORDS.windows(2).all(|w| w[0] < w[1]));
        assert!(is_stop_word("the") && !is_stop_word("dog"));
    }
}
