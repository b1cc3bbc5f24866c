//! The account of the dataset: which part is in use, what was left out and why, files and lines one by one.

use super::View;
use crate::dataset::Split;
use crate::desktop::core::{Command, DataSource, Pick};
use crate::desktop::shell::widgets::{empty_state, grouped, heading, weak};
use crate::files::shown;
use egui::{ComboBox, RichText, ScrollArea, Ui};

/// Draws the page; `told` is the account in words.
pub fn left_out_ui(ui: &mut Ui, view: &mut View<'_>, told: &str) {
    let dataset = view.session.dataset();
    let problems = dataset.map_or(&[][..], |d| &d.problems);
    let lines: Vec<&str> = told.lines().collect();
    if problems.is_empty() && lines.len() <= 1 {
        empty_state(
            ui,
            "Nothing was left out",
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
            view.ask(Command::Copy(all.join("\n")));
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

/// Which part of the file or folder is open, and the way to another one.
pub fn part_ui(ui: &mut Ui, view: &mut View<'_>, split: Option<&Split>) {
    let Some(DataSource::Path { part, .. }) = &view.session.workspace.data else {
        return;
    };
    let mut wanted = part.clone();
    ui.horizontal(|ui| {
        if let Some(split) = split.filter(|s| s.all.len() > 1) {
            weak(ui, "Split");
            let mut name = split.name.clone();
            ui.name_inputs("Split", |ui| {
                ComboBox::from_id_salt("split")
                    .selected_text(&split.name)
                    .show_ui(ui, |ui| {
                        for (each, count) in &split.all {
                            let text = format!("{each} ({})", grouped(*count as usize));
                            ui.selectable_value(&mut name, each.clone(), text);
                        }
                        ui.selectable_value(&mut name, "all".to_owned(), "all");
                    });
            });
            if name != split.name {
                wanted.split = Some(name);
            }
        }
        let hint = "For captions whose pictures lie in another folder";
        if ui
            .button("Folder of pictures…")
            .on_hover_text(hint)
            .clicked()
        {
            view.ask(Command::Pick(Pick::PicturesFolder));
        }
        if let Some(folder) = &part.images {
            weak(ui, shown(folder));
            if ui.small_button("Remove").clicked() {
                wanted.images = None;
            }
        }
    });
    if wanted != *part {
        view.ask(Command::OpenPart(Box::new(wanted)));
    }
    ui.add_space(4.0);
}
