//! Histograms of ranks and of margins.

use super::View;
use crate::desktop::shell::plots::plot_ui;
use crate::desktop::shell::plots::ranks;
use crate::desktop::shell::theme::tokens;
use crate::desktop::shell::widgets::weak;
use crate::parts::view::SideSurvey;
use crate::retrieval::structure::Margins;
use egui::Ui;

/// Draws the distribution of ranks.
pub fn ranks_ui(ui: &mut Ui, view: &mut View<'_>, survey: &SideSurvey, tall: f32, noun: &str) {
    let t = tokens(ui);
    let bins = (survey.ranks.as_slice(), survey.recall.as_slice());
    let title = format!("ranks of the right one, {noun}");
    plot_ui(ui, view, &ranks::ranks(title, bins, false, &t), tall);
}

/// Draws the histogram of margins.
pub fn margins_ui(ui: &mut Ui, view: &mut View<'_>, margins: &Margins, tall: f32, noun: &str) {
    let t = tokens(ui);
    if margins.counts.is_empty() {
        weak(ui, "No query has a margin.");
        return;
    }
    let colour = |centre: f64| if centre < 0.0 { t.bad } else { t.good };
    let title = format!("margins, {noun}");
    let chart = ranks::margins(title, margins, false, colour, &t);
    plot_ui(ui, view, &chart, tall);
}
