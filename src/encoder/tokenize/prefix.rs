//! As much of a long text as its tokens are made of: a tokenizer takes hundreds of times a text's size in memory, and all
//! but the first tokens are cut off afterwards.

use super::guarded;
use rayon::prelude::*;
use tokenizers::{Result, Tokenizer, TruncationDirection};

/// Texts up to so many bytes are tokenized whole.
const WHOLE: usize = 4096;
/// How much longer each try is.
const GROWTH: usize = 4;
/// Where words are not divided by spaces, or normalisation joins them, the last tokens of a part may be others than in the
/// whole text: so many more than the limit are asked for.
const SPARE: usize = 64;

/// For each text the part that all the tokens which `library` leaves of it are made of: the text itself where it is short
/// or nothing is cut off.
pub(super) fn of_all<'a>(library: &Tokenizer, texts: &[&'a str]) -> Result<Vec<&'a str>> {
    let Some(cut) = library.get_truncation().cloned() else {
        return Ok(texts.to_vec());
    };
    if texts.iter().all(|t| t.len() <= WHOLE) {
        return Ok(texts.to_vec());
    }
    let mut uncut = library.clone();
    uncut.with_truncation(None)?;
    let wanted = cut.max_length + SPARE;
    texts
        .par_iter()
        .map(|text| of(&uncut, text, cut.direction, wanted))
        .collect()
}

fn of<'a>(
    uncut: &Tokenizer,
    text: &'a str,
    direction: TruncationDirection,
    wanted: usize,
) -> Result<&'a str> {
    let mut size = WHOLE;
    while size < text.len() {
        let part = match direction {
            TruncationDirection::Right => &text[..text.floor_char_boundary(size)],
            TruncationDirection::Left => &text[text.ceil_char_boundary(text.len() - size)..],
        };
        if guarded(|| uncut.encode_fast(part, false))?.len() > wanted {
            return Ok(part);
        }
        size = size.saturating_mul(GROWTH);
    }
    Ok(text)
}
