//! What else the next study is asked for.

use super::View;
use crate::desktop::linear::Command;
use crate::desktop::shell::fields::field;
use crate::desktop::shell::theme::tokens;
use crate::desktop::shell::widgets::weak;
use crate::learn::linear::Method;
use egui::{CollapsingHeader, DragValue, RichText, TextEdit, Ui};

/// Draws the settings: open until something was trained.
pub fn settings_ui(ui: &mut Ui, view: &mut View<'_>) {
    let fresh = view.state.studied(view.session.now()).is_none();
    CollapsingHeader::new("Settings")
        .id_salt(("linear settings", fresh))
        .default_open(fresh)
        .show(ui, |ui| fields_ui(ui, view));
}

fn fields_ui(ui: &mut Ui, view: &mut View<'_>) {
    let mut form = view.state.form.clone();
    for method in Method::ALL {
        let mut on = form.methods.contains(&method);
        let box_ = ui.checkbox(&mut on, method.title());
        if box_.on_hover_text(method.about()).changed() {
            form.methods.retain(|other| *other != method);
            if on {
                form.methods.push(method);
            }
            form.methods.sort();
        }
    }
    field(ui, "Penalties", |ui| {
        ui.add(
            TextEdit::singleline(&mut form.penalties)
                .hint_text("0.1, 0.01")
                .desired_width(f32::INFINITY),
        )
        .on_hover_text("Weights of penalties as multiples of the largest margin, in every norm; none where it is empty")
    });
    if let Err(error) = form.asked() {
        let t = tokens(ui);
        ui.label(RichText::new(error.to_string()).color(t.warn));
        weak(ui, error.remedy());
    }
    field(ui, "Images", |ui| {
        ui.add(DragValue::new(&mut form.most).range(1..=2_048));
        weak(ui, "of a group, seed");
        ui.name_inputs("Seed", |ui| ui.add(DragValue::new(&mut form.seed)));
    });
    let hint = "Takes the mean of all rows off each, as a bias does; embeddings stay as they are";
    ui.checkbox(&mut form.centred, "less the mean row")
        .on_hover_text(hint);
    let hint = "Copies this study as arguments of the command line";
    let [first, second] = [0, 1].map(|n| form.groups[n].members(view.session));
    if let (Ok(first), Ok(second)) = (first, second)
        && ui.button("Copy as a command").on_hover_text(hint).clicked()
    {
        ui.ctx().copy_text(form.command(&[first, second]));
    }
    if form != view.state.form {
        view.own(Command::SetForm(Box::new(form)));
    }
}
