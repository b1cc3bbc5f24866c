//! Small pieces of forms: inputs with a name.

use super::theme::tokens;
use egui::{Align, Layout, Response, RichText, Ui, Widget};

/// Width of the names.
const NAME: f32 = 78.0;

/// A name and what belongs to it, on one line.
pub fn field<R>(ui: &mut Ui, name: &str, add: impl FnOnce(&mut Ui) -> R) -> R {
    ui.horizontal(|ui| {
        let height = ui.spacing().interact_size.y;
        let t = tokens(ui);
        ui.allocate_ui_with_layout(
            egui::vec2(NAME, height),
            Layout::left_to_right(Align::Center),
            |ui| {
                ui.set_min_width(NAME);
                ui.label(RichText::new(name).color(t.weak));
            },
        );
        ui.name_inputs(name, add)
    })
    .inner
}

/// An input with a name for `AccessKit`; a hint added to what comes back does not replace that.
pub fn named(ui: &mut Ui, name: &str, input: impl Widget) -> Response {
    ui.name_inputs(name, |ui| ui.add(input))
}

/// A number that may be left out: a box, and the number where it is ticked. `start` is what it is ticked with; true
/// where it changed.
pub fn optional(
    ui: &mut Ui,
    name: &str,
    value: &mut Option<f32>,
    start: f32,
    range: std::ops::RangeInclusive<f32>,
) -> bool {
    let mut on = value.is_some();
    ui.horizontal(|ui| {
        let mut changed = ui.checkbox(&mut on, name).changed();
        if changed {
            *value = on.then_some(start);
        }
        if let Some(number) = value {
            let drag = egui::DragValue::new(number)
                .speed(0.005)
                .range(range)
                .max_decimals(3);
            changed |= named(ui, name, drag).changed();
        }
        changed
    })
    .inner
}
