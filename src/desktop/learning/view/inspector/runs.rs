//! The runs, by groups of seeds, and what can be done with the one that is looked at.

use super::super::View;
use super::super::looks::Looks;
use crate::desktop::learning::{Command, Slot};
use crate::desktop::shell::theme::tokens;
use crate::desktop::shell::widgets::{heading, named_area, primary, weak};
use crate::learn::{Band, Finish, Group, Run, rate, title};
use egui::{Align, Align2, ComboBox, FontId, Layout, Rect, RichText, Role, Sense, Ui};
use egui_plot::MarkerShape;
use std::sync::Arc;

/// Height of a row.
const TALL: f32 = 28.0;
/// Epochs that "Go on" adds.
const MORE: usize = 10;

/// Draws the section.
pub fn runs_ui(ui: &mut Ui, view: &mut View<'_>) {
    let now = view.session.now();
    let count = view.state.runs(now).len();
    ui.horizontal(|ui| {
        heading(ui, "Runs");
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let text = match count {
                0 => "none yet".to_owned(),
                1 => "one kept".to_owned(),
                count => format!("{count} kept"),
            };
            weak(ui, text).on_hover_text(
                "Runs are kept for these embeddings, and are here again when the same data is opened with the same encoder",
            );
        });
    });
    if view.state.groups().is_empty() {
        return;
    }
    head_ui(ui, view);
    let groups = view.state.groups().to_vec();
    let looked_at = view.state.looked_at(now).cloned();
    for (n, group) in groups.iter().enumerate() {
        let chosen = looked_at.as_ref().is_some_and(|run| group.has(run));
        ui.push_id(n, |ui| row_ui(ui, view, group, chosen));
    }
    let Some(run) = looked_at else { return };
    let group = groups.iter().find(|group| group.has(&run));
    if let Some(group) = group {
        seed_ui(ui, view, group, &run);
    }
    actions_ui(ui, view, group, &run);
}

/// Where figures end, from the right edge.
const COLUMNS: [(&str, f32); 3] = [("train", 0.0), ("T→I", 44.0), ("I→T", 92.0)];

fn head_ui(ui: &mut Ui, view: &View<'_>) {
    let t = tokens(ui);
    let (rect, _) = ui.allocate_exact_size(egui::vec2(ui.available_width(), 18.0), Sense::hover());
    let font = FontId::proportional(11.5);
    let at = view.state.figure.name();
    let text = |x: f32, align, words: &str| {
        let place = egui::pos2(x, rect.center().y);
        ui.painter().text(place, align, words, font.clone(), t.weak);
    };
    text(rect.left() + 26.0, Align2::LEFT_CENTER, &format!("{at}, %"));
    for (name, x) in COLUMNS {
        text(rect.right() - x, Align2::RIGHT_CENTER, name);
    }
}

fn row_ui(ui: &mut Ui, view: &mut View<'_>, group: &Group, chosen: bool) {
    let t = tokens(ui);
    let wide = ui.available_width();
    let (rect, _) = ui.allocate_exact_size(egui::vec2(wide, TALL), Sense::hover());
    let id = ui.scope_id().with("run");
    let figure = view.state.figure;
    let of = |way, train: bool| {
        let figure = crate::learn::Figure { way, ..figure };
        if train {
            group.last(&figure.train())
        } else {
            group.last(&figure.valid())
        }
    };
    let told = |band: Option<Band>| band.map_or_else(String::new, |band| band.told());
    let mean =
        |band: Option<Band>| band.map_or_else(String::new, |band| format!("{:.1}", band.mean));
    let setup = &group.first().setup;
    let mut words = format!("{} {}", title(group), rate(setup.optimizer.rate));
    if setup.optimizer.kind.by_clients() {
        words = format!(
            "{words}, {}, {}",
            setup.optimizer.kind.title(),
            setup.federation.title()
        );
    }
    let figures = [
        of(figure.way, true).map_or_else(String::new, |band| format!("{:.0}", band.mean)),
        mean(of(crate::learn::Way::TextToImage, false)),
        told(of(crate::learn::Way::ImageToText, false)),
    ];
    let name = || {
        format!(
            "{words}: I→T {}, T→I {}, in training {}",
            figures[2], figures[1], figures[0]
        )
    };
    let area = named_area(ui, rect, id, Role::Row, chosen, name);
    if chosen || area.hovered() {
        let fill = if chosen { t.accent_back } else { t.hover };
        ui.painter().rect_filled(rect, 3.0, fill);
    }
    let looks = Looks::of(group, ui.visuals().dark_mode);
    sign_ui(ui, rect, looks);
    let font = FontId::proportional(12.5);
    let mut job = egui::text::LayoutJob::simple_singleline(words.clone(), font.clone(), t.text);
    job.wrap = egui::text::TextWrapping::truncate_at_width((wide - 26.0 - 168.0).max(20.0));
    let galley = ui.painter().layout_job(job);
    let at = egui::pos2(rect.left() + 26.0, rect.center().y - galley.size().y / 2.0);
    ui.painter().galley(at, galley, t.text);
    for ((_, x), text) in COLUMNS.iter().zip(&figures) {
        let place = egui::pos2(rect.right() - x, rect.center().y);
        ui.painter()
            .text(place, Align2::RIGHT_CENTER, text, font.clone(), t.text);
    }
    let hint = format!(
        "{words}, {} to {} values, batch {}, {} epochs, {} seeds",
        setup.head.inputs,
        setup.head.outputs,
        setup.batch,
        setup.epochs,
        group.runs.len()
    );
    if area.on_hover_text(hint).clicked()
        && let Some(id) = group
            .runs
            .iter()
            .find_map(|run| view.state.id_of(view.session.now(), run))
    {
        view.own(Command::Choose(id.to_owned()));
    }
}

