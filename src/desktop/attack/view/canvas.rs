//! The pictures, zoomed and moved together.

use super::View;
use super::notes::{caption, captions, legend_ui, region_ui};
use super::{Memory, brush};
use crate::desktop::attack::textures::Texture;
use crate::desktop::attack::{Compare, Heat};
use crate::desktop::shell::pictured::pictured;
use crate::desktop::shell::theme::{Tokens, tokens};
use egui::{
    Align2, Color32, CornerRadius, FontId, Pos2, Rect, Role, Sense, Stroke, StrokeKind, Ui, Vec2,
    WidgetInfo,
};

/// Room for what is written under the pictures.
const CAPTION: f32 = 42.0;
/// Draws the pictures; a third of the width is `third`.
pub fn canvas_ui(ui: &mut Ui, view: &mut View<'_>, third: f32) {
    let t = tokens(ui);
    let gap = ui.spacing().item_spacing.x;
    let lab = view.state;
    let grid = lab.clean.get(view.session.now()).map(|c| c.grid);
    let aspect = grid.map_or(1.0, |g| g.height as f32 / g.width.max(1) as f32);
    let side_by_side = lab.looks.compare == Compare::SideBySide;
    let (width, share) = if side_by_side {
        (third, 0.52)
    } else {
        (f32::midpoint(third * 3.0, gap), 0.62)
    };
    let tall = (width * aspect)
        .min(ui.available_height() * share)
        .max(120.0);
    let count = if side_by_side { 3 } else { 2 };
    let (strip, _) = ui.allocate_exact_size(
        egui::vec2(
            width * count as f32 + gap * (count - 1) as f32,
            tall + CAPTION,
        ),
        Sense::hover(),
    );
    let panel = |at: usize| {
        let corner = strip.min + egui::vec2(at as f32 * (width + gap), 0.0);
        // As wide as the picture, so that what is written below begins where it does.
        Rect::from_min_size(corner, egui::vec2(width.min(tall / aspect.max(1e-3)), tall))
    };
    compare_ui(ui, view, panel(0), panel(1), &t);
    heat_ui(ui, view, panel(count - 1), &t);
}

/// Draws the original and the perturbed picture in the way that was chosen.
fn compare_ui(ui: &mut Ui, view: &mut View<'_>, left: Rect, right: Rect, t: &Tokens) {
    let session = view.session;
    let looks = view.state.looks;
    let textures = &view.state.textures;
    let changed = textures.adversarial.as_ref();
    let captions = captions(view.state, session);
    let hint = "The perturbed picture appears here.";
    match looks.compare {
        Compare::SideBySide => {
            picture_ui(
                ui,
                view.memory,
                left,
                textures.original.as_ref(),
                "original picture",
                "Reading the picture…",
            );
            let original = textures.original.as_ref();
            brush::mask_ui(ui, view.memory, left, original, textures.mask.as_ref());
            region_ui(ui, view.state, view.memory, left, original, t);
            picture_ui(ui, view.memory, right, changed, "adversarial picture", hint);
            caption(ui, left, &captions.0, t);
            caption(ui, right, &captions.1, t);
            let original = textures.original.clone();
            brush::paint_ui(ui, view, left, original.as_ref());
        }
        Compare::Slider => {
            picture_ui(
                ui,
                view.memory,
                left,
                textures.original.as_ref(),
                "original against adversarial picture",
                "Reading the picture…",
            );
            if let (Some(original), Some(changed)) = (&textures.original, changed) {
                divided_ui(ui, view.memory, left, original, changed, t);
            }
            caption(ui, left, &format!("{} | {}", captions.0, captions.1), t);
        }
        Compare::Blink => {
            let rate = f64::from(view.memory.blink.clamp(0.2, 2.0));
            let turn = (ui.input(|i| i.time) * rate * 2.0) as u64;
            let (shown, name, text) = match changed {
                Some(_) if turn % 2 == 1 => (changed, "adversarial picture", &captions.1),
                _ => (textures.original.as_ref(), "original picture", &captions.0),
            };
            picture_ui(ui, view.memory, left, shown, name, "Reading the picture…");
            caption(ui, left, text, t);
            if changed.is_some() {
                ui.ctx().request_repaint_after_secs((0.5 / rate) as f32);
            }
        }
        Compare::Difference => {
            picture_ui(
                ui,
                view.memory,
                left,
                textures.difference.as_ref(),
                "amplified difference",
                hint,
            );
            let text = format!(
                "adversarial less original, amplified ×{} around grey",
                looks.amplify
            );
            caption(ui, left, &text, t);
        }
    }
}

