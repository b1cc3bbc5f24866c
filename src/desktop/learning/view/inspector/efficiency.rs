//! What the pairs drawn brought: of the runs that stand in one panel with the one that is looked at.

use super::super::View;
use super::super::looks::Looks;
use super::runs::sign_ui;
use crate::desktop::shell::theme::tokens;
use crate::desktop::shell::widgets::{grouped, heading, weak};
use crate::learn::{Band, Group, Point, title};
use egui::{Align, Layout, RichText, Sense, Ui};

/// Draws the section; nothing before a run has drawn pairs.
pub fn efficiency_ui(ui: &mut Ui, view: &View<'_>) {
    let figure = view.state.figure;
    let Some(like) = view.state.group_looked_at(view.session.now()) else {
        return;
    };
    let groups = view.state.groups().iter();
    let groups = groups.filter(|group| like.shares_panel(group));
    let found: Vec<(&Group, [Band; 2])> = groups
        .filter_map(|group| Some((group, group.efficiency(&figure.valid())?)))
        .collect();
    if found.is_empty() {
        return;
    }
    ui.separator();
    ui.horizontal(|ui| {
        heading(ui, "What the pairs brought");
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            weak(ui, figure.name())
        });
    });
    let t = tokens(ui);
    for (group, [area, needed]) in found {
        ui.horizontal(|ui| {
            let (rect, _) = ui.allocate_exact_size(egui::vec2(24.0, 16.0), Sense::hover());
            sign_ui(ui, rect, Looks::of(group, ui.visuals().dark_mode));
            ui.label(RichText::new(title(group)).color(t.text));
        });
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
}

/// A number of pairs, which a mean need not be.
fn pairs(count: f64) -> String {
    grouped(count.round() as usize)
}
