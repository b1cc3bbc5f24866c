//! The dialog of sets: what is marked, what was named, and how they go together.

use super::Shell;
use super::dialogs::dialog;
use super::theme::tokens;
use super::widgets::{grouped, heading, weak};
use crate::desktop::core::{Combine, Command, Pick, SetsCommand};
use egui::{Context, RichText, Ui};

/// "1 image", "12 images".
fn images(count: usize) -> String {
    format!(
        "{} image{}",
        grouped(count),
        if count == 1 { "" } else { "s" }
    )
}

/// Draws the dialog where it is open.
pub fn sets_ui(ctx: &Context, shell: &mut Shell<'_>) {
    let Some(mut name) = shell.memory.sets.take() else {
        return;
    };
    let mut done = false;
    let modal = dialog(ctx, "sets").show(ctx, |ui| {
        ui.set_width(520.0);
        heading(ui, "Sets of images");
        weak(
            ui,
            "M marks the image of the query, in every shell. Sets are kept in the workspace.",
        );
        ui.add_space(4.0);
        marked_ui(ui, shell, &mut name);
        ui.add_space(6.0);
        ui.separator();
        named_ui(ui, shell);
        ui.add_space(8.0);
        done = ui.button("Close").clicked();
    });
    if !done && !modal.should_close() {
        shell.memory.sets = Some(name);
    }
}

fn marked_ui(ui: &mut Ui, shell: &mut Shell<'_>, name: &mut String) {
    let marked = shell.session.sets.marked.len();
    ui.horizontal(|ui| {
        let mut ask = |command| shell.commands.push(Command::Sets(command));
        ui.label(RichText::new(format!("Marked: {}", images(marked))).strong());
        if ui
            .button("Mark all shown")
            .on_hover_text("Every image of the browser, as it is filtered")
            .clicked()
        {
            ask(SetsCommand::MarkShown);
        }
        if ui
            .add_enabled(marked > 0, egui::Button::new("Clear"))
            .clicked()
        {
            ask(SetsCommand::Clear);
        }
        if ui
            .add_enabled(marked > 0, egui::Button::new("Export as a dataset…"))
            .on_hover_text("The marked images with their captions, in a folder of their own")
            .clicked()
        {
            shell.commands.push(Command::Pick(Pick::ExportImages));
        }
    });
    ui.horizontal(|ui| {
        let edit = egui::TextEdit::singleline(name)
            .hint_text("Name of the set…")
            .desired_width(260.0)
            .margin(egui::Margin::symmetric(8, 5));
        let response = ui.add(edit);
        let entered = response.lost_focus() && ui.input(|i| i.key_pressed(egui::Key::Enter));
        let ready = marked > 0 && !name.trim().is_empty();
        let save = ui.add_enabled(ready, egui::Button::new("Save what is marked"));
        if save.clicked() || entered && ready {
            let name = std::mem::take(name);
            shell.ask(Command::Sets(SetsCommand::Save(name)));
        }
    });
}

fn named_ui(ui: &mut Ui, shell: &mut Shell<'_>) {
    let sets = &shell.session.sets;
    let t = tokens(ui);
    if sets.named.is_empty() {
        weak(ui, "No set was named yet.");
        return;
    }
    let mut ask = |command| shell.commands.push(Command::Sets(command));
    egui::ScrollArea::vertical()
        .max_height(300.0)
        .auto_shrink([false, true])
        .show(ui, |ui| {
            for (name, rows) in &sets.named {
                let only = sets.only.as_ref() == Some(name);
                ui.horizontal(|ui| {
                    let text = RichText::new(name).strong().color(t.text);
                    ui.add(egui::Label::new(text).truncate());
                    weak(ui, images(rows.len()));
                });
                ui.horizontal(|ui| {
                    let show =
                        egui::Button::selectable(only, "Show only").frame_when_inactive(true);
                    let hint = "The browser and the hard negatives show these images alone";
                    if ui.add(show).on_hover_text(hint).clicked() {
                        ask(SetsCommand::Only((!only).then(|| name.clone())));
                    }
                    for (how, text, hint) in [
                        (Combine::Add, "Add to marked", "Marks the images of either"),
                        (
                            Combine::Common,
                            "Keep common",
                            "Leaves marked what is in both",
                        ),
                        (
                            Combine::TakeAway,
                            "Take away",
                            "Leaves marked what is not in the set",
                        ),
                    ] {
                        if ui.button(text).on_hover_text(hint).clicked() {
                            ask(SetsCommand::Combine(name.clone(), how));
                        }
                    }
                    if ui.button("Delete").clicked() {
                        ask(SetsCommand::Delete(name.clone()));
                    }
                });
                ui.add_space(4.0);
            }
        });
}
