//! The inspector of the retrieval view: metrics, histogram of ranks, scores of right ones against hardest negatives.

use super::View;
use crate::desktop::core;
use crate::desktop::retrieval::{Distributions, State};
use crate::desktop::shell::plots::rank_axis;
use crate::desktop::shell::terms::{Explained, Term};
use crate::desktop::shell::theme::{Tokens, tokens};
use crate::desktop::shell::widgets::{figure, heading, segmented, weak};
use crate::retrieval::{Metrics, Side};
use egui::{RichText, ScrollArea, Ui};
use egui_plot::{Bar, BarChart, Line, Plot};

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
            metrics_ui(ui, "I→T", &report.i2t);
            metrics_ui(ui, "T→I", &report.t2i);
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
                weak(ui, format!("Rank of the right {noun}")).explained(Term::Rank);
                ranks_ui(ui, &found.ranks, &t);
                weak(ui, "Score: right against hardest negative").explained(Term::HardestNegative);
                scores_ui(ui, found, &t);
                ui.horizontal(|ui| {
                    for (name, colour) in [("right", t.good), ("hardest negative", t.bad)] {
                        let (line, _) =
                            ui.allocate_exact_size(egui::vec2(14.0, 14.0), egui::Sense::hover());
                        ui.painter().hline(
                            line.x_range(),
                            line.center().y,
                            egui::Stroke::new(2.0, colour),
                        );
                        ui.label(RichText::new(name).size(12.0).color(t.weak));
                    }
                });
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

fn metrics_ui(ui: &mut Ui, name: &str, m: &Metrics) {
    let width = (ui.available_width() - 2.0 * 6.0 - 4.0) / 3.0;
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        let recalls = [
            (m.r1, format!("{name} R@1")),
            (m.r5, "R@5".to_owned()),
            (m.r10, "R@10".to_owned()),
        ];
        for (value, what) in recalls {
            figure(ui, width, &format!("{value:.1}"), &what, Term::Recall);
        }
    });
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 5.0;
        weak(ui, format!("median rank {:.0}", m.medr)).explained(Term::MedianRank);
        weak(ui, "·");
        weak(ui, format!("mean rank {:.1}", m.meanr)).explained(Term::MeanRank);
    });
}

fn plot<'a>(name: &str, height: f32) -> Plot<'a> {
    Plot::new(name.to_owned())
        .height(height)
        .show_grid(false)
        .show_background(false)
        .allow_drag(false)
        .allow_zoom(false)
        .allow_scroll(false)
        .allow_boxed_zoom(false)
        .set_margin_fraction(egui::vec2(0.02, 0.06))
}

fn ranks_ui(ui: &mut Ui, bins: &[(u32, u32, usize)], t: &Tokens) {
    let label = |from: u32, to: u32| {
        if from == to {
            from.to_string()
        } else {
            format!("{from}–{to}")
        }
    };
    let labels: Vec<String> = bins.iter().map(|&(from, to, _)| label(from, to)).collect();
    let hovers = labels.clone();
    let bars = bins
        .iter()
        .enumerate()
        .map(|(i, &(_, _, n))| {
            Bar::new(i as f64, n as f64)
                .width(0.82)
                .fill(if i == 0 { t.good } else { t.bar })
        })
        .collect();
    let chart = BarChart::new("queries", bars).element_formatter(Box::new(move |bar, _| {
        let rank = hovers
            .get(bar.argument.round() as usize)
            .cloned()
            .unwrap_or_default();
        format!("rank {rank}: {} queries", bar.value)
    }));
    let plot = plot("ranks", 108.0)
        .show_axes([true, false])
        .show_x(false)
        .show_y(false)
        .include_y(0.0);
    rank_axis(plot, labels).show(ui, |plot| plot.bar_chart(chart));
}

fn scores_ui(ui: &mut Ui, found: &Distributions, t: &Tokens) {
    let Some([right, negative]) = found.scores.clone() else {
        weak(ui, "All scores are equal.");
        return;
    };
    plot("scores", 128.0)
        .show_axes([true, false])
        .show_y(false)
        .x_grid_spacer(|input| {
            let (low, high) = input.bounds;
            let step = if high - low > 0.8 { 0.2 } else { 0.1 };
            let marks = ((low / step).ceil() as i64)..=((high / step).floor() as i64);
            let mark = |i: i64| egui_plot::GridMark {
                value: i as f64 * step,
                step_size: 1000.0,
            };
            marks.map(mark).collect()
        })
        .x_axis_formatter(|mark, _| format!("{:.1}", mark.value).replace('-', "−"))
        .label_formatter(|at| match at {
            egui_plot::HoverPosition::NearDataPoint {
                plot_name,
                position,
                ..
            } => Some(format!(
                "{plot_name}: {:.1} % near {:.3}",
                100.0 * position.y,
                position.x
            )),
            egui_plot::HoverPosition::Elsewhere { .. } => None,
        })
        .show(ui, |plot| {
            plot.line(Line::new("right", right).color(t.good).width(1.8));
            plot.line(
                Line::new("hardest negative", negative)
                    .color(t.bad)
                    .width(1.8),
            );
        });
}
