//! The menus of the top bar.

use super::widgets::weak;
use super::{Shell, labels};
use crate::desktop::core::{Command, EncoderSource, Pick, Workspace};
use egui::Ui;

/// What can be opened.
pub fn open_ui(ui: &mut Ui, shell: &mut Shell<'_>) {
    let item = |ui: &mut Ui, text: &str, keys: &str| {
        let keys = labels::keys(ui.ctx(), keys);
        ui.add(egui::Button::new(text).shortcut_text(keys))
            .clicked()
    };
    if item(ui, "Dataset folder…", "Ctrl+O") {
        shell.ask(Command::Pick(Pick::DatasetFolder));
    }
    if item(ui, "Caption file…", "") {
        shell.ask(Command::Pick(Pick::DatasetFile));
    }
    if item(ui, "Embeddings (a file for each side)…", "") {
        shell.ask(Command::Pick(Pick::Embeddings));
    }
    if item(ui, "Picture as a query…", "") {
        shell.ask(Command::Pick(Pick::Picture));
    }
    if item(ui, "Open run…", "") {
        shell.ask(Command::OpenRun);
    }
    ui.separator();
    if item(ui, "Workspace…", "Ctrl+Shift+O") {
        shell.ask(Command::Pick(Pick::Workspace));
    }
    if item(ui, "Save workspace…", "Ctrl+S") {
        shell.ask(Command::SaveWorkspace);
    }
    if item(ui, "The demo", "") {
        shell.ask(Command::OpenWorkspace(Box::new(Workspace::demo()), None));
    }
    let recent = &shell.session.settings.recent;
    if !recent.is_empty() {
        ui.separator();
        weak(ui, "Recent");
    }
    for entry in recent {
        if item(ui, &entry.title, "") {
            shell.commands.push(Command::OpenWorkspace(
                Box::new(entry.workspace.clone()),
                entry.file.clone(),
            ));
        }
    }
}

/// Which encoder.
pub fn encoder_ui(ui: &mut Ui, shell: &mut Shell<'_>) {
    let item = |ui: &mut Ui, text: &str, keys: &str| {
        let keys = labels::keys(ui.ctx(), keys);
        ui.add(egui::Button::new(text).shortcut_text(keys))
            .clicked()
    };
    if item(ui, "Encoder folder…", "Ctrl+E") {
        shell.ask(Command::Pick(Pick::EncoderFolder));
    }
    if item(ui, "Two ONNX files…", "") {
        shell.ask(Command::Pick(Pick::EncoderPair));
    }
    if item(ui, "The demo encoder", "") {
        shell.ask(Command::OpenEncoder(EncoderSource::Demo));
    }
    if let Some(encoder) = shell.session.encoder() {
        ui.separator();
        weak(ui, format!("Open: {}", encoder.name));
        for note in &encoder.notes {
            weak(ui, note.clone());
        }
    }
}
