//! Captions in scripts that run from right to left.
//!
//! The font engine shapes each word in its own direction but puts words from left to right. Here text is broken into
//! rows in the order of memory, and the words of each row are put in the order of the screen (Unicode's bidirectional
//! algorithm, UAX 9), each as a piece of its own so that the engine does not join them again. Text without such scripts
//! is laid out as ever. The name that assistive software reads stays in the order of memory.

use egui::text::{ByteIndex, LayoutJob, LayoutSection, TextFormat};
use egui::{
    Align, FontSelection, Galley, Label, Response, RichText, Role, Ui, WidgetInfo, WidgetText,
};
use std::ops::Range;
use std::sync::Arc;
use unicode_bidi::{BidiClass, BidiInfo, bidi_class};

/// Lays out `job`. A text that runs from right to left is in one format, its last.
pub fn galley(ui: &Ui, job: LayoutJob) -> Arc<Galley> {
    if !runs_left(&job.text) {
        return ui.painter().layout_job(job);
    }
    let Some(format) = job.sections.last().map(|s| s.format.clone()) else {
        return ui.painter().layout_job(job);
    };
    let text = job.text.clone();
    let rows = rows(&ui.painter().layout_job(job), &text);
    ui.painter().layout_job(arranged(&text, &rows, &format))
}

/// A label of `text` in at most `rows` rows.
pub fn label(ui: &mut Ui, text: RichText, rows: usize) -> Response {
    if !runs_left(text.text()) {
        let label = Label::new(text);
        return ui.add(if rows == 1 {
            label.truncate()
        } else {
            label.wrap()
        });
    }
    let said = text.text().to_owned();
    let text = WidgetText::from(text);
    let job = text.into_layout_job(ui.style(), FontSelection::Default, Align::BOTTOM);
    let mut job = (*job).clone();
    job.wrap.max_width = ui.available_width();
    job.wrap.max_rows = rows;
    let galley = galley(ui, job);
    let response = ui.add(Label::new(galley));
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &said));
    response
}

/// What is told of a thing under the pointer.
pub fn hover(response: Response, text: &str) -> Response {
    response.on_hover_ui(|ui| {
        label(ui, RichText::new(text), usize::MAX);
    })
}

/// Has the text a letter of a script that runs from right to left?
pub fn runs_left(text: &str) -> bool {
    // All such scripts lie from the Hebrew block on.
    !text.is_ascii()
        && text
            .chars()
            .any(|c| c >= '\u{590}' && matches!(bidi_class(c), BidiClass::R | BidiClass::AL))
}

/// The bytes of each row of `galley`, which lays out `text`; what was cut off stays out.
fn rows(galley: &Galley, text: &str) -> Vec<(Range<usize>, bool)> {
    let last = galley.rows.len().saturating_sub(1);
    let mut start = 0;
    let mut found = Vec::new();
    for (n, row) in galley.rows.iter().enumerate() {
        let elided = galley.elided && n == last;
        let count = row.row.glyphs.len() - usize::from(elided && !row.row.glyphs.is_empty());
        let end = text[start..]
            .char_indices()
            .nth(count)
            .map_or(text.len(), |(at, _)| start + at);
        found.push((start..end, elided));
        start = end;
        if row.ends_with_newline {
            start = (start + 1).min(text.len());
        }
    }
    found
}

/// The text as it stands on the screen, from left to right, its rows joined by line breaks.
fn arranged(text: &str, rows: &[(Range<usize>, bool)], format: &TextFormat) -> LayoutJob {
    let mut job = LayoutJob::default();
    job.wrap.max_width = f32::INFINITY;
    for (n, (row, elided)) in rows.iter().enumerate() {
        let mut pieces = pieces(text, row.clone(), *elided);
        if n + 1 < rows.len() {
            pieces.push("\n".into());
        }
        for piece in pieces {
            let start = job.text.len();
            job.text += &piece;
            job.sections.push(LayoutSection {
                leading_space: 0.0,
                byte_range: ByteIndex(start)..ByteIndex(job.text.len()),
                format: format.clone(),
            });
        }
    }
    job
}

