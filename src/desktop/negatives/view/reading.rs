//! The pictures of a pair, with the regions that raise the negative's score.

use super::View;
use crate::dataset::Dataset;
use crate::desktop::core::Shown;
use crate::desktop::core::{self, Query};
use crate::desktop::negatives::{Command, Regions};
use crate::desktop::shell::theme::tokens;
use crate::desktop::shell::widgets::{picture_in, weak};
use crate::retrieval::Side;
use crate::retrieval::mine::MinedPair;
use egui::{Color32, ColorImage, CornerRadius, Rect, Sense, TextureHandle, TextureOptions, Ui};
use std::sync::Arc;

/// A map of regions as a texture.
pub struct Overlay {
    of: Arc<Regions>,
    texture: TextureHandle,
}

/// Draws the picture of the query beside that of the negative.
pub fn pictures_ui(
    ui: &mut Ui,
    view: &mut View<'_>,
    dataset: &Dataset,
    side: Side,
    pair: &MinedPair,
) {
    let (left, right, names) = match side {
        Side::Image => {
            let other = dataset.image_of(pair.negative as usize) as u32;
            (pair.query, other, ["query", "the negative's image"])
        }
        Side::Text => (pair.positive, pair.negative, ["right image", "negative"]),
    };
    let gap = 6.0;
    let wide = ((ui.available_width() - gap - 4.0) / 2.0).floor();
    let regions = view.state.regions.get(view.session.now()).cloned();
    let shown = view.state.show_regions;
    let regions = regions.filter(|r| shown && r.of == view.state.at);
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = gap;
        for (image, name) in [left, right].into_iter().zip(names) {
            ui.vertical(|ui| {
                ui.spacing_mut().item_spacing.y = 2.0;
                let (rect, response) =
                    ui.allocate_exact_size(egui::Vec2::splat(wide), Sense::click());
                let label = format!("{name}: {}", dataset.images[image as usize].name);
                response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, &label));
                ui.painter()
                    .rect_filled(rect, CornerRadius::same(4), tokens(ui).base);
                picture_in(ui, view.pictures, image, rect, false);
                if let Some(regions) = regions.as_ref().filter(|r| r.image == image) {
                    overlay_ui(ui, view, regions, rect, image);
                }
                if response.on_hover_text(&label).clicked() {
                    view.ask(core::Command::Query(Query::Row(
                        Side::Image,
                        image as usize,
                    )));
                    view.ask(core::Command::ShowAnswer);
                }
                weak(ui, name);
            });
        }
    });
    let mut on = shown;
    let enabled = view.session.encoder().is_some();
    let hint = "Each region is covered in turn: red where the negative's score falls without it, blue where it rises";
    let label = "Regions that raise the negative (G)";
    let checkbox = egui::Checkbox::new(&mut on, label);
    if ui
        .add_enabled(enabled, checkbox)
        .on_hover_text(hint)
        .on_disabled_hover_text("Needs an open encoder")
        .changed()
    {
        view.own(Command::ShowRegions(on));
    }
    if let Some(regions) = regions {
        let strongest = strongest(&regions);
        let text = format!(
            "full colour at ±{strongest:.3} of a score of {:.3}",
            regions.map.scores[0]
        );
        weak(ui, text);
    } else if shown {
        weak(ui, "Covering regions…");
    }
}

fn strongest(regions: &Regions) -> f32 {
    let map = regions.map.raises.first();
    let values = map.into_iter().flatten();
    values.fold(1e-6, |m, v| m.max(v.abs()))
}

fn overlay_ui(ui: &Ui, view: &mut View<'_>, regions: &Arc<Regions>, rect: Rect, image: u32) {
    let state = &mut view.memory.regions;
    if state.as_ref().is_none_or(|o| !Arc::ptr_eq(&o.of, regions)) {
        let Some(map) = regions.map.raises.first() else {
            return;
        };
        let most = strongest(regions);
        let colour = |value: &f32| {
            let share = (value / most).clamp(-1.0, 1.0);
            let [r, g, b] = if share > 0.0 {
                [225, 50, 40]
            } else {
                [50, 90, 230]
            };
            Color32::from_rgba_unmultiplied(r, g, b, (share.abs() * 190.0) as u8)
        };
        let pixels = map.iter().map(colour).collect();
        let size = [regions.map.cells; 2];
        let picture = ColorImage::new(size, pixels);
        let texture = ui
            .ctx()
            .load_texture("regions", picture, TextureOptions::LINEAR);
        *state = Some(Overlay {
            of: Arc::clone(regions),
            texture,
        });
    }
    let Some(overlay) = state else { return };
    let side = rect.width() * ui.pixels_per_point();
    let Shown::Texture(_, size) = view.shell.pictures.get(image, side) else {
        return;
    };
    let scale = (rect.size() / size).min_elem();
    let target = Rect::from_center_size(rect.center(), size * scale);
    let whole = Rect::from_min_max(egui::pos2(0.0, 0.0), egui::pos2(1.0, 1.0));
    ui.painter()
        .image(overlay.texture.id(), target, whole, Color32::WHITE);
}
