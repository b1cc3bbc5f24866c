//! What is under the pointer, larger, while L is held.

use super::scene::Scene;
use super::{View, overlay};
use crate::desktop::map::Look;
use crate::map::Layer;
use egui::{Align2, CornerRadius, FontId, Key, Rect, Response, Stroke, StrokeKind, Ui, Vec2};

/// Magnification of the lens.
const LENS: f64 = 7.0;

/// While L is held: what is under the pointer, larger. Returns how much of the right side it takes.
pub fn lens_ui(ui: &mut Ui, view: &mut View<'_>, scene: &Scene<'_>, response: &Response) -> f32 {
    let held = ui.input(|i| i.key_down(Key::L)) && !ui.ctx().text_edit_focused();
    let Some(pointer) = response.hover_pos().filter(|_| held) else {
        return 0.0;
    };
    let side = (scene.rect.height() * 0.55).clamp(120.0, 320.0);
    let corner = scene.rect.right_top() + Vec2::new(-side - 10.0, 10.0);
    let rect = Rect::from_min_size(corner, Vec2::splat(side));
    let at = scene.look.place(scene.rect, pointer);
    let lens = Scene {
        rect,
        look: Look {
            middle: at,
            scale: scene.look.scale * LENS,
        },
        dyed: scene.dyed,
        ..*scene
    };
    let t = scene.t;
    ui.painter()
        .rect_filled(rect, CornerRadius::same(4), t.base);
    let seen = Rect::from_center_size(pointer, Vec2::splat(side / LENS as f32));
    let line = Stroke::new(1.0, t.accent);
    ui.painter()
        .rect_stroke(seen, CornerRadius::ZERO, line, StrokeKind::Outside);
    lens.points(ui, &view.state.painter.clone(), 5.2, false);
    let images = lens
        .shown
        .plane
        .within(Layer::Images, &lens.look.area(rect.size()), 200);
    overlay::lines_of_items(ui, view, &lens, &images);
    overlay::thumbnails_ui(ui, view, &lens, 44.0);
    ui.painter()
        .rect_stroke(rect, CornerRadius::same(4), line, StrokeKind::Outside);
    ui.painter().text(
        rect.left_top() + Vec2::new(8.0, 6.0),
        Align2::LEFT_TOP,
        format!("lens ×{LENS:.0}"),
        FontId::proportional(12.0),
        t.text,
    );
    side + 10.0
}
