//! The sheet of all keys, made of the tables that the keys are read from.

use crate::desktop::shell::Shell;
use crate::desktop::shell::dialogs::dialog;
use crate::desktop::shell::keys::{KeyLine, SINGLE, WINDOW, lines};
use crate::desktop::shell::large;
use crate::desktop::shell::theme::tokens;
use crate::desktop::shell::widgets::heading;
use egui::{Context, Label, RichText, ScrollArea, Ui};

/// Width of the column of keys, in points.
const KEYS: f32 = 118.0;

/// Keys that belong together: of the whole window, or of a view.
pub struct KeyGroup {
    /// Where they hold.
    pub title: &'static str,
    /// The keys.
    pub lines: Vec<KeyLine>,
}

impl KeyGroup {
    /// The keys of the whole window, and those of a picture that is seen large.
    pub fn of_window() -> Vec<Self> {
        let everywhere = lines(&WINDOW).into_iter().chain(lines(&SINGLE)).collect();
        vec![
            Self {
                title: "Everywhere",
                lines: everywhere,
            },
            Self {
                title: "Picture seen large",
                lines: large::key_lines(),
            },
        ]
    }
}

/// Draws the sheet where it is open; `groups` are asked for only then.
pub fn sheet_ui(ctx: &Context, shell: &mut Shell<'_>, groups: impl FnOnce() -> Vec<KeyGroup>) {
    if !shell.memory.keys {
        return;
    }
    let groups = groups();
    let room = ctx.content_rect().size();
    let columns = if room.x > 1100.0 { 3 } else { 2 };
    let mut close = false;
    let modal = dialog(ctx, "keys").show(ctx, |ui| {
        ui.set_width((room.x - 120.0).min(1060.0));
        heading(ui, "Keys");
        ScrollArea::vertical()
            .max_height(room.y - 190.0)
            // The dialog would otherwise stay as small as it was drawn first.
            .min_scrolled_height(room.y - 190.0)
            .auto_shrink([false, true])
            .show(ui, |ui| {
                ui.columns(columns, |columns| {
                    for (group, column) in groups.iter().zip(places(&groups, columns.len())) {
                        group_ui(&mut columns[column], group);
                    }
                });
            });
        ui.add_space(8.0);
        close = ui.button("Close").clicked();
    });
    if close || modal.should_close() {
        shell.memory.keys = false;
    }
}

/// Which column each group stands in: always the shortest so far.
fn places(groups: &[KeyGroup], columns: usize) -> Vec<usize> {
    let mut tall = vec![0; columns.max(1)];
    let place = |group: &KeyGroup| {
        let shortest = (0..tall.len()).min_by_key(|&c| tall[c]).unwrap_or(0);
        tall[shortest] += group.lines.len() + 2;
        shortest
    };
    groups.iter().map(place).collect()
}

fn group_ui(ui: &mut Ui, group: &KeyGroup) {
    let t = tokens(ui);
    ui.add_space(6.0);
    ui.label(RichText::new(group.title).strong().color(t.text));
    ui.spacing_mut().interact_size.y = 17.0;
    for line in &group.lines {
        ui.horizontal_top(|ui| {
            ui.allocate_ui(egui::vec2(KEYS, 17.0), |ui| {
                ui.set_min_width(KEYS);
                ui.add(Label::new(RichText::new(&line.keys).color(t.text)).wrap());
            });
            ui.add(Label::new(RichText::new(line.what).color(t.weak)).wrap());
        });
    }
}
