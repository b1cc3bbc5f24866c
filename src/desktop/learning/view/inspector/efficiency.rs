//! What the pairs drawn brought.

use super::super::View;
use super::beside::beside_ui;
use crate::desktop::learning::{Command, Slot};
use crate::desktop::shell::theme::tokens;
use crate::desktop::shell::widgets::{grouped, weak};
use crate::learn::{Band, Group, Point};
use egui::{RichText, Ui};

/// Draws the section; nothing before a run has drawn pairs.
pub fn efficiency_ui(ui: &mut Ui, view: &mut View<'_>) {
    let valid = view.state.figure.valid();
    let of = |group: &Group| group.efficiency(&valid);
    let like = beside_ui(ui, view, "What the pairs brought", of, told_ui).cloned();
    if let Some(like) = like {
        baseline_ui(ui, view, &like);
    }
}

/// The baseline of random features, or the button that fits it.
fn baseline_ui(ui: &mut Ui, view: &mut View<'_>, like: &Group) {
    let hint = "The cheap baseline: a fixed random layer on each side, and a read-out by ridge regression on the mean of the \
                pair's two embeddings, in closed form. It sees each pair once and takes no step. From as many values as the \
                encoder has to as many";
    let now = view.session.now();
    let found = view.state.baseline.get(now);
    let found = found.filter(|found| found.is_beside(like));
    let bands = found.and_then(|found| Some((found, found.bands(view.state.figure)?)));
    if let Some((found, [recall, seconds])) = bands {
        ui.label(RichText::new("Random features").color(tokens(ui).text));
        let drawn = found.fitted.first().map_or(0, |one| one.pairs);
        let text = format!(
            "{} % after {} pairs, each once, in {} s; {} features a side",
            recall.told(),
            grouped(drawn),
            seconds.told(),
            grouped(found.asked.features)
        );
        weak(ui, text).on_hover_text(hint);
        return;
    }
    let idle = !view.is_running(Slot::Baseline);
    let text = if idle {
        "Random features beside"
    } else {
        "Fitting random features…"
    };
    let button = ui.add_enabled(idle, egui::Button::new(text));
    if button.on_hover_text(hint).clicked() {
        view.own(Command::FitBaseline);
    }
}

fn told_ui(ui: &mut Ui, group: &Group, [area, needed]: [Band; 2]) {
    let needed = match needed.half {
        Some(half) => format!("{} ± {}", pairs(needed.mean), pairs(half)),
        None => pairs(needed.mean),
    };
    let drawn = |point: &Point| Some(point.drawn as f64);
    let drawn = group.last(&drawn).map_or(0.0, |drawn| drawn.mean);
    let text = format!(
        "{needed} of {} pairs drawn for nine tenths of its last recall; {} % on the way",
        pairs(drawn),
        area.told()
    );
    let hint = "Pairs drawn again count again. The recall on the way is its mean over the pairs drawn: the area under \
                the curve as a part of its width. Between moments at which it was measured it is taken to be a \
                straight line.";
    weak(ui, text).on_hover_text(hint);
}

/// A number of pairs, which a mean need not be.
fn pairs(count: f64) -> String {
    grouped(count.round() as usize)
}
