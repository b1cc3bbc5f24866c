//! What captions are grouped by, and how the policy that draws from groups does.

use super::super::View;
use crate::desktop::learning::{Form, GroupBy};
use crate::desktop::shell::fields::{field, named};
use crate::desktop::shell::widgets::weak;
use egui::{ComboBox, DragValue, TextEdit, Ui};

/// Draws the fields.
pub fn groups_ui(ui: &mut Ui, view: &View<'_>, form: &mut Form) {
    let [first, second] = &mut form.groups;
    by_ui(ui, view, "Groups", first);
    if first.is_nothing() {
        *second = GroupBy::Nothing;
    } else {
        by_ui(ui, view, "crossed with", second);
    }
    if !form.draws_from_groups() {
        return;
    }
    let e = &mut form.rest.expansion;
    field(ui, "Balanced", |ui| {
        let hint =
            "Epochs of the policy Expansion on as many pairs of each group as the smallest has";
        named(
            ui,
            "Epochs of the warm-up",
            DragValue::new(&mut e.warm).range(1..=100_000),
        )
        .on_hover_text(hint);
        weak(ui, "epochs, then");
    });
    field(ui, "Adds", |ui| {
        let hint = "Pairs that the policy Expansion adds at once, evenly from the groups that have some left";
        named(
            ui,
            "Pairs that are added",
            DragValue::new(&mut e.by).range(1..=10_000_000),
        )
        .on_hover_text(hint);
        weak(ui, "pairs every");
        named(
            ui,
            "Epochs from one addition to the next",
            DragValue::new(&mut e.every).range(1..=100_000),
        );
        weak(ui, "epochs");
    });
}

fn by_ui(ui: &mut Ui, view: &View<'_>, name: &str, by: &mut GroupBy) {
    let sets: Vec<String> = view.session.sets.named.keys().cloned().collect();
    field(ui, name, |ui| {
        ComboBox::from_id_salt(("group by", name))
            .width(84.0)
            .selected_text(by.title())
            .show_ui(ui, |ui| {
                let mut choices = vec![
                    (GroupBy::Nothing, "nothing", "No groups"),
                    (
                        GroupBy::Length,
                        "length of the caption",
                        "Four groups by the number of words, as equal as whole numbers allow",
                    ),
                    (
                        GroupBy::Folder,
                        "folder of the image",
                        "The folder in the image's name",
                    ),
                    (
                        GroupBy::Words(String::new()),
                        "words of the image's captions",
                        "Images with a caption that holds all of these words, and all others",
                    ),
                    (
                        GroupBy::File(String::new()),
                        "numbers in a file",
                        "A file (.npy) with a whole number from 0 for each caption of the data",
                    ),
                ];
                let hint = "Images of this set, and all others";
                choices.extend(
                    sets.iter()
                        .map(|set| (GroupBy::Set(set.clone()), set.as_str(), hint)),
                );
                for (choice, text, hint) in choices {
                    let on = choice.is_like(by);
                    let clicked = ui.selectable_label(on, text).on_hover_text(hint).clicked();
                    if clicked && !on {
                        *by = choice;
                    }
                }
            });
        let (GroupBy::Words(text) | GroupBy::File(text)) = by else {
            return;
        };
        let edit = TextEdit::singleline(text).desired_width(f32::INFINITY);
        named(ui, &format!("{name}: which"), edit);
    });
}
