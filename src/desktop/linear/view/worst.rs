//! The worst change of one picture in each norm.

use super::View;
use super::figures::digits;
use super::looks::Looks;
use super::spark::sign;
use super::table::{NORMS, picture};
use crate::desktop::linear::Studied;
use crate::desktop::shell::theme::tokens;
use crate::desktop::shell::widgets::{heading, weak};
use egui::{Align2, FontId, Rect, Sense, Ui};

/// Draws the section.
pub fn worst_ui(ui: &mut Ui, view: &mut View<'_>, studied: &Studied) {
    heading(ui, "Worst change of one picture");
    let Some(line) = view.state.looked_at(studied) else {
        return;
    };
    let t = tokens(ui);
    let looks = Looks::of(line, view.state.line, ui.visuals().dark_mode);
    ui.horizontal(|ui| {
        weak(ui, "for");
        let (rect, _) = ui.allocate_exact_size(egui::vec2(24.0, 14.0), Sense::hover());
        sign(ui.painter(), rect.center(), looks);
        weak(ui, format!("{}, at the radius", line.title.to_lowercase()));
    });
    let Some(worst) = view.state.worst(view.session.now()).cloned() else {
        weak(ui, "…");
        return;
    };
    let gap = 6.0;
    let wide = ui.available_width();
    let side = ((wide - 3.0 * gap) / 4.0).floor();
    let is_drawn = worst.drawn.is_some() && view.state.worst_textures.len() == 4;
    let rows = if is_drawn { 2.0 } else { 0.0 };
    let size = egui::vec2(wide, rows * (side + 4.0) + 34.0);
    let (rect, area) = ui.allocate_exact_size(size, Sense::hover());
    for (n, norm) in NORMS.into_iter().enumerate() {
        let left = rect.left() + n as f32 * (side + gap);
        if is_drawn {
            let pair = &view.state.worst_textures[norm.index()];
            for (k, texture) in pair.iter().enumerate() {
                let min = egui::pos2(left, rect.top() + k as f32 * (side + 4.0));
                picture(
                    ui,
                    texture,
                    Rect::from_min_size(min, egui::Vec2::splat(side)),
                );
            }
        }
        let radius = worst.radii[norm.index()];
        let text = |y: f32, words: String, colour| {
            let at = egui::pos2(left, rect.bottom() - y);
            let font = FontId::proportional(11.5);
            ui.painter()
                .text(at, Align2::LEFT_CENTER, words, font, colour);
        };
        text(25.0, norm.title().to_owned(), t.text);
        let colour = if radius < 0.0 { t.bad } else { t.weak };
        text(9.0, digits(radius), colour);
    }
    area.on_hover_text(
        "The smallest size, in each norm, of a change that leaves the classifier undecided",
    );
    let text = match (worst.radii[0] < 0.0, is_drawn) {
        (true, _) => {
            "The classifier is wrong about this picture as it is: its distance from the boundary is below 0."
        }
        (false, true) => {
            "Above the change, below the picture that is just undecided, cut to [0, 1]."
        }
        (false, false) => "Rows of embeddings and layers have no picture.",
    };
    weak(ui, text);
}
