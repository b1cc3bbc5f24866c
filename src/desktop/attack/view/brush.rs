//! Painting where an attack may go, straight onto the picture.

use super::Memory;
use super::View;
use super::fields::field;
use crate::attack::Mask;
use crate::desktop::attack::Command;
use crate::desktop::attack::textures::Texture;
use crate::desktop::shell::theme::tokens;
use crate::desktop::shell::widgets::weak;
use egui::{Pos2, Rect, Role, Sense, Slider, Stroke, Ui, Vec2, WidgetInfo};
use std::sync::Arc;

/// The longer side of a painted mask at most; an attack brings it to the picture's size.
const LONGEST: f32 = 512.0;

/// The brush.
#[derive(Debug, Clone, Copy)]
pub struct Brush {
    /// Is it in hand?
    pub on: bool,
    /// Its width as a part of the picture's longer side.
    pub width: f32,
    /// Does it take away?
    pub erase: bool,
    /// Where the stroke under way was last seen, on the screen.
    last: Option<Pos2>,
}

impl Default for Brush {
    fn default() -> Self {
        Self {
            on: false,
            width: 0.12,
            erase: false,
            last: None,
        }
    }
}

/// The brush's controls, in the inspector.
pub fn form_ui(ui: &mut Ui, view: &mut View<'_>) {
    let brush = &mut view.memory.brush;
    if !brush.on {
        return;
    }
    field(ui, "Brush", |ui| {
        ui.spacing_mut().slider_width = (ui.available_width() - 90.0).max(60.0);
        let slider = Slider::new(&mut brush.width, 0.01..=0.5).show_value(false);
        ui.add(slider).on_hover_text("Width of the brush");
        let button = egui::Button::selectable(brush.erase, "Erase").frame_when_inactive(true);
        let hint = "Take away instead; Shift does so for one stroke";
        if ui.add(button).on_hover_text(hint).clicked() {
            brush.erase = !brush.erase;
        }
    });
    ui.horizontal(|ui| {
        if ui
            .small_button("Invert")
            .on_hover_text("What was kept may be changed, and the other way round")
            .clicked()
            && let Some(mask) = &view.state.settings.threat.mask
        {
            let free = mask.free.iter().map(|f| !f).collect();
            set(view, mask.width, mask.height, free);
        }
        weak(ui, "Drag over the original.");
    });
}

/// Paints on the original, which lies in `rect`.
pub fn paint_ui(ui: &Ui, view: &mut View<'_>, rect: Rect, texture: Option<&Texture>) {
    let brush = view.memory.brush;
    let Some(texture) = texture.filter(|_| brush.on) else {
        return;
    };
    let (target, uv) = view.memory.zoom.place(rect, texture.size);
    let id = ui.scope_id().with("brush");
    let response = ui
        .interact(target, id, Sense::click_and_drag())
        .on_hover_cursor(egui::CursorIcon::Crosshair);
    response
        .widget_info(|| WidgetInfo::labeled(Role::Canvas, true, "brush over the original picture"));
    // A brush is as wide on the picture as it says, however that is magnified.
    let radius = brush.width * 0.5 * (target.size() / uv.size()).max_elem();
    let zoom = &mut view.memory.zoom;
    zoom.wheel_ui(ui, &response, rect, texture.size);
    if let Some(pointer) = response.hover_pos() {
        let stroke = Stroke::new(1.5, tokens(ui).accent);
        let painter = ui.painter().with_clip_rect(target);
        painter.circle_stroke(pointer, radius, stroke);
    }
    let held = response.dragged() || response.clicked() || response.is_pointer_button_down_on();
    let Some(to) = response.interact_pointer_pos().filter(|_| held) else {
        view.memory.brush.last = None;
        return;
    };
    let from = view.memory.brush.last.replace(to).unwrap_or(to);
    let on_picture = |p: Pos2| {
        let part = (p - target.min) / target.size();
        uv.min + part * uv.size()
    };
    let erase = brush.erase || ui.input(|i| i.modifiers.shift);
    let old = view.state.settings.threat.mask.as_ref();
    let (width, height, mut free) = match old {
        Some(mask) => (mask.width, mask.height, mask.free.to_vec()),
        None => blank(texture.size),
    };
    let ends = [on_picture(from), on_picture(to)];
    if stroke(&mut free, [width, height], ends, brush.width * 0.5, !erase) {
        set(view, width, height, free);
    }
}

