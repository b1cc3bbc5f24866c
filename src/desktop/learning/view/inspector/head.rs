//! The shape of the heads.

use crate::compute::train::{Activation, Hidden};
use crate::desktop::learning::Form;
use crate::desktop::shell::fields::field;
use crate::desktop::shell::widgets::weak;
use egui::{ComboBox, DragValue, Ui};

/// Draws the fields of the heads of rows of `inputs` values.
pub fn head_ui(ui: &mut Ui, form: &mut Form, inputs: usize) {
    let head = &mut form.rest.head;
    field(ui, "Head", |ui| {
        let text = head
            .hidden
            .map_or("linear", |hidden| hidden.activation.title());
        ComboBox::from_id_salt("head")
            .width(72.0)
            .selected_text(text)
            .show_ui(ui, |ui| {
                if ui
                    .selectable_label(head.hidden.is_none(), "linear")
                    .clicked()
                {
                    head.hidden = None;
                }
                for activation in Activation::ALL {
                    let on = head
                        .hidden
                        .is_some_and(|hidden| hidden.activation == activation);
                    let text = format!("one hidden layer, {}", activation.title());
                    if ui.selectable_label(on, text).clicked() {
                        let width = head.hidden.map_or(128, |hidden| hidden.width);
                        head.hidden = Some(Hidden { width, activation });
                    }
                }
            });
        weak(ui, format!("{inputs} to"));
        if let Some(hidden) = &mut head.hidden {
            ui.name_inputs("Width of the hidden layer", |ui| {
                ui.add(DragValue::new(&mut hidden.width).range(1..=8_192))
            });
            weak(ui, "to");
        }
        if head.residual {
            weak(ui, inputs.to_string());
        } else {
            ui.name_inputs("Output dimension", |ui| {
                ui.add(DragValue::new(&mut head.outputs).range(1..=8_192))
            });
        }
    });
    field(ui, "", |ui| {
        ui.checkbox(&mut head.shared, "shared")
            .on_hover_text("One head for images and captions instead of one per side");
        ui.checkbox(&mut head.residual, "residual").on_hover_text(
            "Adds what goes in to what comes out: training starts with the embeddings as they are",
        );
        ui.checkbox(&mut head.bias, "bias")
            .on_hover_text("Gives the first layer a bias");
    });
}
