//! One query with its right one and its hard negative.

use super::View;
use super::words::{name, owner};
use crate::desktop::run::Found;
use crate::desktop::shell::bidi;
use crate::desktop::shell::pictured::pictured;
use crate::desktop::shell::theme::{Tokens, tokens};
use crate::desktop::shell::widgets::{grouped, heading, margin_colour, signed, weak};
use egui::{
    Align2, Color32, CornerRadius, FontId, Painter, Rect, RichText, Role, ScrollArea, Sense, Ui,
    Vec2, WidgetInfo,
};

/// Draws the panel.
pub fn inspector_ui(ui: &mut Ui, view: &mut View<'_>, found: &Found) {
    ui.add_space(8.0);
    let chosen = view
        .state
        .list(found)
        .and_then(|list| list.get(view.state.chosen));
    let Some(negative) = chosen.copied() else {
        weak(ui, "Choose a line to look at it.");
        return;
    };
    let t = tokens(ui);
    let image = negative.of_image;
    ScrollArea::vertical()
        .id_salt("run inspector")
        .auto_shrink([false; 2])
        .show(ui, |ui| {
            heading(ui, if image { "Image" } else { "Caption" });
            one_ui(ui, view, image, negative.query);
            ui.add_space(10.0);
            ui.label(
                RichText::new(format!("Right one, {:.4}", negative.score_positive))
                    .color(t.good)
                    .strong(),
            );
            one_ui(ui, view, !image, negative.positive);
            ui.add_space(10.0);
            ui.label(
                RichText::new(format!("Hard negative, {:.4}", negative.score_negative))
                    .color(t.bad)
                    .strong(),
            );
            one_ui(ui, view, !image, negative.negative);
            if image && let Some(owner) = owner(view, negative.negative) {
                weak(ui, "It is a caption of this picture:");
                one_ui(ui, view, true, owner);
            }
            ui.add_space(10.0);
            let margin = negative.margin();
            let text = format!("Margin {}", signed(margin, 4));
            ui.label(RichText::new(text).color(margin_colour(&t, margin)));
            weak(
                ui,
                format!(
                    "Rank of the right one {}, ties count against it",
                    grouped(negative.rank as usize)
                ),
            );
        });
}

/// An image with its name, or a caption.
fn one_ui(ui: &mut Ui, view: &mut View<'_>, image: bool, n: u32) {
    let called = name(view, image, n);
    if !image {
        bidi::label(ui, RichText::new(called), 8);
        return;
    }
    let wide = ui.available_width();
    let known = view.state.pictures.get(n).and_then(Result::ok);
    let tall = known.map_or(60.0, |texture| {
        let size = texture.size_vec2();
        (wide * size.y / size.x.max(1.0)).min(wide)
    });
    let (rect, response) = ui.allocate_exact_size(Vec2::new(wide, tall), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, format!("Picture of {called}")));
    picture_in(ui.painter(), &tokens(ui), view, n, rect);
    pictured(ui, rect, None);
    weak(ui, called);
}

/// Draws the picture of an image into `rect`, or why there is none; it is asked for where that is not known.
pub fn picture_in(painter: &Painter, t: &Tokens, view: &mut View<'_>, image: u32, rect: Rect) {
    let radius = CornerRadius::same(4);
    match view.state.pictures.get(image) {
        Some(Ok(texture)) => {
            let scale = (rect.size() / texture.size_vec2()).min_elem();
            let target = Rect::from_center_size(rect.center(), texture.size_vec2() * scale);
            let whole = Rect::from_min_max(egui::pos2(0.0, 0.0), egui::pos2(1.0, 1.0));
            let shape = egui::epaint::RectShape::filled(target, radius, Color32::WHITE)
                .with_texture(texture.id(), whole);
            painter.add(shape);
        }
        Some(Err(why)) => {
            painter.rect_filled(rect, radius, t.raised);
            let words = if rect.width() > 120.0 { why } else { "none" };
            let font = FontId::proportional(11.0);
            let at = rect.center();
            let mut job =
                egui::text::LayoutJob::simple(words.to_owned(), font, t.weak, rect.width() - 8.0);
            job.halign = egui::Align::Center;
            let galley = painter.layout_job(job);
            let top = egui::pos2(at.x, at.y - galley.size().y / 2.0);
            painter.galley(top, galley, t.weak);
        }
        None => {
            painter.rect_filled(rect, radius, t.raised);
            view.memory.names.insert((true, image));
            view.memory.pictures.insert(image);
            if rect.width() > 120.0 {
                let font = FontId::proportional(11.0);
                let at = rect.center();
                painter.text(at, Align2::CENTER_CENTER, "reading…", font, t.weak);
            }
        }
    }
}
