//! Tools and zoom, in the upper left corner of the map.

use super::keys::{Move, STEP};
use super::{Tool, View};
use crate::desktop::map::Command;
use crate::desktop::shell::theme::tokens;
use crate::desktop::shell::widgets::weak;
use egui::{CornerRadius, Rect, Ui, Vec2};

/// The tools, in the upper left corner.
pub fn tools_ui(ui: &mut Ui, view: &mut View<'_>, rect: Rect) {
    let place = Rect::from_min_size(rect.min + Vec2::new(8.0, 8.0), Vec2::new(430.0, 34.0));
    let mut inside = ui.new_child(egui::UiBuilder::new().max_rect(place));
    egui::Frame::NONE
        .fill(tokens(ui).panel.gamma_multiply(0.92))
        .corner_radius(CornerRadius::same(5))
        .inner_margin(egui::Margin::same(4))
        .show(&mut inside, |ui| {
            ui.horizontal(|ui| {
                ui.spacing_mut().item_spacing.x = 4.0;
                for (tool, name, hint) in [
                    (
                        Tool::Move,
                        "Move",
                        "Drag moves the map (V); the wheel zooms",
                    ),
                    (
                        Tool::Box,
                        "Box",
                        "Choose what is in a rectangle (B); Shift adds, Alt takes away",
                    ),
                    (
                        Tool::Lasso,
                        "Lasso",
                        "Choose what is inside an outline (G); Shift adds, Alt takes away",
                    ),
                ] {
                    let button = egui::Button::selectable(view.memory.tool == tool, name);
                    if ui
                        .add(button.frame_when_inactive(true))
                        .on_hover_text(hint)
                        .clicked()
                    {
                        view.memory.tool = tool;
                    }
                }
                let before = view.state.selection.get(view.session.now());
                let can = before.is_some_and(|s| !s.before.is_empty());
                let undo = ui.add_enabled(can, egui::Button::new("Undo"));
                if undo
                    .on_hover_text("Choose what was chosen before (Backspace)")
                    .clicked()
                {
                    view.own(Command::Undo);
                }
                zoom_ui(ui, view);
            });
        });
}

/// The zoom, and buttons that change it.
fn zoom_ui(ui: &mut Ui, view: &mut View<'_>) {
    ui.separator();
    for (sign, hint, by) in [
        ("−", "Zoom out (-)", Move::Zoom(1.0 / STEP)),
        ("+", "Zoom in (+)", Move::Zoom(STEP)),
        ("Fit", "Show everything (Home)", Move::Fit),
    ] {
        if ui.button(sign).on_hover_text(hint).clicked() {
            view.memory.moves.push(by);
        }
    }
    let zoom = view.memory.cameras[0].zoom();
    weak(
        ui,
        if zoom < 1_000.0 {
            format!("×{zoom:.1}")
        } else {
            format!("×{zoom:.0e}")
        },
    );
}
