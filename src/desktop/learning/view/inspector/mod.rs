//! The inspector: the next training, the runs, the loss of the one that is looked at.

mod beside;
mod best;
mod by_group;
mod clients;
mod efficiency;
mod form;
mod friendly;
mod groups;
mod head;
mod loss;
mod runs;
mod settings;

use super::View;
use egui::{ScrollArea, Ui};

/// Draws the inspector.
pub fn inspector_ui(ui: &mut Ui, view: &mut View<'_>) {
    ScrollArea::vertical()
        .id_salt("learning inspector")
        .auto_shrink([false; 2])
        .show(ui, |ui| {
            // Room for the scroll bar, which lies over what is there.
            ui.set_max_width(ui.available_width() - 8.0);
            ui.add_space(10.0);
            form::form_ui(ui, view);
            ui.separator();
            runs::runs_ui(ui, view);
            best::best_ui(ui, view);
            efficiency::efficiency_ui(ui, view);
            by_group::by_group_ui(ui, view);
            clients::sent_ui(ui, view);
            ui.separator();
            loss::loss_ui(ui, view);
            ui.add_space(10.0);
        });
}
