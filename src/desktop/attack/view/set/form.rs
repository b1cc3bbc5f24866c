//! The form of the set: which pictures, which recalls, which radii, where to keep them.

use super::super::fields::{field, named, parse_levels};
use super::View;
use super::run_ui;
use crate::attack::{Goal, SetRequest};
use crate::desktop::attack::{Choice, Command, SetPlan, Which};
use crate::desktop::shell::theme::tokens;
use crate::desktop::shell::widgets::{grouped, heading, weak};
use crate::files::file_name;
use crate::retrieval::Side;
use egui::{Align, ComboBox, Layout, RichText, Ui};

/// The form of the set, in the inspector.
pub fn form_ui(ui: &mut Ui, view: &mut View<'_>) {
    let lab = view.state;
    let old = lab.set.plan.clone();
    let mut plan = old.clone();
    heading(ui, "Set");
    which_ui(ui, view, &mut plan);
    if lab.goal == Goal::Lose {
        figures_ui(ui, view, &mut plan);
    }
    eps_ui(ui, view, &mut plan);
    field(ui, "Batch", |ui| {
        let drag = egui::DragValue::new(&mut plan.batch)
            .range(1..=256)
            .speed(0.1);
        named(ui, "Batch", drag).on_hover_text("Pictures attacked together");
    });
    let hint =
        "Perturbed pictures (PNG and exact .npy), and what is needed to go on after a restart";
    folder_ui(ui, view, "Save to", &mut plan.save, Choice::SetFolder, hint);
    let hint = "A second encoder that sees the pictures perturbed for the first: does the attack transfer?";
    folder_ui(
        ui,
        view,
        "Transfer",
        &mut plan.transfer,
        Choice::TransferFolder,
        hint,
    );
    if plan != old {
        view.own(Command::SetPlan(Box::new(plan)));
    }
    ui.add_space(4.0);
    run_ui(ui, view);
}

fn which_ui(ui: &mut Ui, view: &View<'_>, plan: &mut SetPlan) {
    let session = view.session;
    let all = session.dataset().map_or(0, |d| d.images.len());
    let listed = session.browser.rows.len();
    let first = match plan.which {
        Which::First(n) => n,
        _ => 50,
    };
    let title = match plan.which {
        Which::First(_) => "the first of the set".to_owned(),
        Which::Listed => format!("the browser's list ({})", grouped(listed)),
        Which::All => format!("all ({})", grouped(all)),
    };
    field(ui, "Pictures", |ui| {
        ComboBox::from_id_salt("which")
            .width(ui.available_width() - 4.0)
            .selected_text(title)
            .show_ui(ui, |ui| {
                ui.selectable_value(&mut plan.which, Which::First(first), "the first of the set");
                ui.selectable_value(
                    &mut plan.which,
                    Which::Listed,
                    format!("the browser's list ({})", grouped(listed)),
                );
                ui.selectable_value(
                    &mut plan.which,
                    Which::All,
                    format!("all ({})", grouped(all)),
                );
            });
    });
    if let Which::First(n) = &mut plan.which {
        field(ui, "How many", |ui| {
            ui.add(egui::DragValue::new(n).range(1..=all.max(1)).speed(0.5));
        });
    }
}

/// The recalls to attack for: ranks, typed as a list, and directions.
fn figures_ui(ui: &mut Ui, view: &mut View<'_>, plan: &mut SetPlan) {
    let shown = || plan.at.iter().map(ToString::to_string).collect::<Vec<_>>();
    let mut text = view.memory.at.clone().unwrap_or(shown().join(", "));
    let parsed = parse_ranks(&text);
    let response = field(ui, "Recall at", |ui| {
        let edit = egui::TextEdit::singleline(&mut text).desired_width(f32::INFINITY);
        ui.add(edit)
    });
    let hint = "The ranks k of R@k: each figure is that of an attack on it";
    let response = response.on_hover_text(hint);
    if response.changed() {
        if let Some(at) = parse_ranks(&text) {
            plan.at = at;
        }
        view.memory.at = Some(text);
    } else if response.lost_focus() && parsed.is_some() {
        view.memory.at = None;
    }
    if parsed.is_none() {
        let t = tokens(ui);
        ui.label(RichText::new("Write rising ranks from 1, as 1, 5, 10").color(t.warn));
    }
    let choices = [
        ("both directions", SetRequest::SIDES.to_vec()),
        ("image to text", vec![Side::Image]),
        ("text to image", vec![Side::Text]),
    ];
    let now = choices.iter().find(|(_, sides)| *sides == plan.sides);
    field(ui, "Direction", |ui| {
        ComboBox::from_id_salt("directions")
            .width(ui.available_width() - 4.0)
            .selected_text(now.map_or("", |(name, _)| name))
            .show_ui(ui, |ui| {
                for (name, sides) in &choices {
                    if ui.selectable_label(*sides == plan.sides, *name).clicked() {
                        plan.sides.clone_from(sides);
                    }
                }
            });
    });
}

