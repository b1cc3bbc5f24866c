//! Which words of a caption another caption does not have.

use super::words::{is_stop_word, spans};
use std::collections::BTreeSet;
use std::ops::Range;

/// Words of a caption that are compared at most: a longer one has no marks.
pub(super) const MOST: usize = 400;

/// The bytes of the words that differ between `a` and `b`, in order: those outside a longest common sequence of words,
/// compared as [`super::words`] reads them. Empty for captions of more than 400 words.
pub fn differing(a: &str, b: &str) -> [Vec<Range<usize>>; 2] {
    let both = [spans(a), spans(b)];
    if both.iter().any(|words| words.len() > MOST) {
        return [Vec::new(), Vec::new()];
    }
    let [a, b] = &both;
    // `longest[i][j]`: words in common of `a` from i on and `b` from j on.
    let wide = b.len() + 1;
    let mut longest = vec![0_u16; (a.len() + 1) * wide];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            longest[i * wide + j] = if a[i].1 == b[j].1 {
                longest[(i + 1) * wide + j + 1] + 1
            } else {
                longest[(i + 1) * wide + j].max(longest[i * wide + j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut only = [Vec::new(), Vec::new()];
    while i < a.len() || j < b.len() {
        if i < a.len() && j < b.len() && a[i].1 == b[j].1 {
            (i, j) = (i + 1, j + 1);
        } else if j == b.len()
            || (i < a.len() && longest[(i + 1) * wide + j] >= longest[i * wide + j + 1])
        {
            only[0].push(a[i].0.clone());
            i += 1;
        } else {
            only[1].push(b[j].0.clone());
            j += 1;
        }
    }
    only
}

/// The words of some captions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said(BTreeSet<String>);

impl Said {
    /// The words of `captions`.
    pub fn by<'a>(captions: impl IntoIterator<Item = &'a String>) -> Self {
        let all = captions.into_iter().flat_map(|caption| spans(caption));
        Self(all.map(|(_, word)| word).collect())
    }

    /// The bytes of the words of `text` that are not among them; words that name nothing are left out.
    pub fn lacks(&self, text: &str) -> Vec<Range<usize>> {
        let is_new = |word: &str| !is_stop_word(word) && !self.0.contains(word);
        let all = spans(text).into_iter();
        all.filter(|(_, word)| is_new(word))
            .map(|(range, _)| range)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str, ranges: &[Range<usize>]) -> Vec<String> {
        ranges.iter().map(|r| text[r.clone()].to_owned()).collect()
    }

    #[test]
    fn what_differs_is_what_is_in_no_common_sequence() {
        let (a, b) = (
            "A brown dog swims with an orange ball.",
            "A dog swims with a stick, quickly",
        );
        let [left, right] = differing(a, b);
        assert_eq!(said(a, &left), ["brown", "an", "orange", "ball"]);
        assert_eq!(said(b, &right), ["a", "stick", "quickly"]);
        let [left, right] = differing("The DOG's bone", "the dog bone!");
        assert!(left.is_empty() && right.is_empty());
        let [left, right] = differing("x y", "");
        assert_eq!((said("x y", &left).len(), right.len()), (2, 0));
    }

    #[test]
    fn what_no_other_says_is_found() {
        let text = "A dog with a stick in the water";
        let own = ["The dog swims in water".to_owned(), "A wet dog".to_owned()];
        assert_eq!(said(text, &Said::by(&own).lacks(text)), ["stick"]);
        let nothing = Said::default();
        assert_eq!(said(text, &nothing.lacks(text)), ["dog", "stick", "water"]);
    }
}
