//! What of the dataset was used and what was left out, and why.

use crate::dataset::Split;
use crate::desktop::core::{Basis, Command, DataSource, Derived, Part, Pick, Session, Tab};
use crate::desktop::feature::{Desk, Feature, Nothing, View};
use crate::desktop::shell::widgets::{empty_state, grouped, heading, weak};
use crate::files::shown;
use egui::{ComboBox, RichText, ScrollArea, Ui};

/// The view.
pub struct Problems;

/// What drawing the view remembers between frames.
#[derive(Default)]
pub struct Memory {
    /// The account of the open dataset in words, and its splits.
    account: Derived<(String, Option<Split>)>,
}

impl Feature for Problems {
    type Command = Nothing;
    type Slot = Nothing;
    type Event = Nothing;
    type State = ();
    type Memory = Memory;

    const TAB: Tab = Tab {
        title: "Problems",
        hint: "Files of the dataset that were skipped, and why",
        show: "Show problems",
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

    fn badge(session: &Session) -> Option<usize> {
        session.dataset().map(|d| d.problems.len())
    }

    fn guide_page() -> Option<&'static str> {
        Some("formats")
    }

    fn draw(ui: &mut Ui, view: &mut View<'_, Self>) {
        problems_ui(ui, view);
    }
}

/// The account of the dataset: what is in use, what was left out and why; files and lines one by one.
fn problems_ui(ui: &mut Ui, view: &mut View<'_, Problems>) {
    let session = view.session;
    let dataset = session.dataset();
    let problems = dataset.map_or(&[][..], |d| &d.problems);
    if view.memory.account.get(session.now()).is_none()
        && let Some(dataset) = dataset
    {
        let account = dataset.account();
        let told = (account.describe(), account.split);
        view.memory.account = Derived::new(session.now().basis(&[Part::Data]), told);
    }
    let told = view.memory.account.get(session.now()).cloned();
    let (told, split) = told.unwrap_or_default();
    let lines: Vec<&str> = told.lines().collect();
    part_ui(ui, view, split.as_ref());
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
fn part_ui(ui: &mut Ui, view: &mut View<'_, Problems>, split: Option<&Split>) {
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
