//! Captions with some of their words underlined.

use super::bidi;
use egui::text::LayoutJob;
use egui::{Color32, FontId, Stroke, TextFormat};
use std::ops::Range;

/// `text` in one font and colour, `words` (its bytes, rising) underlined in `line`. In scripts that run from right to left
/// no word is: their words are laid out one by one.
pub fn underlined(
    text: &str,
    words: &[Range<usize>],
    font: &FontId,
    colour: Color32,
    line: Color32,
) -> LayoutJob {
    let mut job = LayoutJob::default();
    let plain = TextFormat::simple(font.clone(), colour);
    let marked = TextFormat {
        underline: Stroke::new(1.5, line),
        ..plain.clone()
    };
    let words = if bidi::runs_left(text) { &[] } else { words };
    let mut at = 0;
    for word in words {
        job.append(&text[at..word.start], 0.0, plain.clone());
        job.append(&text[word.clone()], 0.0, marked.clone());
        at = word.end;
    }
    job.append(&text[at..], 0.0, plain);
    job
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::retrieval::differing;

    #[test]
    fn the_words_that_differ_are_underlined_and_the_text_stays() {
        let (a, b) = ("A dog with a ball.", "A dog with a stick.");
        let [marks, _] = differing(a, b);
        let job = underlined(a, &marks, &FontId::default(), Color32::WHITE, Color32::RED);
        assert_eq!(job.text, a);
        let lined: Vec<&str> = job
            .sections
            .iter()
            .filter(|s| s.format.underline != Stroke::NONE)
            .map(|s| &a[s.byte_range.start.0..s.byte_range.end.0])
            .collect();
        assert_eq!(lined, ["ball"]);
    }
}
