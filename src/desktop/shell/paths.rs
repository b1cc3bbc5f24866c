//! The field for a path, where the system has no dialog for it.

use super::Shell;
use super::dialogs::dialog;
use super::theme::tokens;
use super::widgets::{heading, primary_if, weak};
use crate::desktop::core::{Command, PathAnswer, PathKind, PathQuestion};
use egui::{Context, Key, RichText, ScrollArea, TextEdit, Ui};

/// A path while it is typed.
#[derive(Debug, Default, PartialEq)]
pub struct Typed {
    /// The question that it answers.
    id: u64,
    text: String,
    /// Has the field had the keyboard?
    begun: bool,
}

/// Draws the field where a path is asked for.
pub fn path_ui(ctx: &Context, shell: &mut Shell<'_>) {
    let Some(question) = shell.session.path_question.clone() else {
        shell.memory.path = None;
        return;
    };
    let kept = shell.memory.path.take().filter(|t| t.id == question.id);
    let mut typed = kept.unwrap_or_else(|| Typed {
        id: question.id,
        text: question.text.clone(),
        begun: false,
    });
    let mut answer = None;
    let modal = dialog(ctx, "path").show(ctx, |ui| {
        ui.set_width(620.0);
        heading(ui, &question.title);
        let what = match question.kind {
            PathKind::Folder => "The path of a folder. ~ is your own folder.",
            PathKind::File => "The path of a file; of a folder, to choose from what is in it.",
            PathKind::Place => {
                "The path of the file to be written; of a folder, to see what is in it."
            }
        };
        weak(ui, what);
        let enter = field_ui(ui, &mut typed);
        if let Some(problem) = &question.problem {
            ui.label(RichText::new(problem).color(tokens(ui).warn));
        }
        entries_ui(ui, &question, &mut typed, &mut answer);
        let replaces = question.replaces && typed.text == question.text;
        ui.horizontal(|ui| {
            let go = match (question.kind, replaces) {
                (_, true) => "Replace the file",
                (PathKind::Place, false) => "Save",
                (PathKind::Folder | PathKind::File, false) => "Open",
            };
            let filled = !typed.text.trim().is_empty();
            let pressed = primary_if(ui, filled, go).clicked();
            // What is replaced is replaced by the button alone.
            if pressed || (enter && filled && !replaces) {
                answer = Some((Some(typed.text.clone()), replaces));
            }
            if ui.button("Cancel").clicked() {
                answer = Some((None, false));
            }
        });
    });
    if modal.should_close() && answer.is_none() {
        answer = Some((None, false));
    }
    if let Some((text, replace)) = answer {
        let id = question.id;
        shell.ask(Command::AnswerPath(PathAnswer { id, text, replace }));
    }
    shell.memory.path = Some(typed);
}

/// The field; was Enter pressed in it?
fn field_ui(ui: &mut Ui, typed: &mut Typed) -> bool {
    let edit = TextEdit::singleline(&mut typed.text)
        .hint_text("Type a path…")
        .desired_width(f32::INFINITY)
        .margin(egui::Margin::symmetric(8, 6));
    let response = ui.name_inputs("Path", |ui| ui.add(edit));
    if !std::mem::replace(&mut typed.begun, true) {
        response.request_focus();
    }
    response.lost_focus() && ui.input(|i| i.key_pressed(Key::Enter))
}

/// What the folder that was answered holds.
fn entries_ui(
    ui: &mut Ui,
    question: &PathQuestion,
    typed: &mut Typed,
    answer: &mut Option<(Option<String>, bool)>,
) {
    if question.entries.is_empty() {
        return;
    }
    ScrollArea::vertical()
        .max_height(220.0)
        .auto_shrink([false, true])
        .show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 1.0;
            for entry in &question.entries {
                let button = egui::Button::selectable(typed.text == *entry, entry).truncate();
                if ui
                    .add_sized([ui.available_width() - 4.0, 24.0], button)
                    .clicked()
                {
                    typed.text.clone_from(entry);
                    // Goes into a folder, and opens a file; what is written is confirmed first.
                    if question.kind == PathKind::File {
                        *answer = Some((Some(entry.clone()), false));
                    }
                }
            }
        });
}
