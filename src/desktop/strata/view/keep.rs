//! What keeping a share of the pairs costs.

use super::View;
use crate::desktop::core::chart::{Axis, Chart, Note, Series};
use crate::desktop::shell::plots;
use crate::desktop::shell::theme::tokens;
use crate::desktop::shell::widgets::{grouped, heading, segmented, weak};
use crate::desktop::strata::{Command, Kind, Surveyed};
use crate::learn::strata::Allocation;
use crate::learn::survey::{AtCount, KeepPoint};
use egui::{Align, Label, Layout, RichText, Slider, Ui};
use egui_plot::{LineStyle, MarkerShape};

/// Height of the plot.
const TALL: f32 = 168.0;

/// Draws slider, plot, and what they say.
pub fn keep_ui(ui: &mut Ui, view: &mut View<'_>, surveyed: &Surveyed, place: usize, at: &AtCount) {
    let pairs = surveyed.survey.pairs();
    let filled = view.state.order().len();
    let least = filled as f64 / pairs.max(1) as f64;
    let share = view.state.kept.clamp(least, 1.0);
    let kept = ((pairs as f64 * share).round() as usize).clamp(filled, pairs);
    ui.horizontal(|ui| {
        heading(ui, "Keep a share");
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let ways = Allocation::ALL.map(|way| (way, way.title(), way.about()));
            ui.spacing_mut().button_padding.x = 5.0;
            if let Some(allocation) = segmented(ui, view.state.allocation, &ways) {
                view.own(Command::SetAllocation(allocation));
            }
        });
    });
    let mut percent = share * 100.0;
    ui.spacing_mut().slider_width = ui.available_width() - 74.0;
    let slider = Slider::new(&mut percent, least * 100.0..=100.0)
        .suffix(" %")
        .max_decimals(1)
        .smart_aim(false);
    let moved = ui.name_inputs("Share of the pairs that is kept", |ui| ui.add(slider));
    if moved.changed() {
        view.own(Command::SetKept(percent / 100.0));
    }
    let allocation = view.state.allocation;
    let error = at
        .keeping
        .counts(kept, allocation)
        .and_then(|counts| at.keeping.error(&counts));
    let random = at.keeping.error_at_random(kept);
    let which = usize::from(allocation == Allocation::Neyman);
    let curve = &surveyed.curves[place][which];
    plot_ui(ui, view, curve, share, [error, random]);
    said_ui(ui, at, kept, [error, random]);
    let reduced = "Writes the pairs that are kept as a caption file, and their weights beside it";
    ui.horizontal_wrapped(|ui| {
        if ui
            .button("Write the reduced set…")
            .on_hover_text(reduced)
            .clicked()
        {
            view.own(Command::Export(Kind::Reduced));
        }
        let hint = "Writes the group of every pair, with the probability and the weight of a draw";
        if ui.button("Sampling weights…").on_hover_text(hint).clicked() {
            view.own(Command::Export(Kind::Strata));
        }
    });
}

fn said_ui(ui: &mut Ui, at: &AtCount, kept: usize, [error, random]: [Option<f64>; 2]) {
    let t = tokens(ui);
    let (Some(error), Some(random)) = (error, random) else {
        weak(
            ui,
            "The gradients cancel out, so the error of their mean has no share of it.",
        );
        return;
    };
    let good = at.keeping.as_good_at_random(error).unwrap_or(kept as f64);
    let said = format!(
        "{} pairs chosen by groups are as good as {} at random.",
        grouped(kept),
        grouped(good.round() as usize)
    );
    ui.add(Label::new(RichText::new(said).color(t.text)).wrap());
    let rest = format!(
        "Error of the mean gradient, as a share of its length: {error:.3}, at random {random:.3}."
    );
    ui.add(Label::new(RichText::new(rest).color(t.weak)).wrap());
}

fn plot_ui(
    ui: &mut Ui,
    view: &mut View<'_>,
    curve: &[KeepPoint],
    share: f64,
    [error, random]: [Option<f64>; 2],
) {
    let t = tokens(ui);
    let series = |of: fn(&KeepPoint) -> Option<f64>| -> Vec<[f64; 2]> {
        let all = curve.iter();
        all.filter_map(|p| Some([p.share * 100.0, of(p)?]))
            .collect()
    };
    let (groups, all) = (series(|p| p.groups), series(|p| p.random));
    let top = groups.iter().chain(&all).map(|p| p[1]).fold(1e-9, f64::max) * 1.05;
    let x = Axis {
        suffix: " %",
        low: Some(0.0),
        high: Some(102.0),
        marks: 4.2,
        ..Axis::new("pairs kept (%)")
    };
    let y = Axis {
        low: Some(0.0),
        high: Some(top),
        ..Axis::new("error of the mean gradient (share of its length)")
    };
    let percent = share * 100.0;
    let mut chart = Chart::new("cost of keeping a share of the pairs", x, y)
        .with(Series::line("at random", t.weak, all).drawn(1.5, LineStyle::dashed_dense()))
        .with(Series::line("by groups", t.accent, groups).drawn(2.0, LineStyle::Solid))
        .ruled(Chart::upright("kept", percent, t.weak));
    for (error, colour) in [(random, t.weak), (error, t.accent)] {
        if let Some(error) = error {
            chart.notes.push(Note {
                at: [percent, error],
                marker: Some(MarkerShape::Circle),
                text: None,
                colour,
            });
        }
    }
    plots::plot_ui(ui, view, &chart, TALL);
}
