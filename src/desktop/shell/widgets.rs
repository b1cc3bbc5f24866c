//! Small pieces that several views draw.

pub use super::figure::{figure, figure_of, recalls_ui};

use super::pictured::pictured;
use super::theme::{PRIMARY, Tokens, tokens};
use crate::desktop::core::{Pictures, Shown};
use crate::error::thousands;
use egui::{
    Align2, Color32, CornerRadius, FontId, Rect, Response, RichText, Role, Sense, Stroke,
    StrokeKind, Ui, WidgetInfo,
};

/// Draws `image` into `rect`, filling it (cropped in the middle) or fitting inside.
pub fn picture_in(ui: &Ui, pictures: &mut Pictures, image: u32, rect: Rect, fill: bool) {
    let t = tokens(ui);
    let side = rect.width().max(rect.height()) * ui.pixels_per_point();
    pictured(ui, rect, Some(image));
    let radius = CornerRadius::same(4);
    match pictures.get(image, side) {
        Shown::Texture(id, size) => {
            let scale = rect.size() / size;
            let whole = Rect::from_min_max(egui::pos2(0.0, 0.0), egui::pos2(1.0, 1.0));
            let (target, uv) = if fill {
                let shown = rect.size() / (size * scale.max_elem());
                (rect, Rect::from_center_size(whole.center(), shown))
            } else {
                (
                    Rect::from_center_size(rect.center(), size * scale.min_elem()),
                    whole,
                )
            };
            let shape = egui::epaint::RectShape::filled(target, radius, Color32::WHITE)
                .with_texture(id, uv);
            ui.painter().add(shape);
        }
        Shown::Loading => {
            ui.painter().rect_filled(rect, radius, t.raised);
        }
        Shown::Broken => {
            ui.painter().rect_filled(rect, radius, t.raised);
            ui.painter().text(
                rect.center(),
                Align2::CENTER_CENTER,
                "no picture",
                FontId::proportional(11.0),
                t.weak,
            );
        }
    }
}

/// The sign of a marked image, in the upper left corner of its picture.
pub fn mark(ui: &Ui, picture: Rect) {
    let t = tokens(ui);
    let at = picture.left_top() + egui::vec2(9.0, 9.0);
    ui.painter()
        .circle(at, 5.0, t.accent, Stroke::new(1.5, Color32::WHITE));
}

/// A column of exactly this size in a horizontal layout.
pub fn column(ui: &mut Ui, size: egui::Vec2, add: impl FnOnce(&mut Ui)) {
    let layout = egui::Layout::top_down(egui::Align::Min);
    ui.allocate_ui_with_layout(size, layout, |ui| {
        ui.set_min_size(size);
        ui.set_max_width(size.x);
        add(ui);
    });
}

/// A clickable area with a name for AccessKit.
pub fn named_area(
    ui: &Ui,
    rect: Rect,
    id: egui::Id,
    role: Role,
    selected: bool,
    name: impl Fn() -> String,
) -> Response {
    let response = ui.interact(rect, id, Sense::click());
    response.widget_info(|| WidgetInfo::selected(role, true, selected, name()));
    response
}

/// A horizontal score bar: `share` of the width, in [0, 1].
pub fn bar(ui: &Ui, rect: Rect, share: f32, colour: Color32) {
    let t = tokens(ui);
    let radius = CornerRadius::same(3);
    ui.painter().rect_filled(rect, radius, t.track);
    let filled = Rect::from_min_size(
        rect.min,
        egui::vec2(rect.width() * share.clamp(0.0, 1.0), rect.height()),
    );
    ui.painter().rect_filled(filled, radius, colour);
}

/// A small word on a coloured ground, right-aligned at `right`; returns its width.
pub fn tag(ui: &Ui, right: egui::Pos2, text: &str, colour: Color32, back: Color32) -> f32 {
    let galley = ui
        .painter()
        .layout_no_wrap(text.to_owned(), FontId::proportional(11.5), colour);
    let size = galley.size() + egui::vec2(12.0, 5.0);
    let rect = Rect::from_min_size(egui::pos2(right.x - size.x, right.y - size.y / 2.0), size);
    ui.painter().rect_filled(rect, CornerRadius::same(4), back);
    ui.painter()
        .galley(rect.min + egui::vec2(6.0, 2.5), galley, colour);
    size.x
}

/// How wide a sign is that [`sign_ui`] draws, in points.
pub fn sign_width(ui: &Ui, text: &str) -> f32 {
    let font = FontId::proportional(11.5);
    let galley = ui
        .painter()
        .layout_no_wrap(text.to_owned(), font, Color32::WHITE);
    galley.size().x + 12.0
}

/// A word about a candidate, on a ground of its own colour, right-aligned at `right`.
pub fn sign_ui(ui: &Ui, right: egui::Pos2, text: &str, ink: Color32) {
    tag(ui, right, text, ink, ink.gamma_multiply(0.22));
}

/// A section's heading.
pub fn heading(ui: &mut Ui, text: &str) {
    let t = tokens(ui);
    ui.label(RichText::new(text).size(14.5).strong().color(t.text));
}

