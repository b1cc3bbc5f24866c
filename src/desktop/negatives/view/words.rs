//! A caption with its words coloured by what they carry.

use crate::attack::caption::{Importance, Weight};
use crate::desktop::shell::bidi;
use crate::desktop::shell::theme::{Tokens, tokens};
use crate::desktop::shell::widgets::signed;
use crate::retrieval::differing;
use egui::{Align, Color32, CornerRadius, FontId, Layout, Role, Sense, Stroke, Ui, WidgetInfo};

/// Draws `weighed`: words that pull the picture on `pull`, the stronger the more; words in neither way plain; those that
/// the caption `other` does not have underlined.
/// `strongest` is the largest change that has the full colour.
pub fn words_ui(ui: &mut Ui, weighed: &Importance, strongest: f32, pull: Color32, other: &str) {
    let t = tokens(ui);
    let layout = match weighed.words.first() {
        Some(word) if bidi::runs_left(&word.text) => Layout::right_to_left(Align::Center),
        _ => Layout::left_to_right(Align::Center),
    };
    let room = egui::vec2(ui.available_width(), ui.spacing().interact_size.y);
    ui.allocate_ui_with_layout(room, layout.with_main_wrap(true), |ui| {
        ui.spacing_mut().item_spacing = egui::vec2(2.0, 3.0);
        ui.spacing_mut().interact_size.y = 18.0;
        let said = weighed.words.iter().map(|w| w.text.as_str());
        let said = said.collect::<Vec<_>>().join(" ");
        let [marks, _] = differing(&said, other);
        let mut at = 0;
        for word in &weighed.words {
            let place = at..at + word.text.len();
            at = place.end + 1;
            let marked = marks
                .iter()
                .any(|m| m.start < place.end && place.start < m.end);
            word_ui(ui, word, strongest, pull, marked, &t);
        }
    });
}

fn word_ui(ui: &mut Ui, word: &Weight, strongest: f32, pull: Color32, marked: bool, t: &Tokens) {
    let change = change(word);
    let share = (-change / strongest.max(1e-9)).clamp(0.0, 1.0);
    let ground = t.panel.lerp_to_gamma(pull, 0.6 * share);
    let font = FontId::proportional(13.0);
    let galley = ui.painter().layout_no_wrap(word.text.clone(), font, t.text);
    let size = galley.size() + egui::vec2(6.0, 3.0);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    let said = format!("{}, without it {}", word.text, signed(change, 3));
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &said));
    ui.painter()
        .rect_filled(rect, CornerRadius::same(3), ground);
    ui.painter()
        .galley(rect.min + egui::vec2(3.0, 1.5), galley, t.text);
    if marked {
        let line = Stroke::new(1.5, pull);
        ui.painter()
            .hline(rect.x_range().shrink(3.0), rect.bottom() - 1.0, line);
    }
    let gradient = word.gradient.map_or_else(String::new, |g| {
        format!("\nGradient × embedding: {}", signed(g, 3))
    });
    response.on_hover_text(format!("Score without it: {}{gradient}", signed(change, 3)));
}

/// What leaving the word out does to the score; 0 where it cannot be left out.
fn change(word: &Weight) -> f32 {
    word.without.map_or(0.0, |w| w.change)
}

/// The largest fall of a score over the words of both captions.
pub fn strongest(both: &[std::sync::Arc<Importance>; 2]) -> f32 {
    let words = both.iter().flat_map(|w| &w.words);
    words.map(|w| -change(w)).fold(0.0, f32::max)
}
