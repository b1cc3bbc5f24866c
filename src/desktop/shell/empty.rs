//! What a view says before there is anything to show.

use super::Shell;
use super::widgets::empty_state;
use crate::desktop::core::{Command, DataSource, Pick, Workspace};
use egui::Ui;

/// What a view of the embedded set says before there is one; `texts`: while jobs run, the title where nothing is open,
/// and what the view needs.
pub fn not_ready_ui(ui: &mut Ui, shell: &mut Shell<'_>, [soon, nothing, needs]: [&str; 3]) {
    let session = shell.session;
    let only_embeddings = matches!(session.workspace.data, Some(DataSource::Embeddings { .. }));
    if !session.jobs.is_empty() {
        empty_state(ui, "Getting ready…", soon, None);
    } else if session.dataset().is_none() {
        if empty_state(ui, nothing, needs, Some("Open the demo")) {
            let demo = Box::new(Workspace::demo());
            shell.ask(Command::OpenWorkspace(demo, None));
        }
    } else if session.encoder().is_none() && !only_embeddings {
        let text = "Open the folder of an ONNX-exported dual encoder.";
        if empty_state(ui, "No encoder is open", text, Some("Open an encoder…")) {
            shell.ask(Command::Pick(Pick::EncoderFolder));
        }
    } else {
        not_embedded_ui(ui, shell);
    }
}

/// What a view says where nothing is embedded and nothing is under way.
pub fn not_embedded_ui(ui: &mut Ui, shell: &mut Shell<'_>) {
    let text = "The embedding was cancelled or failed; the log says why.";
    let again = shell.session.encoder().is_some().then_some("Embed again");
    if empty_state(ui, "Not embedded", text, again) {
        shell.ask(Command::Embed);
    }
}
