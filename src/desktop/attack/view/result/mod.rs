//! What came of an attack, and how far its gradient can be trusted.

mod banner;
mod verdict;

pub use banner::banner_ui;

use super::View;
use crate::attack::{AttackResult, CaptionRanking, Goal, Norm, gradient_fault, levels_and_value};
use crate::desktop::attack::Reach;
use crate::desktop::core;
use crate::desktop::shell::terms::{Explained, Term};
use crate::desktop::shell::theme::{Tokens, tokens};
use crate::desktop::shell::widgets::{grouped, heading, score, signed};
use crate::retrieval::Side;
use egui::{Color32, RichText, Sense, Ui};
use verdict::{Tone, gradient_notes, verdict};

/// The figures of `result`.
pub fn result_ui(ui: &mut Ui, result: &AttackResult) {
    let t = tokens(ui);
    let (text, tone) = verdict(result);
    let colour = match tone {
        Tone::Good => t.good,
        Tone::Bad => t.bad,
        Tone::Doubtful => t.warn,
    };
    ui.add(egui::Label::new(RichText::new(text).color(colour)).wrap());
    for said in gradient_notes(result) {
        ui.add(egui::Label::new(RichText::new(said).color(t.warn)).wrap());
    }
    let (before, after) = (&result.before, &result.after);
    let arrow = |a: String, b: String| format!("{a} → {b}");
    let hits = |a: Option<crate::compute::Hit>, b: Option<crate::compute::Hit>| {
        Some(arrow(score(a?.score), score(b?.score)))
    };
    let mut rows: Vec<(&str, String, Color32)> = Vec::new();
    if let Some(text) = hits(before.right, after.right) {
        rows.push(("Right caption", text, t.text));
        let text = arrow(grouped(before.rank as usize), grouped(after.rank as usize));
        let colour = if after.rank > before.rank {
            t.bad
        } else {
            t.text
        };
        rows.push(("Its rank", text, colour));
    }
    match result.goal {
        Goal::Win => {
            if let (Some((a, r)), Some((b, s))) = (before.target, after.target) {
                rows.push(("Target", arrow(score(a.score), score(b.score)), t.text));
                let colour = if s < r { t.bad } else { t.text };
                rows.push((
                    "Its rank",
                    arrow(grouped(r as usize), grouped(s as usize)),
                    colour,
                ));
            }
        }
        Goal::Lose => {
            if let Some(text) = hits(before.wrong, after.wrong) {
                rows.push(("Hardest wrong", text, t.text));
            }
        }
        Goal::Match | Goal::Away => {
            let (a, b) = (before.verdict, after.verdict);
            rows.push(("Own place", arrow(score(a.right), score(b.right)), t.text));
            if result.goal == Goal::Match {
                rows.push((
                    "Other picture",
                    arrow(score(a.wrong), score(b.wrong)),
                    t.text,
                ));
            }
        }
    }
    let margins = (margin(result.goal, before), margin(result.goal, after));
    rows.push((
        "Margin",
        arrow(signed(margins.0, 3), signed(margins.1, 3)),
        t.text,
    ));
    rows.extend(sizes(result, &t));
    rows.push(rounded(result, &t));
    let mut cost = Vec::new();
    if result.gradients > 0 {
        cost.push(format!("{} gradients", grouped(result.gradients as usize)));
    }
    cost.push(format!("{} queries", grouped(result.queries as usize)));
    rows.push(("Used", cost.join(", "), t.text));
    rows.push(("Time", format!("{:.2} s", result.seconds), t.text));
    for (name, value, colour) in rows {
        row_ui(ui, name, &value, colour, &t);
    }
}

/// By how much the model is right: of captions the best right one less the hardest wrong one, of pictures the cosine to
/// its own place less that to the other.
fn margin(goal: Goal, standing: &CaptionRanking) -> f32 {
    match (goal, standing.right, standing.wrong) {
        (Goal::Lose | Goal::Win, Some(right), Some(wrong)) => right.score - wrong.score,
        _ => -standing.verdict.margin(),
    }
}