/// Rising ranks from a list of numbers; `None` where it is no such list.
fn parse_ranks(text: &str) -> Option<Vec<usize>> {
    let parts = text.split([',', ' ', ';']).filter(|p| !p.is_empty());
    let ranks: Vec<usize> = parts.map(|p| p.parse().ok()).collect::<Option<_>>()?;
    let rise = ranks.windows(2).all(|w| w[0] < w[1]);
    (rise && ranks.first().is_some_and(|&k| k > 0)).then_some(ranks)
}

/// The radii, typed as a list; none for the usual ones.
fn eps_ui(ui: &mut Ui, view: &mut View<'_>, plan: &mut SetPlan) {
    let norm = view.state.settings.threat.norm;
    let pixels = norm.is_in_pixels();
    let shown = || {
        let text = |&e: &f32| norm.radius(e).trim_end_matches("/255").to_owned();
        plan.eps.iter().map(text).collect::<Vec<_>>().join(", ")
    };
    let mut text = view.memory.eps.clone().unwrap_or_else(shown);
    let read = |text: &str| {
        if text.trim().is_empty() {
            Some(Vec::new())
        } else {
            parse_list(text, pixels)
        }
    };
    let parsed = read(&text);
    let response = field(ui, "Epsilons", |ui| {
        let edit = egui::TextEdit::singleline(&mut text)
            .hint_text("from small ones on")
            .desired_width(f32::INFINITY);
        ui.add(edit)
    });
    if text.trim().is_empty() {
        weak(ui, "each twice the last, until nothing is left");
    } else if pixels {
        weak(ui, "in 255ths, rising");
    }
    if response.changed() {
        if let Some(eps) = read(&text) {
            plan.eps = eps;
        }
        view.memory.eps = Some(text);
    } else if response.lost_focus() && parsed.is_some() {
        view.memory.eps = None;
    }
    if parsed.is_none() {
        let t = tokens(ui);
        ui.label(RichText::new("Write rising numbers, as 0.5, 1, 2, 4, 8").color(t.warn));
    }
}

/// Rising radii from a list of numbers; `None` where it is no such list.
fn parse_list(text: &str, pixels: bool) -> Option<Vec<f32>> {
    let one = |part: &str| -> Option<f32> {
        let value = if pixels && part.contains('/') {
            parse_levels(part)? / 255.0
        } else {
            part.parse::<f64>().ok()? / if pixels { 255.0 } else { 1.0 }
        };
        Some(value as f32).filter(|v| v.is_finite() && *v > 0.0)
    };
    let parts = text.split([',', ' ', ';']).filter(|p| !p.is_empty());
    let eps: Vec<f32> = parts.map(one).collect::<Option<_>>()?;
    (!eps.is_empty() && eps.windows(2).all(|w| w[0] < w[1])).then_some(eps)
}

fn folder_ui(
    ui: &mut Ui,
    view: &mut View<'_>,
    name: &str,
    folder: &mut Option<std::path::PathBuf>,
    pick: Choice,
    hint: &str,
) {
    field(ui, name, |ui| {
        let text = folder.as_deref().map(file_name);
        let shown = text.as_deref().unwrap_or("nowhere");
        let shown = if pick == Choice::TransferFolder && text.is_none() {
            "no second encoder"
        } else {
            shown
        };
        let clear = folder.is_some();
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if clear && ui.button("Remove").clicked() {
                *folder = None;
            }
            if ui.button("Folder…").on_hover_text(hint).clicked() {
                view.own(Command::Choose(pick));
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.add(egui::Label::new(RichText::new(shown).color(tokens(ui).weak)).truncate());
            });
        });
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_epsilons_must_rise() {
        let eps = parse_list("0.5, 1,2 4/255;8", true).expect("a list");
        let wanted = [0.5, 1.0, 2.0, 4.0, 8.0].map(|n: f32| n / 255.0);
        assert!(
            eps.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-8),
            "{eps:?}"
        );
        assert_eq!(parse_list("1 3", false), Some(vec![1.0, 3.0]));
        assert_eq!(parse_ranks("1, 5;10"), Some(vec![1, 5, 10]));
        for odd in ["", "0", "5, 1", "1, 1", "a", "1.5"] {
            assert_eq!(parse_ranks(odd), None, "{odd}");
        }
        for odd in ["", "2, 1", "1, 1", "a", "-1", "0"] {
            assert_eq!(parse_list(odd, true), None, "{odd}");
        }
    }
}