/// Explaining text.
pub fn weak(ui: &mut Ui, text: impl Into<String>) -> Response {
    let t = tokens(ui);
    ui.label(RichText::new(text).color(t.weak))
}

/// An empty state: what is missing and the button that mends it; true when it is clicked.
pub fn empty_state(ui: &mut Ui, title: &str, text: &str, button: Option<&str>) -> bool {
    let mut clicked = false;
    ui.vertical_centered(|ui| {
        ui.add_space((ui.available_height() * 0.32).max(24.0));
        ui.label(RichText::new(title).size(18.0).strong());
        weak(ui, text);
        if let Some(button) = button {
            ui.add_space(8.0);
            clicked = primary(ui, button).clicked();
        }
    });
    clicked
}

/// The one button that matters most.
pub fn primary(ui: &mut Ui, text: &str) -> Response {
    primary_if(ui, true, text)
}

/// The same, disabled where not `enabled`: by itself, so that it is not squeezed at the end of a line.
pub fn primary_if(ui: &mut Ui, enabled: bool, text: &str) -> Response {
    let fill = PRIMARY[usize::from(!ui.visuals().dark_mode)];
    let button = egui::Button::new(RichText::new(text).color(Color32::WHITE)).fill(fill);
    ui.add_enabled(enabled, button)
}

/// A button that opens a menu; disabled where not `enabled`.
pub fn menu_if(ui: &mut Ui, enabled: bool, text: &str, entries: impl FnOnce(&mut Ui)) {
    if enabled {
        ui.menu_button(text, entries);
    } else {
        ui.add_enabled(false, egui::Button::new(text));
    }
}

/// A row of choices of which one is taken; returns the one clicked.
pub fn segmented<T: Copy + PartialEq>(
    ui: &mut Ui,
    current: T,
    choices: &[(T, &str, &str)],
) -> Option<T> {
    let mut taken = None;
    let mut buttons = |ui: &mut Ui| {
        let space = std::mem::replace(&mut ui.spacing_mut().item_spacing.x, 4.0);
        for &(value, text, hint) in choices {
            let button = egui::Button::selectable(value == current, text).frame_when_inactive(true);
            if ui.add(button).on_hover_text(hint).clicked() {
                taken = Some(value);
            }
        }
        ui.spacing_mut().item_spacing.x = space;
    };
    // In a bar that wraps each button is its own: a row of its own would run out of the bar.
    if ui.layout().main_wrap() {
        buttons(ui);
    } else {
        ui.horizontal(buttons);
    }
    taken
}

/// A chip with a coloured dot.
pub fn chip(ui: &mut Ui, dot: Color32, text: &str) -> Response {
    let t = tokens(ui);
    let galley = ui
        .painter()
        .layout_no_wrap(text.to_owned(), FontId::proportional(12.0), t.weak);
    let size = egui::vec2(galley.size().x + 30.0, 22.0);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    let line = if response.hovered() { t.weak } else { t.line };
    ui.painter().rect(
        rect,
        CornerRadius::same(11),
        Color32::TRANSPARENT,
        Stroke::new(1.0, line),
        StrokeKind::Inside,
    );
    ui.painter()
        .circle_filled(rect.left_center() + egui::vec2(12.0, 0.0), 3.0, dot);
    ui.painter().galley(
        rect.left_center() + egui::vec2(20.0, -galley.size().y / 2.0),
        galley,
        t.weak,
    );
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, text));
    response
}

/// 12345 as "12,345".
pub fn grouped(n: usize) -> String {
    thousands(n as u64)
}

/// A number with its sign, to so many digits after the point: 0 has none, and what these digits do not show is written
/// with a power of ten, as "−4e−5".
pub fn signed(value: f32, digits: usize) -> String {
    let size = value.abs();
    let text = if size > 0.0 && size < 0.5 * 0.1_f32.powi(digits as i32) {
        format!("{size:.0e}").replace('-', "−")
    } else {
        format!("{size:.digits$}")
    };
    match value {
        _ if size == 0.0 => text,
        v if v < 0.0 => format!("−{text}"),
        _ => format!("+{text}"),
    }
}

/// A score, to three digits, with a proper minus sign; none where nothing but zeros is shown.
pub fn score(value: f32) -> String {
    let text = format!("{value:.3}");
    match text.strip_prefix('-') {
        Some("0.000") => "0.000".to_owned(),
        Some(rest) => format!("−{rest}"),
        None => text,
    }
}

/// Colour of a margin: right, or nearly missed.
pub fn margin_colour(t: &Tokens, margin: f32) -> Color32 {
    if margin > 0.0 { t.good } else { t.bad }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_grouped_and_signed() {
        assert_eq!(grouped(5), "5");
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(signed(-0.0012, 3), "−0.001");
        assert_eq!(signed(0.5, 1), "+0.5");
        // Nothing is neither right nor wrong; what is small is not nothing.
        assert_eq!(signed(0.0, 3), "0.000");
        assert_eq!(signed(-0.0, 3), "0.000");
        assert_eq!(signed(-0.000_04, 3), "−4e−5");
        assert_eq!(signed(0.0004, 3), "+4e−4");
        assert_eq!(score(-0.0001), "0.000");
        assert_eq!(score(-0.25), "−0.250");
    }
}
