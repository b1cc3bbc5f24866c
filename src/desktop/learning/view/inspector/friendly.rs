//! How the policy that makes pairs easier does, and its plan.

use crate::desktop::learning::Form;
use crate::desktop::shell::fields::{field, named};
use crate::desktop::shell::theme::tokens;
use crate::desktop::shell::widgets::weak;
use egui::{DragValue, Sense, Shape, Stroke, Ui};

/// Points of the plan's line.
const POINTS: usize = 60;

/// Draws the fields and the plan.
pub fn friendly_ui(ui: &mut Ui, form: &mut Form) {
    if !form.policies.iter().any(|p| p.description().eases) {
        return;
    }
    let f = &mut form.rest.friendly;
    field(ui, "Friendly", |ui| {
        weak(ui, "within");
        named(
            ui,
            "Radius of friendly training",
            DragValue::new(&mut f.radius).range(0.0..=100.0).speed(0.005),
        )
        .on_hover_text("How far an embedding may be moved at the start of the run; those of unit norm have length 1");
        weak(ui, "by");
        named(
            ui,
            "Steps of friendly training",
            DragValue::new(&mut f.steps).range(1..=100),
        )
        .on_hover_text("Steps down the loss before each step of the heads");
        weak(ui, "steps");
    });
    field(ui, "", |ui| {
        weak(ui, "to 0 at");
        let mut percent = 100.0 * f.until;
        named(
            ui,
            "Share of the run with friendly training",
            DragValue::new(&mut percent).range(1.0..=100.0).suffix(" %"),
        )
        .on_hover_text("From here on heads see the embeddings as they are");
        f.until = percent / 100.0;
        weak(ui, "of the run");
        let (rect, area) = ui.allocate_exact_size(egui::vec2(64.0, 18.0), Sense::hover());
        let t = tokens(ui);
        let at = |n: usize| {
            let done = n as f64 / (POINTS - 1) as f64;
            let share = if f.radius > 0.0 {
                f.radius_at(done) / f.radius
            } else {
                0.0
            };
            egui::pos2(
                rect.left() + done as f32 * rect.width(),
                rect.bottom() - 1.0 - share * (rect.height() - 3.0),
            )
        };
        let base = Stroke::new(1.0, t.line);
        ui.painter().hline(rect.x_range(), rect.bottom(), base);
        let line = Shape::line((0..POINTS).map(at).collect(), Stroke::new(1.6, t.accent));
        ui.painter().add(line);
        area.on_hover_text("The radius along the run");
    });
    weak(ui, f.told());
}
