//! What rows of embeddings are known by that have no names: their content.

use rayon::prelude::*;
use std::collections::HashSet;

/// Begins a key in words.
const KIND: &str = "blake3:";

/// A key per row: the first 128 bits of the BLAKE3 hash of its values as they are stored (float32, little-endian). It is
/// the same wherever the row stands; rows that are equal share it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RowKeys {
    /// Of the images.
    pub images: Vec<u128>,
    /// Of the captions.
    pub captions: Vec<u128>,
}

impl RowKeys {
    /// The keys of rows of `columns` values.
    pub fn of(values: &[f32], columns: usize) -> Vec<u128> {
        let key = |row: &[f32]| {
            let bytes: Vec<u8> = row.iter().flat_map(|v| v.to_le_bytes()).collect();
            let mut first = [0; 16];
            first.copy_from_slice(&blake3::hash(&bytes).as_bytes()[..16]);
            u128::from_be_bytes(first)
        };
        values.par_chunks_exact(columns.max(1)).map(key).collect()
    }

    /// How many rows of images and of captions are equal to one before them.
    pub fn repeated(&self) -> [usize; 2] {
        [&self.images, &self.captions].map(|keys| {
            let different: HashSet<_> = keys.iter().collect();
            keys.len() - different.len()
        })
    }
}

/// A key in words, as files keep it.
pub(super) fn in_words(key: u128) -> String {
    format!("{KIND}{key:032x}")
}

/// The key that these words are; `None` for any other name.
pub(super) fn of_words(words: &str) -> Option<u128> {
    u128::from_str_radix(words.strip_prefix(KIND)?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_follow_their_rows() {
        let keys = RowKeys::of(&[1.0, 2.0, 3.0, 4.0, 1.0, 2.0], 2);
        let turned = RowKeys::of(&[3.0, 4.0, 1.0, 2.0], 2);
        assert_eq!((keys[0], keys[1]), (turned[1], turned[0]));
        assert_eq!(keys[0], keys[2]);
        let all = RowKeys {
            images: keys.clone(),
            captions: turned,
        };
        assert_eq!(all.repeated(), [1, 0]);
        assert_eq!(of_words(&in_words(keys[0])), Some(keys[0]));
        assert_eq!(of_words("image 1"), None);
    }
}
