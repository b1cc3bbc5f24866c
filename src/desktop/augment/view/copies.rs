//! Copies of the picture that is looked at, under what was learned.

use super::View;
use crate::desktop::augment::{Command, Studied};
use crate::desktop::shell::fields::named;
use crate::desktop::shell::pictured::pictured;
use crate::desktop::shell::theme::tokens;
use crate::desktop::shell::widgets::{heading, weak};
use egui::{
    Align2, Color32, CornerRadius, DragValue, FontId, Label, Rect, RichText, Role, Sense,
    TextureHandle, Ui, WidgetInfo,
};

/// Side of a picture.
const SIDE: f32 = 84.0;
/// What stands below the first.
const BELOW: f32 = 16.0;

/// Draws the section.
pub fn copies_ui(ui: &mut Ui, view: &mut View<'_>, studied: &Studied) {
    ui.horizontal(|ui| {
        heading(ui, "Copies of a picture");
        choice_ui(ui, view);
    });
    let t = tokens(ui);
    if !studied.makes_copies() {
        weak(ui, "No change is left: every copy is the picture itself.");
        return;
    }
    let Some((image, textures)) = view.state.copies.get(view.session.now()) else {
        weak(ui, "Copies are made…");
        return;
    };
    let images = view.session.dataset().map(|dataset| &dataset.images);
    let name = images
        .and_then(|images| images.get(*image as usize))
        .map_or("a picture", |image| image.name.as_str());
    let text = format!(
        "{name}, as the model sees it and as copies under the means of the learned magnitudes. The averaged embedding is the unit \
         mean over {} such copies.",
        studied.study.asked.draws
    );
    ui.add(Label::new(RichText::new(text).color(t.weak)).wrap());
    ui.add_space(4.0);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = egui::vec2(6.0, 6.0);
        for (n, texture) in textures.iter().enumerate() {
            let told = match n {
                0 => format!("{name} as it is"),
                n => format!("Copy {n} of {name}"),
            };
            picture_ui(ui, texture, &told, n == 0);
        }
    });
}

/// Which picture.
fn choice_ui(ui: &mut Ui, view: &mut View<'_>) {
    let Some(image) = view.state.image(view.session.now()) else {
        return;
    };
    let images = view.session.dataset().map_or(0, |d| d.images.len());
    let last = (images as u32).saturating_sub(1);
    let mut chosen = image;
    ui.add_space(6.0);
    let button = |ui: &mut Ui, text: &str, hint: &str, can: bool| {
        let button = ui.add_enabled(can, egui::Button::new(text));
        button.on_hover_text(hint).clicked()
    };
    if button(ui, "Previous", "Copies of the image before", image > 0) {
        chosen = image - 1;
    }
    let drag = DragValue::new(&mut chosen).range(0..=last);
    named(ui, "Image whose copies are shown", drag).on_hover_text(
        "Images count from 0, as in the dataset; an image that is selected in another view is shown too",
    );
    if button(ui, "Next", "Copies of the image after", image < last) {
        chosen = image + 1;
    }
    if chosen != image {
        view.own(Command::ShowImage(chosen));
    }
}

fn picture_ui(ui: &mut Ui, texture: &TextureHandle, told: &str, is_first: bool) {
    let t = tokens(ui);
    let size = egui::vec2(SIDE, SIDE + BELOW);
    let (area, response) = ui.allocate_exact_size(size, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, told));
    let room = Rect::from_min_size(area.min, egui::Vec2::splat(SIDE));
    let seen = texture.size_vec2();
    let rect = Rect::from_center_size(room.center(), seen * (SIDE / seen.max_elem().max(1.0)));
    let whole = Rect::from_min_max(egui::pos2(0.0, 0.0), egui::pos2(1.0, 1.0));
    let shape = egui::epaint::RectShape::filled(rect, CornerRadius::same(4), Color32::WHITE)
        .with_texture(texture.id(), whole);
    ui.painter().add(shape);
    pictured(ui, rect, None);
    if is_first {
        ui.painter().text(
            room.center_bottom() + egui::vec2(0.0, BELOW / 2.0 + 1.0),
            Align2::CENTER_CENTER,
            "as it is",
            FontId::proportional(11.5),
            t.weak,
        );
    }
}