/// The pieces of a row from left to right: words, and what stands between them. Where the rest was cut off, an ellipsis
/// ends the row, on the left where the row runs left.
fn pieces(text: &str, row: Range<usize>, elided: bool) -> Vec<String> {
    let row = row.start..row.start + text[row.clone()].trim_end().len();
    let info = BidiInfo::new(text, None);
    let of =
        |p: &&unicode_bidi::ParagraphInfo| p.range.start <= row.start && row.end <= p.range.end;
    let Some(paragraph) = info.paragraphs.iter().find(of) else {
        return vec![text[row].to_owned()];
    };
    let (levels, runs) = info.visual_runs(paragraph, row);
    let mut found = Vec::new();
    for run in runs {
        if !levels[run.start].is_rtl() {
            found.push(text[run].to_owned());
            continue;
        }
        let mut words: Vec<String> = Vec::new();
        let mut inside = false;
        for c in text[run].chars() {
            let joins = joins(c, inside);
            match words.last_mut() {
                Some(word) if joins && inside => word.push(c),
                _ => words.push(mirrored(c).to_string()),
            }
            inside = joins;
        }
        words.reverse();
        found.extend(words);
    }
    if elided {
        let at = if paragraph.level.is_rtl() {
            0
        } else {
            found.len()
        };
        found.insert(at, "…".into());
    }
    found
}

/// Is `c` part of a word, where the character before is (`inside`) or not?
fn joins(c: char, inside: bool) -> bool {
    match bidi_class(c) {
        BidiClass::R | BidiClass::AL => true,
        // Marks and joiners go with their letter.
        BidiClass::NSM | BidiClass::BN => inside,
        _ => false,
    }
}

/// A bracket in a text that runs left is seen from the other side.
fn mirrored(c: char) -> char {
    const PAIRS: [(char, char); 7] = [
        ('(', ')'),
        ('[', ']'),
        ('{', '}'),
        ('<', '>'),
        ('«', '»'),
        ('‹', '›'),
        ('≤', '≥'),
    ];
    let other = |&(a, b): &(char, char)| match c {
        _ if c == a => Some(b),
        _ if c == b => Some(a),
        _ => None,
    };
    PAIRS.iter().find_map(other).unwrap_or(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn screen(text: &str) -> String {
        pieces(text, 0..text.len(), false).join("|")
    }

    #[test]
    fn words_run_from_right_to_left() {
        assert_eq!(screen("רץ על הדשא"), "הדשא| |על| |רץ");
        assert_eq!(screen("رجل يركب حصانًا"), "حصانًا| |يركب| |رجل");
        // A full stop stands on the left, a bracket is seen from the other side.
        assert_eq!(screen("ילד (כלב)."), ".|(|כלב|)| |ילד");
        // Numbers and Latin words run right within.
        assert_eq!(screen("כלב 12 Red Bull רץ"), "רץ| |Red Bull| |12| |כלב");
        assert_eq!(screen("the word כלב רץ here"), "the word |רץ| |כלב| here");
    }

    #[test]
    fn rows_keep_their_own_words() {
        let text = "ילד רץ על הדשא";
        let first = "ילד רץ ".len();
        let rows = [(0..first, false), (first..text.len(), true)];
        let job = arranged(text, &rows, &TextFormat::default());
        assert_eq!(job.text, "רץ ילד\n…הדשא על");
    }

    #[test]
    fn other_scripts_are_left_alone() {
        assert!(!runs_left("a dog · 狗 · собака — 1½"));
        assert!(runs_left("a כלב") && runs_left("كلب"));
    }

    #[test]
    fn chinese_and_japanese_break_between_signs_and_never_before_a_stop() {
        let ctx = egui::Context::default();
        let text = "一只棕色的狗在草地上奔跑。男孩在河边看书，狗在睡觉。犬が公園で走っている。";
        let mut rows = Vec::new();
        let _ = ctx.run_ui(egui::RawInput::default(), |ui| {
            let font = egui::FontId::proportional(13.0);
            let job = LayoutJob::simple(text.to_owned(), font, egui::Color32::WHITE, 50.0);
            let galley = galley(ui, job);
            rows = galley.rows.iter().map(|row| row.text()).collect();
        });
        assert!(rows.len() > 3, "{rows:?}");
        assert_eq!(rows.concat(), text);
        for row in &rows {
            assert!(!row.starts_with(['。', '，']), "{rows:?}");
        }
    }
}