/// The line and the marker of a group.
pub fn sign_ui(ui: &Ui, rect: Rect, looks: Looks) {
    let middle = egui::pos2(rect.left() + 12.0, rect.center().y);
    let painter = ui.painter();
    let stroke = egui::Stroke::new(1.8, looks.colour);
    painter.hline(middle.x - 9.0..=middle.x + 9.0, middle.y, stroke);
    let at = |x: f32, y: f32| middle + egui::vec2(x, y) * 4.2;
    let corners = match looks.marker {
        MarkerShape::Square => vec![at(-0.8, -0.8), at(0.8, -0.8), at(0.8, 0.8), at(-0.8, 0.8)],
        MarkerShape::Up => vec![at(0.0, -1.0), at(0.95, 0.75), at(-0.95, 0.75)],
        MarkerShape::Down => vec![at(0.0, 1.0), at(-0.95, -0.75), at(0.95, -0.75)],
        MarkerShape::Diamond => vec![at(0.0, -1.1), at(1.1, 0.0), at(0.0, 1.1), at(-1.1, 0.0)],
        MarkerShape::Plus => {
            painter.vline(middle.x, middle.y - 4.5..=middle.y + 4.5, stroke);
            return;
        }
        MarkerShape::Cross => {
            painter.line_segment([at(-0.9, -0.9), at(0.9, 0.9)], stroke);
            painter.line_segment([at(-0.9, 0.9), at(0.9, -0.9)], stroke);
            return;
        }
        _ => {
            painter.circle_filled(middle, 4.0, looks.colour);
            return;
        }
    };
    painter.add(egui::Shape::convex_polygon(
        corners,
        looks.colour,
        egui::Stroke::NONE,
    ));
}

/// Which seed of the group is looked at.
fn seed_ui(ui: &mut Ui, view: &mut View<'_>, group: &Group, run: &Arc<Run>) {
    ui.horizontal(|ui| {
        weak(ui, "Looked at: seed");
        ui.name_inputs("Seed that is looked at", |ui| {
            ComboBox::from_id_salt("seed looked at")
                .width(48.0)
                .selected_text(run.setup.seed.to_string())
                .show_ui(ui, |ui| {
                    for other in &group.runs {
                        let on = Arc::ptr_eq(other, run);
                        let clicked = ui
                            .selectable_label(on, other.setup.seed.to_string())
                            .clicked();
                        if clicked && let Some(id) = view.state.id_of(view.session.now(), other) {
                            view.own(Command::Choose(id.to_owned()));
                        }
                    }
                });
        });
        weak(ui, finish(run));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            delete_ui(ui, view, group);
        });
    });
    let t = tokens(ui);
    for note in &run.notes {
        ui.label(RichText::new(note).size(12.0).color(t.warn));
    }
}

/// Takes the runs of the group away, once it is confirmed.
fn delete_ui(ui: &mut Ui, view: &mut View<'_>, group: &Group) {
    let ids = view.state.ids_of(view.session.now(), group);
    let hint = match ids.len() {
        0 => return,
        1 => "Take the run away, from the disk too".to_owned(),
        count => format!("Take the {count} runs of this kind away, from the disk too"),
    };
    ui.menu_button("Delete", |ui| {
        if ui.button(hint).clicked() {
            view.own(Command::Delete(ids.clone()));
            ui.close();
        }
    });
}

fn finish(run: &Run) -> String {
    let steps = run.steps();
    match run.finish {
        Finish::Going => format!("step {steps}"),
        Finish::Finished => format!("{steps} steps, {:.1} s", run.seconds()),
        Finish::Stopped => format!("stopped at step {steps}"),
        Finish::Diverged => format!("diverged after step {steps}"),
    }
}

fn actions_ui(ui: &mut Ui, view: &mut View<'_>, group: Option<&Group>, run: &Arc<Run>) {
    let now = view.session.now();
    let Some(id) = view.state.id_of(now, run).map(str::to_owned) else {
        return;
    };
    let by_order = run.setup.loss.description().by_order;
    let is_open = view.session.encoder().is_some();
    let why = if by_order {
        "Order embeddings are compared by order, and encoders by product: opened as one, it would have other recalls"
    } else if is_open {
        "Heads are appended to both models of the open encoder"
    } else {
        "This needs an encoder: the embeddings were given as files"
    };
    let can =
        is_open && !by_order && run.finish != Finish::Going && !view.is_running(Slot::Encoder);
    ui.horizontal_wrapped(|ui| {
        ui.add_enabled_ui(can, |ui| {
            if primary(ui, "Open as encoder")
                .on_hover_text(why)
                .on_disabled_hover_text(why)
                .clicked()
            {
                view.own(Command::OpenAsEncoder(id.clone()));
            }
            let button = ui
                .button("Compare")
                .on_hover_text("Compares what was learned with the open encoder, query by query");
            if button.on_disabled_hover_text(why).clicked() {
                view.own(Command::Compare(id.clone()));
            }
        });
        let ids = group.map_or_else(Vec::new, |group| view.state.ids_of(now, group));
        let idle = !view.is_running(Slot::Train);
        let goes = idle && run.finish != Finish::Diverged;
        let hint =
            format!("To the end where it was stopped, else {MORE} epochs more, for all its seeds");
        if ui
            .add_enabled(goes, egui::Button::new("Go on"))
            .on_hover_text(hint)
            .clicked()
        {
            view.own(Command::GoOn(ids, MORE));
        }
        let hint = "Images with their captions are forgotten by the runs of this kind, beside runs that never saw them";
        if ui.button("Forget…").on_hover_text(hint).clicked() {
            view.own(Command::ShowForgetting(true));
        }
    });
}
