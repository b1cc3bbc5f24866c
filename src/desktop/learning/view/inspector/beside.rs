//! A section about the runs that stand in one panel with the one that is looked at.

use super::super::View;
use super::super::looks::Looks;
use super::runs::sign_ui;
use crate::desktop::shell::theme::tokens;
use crate::desktop::shell::widgets::{heading, weak};
use crate::learn::{Group, title};
use egui::{Align, Layout, RichText, Sense, Ui};

/// Draws the section `name`: under the title of each group of which `of` finds something, what `told` says of it. Returns the
/// group that is looked at; `None`, and nothing drawn, where there is none or nothing is found.
pub fn beside_ui<'a, T>(
    ui: &mut Ui,
    view: &'a View<'_>,
    name: &str,
    of: impl Fn(&'a Group) -> Option<T>,
    told: impl Fn(&mut Ui, &'a Group, T),
) -> Option<&'a Group> {
    let like = view.state.group_looked_at(view.session.now())?;
    let groups = view.state.groups().iter();
    let beside = groups.filter(|group| like.shares_panel(group));
    let found: Vec<(&Group, T)> = beside
        .filter_map(|group| Some((group, of(group)?)))
        .collect();
    if found.is_empty() {
        return None;
    }
    ui.separator();
    ui.horizontal(|ui| {
        heading(ui, name);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            weak(ui, view.state.figure.name())
        });
    });
    let t = tokens(ui);
    for (group, found) in found {
        ui.horizontal(|ui| {
            let (rect, _) = ui.allocate_exact_size(egui::vec2(24.0, 16.0), Sense::hover());
            sign_ui(ui, rect, Looks::of(group, ui.visuals().dark_mode));
            let title = title(group);
            let label = RichText::new(&title).color(t.text);
            ui.add(egui::Label::new(label).truncate())
                .on_hover_text(title);
        });
        told(ui, group, found);
    }
    Some(like)
}
