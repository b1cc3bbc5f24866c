//! The messages of this session.

use crate::desktop::core::{Basis, Command, Level, Tab};
use crate::desktop::feature::{Desk, Feature, Nothing, View};
use crate::desktop::shell::theme::tokens;
use crate::desktop::shell::widgets::{empty_state, heading, weak};
use egui::{ScrollArea, Ui};

/// The view.
pub struct Log;

impl Feature for Log {
    type Command = Nothing;
    type Slot = Nothing;
    type Event = Nothing;
    type State = ();
    type Memory = ();

    const TAB: Tab = Tab {
        title: "Log",
        hint: "Messages of this session",
        show: "Show the log",
        follows: false,
        is_lab: false,
    };

    fn new() -> Self {
        Self
    }

    fn state(&self) -> &() {
        &()
    }

    fn execute(&mut self, _: &mut Desk<'_, Self>, command: Nothing) {
        match command {}
    }

    fn take(&mut self, _: &mut Desk<'_, Self>, _: Basis, event: Nothing) {
        match event {}
    }

    fn guide_page() -> Option<&'static str> {
        Some("headless")
    }

    fn draw(ui: &mut Ui, view: &mut View<'_, Self>) {
        log_ui(ui, view);
    }
}

/// Messages of this session, newest first.
fn log_ui(ui: &mut Ui, view: &mut View<'_, Log>) {
    let log = &view.session.log;
    if log.is_empty() {
        empty_state(
            ui,
            "Nothing has happened yet",
            "Messages of this session appear here.",
            None,
        );
        return;
    }
    ui.horizontal(|ui| {
        heading(ui, "Log");
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
        .auto_shrink([false; 2])
        .show(ui, |ui| {
            for entry in log.iter().rev() {
                let colour = match entry.level {
                    Level::Info => t.weak,
                    Level::Warning => t.warn,
                    Level::Error => t.bad,
                };
                let ago = entry.at.elapsed().as_secs();
                let ago = if ago < 90 {
                    format!("{ago} s ago")
                } else {
                    format!("{} min ago", ago / 60)
                };
                ui.horizontal_wrapped(|ui| {
                    let (dot, _) =
                        ui.allocate_exact_size(egui::vec2(8.0, 16.0), egui::Sense::hover());
                    ui.painter().circle_filled(dot.center(), 3.0, colour);
                    weak(ui, ago);
                    ui.label(&entry.text);
                    weak(ui, entry.remedy.clone());
                });
            }
        });
}
