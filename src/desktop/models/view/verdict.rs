//! What the self-check of a model's gradient says.

use crate::desktop::shell::theme::tokens;
use crate::grad::{Card, Check, LARGEST_ERROR, LEAST_COSINE};
use egui::{Align, Color32, CornerRadius, Frame, Layout, Margin, RichText, Ui};

/// How the check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Passed,
    NotRun,
    Failed,
}

/// Draws the verdict, in the colour of how it ended.
pub fn verdict_ui(ui: &mut Ui, card: &Card) {
    let t = tokens(ui);
    let (outcome, text) = verdict(card);
    let inks = match outcome {
        Outcome::Passed => [t.good, t.good_back],
        Outcome::NotRun => [t.warn, t.raised],
        Outcome::Failed => [t.bad, t.bad_back],
    };
    said_ui(ui, &text, inks);
}

/// Draws a sentence in its ink, on its ground.
pub fn said_ui(ui: &mut Ui, text: &str, [ink, back]: [Color32; 2]) {
    Frame::NONE
        .fill(back)
        .corner_radius(CornerRadius::same(5))
        .inner_margin(Margin::symmetric(10, 8))
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            // The columns would justify it.
            ui.with_layout(Layout::top_down(Align::Min), |ui| {
                ui.label(RichText::new(text).color(ink));
            });
        });
}

/// The verdict in words, with the figure and what it may be.
fn verdict(card: &Card) -> (Outcome, String) {
    let Some(measured) = &card.measured else {
        let text = "Self-check of the gradient: not run. No gradient passes this model, see below.";
        return (Outcome::NotRun, text.to_owned());
    };
    let Some(check) = measured.check() else {
        return (
            Outcome::NotRun,
            "Self-check of the gradient: not run.".to_owned(),
        );
    };
    let outcome = if check.passed && check.compared {
        Outcome::Passed
    } else if check.passed {
        Outcome::NotRun
    } else {
        Outcome::Failed
    };
    (outcome, says(&check, &measured.provider))
}

fn says(check: &Check, provider: &str) -> String {
    let figures = match (check.max_rel_error, check.cosine) {
        (Some(error), Some(cosine)) => format!(
            "It was compared with central differences of the model in {} directions on {provider}: largest difference {error:.1e} of \
             the largest slope (at most {LARGEST_ERROR}), cosine {cosine:.6} (at least {LEAST_COSINE}).",
            check.samples
        ),
        _ => String::new(),
    };
    if check.passed && check.compared {
        return format!("Self-check of the gradient: passed. {figures}");
    }
    if check.passed {
        return "Self-check of the gradient: not compared. It is finite and not zero; the differences of a model that rounds are steps, \
                not slopes, so that there is nothing to compare it with."
            .to_owned();
    }
    let why = if check.not_finite > 0 {
        format!("{} of its values are not finite. ", check.not_finite)
    } else if check.zero {
        "All its values are zero. ".to_owned()
    } else if figures.is_empty() {
        "Slopes of the model are zero or not finite. ".to_owned()
    } else {
        String::new()
    };
    format!("Self-check of the gradient: failed. {why}{figures}")
        .trim_end()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(passed: bool, compared: bool, error: Option<f64>) -> Check {
        Check {
            passed,
            samples: 8,
            compared,
            max_rel_error: error,
            cosine: error.map(|_| 0.5),
            not_finite: 0,
            zero: false,
        }
    }

    #[test]
    fn each_outcome_is_said_with_its_figures() {
        let says = |check: Check| says(&check, "CPU");
        let passed = says(check(true, true, Some(1e-3)));
        assert!(passed.contains("passed") && passed.contains("1.0e-3") && passed.contains("0.25"));
        assert!(says(check(true, false, None)).contains("not compared"));
        let failed = says(check(false, true, Some(0.5)));
        assert!(failed.contains("failed") && failed.contains("5.0e-1") && failed.contains("0.99"));
        let mut broken = check(false, false, None);
        broken.not_finite = 3;
        assert!(says(broken).contains("failed. 3 of its values are not finite."));
        broken.not_finite = 0;
        broken.zero = true;
        assert!(says(broken).contains("All its values are zero."));
    }
}
