//! What the comparison shows before there is one.

use super::{Names, View};
use crate::desktop::compare::{Command, Slot};
use crate::desktop::core::EncoderSource;
use crate::desktop::shell::widgets::{empty_state, primary, weak};
use egui::Ui;

/// Before anything is ranked.
pub fn waiting_ui(ui: &mut Ui, view: &mut View<'_>) {
    if view.session.jobs.is_empty() {
        empty_state(
            ui,
            "Nothing is ranked yet",
            "Open a dataset and an encoder first; then compare it with a second one here.",
            None,
        );
    } else {
        empty_state(
            ui,
            "Not ranked yet…",
            "Two encoders can be compared as soon as the first is ranked.",
            None,
        );
    }
}

/// Before there is a comparison of what is open.
pub fn start_ui(ui: &mut Ui, view: &mut View<'_>, names: &Names) {
    if view.is_running(Slot::Compare) {
        let title = format!("Comparing {} with {}…", names.a, names.b);
        let text = "The second encoder embeds and ranks the same images and captions.";
        if empty_state(ui, &title, text, Some("Cancel")) {
            view.cancel(Slot::Compare);
        }
        return;
    }
    if names.b.is_empty() {
        let text = format!(
            "See what {} gets right and another encoder wrong, on the images and captions that are open.",
            names.a
        );
        if empty_state(
            ui,
            "Compare two encoders",
            &text,
            Some("Choose the second encoder…"),
        ) {
            view.own(Command::Choose);
        }
        recent_ui(ui, view);
        return;
    }
    ui.vertical_centered(|ui| {
        ui.add_space((ui.available_height() * 0.32).max(24.0));
        ui.label(
            egui::RichText::new(format!("{} and {} are not compared", names.a, names.b))
                .size(18.0)
                .strong(),
        );
        weak(
            ui,
            "The dataset or an encoder changed, or the comparison was stopped or failed; the log says why.",
        );
        ui.add_space(8.0);
        if primary(ui, &format!("Compare with {}", names.b)).clicked() {
            view.own(Command::Again);
        }
        if ui.button("Another encoder…").clicked() {
            view.own(Command::Choose);
        }
    });
}

/// Encoders that were open lately, and the demo's.
fn recent_ui(ui: &mut Ui, view: &mut View<'_>) {
    const SHOWN: usize = 5;
    let session = view.session;
    let open = session.workspace.encoder.as_ref();
    let recent = session.settings.recent.iter();
    let mut known: Vec<EncoderSource> = Vec::new();
    for source in recent
        .filter_map(|r| r.workspace.encoder.clone())
        .chain([EncoderSource::Demo])
    {
        if Some(&source) != open && !known.contains(&source) {
            known.push(source);
        }
    }
    if known.is_empty() {
        return;
    }
    ui.vertical_centered(|ui| {
        ui.add_space(14.0);
        weak(ui, "or one of these");
        for source in known.into_iter().take(SHOWN) {
            let button = ui.button(source.title());
            if let EncoderSource::Folder(path) = &source {
                button.clone().on_hover_text(path.display().to_string());
            }
            if button.clicked() {
                view.own(Command::Open(source));
            }
        }
    });
}
