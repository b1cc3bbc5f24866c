//! A tour of a view: cards with a heading and a text, one after the other.

use super::theme::tokens;
use super::widgets::{primary, weak};
use egui::{CornerRadius, Frame, Margin, RichText, Stroke, Ui};

/// A card: its heading and what it tells.
pub type Card = (&'static str, &'static str);

/// Draws card `at` of `cards`, where a tour is under way, with `first` on the button of the first; true where that was
/// clicked.
pub fn tour_card_ui(ui: &mut Ui, at: &mut Option<usize>, cards: &[Card], first: &str) -> bool {
    let Some(card) = *at else { return false };
    let t = tokens(ui);
    let (heading, text) = cards[card.min(cards.len() - 1)];
    let mut begun = false;
    Frame::NONE
        .fill(t.raised)
        .stroke(Stroke::new(1.0, t.accent))
        .corner_radius(CornerRadius::same(6))
        .inner_margin(Margin::symmetric(14, 10))
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.horizontal(|ui| {
                ui.label(RichText::new(heading).size(14.5).strong().color(t.text));
                weak(ui, format!("{} of {}", card + 1, cards.len()));
            });
            ui.add(egui::Label::new(RichText::new(text).color(t.text)).wrap());
            ui.add_space(4.0);
            ui.horizontal(|ui| {
                let is_last = card + 1 == cards.len();
                let next = match (card, is_last) {
                    (0, _) => first,
                    (_, true) => "End the tour",
                    _ => "Next",
                };
                if primary(ui, next).clicked() {
                    begun = card == 0;
                    *at = (!is_last).then_some(card + 1);
                }
                if card > 0 && ui.button("Back").clicked() {
                    *at = Some(card - 1);
                }
                if !is_last && ui.button("Leave").clicked() {
                    *at = None;
                }
            });
        });
    ui.add_space(8.0);
    begun
}
