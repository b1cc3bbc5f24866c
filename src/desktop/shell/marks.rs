//! Captions with some of their words underlined.

use super::bidi;
use egui::text::LayoutJob;
use egui::{Color32, FontId, Galley, Painter, Pos2, Role, Sense, Stroke, Ui, Vec2, WidgetInfo};
use std::ops::Range;
use std::sync::Arc;

/// A caption in one font and colour, some of its words underlined. The lines are drawn beside the text: a piece of text
/// for each word and each gap would take several times as long to lay out, and long lists lay out many captions at once.
pub struct Underlined {
    galley: Arc<Galley>,
    /// The words, as characters of the text, rising.
    words: Vec<Range<usize>>,
    line: Stroke,
}

/// How much room a caption has.
#[derive(Clone, Copy)]
pub struct Room {
    /// Width of a row, in points.
    pub wide: f32,
    /// Rows at most.
    pub rows: usize,
}

impl Underlined {
    /// Lays out `text`, `words` (its bytes, rising) underlined in `line`. In scripts that run from right to left no word
    /// is: they do not stand in the order of the text.
    pub fn new(
        ui: &Ui,
        text: &str,
        words: &[Range<usize>],
        font: FontId,
        [colour, line]: [Color32; 2],
        room: Room,
    ) -> Self {
        let mut job = LayoutJob::simple(text.to_owned(), font, colour, room.wide);
        job.wrap.max_rows = room.rows;
        let words = if bidi::runs_left(text) { &[] } else { words };
        Self {
            galley: bidi::galley(ui, job),
            words: characters(text, words),
            line: Stroke::new(1.5, line),
        }
    }

    /// Its size, in points.
    pub fn size(&self) -> Vec2 {
        self.galley.size()
    }

    /// Draws it with its upper left corner at `at`.
    pub fn paint(&self, painter: &Painter, at: Pos2, colour: Color32) {
        painter.galley(at, Arc::clone(&self.galley), colour);
        for (across, down) in self.lines() {
            let across = across.start + at.x..=across.end + at.x;
            painter.hline(
                across,
                painter.round_to_pixel_center(down + at.y),
                self.line,
            );
        }
    }

    /// Adds it as a label.
    pub fn label_ui(&self, ui: &mut Ui, colour: Color32) {
        let (rect, response) = ui.allocate_exact_size(self.size(), Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, self.galley.text()));
        self.paint(ui.painter(), rect.min, colour);
    }

    /// The lines under the words, in points from the corner: from where to where, and how far down.
    fn lines(&self) -> Vec<(Range<f32>, f32)> {
        let mut lines = Vec::new();
        let mut begun = 0;
        for row in &self.galley.rows {
            let glyphs = &row.row.glyphs;
            for word in &self.words {
                let within = |n: usize| n.saturating_sub(begun).min(glyphs.len());
                if let [first, .., last] | [first @ last] =
                    &glyphs[within(word.start)..within(word.end)]
                {
                    let [left, right] = [first.logical_rect(), last.logical_rect()];
                    let across = left.left() + row.pos.x..right.right() + row.pos.x;
                    lines.push((across, left.bottom() + row.pos.y));
                }
            }
            begun += glyphs.len() + usize::from(row.ends_with_newline);
        }
        lines
    }
}

/// The bytes of `text` as characters.
fn characters(text: &str, words: &[Range<usize>]) -> Vec<Range<usize>> {
    let (mut bytes, mut count) = (0, 0);
    let mut character = |byte: usize| {
        count += text[bytes..byte].chars().count();
        bytes = byte;
        count
    };
    words
        .iter()
        .map(|word| character(word.start)..character(word.end))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::retrieval::differing;

    /// The lines under the words of `a` that `b` does not have, laid out in rows this wide, with what stands over each.
    fn lined(a: &str, b: &str, wide: f32) -> Vec<String> {
        let [words, _] = differing(a, b);
        let mut found = Vec::new();
        let _ = egui::Context::default().run_ui(egui::RawInput::default(), |ui| {
            let room = Room { wide, rows: 9 };
            let inks = [Color32::WHITE, Color32::RED];
            let laid = Underlined::new(ui, a, &words, FontId::default(), inks, room);
            let over = |(across, down): &(Range<f32>, f32)| {
                let rows = laid.galley.rows.iter();
                let glyphs =
                    rows.flat_map(|row| row.row.glyphs.iter().map(move |glyph| (row, glyph)));
                let on = glyphs.filter(|(row, glyph)| {
                    let rect = glyph.logical_rect().translate(row.pos.to_vec2());
                    (rect.bottom() - down).abs() < 0.5 && across.contains(&rect.center().x)
                });
                on.map(|(_, glyph)| glyph.chr).collect()
            };
            found = laid.lines().iter().map(over).collect();
        });
        found
    }

    #[test]
    fn the_words_that_differ_have_lines_under_them() {
        assert_eq!(
            lined("A dog with a ball.", "A dog with a stick.", 900.0),
            ["ball"]
        );
        assert_eq!(
            lined("Ein großer Hund läuft", "Ein kleiner Hund läuft", 900.0),
            ["großer"]
        );
        // In rows of their own, and none where nothing differs.
        let rows = lined(
            "A brown dog with one red ball",
            "A black cat with two red ball",
            70.0,
        );
        assert_eq!(rows, ["brown", "dog", "one"]);
        assert!(lined("A dog", "A dog", 900.0).is_empty());
    }
}
