//! The form of what is held out.

use super::fields::field;
use super::widgets::weak;
use crate::desktop::core::HeldOut;
use egui::{ComboBox, DragValue, TextEdit, Ui};
use std::ops::Range;

/// Draws what is held out of `images` images.
pub fn held_out_ui(ui: &mut Ui, held_out: &mut HeldOut, images: usize) {
    field(ui, "Held out", |ui| {
        let kind = match held_out {
            HeldOut::Share { .. } => 0,
            HeldOut::Ranges { .. } => 1,
            HeldOut::Splits { .. } => 2,
        };
        ComboBox::from_id_salt("held out")
            .width(72.0)
            .selected_text(["a share", "ranges", "a split"][kind])
            .show_ui(ui, |ui| {
                if ui.selectable_label(kind == 0, "a share, by seed").clicked() && kind != 0 {
                    *held_out = HeldOut::default();
                }
                if ui.selectable_label(kind == 1, "ranges of images").clicked() && kind != 1 {
                    let cut = images * 4 / 5;
                    *held_out = HeldOut::Ranges {
                        train: 0..cut,
                        valid: cut..images,
                    };
                }
                let hint =
                    "Splits that the dataset names; all of them have to be open (under Problems)";
                let splits = ui.selectable_label(kind == 2, "a split of the dataset");
                if splits.on_hover_text(hint).clicked() && kind != 2 {
                    *held_out = HeldOut::Splits {
                        train: "train".into(),
                        valid: "val".into(),
                    };
                }
            });
        if let HeldOut::Share { share, seed } = held_out {
            let mut percent = *share * 100.0;
            ui.name_inputs("Share held out", |ui| {
                ui.add(
                    DragValue::new(&mut percent)
                        .range(1.0..=90.0)
                        .suffix(" %")
                        .max_decimals(1),
                )
            });
            *share = percent / 100.0;
            weak(ui, "seed");
            ui.name_inputs("Seed of what is held out", |ui| {
                ui.add(DragValue::new(seed))
            });
        }
    });
    if let HeldOut::Splits { train, valid } = held_out {
        for (name, split) in [("Train on", train), ("Validate on", valid)] {
            field(ui, name, |ui| {
                ui.add(TextEdit::singleline(split).desired_width(f32::INFINITY))
            });
        }
    }
    if let HeldOut::Ranges { train, valid } = held_out {
        range_ui(ui, "Train on", train, images);
        range_ui(ui, "Validate on", valid, images);
    }
}

fn range_ui(ui: &mut Ui, name: &str, range: &mut Range<usize>, images: usize) {
    field(ui, name, |ui| {
        ui.add(DragValue::new(&mut range.start).range(0..=images));
        weak(ui, "to");
        ui.name_inputs(format!("{name}, to"), |ui| {
            ui.add(DragValue::new(&mut range.end).range(0..=images))
        });
    });
}