/// A mask of nothing for a picture of `size`.
fn blank(size: Vec2) -> (u32, u32, Vec<bool>) {
    let scale = (LONGEST / size.max_elem()).min(1.0);
    let side = |length: f32| (length * scale).round().max(1.0) as u32;
    let (width, height) = (side(size.x), side(size.y));
    (width, height, vec![false; (width * height) as usize])
}

/// Sets everything within `radius` (a part of the longer side) of the line between `ends` (parts of width and height)
/// to `value`; says whether anything changed.
fn stroke(
    free: &mut [bool],
    [width, height]: [u32; 2],
    ends: [Pos2; 2],
    radius: f32,
    value: bool,
) -> bool {
    let size = egui::vec2(width as f32, height as f32);
    let radius = (radius * size.max_elem()).max(0.5);
    let [a, b] = ends.map(|end| (end.to_vec2() * size).to_pos2());
    let reach = Rect::from_two_pos(a, b).expand(radius);
    let range = |from: f32, to: f32, most: u32| {
        let first = from.floor().max(0.0) as u32;
        first..(to.ceil().max(0.0) as u32).min(most)
    };
    let along = b - a;
    let mut changed = false;
    for y in range(reach.top(), reach.bottom(), height) {
        for x in range(reach.left(), reach.right(), width) {
            let centre = Pos2::new(x as f32 + 0.5, y as f32 + 0.5);
            let part = (centre - a).dot(along) / along.length_sq().max(1e-9);
            let nearest = a + along * part.clamp(0.0, 1.0);
            let at = (y * width + x) as usize;
            if (centre - nearest).length() <= radius && free[at] != value {
                free[at] = value;
                changed = true;
            }
        }
    }
    changed
}

fn set(view: &mut View<'_>, width: u32, height: u32, free: Vec<bool>) {
    let mask = Mask {
        width,
        height,
        free: Arc::new(free),
    };
    view.own(Command::SetMask(Some(mask)));
}

/// Darkens what the mask keeps from being changed, on the original in `rect`.
pub fn mask_ui(
    ui: &Ui,
    state: &Memory,
    rect: Rect,
    original: Option<&Texture>,
    mask: Option<&Texture>,
) {
    let (Some(original), Some(mask)) = (original, mask) else {
        return;
    };
    let (target, uv) = state.zoom.place(rect, original.size);
    let shape =
        egui::epaint::RectShape::filled(target, egui::CornerRadius::same(5), egui::Color32::WHITE)
            .with_texture(mask.texture, uv);
    ui.painter().add(shape);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stroke_is_as_wide_as_the_brush_and_can_be_taken_back() {
        let (width, height, mut free) = blank(egui::vec2(2048.0, 1024.0));
        assert_eq!((width, height), (512, 256));
        let ends = [Pos2::new(0.25, 0.5), Pos2::new(0.75, 0.5)];
        assert!(stroke(&mut free, [width, height], ends, 0.02, true));
        let column = |free: &[bool], x: u32| {
            (0..height)
                .filter(|y| free[(y * width + x) as usize])
                .count()
        };
        // 2 x 0.02 x 512 rows, in the middle of the line.
        assert!(
            (20..=21).contains(&column(&free, 256)),
            "{}",
            column(&free, 256)
        );
        assert_eq!(column(&free, 60), 0, "beyond the end and its round");
        assert!(
            !stroke(&mut free, [width, height], ends, 0.02, true),
            "nothing new"
        );
        assert!(stroke(&mut free, [width, height], ends, 0.03, false));
        assert!(free.iter().all(|f| !f));
        let outside = [Pos2::new(-3.0, -2.0), Pos2::new(-2.0, 4.0)];
        assert!(!stroke(&mut free, [width, height], outside, 0.1, true));
    }
}
