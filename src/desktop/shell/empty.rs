//! What a view says before there is anything to show.

use super::Shell;
use super::widgets::empty_state;
use crate::desktop::core::{Command, DataSource, Pick, Workspace};
use egui::Ui;

/// What a view of the embedded set says before there is one; titles, and texts below them.
pub struct NotReady<'a> {
    /// While jobs run.
    pub busy: [&'a str; 2],
    /// Where no dataset is open.
    pub nothing: [&'a str; 2],
    /// Below "No encoder is open".
    pub encoder: &'a str,
    /// Does it need an encoder even where the embeddings are given?
    pub needs_encoder: bool,
}

/// Says what is missing, with a button to get it.
pub fn not_ready_ui(ui: &mut Ui, shell: &mut Shell<'_>, says: &NotReady<'_>) {
    let session = shell.session;
    let given = matches!(session.workspace.data, Some(DataSource::Embeddings { .. }));
    if !session.jobs.is_empty() {
        empty_state(ui, says.busy[0], says.busy[1], None);
    } else if session.dataset().is_none() {
        let [title, text] = says.nothing;
        if empty_state(ui, title, text, Some("Open the demo")) {
            let demo = Box::new(Workspace::demo());
            shell.ask(Command::OpenWorkspace(demo, None));
        }
    } else if session.encoder().is_none() && (says.needs_encoder || !given) {
        let button = Some("Open an encoder…");
        if empty_state(ui, "No encoder is open", says.encoder, button) {
            shell.ask(Command::Pick(Pick::EncoderFolder));
        }
    } else {
        not_embedded_ui(ui, shell);
    }
}

/// What a view says where nothing is embedded and nothing is under way.
fn not_embedded_ui(ui: &mut Ui, shell: &mut Shell<'_>) {
    let text = "The embedding was cancelled or failed; the log says why.";
    let again = shell.session.encoder().is_some().then_some("Embed again");
    if empty_state(ui, "Not embedded", text, again) {
        shell.ask(Command::Embed);
    }
}