fn heat_ui(ui: &mut Ui, view: &mut View<'_>, rect: Rect, t: &Tokens) {
    let textures = &view.state.textures;
    let state = &mut *view.memory;
    let hint = if view.state.looks.heat == Heat::Saliency {
        "The saliency map is being made…"
    } else {
        "The perturbation appears here."
    };
    match textures.heat.as_slice() {
        [] => picture_ui(ui, state, rect, None, "heatmap", hint),
        [one] => picture_ui(ui, state, rect, Some(one), "heatmap", hint),
        several => {
            let gap = Vec2::splat(4.0);
            let size = (rect.size() - gap) / 2.0;
            for (at, texture) in several.iter().enumerate().take(4) {
                let step = egui::vec2((at % 2) as f32, (at / 2) as f32);
                let cell = Rect::from_min_size(rect.min + step * (size + gap), size);
                let name = format!("heatmap, {}", texture.title);
                picture_ui(ui, state, cell, Some(texture), &name, "");
            }
        }
    }
    if !textures.heat.is_empty() {
        legend_ui(ui, rect, &textures.legend, t);
    }
}

/// A picture that can be zoomed and moved, or what to say in its place.
fn picture_ui(
    ui: &Ui,
    state: &mut Memory,
    rect: Rect,
    texture: Option<&Texture>,
    name: &str,
    hint: &str,
) {
    let t = tokens(ui);
    let radius = CornerRadius::same(5);
    ui.painter().rect_filled(rect, radius, t.panel);
    let id = ui
        .scope_id()
        .with(("lab picture", rect.min.x as i32, rect.min.y as i32));
    let response = ui.interact(rect, id, Sense::click_and_drag());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, name));
    let Some(texture) = texture else {
        ui.painter()
            .rect_stroke(rect, radius, Stroke::new(1.0, t.line), StrokeKind::Inside);
        let font = FontId::proportional(12.5);
        let middle = rect.center();
        ui.painter()
            .text(middle, Align2::CENTER_CENTER, hint, font, t.weak);
        return;
    };
    state.zoom.pointer_ui(ui, &response, rect, texture.size);
    let (target, uv) = state.zoom.place(rect, texture.size);
    let shape = egui::epaint::RectShape::filled(target, radius, Color32::WHITE)
        .with_texture(texture.texture, uv);
    ui.painter().add(shape);
    pictured(ui, target, None);
    if !texture.title.is_empty() {
        let font = FontId::proportional(11.5);
        let galley = ui
            .painter()
            .layout_no_wrap(texture.title.to_owned(), font, Color32::WHITE);
        let size = galley.size() + egui::vec2(10.0, 4.0);
        let back = Rect::from_min_size(target.min + Vec2::splat(4.0), size);
        ui.painter()
            .rect_filled(back, CornerRadius::same(3), Color32::from_black_alpha(150));
        ui.painter()
            .galley(back.min + egui::vec2(5.0, 2.0), galley, Color32::WHITE);
    }
}

/// The adversarial picture right of a divider that can be dragged.
fn divided_ui(
    ui: &Ui,
    state: &mut Memory,
    rect: Rect,
    original: &Texture,
    changed: &Texture,
    t: &Tokens,
) {
    let (target, uv) = state.zoom.place(rect, original.size);
    let id = ui.scope_id().with("divider");
    let at = |part: f32| target.left() + target.width() * part;
    let grip = Rect::from_center_size(
        Pos2::new(at(state.divider), target.center().y),
        egui::vec2(18.0, target.height()),
    );
    let response = ui
        .interact(grip, id, Sense::drag())
        .on_hover_cursor(egui::CursorIcon::ResizeHorizontal);
    response
        .widget_info(|| WidgetInfo::labeled(Role::Slider, true, "divider between the pictures"));
    if response.dragged()
        && let Some(pointer) = response.interact_pointer_pos()
    {
        state.divider = ((pointer.x - target.left()) / target.width().max(1.0)).clamp(0.0, 1.0);
    }
    if response.has_focus() {
        let step = |key| {
            if ui.input(|i| i.key_pressed(key)) {
                0.02
            } else {
                0.0
            }
        };
        let moved = step(egui::Key::ArrowRight) - step(egui::Key::ArrowLeft);
        state.divider = (state.divider + moved).clamp(0.0, 1.0);
    }
    let x = at(state.divider);
    let right = Rect::from_min_max(Pos2::new(x, target.top()), target.max);
    let left = uv.left() + uv.width() * state.divider;
    let part = Rect::from_min_max(Pos2::new(left, uv.top()), uv.max);
    let shape = egui::epaint::RectShape::filled(right, CornerRadius::ZERO, Color32::WHITE)
        .with_texture(changed.texture, part);
    ui.painter().add(shape);
    ui.painter()
        .vline(x, target.y_range(), Stroke::new(2.0, t.accent));
    ui.painter()
        .circle_filled(Pos2::new(x, target.center().y), 6.0, t.accent);
}
