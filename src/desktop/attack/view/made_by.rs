//! Which settings made what is shown, and whether they are still those of the form.

use crate::attack::{AttackSettings, Goal};
use crate::desktop::attack::told::settings_line;
use crate::desktop::shell::theme::tokens;
use crate::desktop::shell::widgets::weak;
use egui::{RichText, Ui};

/// Says what made a result; `now`: the form; `same`: it asks for nothing else than what was run; `radius`: it was one
/// radius alone.
pub fn made_by_ui(
    ui: &mut Ui,
    made: (&AttackSettings, Goal),
    now: (&AttackSettings, Goal),
    same: bool,
    radius: bool,
) {
    let mut text = settings_line(made.0, radius);
    if made.1 != now.1 {
        text = format!("{text} · {}", made.1.title());
    }
    if same {
        weak(ui, text);
        return;
    }
    let mut form = settings_line(now.0, radius);
    if form == settings_line(made.0, radius) {
        form = if made.1 == now.1 {
            "What is set now".to_owned()
        } else {
            format!("The goal \"{}\"", now.1.title())
        };
    }
    let said = format!("{form}: not run yet. The result below is of {text}.");
    let said = RichText::new(said).color(tokens(ui).warn);
    ui.add(egui::Label::new(said).wrap());
}
