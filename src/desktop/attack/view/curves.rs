//! Scores, margin or loss by step.

use super::View;
use crate::attack::{AttackResult, Goal, Point};
use crate::desktop::attack::{Command, Curve, Looks};
use crate::desktop::core::chart::{Axis, Chart, Rule, Series};
use crate::desktop::shell::plots::plot_ui;
use crate::desktop::shell::theme::{Tokens, tokens};
use crate::desktop::shell::widgets::{grouped, segmented, weak};
use egui::{Color32, RichText, Ui};
use egui_plot::LineStyle;

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
    let mut chart = chart_of(curve, lines, &t);
    let kept = lab.live().is_none().then(|| lab.last(view.session.now()));
    let kept = kept.flatten().and_then(|done| kept_step(&done.result));
    if let Some(step) = kept {
        chart = chart.ruled(Chart::upright(
            format!("kept: step {step}"),
            step as f64,
            t.warn,
        ));
    }
    let tall = (ui.available_height() - 46.0).max(60.0);
    plot_ui(ui, view, &chart, tall);
    let text = match (seconds, points.last()) {
        (None, Some(last)) => format!("by step, {} so far", grouped(last.step)),
        (Some(seconds), _) => format!("by step · {seconds:.1} s"),
        (None, None) => "by step".to_owned(),
    };
    let text = match kept {
        Some(step) => format!("{text} · kept: step {}, at the line", grouped(step)),
        None => text,
    };
    ui.label(RichText::new(text).size(12.0).color(t.weak));
}

/// The chart of these lines: name, colour, values by step.
fn chart_of(curve: Curve, lines: Vec<(&str, Color32, Vec<[f64; 2]>)>, t: &Tokens) -> Chart {
    let what = match curve {
        Curve::Scores => "score",
        Curve::Margin => "margin",
        Curve::Loss => "loss",
    };
    let (x, y) = (
        Axis {
            whole: true,
            ..Axis::new("step")
        },
        Axis::new(what),
    );
    let title = format!("{what} by step");
    let mut chart = Chart::new(title, x, y);
    for (name, colour, points) in lines {
        chart = chart.with(Series::line(name, colour, points));
    }
    if curve == Curve::Margin {
        chart = chart.ruled(Rule {
            name: "the goal".to_owned(),
            upright: false,
            at: 0.0,
            colour: t.weak,
            style: LineStyle::Solid,
        });
    }
    chart
}

/// The step whose scores are those of the perturbation that was kept; `None` where none was reported with them.
fn kept_step(result: &AttackResult) -> Option<usize> {
    let verdict = result.after.verdict;
    let near = |a: f32, b: f32| (a - b).abs() <= 1e-5 * (1.0 + b.abs());
    let same = |p: &&Point| near(p.right, verdict.right) && near(p.wrong, verdict.wrong);
    result.points.iter().find(same).map(|point| point.step)
}
