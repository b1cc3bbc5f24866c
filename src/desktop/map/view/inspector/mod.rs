//! The panel beside the map: what is chosen, lines, how far to trust the map, the gap, where images are lost, the layout.

mod attack;
mod layout;
mod lost;
mod trust;

use super::scene::ranking;
use super::{View, cursor};
use crate::desktop::map::{Command, ShownMap};
use crate::desktop::shell::theme::tokens;
use crate::desktop::shell::widgets::{grouped, heading, weak};
use crate::map::{Area, Layer, NEAR};
use crate::retrieval::Side;
use attack::attack_ui;
use egui::{RichText, ScrollArea, Ui};
use layout::layout_ui;
use lost::lost_ui;
use trust::{gap_ui, trust_ui};

/// Draws the panel.
pub fn inspector_ui(ui: &mut Ui, view: &mut View<'_>) {
    ScrollArea::vertical()
        .auto_shrink([false; 2])
        .show(ui, |ui| {
            ui.add_space(6.0);
            ui.spacing_mut().item_spacing.y = 3.0;
            ui.spacing_mut().interact_size.y = 22.0;
            let now = view.session.now();
            let shown = view.state.shown.get(now).cloned();
            selection_ui(ui, view, shown.as_deref());
            ui.separator();
            lines_ui(ui, view);
            if let Some(shown) = &shown {
                ui.separator();
                trust_ui(ui, shown);
                if let Some(gap) = &shown.map.gap {
                    ui.separator();
                    gap_ui(ui, shown, gap);
                }
                ui.separator();
                lost_ui(ui, view, shown);
            }
            ui.separator();
            attack_ui(ui, view, shown.as_deref());
            ui.separator();
            layout_ui(ui, view, shown.as_deref());
        });
}

/// What is chosen, and what can be done with it.
fn selection_ui(ui: &mut Ui, view: &mut View<'_>, shown: Option<&ShownMap>) {
    heading(ui, "Selection");
    let (chosen, _) = view.state.choice(view.session);
    let images = view.session.dataset().map_or(0, |d| d.images.len());
    let count = chosen.partition_point(|&item| (item as usize) < images);
    if chosen.is_empty() {
        weak(
            ui,
            "Click a point, or draw a box or a lasso around some. Hold L for a lens.",
        );
    } else {
        let [i, c] = [count, chosen.len() - count].map(grouped);
        ui.label(format!("{i} images, {c} captions."));
        let evaluation = ranking(view, false);
        let direction = evaluation.as_ref().map(|r| r.direction(Side::Image));
        if let Some(direction) = direction.filter(|d| count > 0 && !d.ranks.is_empty()) {
            let first = |ranks: &mut dyn Iterator<Item = u32>| ranks.filter(|&r| r == 1).count();
            let of = |item: &u32| direction.ranks.get(*item as usize).copied();
            let here = first(&mut chosen[..count].iter().filter_map(of));
            weak(
                ui,
                format!(
                    "Right caption first for {} of {}.",
                    grouped(here),
                    grouped(count)
                ),
            );
        }
    }
    ui.horizontal_wrapped(|ui| {
        if ui
            .add_enabled(count > 0, egui::Button::new("Make a set"))
            .on_hover_text(
                "Mark these images; Shift+M names the set. It can be exported, mined and attacked",
            )
            .clicked()
        {
            view.own(Command::Mark);
        }
        let can = shown.is_some();
        if ui
            .add_enabled(can, egui::Button::new("Export…"))
            .on_hover_text("Write the coordinates of all points: Parquet, CSV, JSON lines or npy")
            .clicked()
        {
            view.own(Command::Export);
        }
        if ui
            .button("Import…")
            .on_hover_text(
                "Show coordinates from a file: columns kind, row, x, y, and others to colour by",
            )
            .clicked()
        {
            view.own(Command::Import);
        }
        if ui
            .add_enabled(!chosen.is_empty(), egui::Button::new("Clear"))
            .clicked()
        {
            view.own(Command::ChooseNothing);
        }
    });
}

/// Which lines are drawn.
fn lines_ui(ui: &mut Ui, view: &mut View<'_>) {
    heading(ui, "Lines");
    let mut lines = view.state.lines;
    let t = tokens(ui);
    let line = |ui: &mut Ui, on: &mut bool, sign: &str, colour, text: String| {
        ui.checkbox(on, RichText::new(format!("{sign} {text}")).color(colour));
    };
    line(
        ui,
        &mut lines.captions,
        "—",
        t.good,
        "to what is right".into(),
    );
    line(
        ui,
        &mut lines.near_miss,
        "– –",
        t.bad,
        "to the near miss".into(),
    );
    let near = view.state.near.get(view.session.now());
    let shown = view.state.shown.get(view.session.now());
    let text = match (near, shown) {
        (Some(near), Some(shown))
            if Some(near.item) == cursor(view.session) && near.of == shown.id =>
        {
            let kept = kept(shown, near.item, &near.items);
            format!("to {} real neighbours, {kept} near", near.items.len())
        }
        _ => format!("to {NEAR} real neighbours"),
    };
    line(ui, &mut lines.neighbours, "···", t.accent, text);
    ui.checkbox(&mut lines.all, "of all images in sight");
    if lines != view.state.lines {
        view.own(Command::SetLines(lines));
    }
}

/// How many of the real neighbours are among as many nearest points of the map.
fn kept(shown: &ShownMap, item: u32, real: &[u32]) -> usize {
    let place = |item: u32| shown.plane.point(shown.point(item)?);
    let Some(at) = place(item) else {
        return 0;
    };
    let gap = |p: [f64; 2]| (p[0] - at[0]).powi(2) + (p[1] - at[1]).powi(2);
    let farther = real.iter().filter(|&&other| {
        let Some(own) = place(other).map(gap) else {
            return true;
        };
        // Nearer points of the map, of which there may be NEAR at most.
        let radius = own.sqrt();
        let area = Area {
            least: at.map(|v| v - radius),
            most: at.map(|v| v + radius),
        };
        let most = 40 * NEAR;
        let nearer: usize = Layer::ALL
            .iter()
            .map(|&layer| {
                let inside = shown.plane.within(layer, &area, most);
                let closer = |p: &&u32| shown.plane.point(**p).is_some_and(|p| gap(p) < own);
                inside.iter().filter(closer).count()
            })
            .sum();
        // The item itself is one of them.
        nearer > NEAR
    });
    real.len() - farther.count()
}
