//! Recall by group of the captions held out.

use super::super::View;
use super::beside::beside_ui;
use crate::desktop::shell::theme::tokens;
use crate::desktop::shell::widgets::{grouped, weak};
use crate::learn::{Band, Figure, Group, Grouped};
use egui::{RichText, Ui};

/// Draws the section; nothing where the captions of none of the runs were grouped.
pub fn by_group_ui(ui: &mut Ui, view: &View<'_>) {
    let figure = view.state.figure;
    let of = |group: &Group| group.last(&figure.worst());
    let told = |ui: &mut Ui, group: &Group, worst| told_ui(ui, group, figure, worst);
    let like = beside_ui(ui, view, "The worst group", of, told);
    let about = like.and_then(|like| like.first().grouped.as_ref());
    if let Some(unheard) = about.and_then(Grouped::unheard) {
        let warn = tokens(ui).warn;
        ui.label(RichText::new(unheard).size(12.0).color(warn));
    }
}

fn told_ui(ui: &mut Ui, group: &Group, figure: Figure, worst: Band) {
    let Some(about) = &group.first().grouped else {
        return;
    };
    let all: Vec<(usize, Band)> = (0..about.names.len())
        .filter_map(|n| Some((n, group.last(&figure.of_group(n))?)))
        .collect();
    let least = all.iter().min_by(|a, b| a.1.mean.total_cmp(&b.1.mean));
    let mean = group
        .last(&figure.valid())
        .map_or_else(String::new, |band| band.told());
    let named = least.map_or("", |(n, _)| about.names[*n].as_str());
    let text = format!(
        "{} % of the worst group (on average {named:?}); {mean} % of all",
        worst.told()
    );
    let lines = all.iter().map(|(n, band)| {
        format!(
            "{}: {} % ({} pairs to train on, {} captions held out)",
            about.names[*n],
            band.told(),
            grouped(about.train[*n]),
            grouped(about.valid[*n])
        )
    });
    let lines: Vec<String> = lines.collect();
    weak(ui, text).on_hover_text(lines.join("\n"));
}
