//! The inspector: the group that is looked at, and the settings.

use super::{View, group, settings};
use egui::{ScrollArea, Ui};

/// Draws the inspector.
pub fn inspector_ui(ui: &mut Ui, view: &mut View<'_>) {
    ScrollArea::vertical()
        .id_salt("strata inspector")
        .auto_shrink([false; 2])
        .show(ui, |ui| {
            // Room for the scroll bar, which lies over what is there.
            ui.set_max_width(ui.available_width() - 8.0);
            ui.add_space(10.0);
            group::group_ui(ui, view);
            settings::settings_ui(ui, view);
            ui.add_space(10.0);
        });
}
