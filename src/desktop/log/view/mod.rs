//! Draws runs above messages.

mod messages;
mod runs;

use crate::desktop::shell::widgets::empty_state;
use egui::Ui;
use std::time::Instant;

/// What the view is drawn with.
pub type View<'a> = crate::desktop::feature::View<'a, super::Log>;

/// What of the height runs have, where there are messages too.
const SHARE: f32 = 0.6;

/// Draws the view.
pub fn log_ui(ui: &mut Ui, view: &mut View<'_>) {
    let session = view.session;
    let (runs, messages) = (!session.runs.all().is_empty(), !session.log.is_empty());
    match (runs, messages) {
        (false, false) => {
            let text =
                "What is run, with which settings, and messages of this session appear here.";
            empty_state(ui, "Nothing has happened yet", text, None);
        }
        (false, true) => messages::messages_ui(ui, view),
        (true, false) => runs::runs_ui(ui, view),
        (true, true) => {
            let size = egui::vec2(ui.available_width(), ui.available_height() * SHARE);
            let layout = egui::Layout::top_down(egui::Align::Min);
            ui.allocate_ui_with_layout(size, layout, |ui| {
                ui.set_min_size(size);
                ui.set_max_height(size.y);
                runs::runs_ui(ui, view);
            });
            ui.separator();
            messages::messages_ui(ui, view);
        }
    }
}

/// How long ago, in words.
fn ago(at: Instant) -> String {
    let ago = at.elapsed().as_secs();
    if ago < 90 {
        format!("{ago} s ago")
    } else {
        format!("{} min ago", ago / 60)
    }
}