/// How large the change is.
fn sizes(result: &AttackResult, t: &Tokens) -> Vec<(&'static str, String, Color32)> {
    let size = &result.size;
    let linf = levels_and_value(size.linf);
    let mut rows = vec![
        ("l-inf", linf, t.text),
        ("l2", format!("{:.3}", size.l2), t.text),
    ];
    match result.settings.threat.norm {
        Norm::L1 => rows.push(("l1", format!("{:.1}", size.l1), t.text)),
        Norm::L0 | Norm::Free => {
            let all = result.grid.plane();
            let text = format!("{} of {}", grouped(size.l0 as usize), grouped(all));
            rows.push(("Pixels", text, t.text));
        }
        _ => {}
    }
    rows
}

/// What is left of it in a saved picture.
fn rounded(result: &AttackResult, t: &Tokens) -> (&'static str, String, Color32) {
    let (exact, saved) = (&result.after, &result.rounded);
    let rank = match saved.rank {
        0 => String::new(),
        r => format!(", rank {}", grouped(r as usize)),
    };
    let (word, colour) = match (exact.verdict.fooled, saved.verdict.fooled) {
        (true, true) => ("holds", t.bad),
        (true, false) => ("breaks", t.good),
        (false, true) => ("reached only then", t.warn),
        (false, false) => ("stands", t.text),
    };
    ("After 8 bits", format!("{word}{rank}"), colour)
}

fn row_ui(ui: &mut Ui, name: &str, value: &str, colour: Color32, t: &Tokens) {
    let size = egui::vec2(ui.available_width() - 4.0, 24.0);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    response.widget_info(|| {
        egui::WidgetInfo::labeled(egui::Role::Label, true, format!("{name}: {value}"))
    });
    if let Some(term) = Term::named(name) {
        response.explained(term);
    }
    let line = egui::Stroke::new(1.0, t.line);
    ui.painter()
        .hline(rect.x_range(), rect.bottom() + 3.0, line);
    let font = || egui::FontId::proportional(13.0);
    let left = rect.left_center();
    ui.painter()
        .text(left, egui::Align2::LEFT_CENTER, name, font(), t.weak);
    let at = rect.left_center() + egui::vec2(104.0, 0.0);
    ui.painter()
        .text(at, egui::Align2::LEFT_CENTER, value, font(), colour);
}

/// Whether the gradient is exact, approximate or missing.
pub fn gradient_ui(ui: &mut Ui, view: &mut View<'_>) {
    let session = view.session;
    let t = tokens(ui);
    heading(ui, "Gradient");
    let card = session.open.cards().iter().find(|c| c.side == Side::Image);
    let card = card.and_then(|c| c.card.as_ref().ok());
    let (dot, text) = match (view.state.reach(session.now()), card) {
        (Reach::Blocked(_), _) => (t.bad, "none: attacks by queries only".to_owned()),
        (Reach::Unknown, _) => (t.weak, "looking for it…".to_owned()),
        (Reach::Open, Some(card)) => {
            let operators: usize = card.survey.ops.values().map(|(n, _)| n).sum();
            let approximate = card.survey.approximate.join(", ");
            let check = card
                .measured
                .as_ref()
                .and_then(crate::grad::Measured::check);
            let mut text = match (gradient_fault(card), approximate.is_empty()) {
                (Some(fault), _) => fault,
                (None, true) => format!("exact, all {} operators", grouped(operators)),
                (None, false) => format!("approximate through {approximate}"),
            };
            if let Some(error) = check.filter(|c| c.passed).and_then(|c| c.max_rel_error) {
                text.push_str(&format!(" · self-check {error:.0e}").replace('-', "−"));
            }
            let dot = match (card.fault(), approximate.is_empty()) {
                (Some(_), _) => t.bad,
                (None, true) => t.good,
                (None, false) => t.warn,
            };
            (dot, text)
        }
        (Reach::Open, None) if !view.state.approximate(session.now()).is_empty() => (
            t.warn,
            format!(
                "approximate through {}, not checked",
                view.state.approximate(session.now()).join(", ")
            ),
        ),
        (Reach::Open, None) => (t.weak, "reaches every pixel, not checked".to_owned()),
    };
    ui.horizontal(|ui| {
        let (rect, _) = ui.allocate_exact_size(egui::vec2(8.0, 16.0), Sense::hover());
        ui.painter().circle_filled(rect.center(), 3.5, dot);
        ui.add(egui::Label::new(text).wrap());
    });
    if card.is_none() && *view.state.reach(session.now()) == Reach::Open {
        let hint = "Compare the gradient with central differences of the model";
        if ui.button("Check it").on_hover_text(hint).clicked() {
            view.ask(core::Command::ShowModels);
        }
    }
}
