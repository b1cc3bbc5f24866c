//! The messages of this session, newest first.

use super::{View, ago};
use crate::desktop::core::{Command, Level};
use crate::desktop::shell::theme::tokens;
use crate::desktop::shell::widgets::{heading, weak};
use egui::{ScrollArea, Ui};

/// Draws them.
pub fn messages_ui(ui: &mut Ui, view: &mut View<'_>) {
    let log = &view.session.log;
    ui.horizontal(|ui| {
        heading(ui, "Messages");
        if ui.button("Clear").clicked() {
            view.ask(Command::ClearLog);
        }
        if ui.button("Copy all").clicked() {
            let lines: Vec<String> = log
                .iter()
                .map(|e| format!("{} {}", e.text, e.remedy))
                .collect();
            view.ask(Command::Copy(lines.join("\n")));
        }
    });
    let t = tokens(ui);
    ScrollArea::vertical()
        .id_salt("messages")
        .auto_shrink([false; 2])
        .show(ui, |ui| {
            for entry in log.iter().rev() {
                let colour = match entry.level {
                    Level::Info => t.weak,
                    Level::Warning => t.warn,
                    Level::Error => t.bad,
                };
                ui.horizontal_wrapped(|ui| {
                    let (dot, _) =
                        ui.allocate_exact_size(egui::vec2(8.0, 16.0), egui::Sense::hover());
                    ui.painter().circle_filled(dot.center(), 3.0, colour);
                    weak(ui, ago(entry.at));
                    ui.label(&entry.text);
                    weak(ui, entry.remedy.clone());
                });
            }
        });
}
