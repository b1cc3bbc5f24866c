//! What attacks say of the closed form.

use super::View;
use crate::attack::confirm::{Agreement, Confirmed};
use crate::desktop::linear::{Attacked, Command, Kind, Slot};
use crate::desktop::shell::theme::tokens;
use crate::desktop::shell::widgets::{heading, primary, weak};
use egui::{Align, Label, Layout, RichText, Ui};

/// Draws the section.
pub fn agree_ui(ui: &mut Ui, view: &mut View<'_>) {
    heading(ui, "Do attacks agree?");
    let attacked = view.state.attacked(view.session.now()).cloned();
    if let Some(attacked) = &attacked {
        found_ui(ui, attacked);
    } else {
        weak(
            ui,
            "Exports the classifier and attacks it with the attack lab's attacks: none may beat the exact radius.",
        );
    }
    ui.horizontal(|ui| {
        if view.is_running(Slot::Confirm) {
            if ui.button("Cancel").clicked() {
                view.cancel(Slot::Confirm);
            }
        } else if primary(ui, "Attack it").clicked() {
            view.own(Command::Confirm);
        }
        let hint = "Writes the classifier as a model: two logits of a picture";
        if ui.button("Save ONNX…").on_hover_text(hint).clicked() {
            view.own(Command::Export(Kind::Model));
        }
    });
}

/// For each norm and attack, from which to which multiple of the exact radius it needed.
fn found_ui(ui: &mut Ui, attacked: &Attacked) {
    let t = tokens(ui);
    let count = |agreement: Agreement| {
        let all = attacked.found.iter();
        all.filter(|found| found.agreement() == agreement).count()
    };
    let (beaten, short) = (count(Agreement::Beaten), count(Agreement::NotReached));
    let (words, colour) = match (beaten, short) {
        (0, 0) => (
            "Every attack finds the exact radius, and none beats it.".to_owned(),
            t.good,
        ),
        (0, short) => (
            format!("None beats the exact radius; {short} attacks on rows stayed short of it."),
            t.warn,
        ),
        (beaten, _) => (
            format!("{beaten} attacks on rows beat the exact radius."),
            t.bad,
        ),
    };
    ui.add(Label::new(RichText::new(words).color(colour)).wrap());
    let mut lines: Vec<(&Confirmed, f64, f64, bool)> = Vec::new();
    for found in &attacked.found {
        let ratio = found.ratio();
        let known = lines
            .iter_mut()
            .find(|(first, ..)| first.method == found.method && first.norm == found.norm);
        match (known, ratio) {
            (Some(line), Some(ratio)) => {
                line.1 = line.1.min(ratio);
                line.2 = line.2.max(ratio);
            }
            (Some(line), None) => line.3 = true,
            (None, Some(ratio)) => lines.push((found, ratio, ratio, false)),
            (None, None) => lines.push((found, f64::INFINITY, f64::NEG_INFINITY, true)),
        }
    }
    for (found, least, most, short) in lines {
        ui.horizontal(|ui| {
            let name = format!("{}, {}", found.method.title(), found.norm.title());
            ui.label(RichText::new(name).size(12.0).color(t.weak));
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let mut told = if least.is_finite() {
                    format!("{least:.4} to {most:.4}")
                } else {
                    String::new()
                };
                if short {
                    told.push_str(" > 1.05");
                }
                ui.label(RichText::new(told.trim()).size(12.0).color(t.text));
            });
        });
    }
    weak(
        ui,
        format!(
            "Found radius over the exact one, {} rows, {:.1} s.",
            attacked.rows, attacked.seconds
        ),
    );
}
