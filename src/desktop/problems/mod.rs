//! What of the dataset was used and what was left out, and why.

use crate::desktop::core::{Basis, Command, Session, Tab};
use crate::desktop::feature::{Desk, Feature, Nothing, View};
use crate::desktop::shell::widgets::{empty_state, grouped, heading, weak};
use egui::{RichText, ScrollArea, Ui};

/// The view.
pub struct Problems;

impl Feature for Problems {
    type Command = Nothing;
    type Slot = Nothing;
    type Event = Nothing;
    type State = ();
    type Memory = ();

    const TAB: Tab = Tab {
        title: "Problems",
        hint: "Files of the dataset that were skipped, and why",
        show: "Show problems",
        follows: false,
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

    fn draw(ui: &mut Ui, view: &mut View<'_, Self>) {
        problems_ui(ui, view);
    }
}

/// The account of the dataset: what is in use, what was left out and why; files and lines one by one.
fn problems_ui(ui: &mut Ui, view: &mut View<'_, Problems>) {
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
