//! The small views: what was skipped, what was said, and what a view says before there is anything to show.

use super::View;
use super::theme::tokens;
use super::widgets::{empty_state, grouped, heading, weak};
use crate::desktop::core::{Command, DataSource, Level, Pick, Workspace};
use egui::{RichText, ScrollArea, Ui};

/// The account of the dataset: what is in use, what was left out and why; files and lines one by one.
pub fn problems_ui(ui: &mut Ui, view: &mut View<'_>) {
    let dataset = view.session.dataset();
    let problems = dataset.map_or(&[][..], |d| &d.problems);
    let told = dataset.map(|d| d.account().describe());
    let lines: Vec<&str> = told.as_deref().unwrap_or_default().lines().collect();
    if problems.is_empty() && lines.len() <= 1 {
        empty_state(
            ui,
            "No problems",
            "Every image and caption of the open dataset could be used.",
            None,
        );
        return;
    }
    ui.horizontal(|ui| {
        heading(ui, &format!("{} listed", grouped(problems.len())));
        if ui.button("Copy the list").clicked() {
            let listed = problems.iter().map(|p| format!("{}: {}", p.place, p.what));
            let all: Vec<String> = lines
                .iter()
                .map(ToString::to_string)
                .chain(listed)
                .collect();
            view.commands.push(Command::Copy(all.join("\n")));
        }
    });
    // The first says how many of how many.
    for line in &lines {
        weak(ui, (*line).to_owned());
    }
    ui.add_space(6.0);
    let height = ui.text_style_height(&egui::TextStyle::Body);
    ScrollArea::both()
        .auto_shrink([false; 2])
        .show_rows(ui, height, problems.len(), |ui, rows| {
            for problem in &problems[rows] {
                ui.horizontal(|ui| {
                    ui.label(RichText::new(&problem.place).strong());
                    weak(ui, problem.what.clone());
                });
            }
        });
}

/// Messages of this session, newest first.
pub fn log_ui(ui: &mut Ui, view: &mut View<'_>) {
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
            view.commands.push(Command::ClearLog);
        }
        if ui.button("Copy all").clicked() {
            let lines: Vec<String> = log
                .iter()
                .map(|e| format!("{} {}", e.text, e.remedy))
                .collect();
            view.commands.push(Command::Copy(lines.join("\n")));
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

/// What a view of the embedded set says before there is one; `texts`: while jobs run, the title where nothing is open,
/// and what the view needs.
pub fn not_ready_ui(ui: &mut Ui, view: &mut View<'_>, [soon, nothing, needs]: [&str; 3]) {
    let session = view.session;
    let only_embeddings = matches!(session.workspace.data, Some(DataSource::Embeddings { .. }));
    if !session.jobs.is_empty() {
        empty_state(ui, "Getting ready…", soon, None);
    } else if session.dataset().is_none() {
        if empty_state(ui, nothing, needs, Some("Open the demo")) {
            let demo = Box::new(Workspace::demo());
            view.ask(Command::OpenWorkspace(demo, None));
        }
    } else if session.encoder().is_none() && !only_embeddings {
        let text = "Open the folder of an ONNX-exported dual encoder.";
        if empty_state(ui, "No encoder is open", text, Some("Open an encoder…")) {
            view.ask(Command::Pick(Pick::EncoderFolder));
        }
    } else {
        not_embedded_ui(ui, view);
    }
}

/// What a view says where nothing is embedded and nothing is under way.
pub fn not_embedded_ui(ui: &mut Ui, view: &mut View<'_>) {
    let text = "The embedding was cancelled or failed; the log says why.";
    let again = view.session.encoder().is_some().then_some("Embed again");
    if empty_state(ui, "Not embedded", text, again) {
        view.ask(Command::Embed);
    }
}
