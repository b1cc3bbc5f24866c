//! Scores, margin or loss by step.

use super::View;
use crate::attack::{Goal, Point};
use crate::desktop::attack::{Command, Curve, Looks};
use crate::desktop::shell::plots;
use crate::desktop::shell::theme::tokens;
use crate::desktop::shell::widgets::{segmented, weak};
use egui::{Color32, RichText, Ui};
use egui_plot::{HLine, Line, Plot};

/// Points drawn of a curve, at most.
const MOST: usize = 800;

/// Draws the curves of the attack under way, or of the last one.
pub fn curves_ui(ui: &mut Ui, view: &mut View<'_>) {
    let lab = view.state;
    let curve = lab.looks.curve;
    let choices = [
        (Curve::Scores, "Scores", "Scores of right and wrong by step"),
        (
            Curve::Margin,
            "Margin",
            "Right less wrong by step: below 0 the goal is reached",
        ),
        (Curve::Loss, "Loss", "What the attack climbs"),
    ];
    if let Some(curve) = segmented(ui, curve, &choices) {
        let looks = Looks { curve, ..lab.looks };
        view.own(Command::SetLooks(looks));
    }
    let (points, goal, seconds): (&[Point], Goal, Option<f64>) =
        match (lab.live(), lab.last(view.session.now())) {
            (Some(live), _) => (&live.points, lab.goal, None),
            (None, Some(done)) => (
                &done.result.points,
                done.result.goal,
                Some(done.result.seconds),
            ),
            _ => (&[], lab.goal, None),
        };
    if points.is_empty() {
        let reached = lab
            .last(view.session.now())
            .is_some_and(|d| d.result.before.verdict.fooled);
        weak(
            ui,
            if reached {
                "The picture was at the goal before the first step."
            } else {
                "The curves appear while an attack runs."
            },
        );
        return;
    }
    let names = match goal {
        Goal::Lose => ["right caption", "hardest wrong caption"],
        Goal::Win => ["best other caption", "target"],
        Goal::Match => ["its own place", "the other picture"],
        Goal::Away => ["its own place", "0.5"],
    };
    let t = tokens(ui);
    let stride = points.len().div_ceil(MOST).max(1);
    let series = |of: &dyn Fn(&Point) -> f32| -> Vec<[f64; 2]> {
        let last = points.len() - 1;
        let kept = points
            .iter()
            .enumerate()
            .filter(|(i, _)| i % stride == 0 || *i == last);
        let all = kept.map(|(_, p)| [p.step as f64, f64::from(of(p))]);
        all.filter(|[_, y]| y.is_finite()).collect()
    };
    let lines = match curve {
        Curve::Scores => vec![
            (names[1], t.bad, series(&|p| p.wrong)),
            (names[0], t.good, series(&|p| p.right)),
        ],
        Curve::Margin => vec![("right less wrong", t.accent, series(&|p| p.right - p.wrong))],
        Curve::Loss => vec![("loss", t.accent, series(&|p| p.loss))],
    };
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = egui::vec2(5.0, 1.0);
        for (name, colour, _) in &lines {
            let (line, _) = ui.allocate_exact_size(egui::vec2(14.0, 12.0), egui::Sense::hover());
            let stroke = egui::Stroke::new(2.0, *colour);
            ui.painter().hline(line.x_range(), line.center().y, stroke);
            ui.label(RichText::new(*name).size(12.0).color(t.weak));
            ui.add_space(6.0);
        }
    });
    plot_ui(ui, curve, lines);
    let text = match (seconds, points.last()) {
        (None, Some(last)) => format!(
            "by step, {} so far",
            crate::desktop::shell::widgets::grouped(last.step)
        ),
        (Some(seconds), _) => format!("by step · {seconds:.1} s"),
        (None, None) => "by step".to_owned(),
    };
    ui.label(RichText::new(text).size(12.0).color(t.weak));
}

/// A curve: name, colour, values by step.
type Series = (&'static str, Color32, Vec<[f64; 2]>);

fn plot_ui(ui: &mut Ui, curve: Curve, lines: Vec<Series>) {
    let t = tokens(ui);
    let tall = (ui.available_height() - 22.0).max(60.0);
    Plot::new(("lab curves", curve as u8))
        .height(tall)
        .show_background(false)
        .allow_drag(false)
        .allow_zoom(false)
        .allow_scroll(false)
        .allow_boxed_zoom(false)
        .set_margin_fraction(egui::vec2(0.02, 0.08))
        .y_axis_min_width(34.0)
        .grid_color(t.line)
        .grid_fade(0.0)
        .x_grid_spacer(|input| plots::marks(input.bounds, true))
        .y_grid_spacer(|input| plots::marks(input.bounds, false))
        .y_axis_formatter(|mark, _| number(mark.value))
        .x_axis_formatter(|mark, _| {
            if mark.value < 0.0 {
                String::new()
            } else {
                crate::desktop::shell::widgets::grouped(mark.value as usize)
            }
        })
        .label_formatter(|at| match at {
            egui_plot::HoverPosition::NearDataPoint {
                plot_name,
                position,
                ..
            } => Some(format!(
                "{plot_name}: {} at step {:.0}",
                number(position.y),
                position.x
            )),
            egui_plot::HoverPosition::Elsewhere { .. } => None,
        })
        .show(ui, |plot| {
            if curve == Curve::Margin {
                plot.hline(HLine::new("the goal", 0.0).color(t.weak).width(1.0));
            }
            for (name, colour, series) in lines {
                plot.line(Line::new(name, series).color(colour).width(1.8));
            }
        });
}

fn number(value: f64) -> String {
    let text = if value.abs() >= 100.0 {
        format!("{value:.0}")
    } else if value.abs() >= 10.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.2}")
    };
    match text.strip_prefix('-') {
        Some("0.00") => "0.00".to_owned(),
        Some(rest) => format!("−{rest}"),
        None => text,
    }
}
