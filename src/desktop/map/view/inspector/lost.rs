//! Clusters where the right caption ranks first for few images.

use super::super::View;
use super::super::scene::ranking;
use crate::desktop::map::{Command, Mode, Outline, ShownMap};
use crate::desktop::shell::table::line;
use crate::desktop::shell::theme::tokens;
use crate::desktop::shell::widgets::{bar, grouped, heading, weak};
use egui::{Rect, Role, Sense, Ui, Vec2, WidgetInfo};

/// The clusters with the smallest share of images whose right caption ranks first.
pub fn lost_ui(ui: &mut Ui, view: &mut View<'_>, shown: &ShownMap) {
    /// Images that a cluster must have.
    const LEAST: usize = 10;
    let images = shown.map.images;
    if images == 0 {
        return;
    }
    heading(ui, "Where it is lost");
    let Some(evaluation) = ranking(view, false) else {
        weak(ui, "Shows as soon as the set is ranked.");
        return;
    };
    let lost = view.memory.lost(shown, &evaluation, view.session.now());
    if lost.is_empty() {
        weak(ui, format!("No cluster has {LEAST} images."));
    }
    weak(
        ui,
        "Clusters with the fewest images whose right caption ranks first",
    );
    let t = tokens(ui);
    for (cluster, first, all) in lost {
        let named = &shown.clusters.all[cluster as usize];
        let wide = ui.available_width();
        let (rect, response) = ui.allocate_exact_size(Vec2::new(wide, 20.0), Sense::click());
        response.widget_info(|| {
            let text = format!("{}: {first} of {all} first", named.name);
            WidgetInfo::labeled(Role::Button, true, text)
        });
        if response.hovered() {
            ui.painter().rect_filled(rect, 3, t.hover);
        }
        let name = rect.with_max_x(rect.left() + wide * 0.5);
        line(ui, name, false, &named.name, 12.5, t.text);
        let track = Rect::from_min_size(
            egui::pos2(rect.left() + wide * 0.53, rect.center().y - 3.0),
            Vec2::new(wide * 0.22, 6.0),
        );
        bar(ui, track, first as f32 / all.max(1) as f32, t.bar);
        let figures = rect.with_min_x(rect.left() + wide * 0.77);
        let text = format!("{} of {}", grouped(first), grouped(all));
        line(ui, figures, true, &text, 12.5, t.text);
        if response
            .on_hover_text("Choose the points of this cluster")
            .clicked()
        {
            let of = shown.clusters.of.iter().enumerate();
            let items = of
                .filter(|(_, c)| **c == cluster)
                .map(|(point, _)| shown.item(point as u32))
                .collect();
            view.own(Command::Choose {
                outline: Outline::Items(items),
                mode: Mode::Replace,
                pinned: false,
            });
        }
    }
}
