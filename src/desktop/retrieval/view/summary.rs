//! The inspector of the retrieval view: metrics, histogram of ranks, scores of right ones against hardest negatives.

use super::View;
use crate::desktop::core;
use crate::desktop::core::chart::{Axis, Chart, Series};
use crate::desktop::retrieval::{Distributions, State};
use crate::desktop::shell::plots::plot_ui;
use crate::desktop::shell::plots::ranks::{clicked_rank, ranks};
use crate::desktop::shell::terms::{Explained, Term};
use crate::desktop::shell::theme::{Tokens, tokens};
use crate::desktop::shell::widgets::{heading, recalls_ui, segmented, weak};
use crate::retrieval::{Metrics, Side};
use egui::{ScrollArea, Ui};

/// Draws the summary.
pub fn summary_ui(ui: &mut Ui, view: &mut View<'_>) {
    ui.add_space(8.0);
    heading(ui, "Summary");
    let session = view.session;
    let Some(evaluation) = session.evaluation().cloned() else {
        weak(ui, "Figures appear when a dataset is embedded and ranked.");
        return;
    };
    ScrollArea::vertical()
        .auto_shrink([false; 2])
        .id_salt("summary")
        .show(ui, |ui| {
            let report = &evaluation.report;
            if report.images >= 1000 || session.workspace.fold.is_some() {
                let choices = [
                    (None, "Full", "Every image against every caption"),
                    (
                        Some(1000),
                        "1,000-image folds",
                        "Contiguous folds of 1,000 images, averaged",
                    ),
                ];
                if let Some(fold) = segmented(ui, session.workspace.fold, &choices) {
                    view.ask(core::Command::SetFold(fold));
                }
            }
            metrics_ui(ui, "I→T", &report.i2t, &report.protocol);
            metrics_ui(ui, "T→I", &report.t2i, &report.protocol);
            weak(ui, format!("rsum {:.1} · {}", report.rsum, report.protocol))
                .explained(Term::Rsum);
            let (side, noun) = match session.side {
                Side::Image => (Side::Image, "caption"),
                Side::Text => (Side::Text, "image"),
            };
            if let Some(distributions) = view.state.distributions.get(session.now()) {
                let found = State::of(distributions, side);
                let t = tokens(ui);
                ui.add_space(8.0);
                // Folds are averaged; what is drawn is not.
                let of = if session.workspace.fold.is_some() {
                    ", of the full set"
                } else {
                    ""
                };
                weak(ui, format!("Rank of the right {noun}{of}")).explained(Term::Rank);
                ranks_ui(ui, view, side, found, &t);
                weak(ui, "Score: right against hardest negative").explained(Term::HardestNegative);
                scores_ui(ui, view, found, &t);
            }
            ui.add_space(4.0);
            heading(ui, &format!("Losses, margin {}", session.workspace.margin));
            ui.horizontal_wrapped(|ui| {
                ui.spacing_mut().item_spacing.x = 5.0;
                ui.label(format!("Sum of hinges {:.3}", report.loss_sh))
                    .explained(Term::SumOfHinges);
                weak(ui, "·");
                ui.label(format!("Max of hinges {:.3}", report.loss_mh))
                    .explained(Term::MaxOfHinges);
            });
            let mut margin = session.workspace.margin;
            ui.horizontal(|ui| {
                weak(ui, "Margin");
                let drag = egui::DragValue::new(&mut margin)
                    .speed(0.005)
                    .range(0.0..=1.0)
                    .fixed_decimals(2);
                if ui
                    .name_inputs("Margin of the hinge losses", |ui| ui.add(drag))
                    .changed()
                {
                    view.ask(core::Command::SetMargin(margin));
                }
            });
            ui.add_space(6.0);
            weak(
                ui,
                format!("{} · ranked in {:.2} s", report.engine, report.seconds),
            );
            ui.add_space(10.0);
        });
}

fn metrics_ui(ui: &mut Ui, name: &str, m: &Metrics, protocol: &str) {
    let width = (ui.available_width() - 2.0 * 6.0 - 4.0) / 3.0;
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        recalls_ui(ui, width, name, m, &format!(" ({protocol})"));
    });
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 5.0;
        // The mean over folds need not be a whole number.
        let digits = usize::from(m.medr.fract() != 0.0);
        weak(ui, format!("median rank {:.digits$}", m.medr)).explained(Term::MedianRank);
        weak(ui, "·");
        weak(ui, format!("mean rank {:.1}", m.meanr)).explained(Term::MeanRank);
    });
}

fn ranks_ui(ui: &mut Ui, view: &mut View<'_>, side: Side, found: &Distributions, t: &Tokens) {
    let bins = (found.ranks.as_slice(), found.recall.as_slice());
    let direction = match side {
        Side::Image => "I→T",
        Side::Text => "T→I",
    };
    let chart = ranks(
        format!("ranks of the right one ({direction})"),
        bins,
        false,
        t,
    );
    let clicked = plot_ui(ui, view, &chart, 118.0);
    if let Some(bin) = clicked_rank(side, &found.ranks, clicked) {
        view.ask(core::Command::SetBin(Some(bin)));
    }
}

fn scores_ui(ui: &mut Ui, view: &mut View<'_>, found: &Distributions, t: &Tokens) {
    let Some([right, negative]) = found.scores.clone() else {
        weak(ui, "All scores are equal.");
        return;
    };
    let percent = |points: Vec<[f64; 2]>| -> Vec<[f64; 2]> {
        let all = points.into_iter();
        all.map(|[score, share]| [score, 100.0 * share]).collect()
    };
    let y = Axis {
        suffix: " %",
        low: Some(0.0),
        marks: 3.2,
        ..Axis::new("queries (%)")
    };
    let chart = Chart::new(
        "scores of right ones and hardest negatives",
        Axis::new("score"),
        y,
    )
    .with(Series::line("right", t.good, percent(right)))
    .with(Series::line("hardest negative", t.bad, percent(negative)));
    plot_ui(ui, view, &chart, 122.0);
}
