//! The caption or picture that is to win.

use super::View;
use crate::attack::Goal;
use crate::desktop::attack::Command;
use crate::desktop::shell::bidi;
use crate::desktop::shell::theme::tokens;
use crate::desktop::shell::widgets::picture_in;
use egui::{CornerRadius, Frame, Margin, RichText, Ui};

/// What is to win, where the goal has such.
pub fn target_ui(ui: &mut Ui, view: &mut View<'_>) {
    let session = view.session;
    let lab = view.state;
    let t = tokens(ui);
    let (Some(dataset), Some(target)) = (session.dataset(), lab.target(session.now())) else {
        return;
    };
    let Some(text) = dataset.captions.get(target) else {
        return;
    };
    let (head, picture) = match lab.goal {
        Goal::Lose => ("Hardest wrong caption", false),
        Goal::Win => ("Target", false),
        Goal::Match => ("Target: the picture of", true),
        Goal::Away => return,
    };
    Frame::NONE
        .fill(t.bad_back)
        .corner_radius(CornerRadius::same(5))
        .inner_margin(Margin::symmetric(10, 8))
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.horizontal(|ui| {
                ui.label(RichText::new(head).size(12.0).color(t.weak));
                if lab.chosen.is_some() && lab.goal != Goal::Lose {
                    let hint = "Back to the hardest negative";
                    if ui.small_button("Hardest").on_hover_text(hint).clicked() {
                        view.own(Command::SetTarget(None));
                    }
                }
                if lab.goal == Goal::Lose {
                    let hint =
                        "It must rank first then; a click on another in the lists chooses that";
                    if ui.small_button("Make it win").on_hover_text(hint).clicked() {
                        view.own(Command::SetTarget(Some(target)));
                    }
                }
            });
            if picture {
                let (rect, _) =
                    ui.allocate_exact_size(egui::Vec2::splat(84.0), egui::Sense::hover());
                let image = dataset.image_of(target) as u32;
                picture_in(ui, view.pictures, image, rect, true);
            }
            bidi::label(ui, RichText::new(text).color(t.text), usize::MAX);
        });
}

/// Says so where the picture is at the goal before any attack.
pub fn reached_ui(ui: &mut Ui, view: &View<'_>) {
    let (lab, session) = (view.state, view.session);
    let Some(clean) = lab.clean(session.now()) else {
        return;
    };
    if lab.settings.full && lab.settings.method.can_go_on() {
        return;
    }
    let first = clean.standing.hits.first().map(|h| h.index as usize);
    let text = match lab.goal {
        Goal::Lose if clean.standing.rank > 1 => {
            "A wrong caption ranks first already: there is nothing to lose. Click another caption to make that win."
        }
        Goal::Win if first == lab.target(session.now()) => {
            "The target ranks first already. Click another caption to make that win."
        }
        _ => return,
    };
    let t = tokens(ui);
    ui.add(egui::Label::new(RichText::new(text).color(t.warn)).wrap());
}
