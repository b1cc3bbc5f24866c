//! What captions say, whatever their letters' case and punctuation: equal texts, shared words.

use super::words::{is_stop_word, words};
use crate::error::Result;
use crate::task::Task;
use std::collections::HashMap;

/// Captions, prepared to be compared many times.
#[derive(Debug, Clone, Default)]
pub struct Wording {
    /// Number of each caption's text, equal for equal words in equal order.
    texts: Vec<u32>,
    /// Numbers of the content words of all captions, sorted within each.
    words: Vec<u32>,
    /// Caption `j` has `words[offsets[j]..offsets[j + 1]]`.
    offsets: Vec<u32>,
}

impl Wording {
    /// Reads `captions`.
    ///
    /// # Errors
    /// Cancelled.
    pub fn new(captions: &[String], task: &Task) -> Result<Self> {
        let mut texts = HashMap::<String, u32>::new();
        let mut vocabulary = HashMap::<String, u32>::new();
        let mut out = Self {
            offsets: vec![0],
            ..Self::default()
        };
        for (j, caption) in captions.iter().enumerate() {
            if j.is_multiple_of(1024) {
                task.check()?;
            }
            let all = words(caption);
            let next = texts.len() as u32;
            out.texts.push(*texts.entry(all.join(" ")).or_insert(next));
            // A caption of stop words alone is compared by those.
            let empty = all.iter().all(|word| is_stop_word(word));
            let mut content: Vec<u32> = all
                .into_iter()
                .filter(|word| empty || !is_stop_word(word))
                .map(|word| {
                    let next = vocabulary.len() as u32;
                    *vocabulary.entry(word).or_insert(next)
                })
                .collect();
            content.sort_unstable();
            content.dedup();
            out.words.extend(content);
            out.offsets.push(out.words.len() as u32);
        }
        Ok(out)
    }

    /// Number of captions.
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// Are there none?
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// Do two captions have the same words in the same order?
    pub fn equal(&self, a: usize, b: usize) -> bool {
        self.texts[a] == self.texts[b]
    }

    /// Share of the content words of two captions that both have (Jaccard 1912), in [0, 1].
    pub fn overlap(&self, a: usize, b: usize) -> f32 {
        let (a, b) = (self.content(a), self.content(b));
        let (mut i, mut j, mut both) = (0, 0, 0_usize);
        while i < a.len() && j < b.len() {
            match a[i].cmp(&b[j]) {
                std::cmp::Ordering::Less => i += 1,
                std::cmp::Ordering::Greater => j += 1,
                std::cmp::Ordering::Equal => {
                    both += 1;
                    i += 1;
                    j += 1;
                }
            }
        }
        let either = a.len() + b.len() - both;
        if either == 0 {
            return 0.0;
        }
        both as f32 / either as f32
    }

    fn content(&self, j: usize) -> &[u32] {
        &self.words[self.offsets[j] as usize..self.offsets[j + 1] as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wording(captions: &[&str]) -> Wording {
        let captions: Vec<String> = captions.iter().map(|&c| c.to_owned()).collect();
        Wording::new(&captions, &Task::detached()).expect("not cancelled")
    }

    #[test]
    fn case_and_punctuation_do_not_count() {
        let w = wording(&["A dog runs .", "a DOG, runs!", "runs a dog", "A dog's run"]);
        assert!(w.equal(0, 1) && !w.equal(0, 2) && !w.equal(0, 3));
        assert_eq!(w.overlap(0, 2), 1.0);
    }

    #[test]
    fn overlap_is_of_content_words() {
        // {dog, runs, grass} and {cat, runs, grass}: 2 of 4.
        let w = wording(&[
            "The dog runs in the grass",
            "A cat runs on grass",
            "",
            "the a",
        ]);
        assert_eq!(w.overlap(0, 1), 0.5);
        assert_eq!((w.overlap(0, 2), w.overlap(2, 2)), (0.0, 0.0));
        assert_eq!(w.overlap(3, 3), 1.0, "stop words alone are compared");
    }
}
