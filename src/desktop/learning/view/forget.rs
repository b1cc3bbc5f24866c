//! Forgetting pairs: what is forgotten, and what came of it.

use super::View;
use crate::compute::train::Loss;
use crate::desktop::learning::{Command, Forgetting, Forgotten, Slot, Which};
use crate::desktop::shell::table::{Small, small_ui};
use crate::desktop::shell::theme::{Tokens, tokens};
use crate::desktop::shell::widgets::{heading, primary_if, weak};
use crate::learn::forget::{Row, told};
use crate::learn::title;
use egui::{Align, ComboBox, DragValue, Label, Layout, RichText, Ui};

/// The figures that the table shows.
const SHOWN: [&str; 10] = [
    "forgotten_i2t_r1",
    "forgotten_t2i_r1",
    "retained_i2t_r1",
    "retained_t2i_r1",
    "valid_i2t_r1",
    "valid_t2i_r1",
    "membership",
    "cosine_forgotten",
    "overlap_forgotten_i2t",
    "overlap_retained_i2t",
];

/// Draws the section, where it is shown.
pub fn forget_ui(ui: &mut Ui, view: &mut View<'_>) {
    let now = view.session.now();
    let Some(group) = view.state.group_looked_at(now).cloned() else {
        return;
    };
    if !view.state.forgets.is_shown {
        return;
    }
    let ids = view.state.ids_of(now, &group);
    ui.horizontal(|ui| {
        heading(ui, "Forget pairs");
        let seeds = match ids.len() {
            1 => "one seed".to_owned(),
            count => format!("{count} seeds"),
        };
        weak(ui, format!("{}, {seeds}", title(&group)));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if ui.button("Close").clicked() {
                view.own(Command::ShowForgetting(false));
            }
        });
    });
    form_ui(ui, view, &ids);
    let found = view.state.forgets.found(now);
    if let Some(found) = found.filter(|found| found.ids == ids).cloned() {
        found_ui(ui, view, &found);
    }
    ui.separator();
}

fn form_ui(ui: &mut Ui, view: &mut View<'_>, ids: &[String]) {
    let mut form = view.state.forgets.form.clone();
    ui.horizontal_wrapped(|ui| {
        which_ui(ui, view, &mut form);
        let asked = &mut form.asked;
        weak(ui, "energy kept").on_hover_text(
            "Share of the energy of the retained embeddings that no step may touch: the more, the less retained pairs change",
        );
        ui.name_inputs("Energy kept", |ui| {
            ui.add(DragValue::new(&mut asked.energy).range(0.05..=1.0).speed(0.005))
        });
        weak(ui, "step").on_hover_text("Length of a step as a share of the norm of the weights");
        ui.name_inputs("Length of a step", |ui| {
            ui.add(DragValue::new(&mut asked.rate).range(0.000_1..=1.0).speed(0.000_5))
        });
        weak(ui, "at most").on_hover_text(
            "Steps end where the forgotten pairs are no more alike than pairs held out, and after so many",
        );
        ui.name_inputs("Steps at most", |ui| {
            ui.add(DragValue::new(&mut asked.steps).range(1..=100_000))
        });
        loss_ui(ui, &mut form);
        if view.is_running(Slot::Unlearn) {
            if ui.button("Cancel forgetting").clicked() {
                view.cancel(Slot::Unlearn);
            }
            return;
        }
        let why = view.state.cannot_forget(view.session, ids);
        let button = primary_if(ui, why.is_none(), "Forget and compare");
        let hint = "Forgets them, trains heads without them from the same start, and compares";
        if button.on_hover_text(hint).clicked() {
            view.own(Command::Forget(ids.to_vec()));
        }
    });
    if let Some(why) = view.state.cannot_forget(view.session, ids) {
        let colour = tokens(ui).warn;
        ui.label(RichText::new(format!("{why}. {}", why.remedy())).color(colour));
    }
    if form != view.state.forgets.form {
        view.own(Command::SetForgetting(form));
    }
}

fn which_ui(ui: &mut Ui, view: &View<'_>, form: &mut Forgetting) {
    let count = form.which.images(view.session).len();
    let text = format!("{count} · {}", form.which.title());
    ui.name_inputs("Images to forget", |ui| {
        ComboBox::from_id_salt("images to forget")
            .selected_text(text)
            .width(150.0)
            .truncate()
            .show_ui(ui, |ui| {
                let sets = view.session.sets.named.keys().cloned().map(Which::Set);
                for which in std::iter::once(Which::Marked).chain(sets) {
                    let title = which.title();
                    ui.selectable_value(&mut form.which, which, title);
                }
            });
    });
}

fn loss_ui(ui: &mut Ui, form: &mut Forgetting) {
    weak(ui, "loss").on_hover_text("The loss that goes up");
    let chosen = form.asked.loss;
    ui.name_inputs("Loss that goes up", |ui| {
        ComboBox::from_id_salt("loss that goes up")
            .selected_text(chosen.map_or("of training", |loss| loss.title()))
            .width(90.0)
            .show_ui(ui, |ui| {
                ui.selectable_value(&mut form.asked.loss, None, "of training");
                for loss in Loss::all().filter(|loss| !loss.description().by_order) {
                    ui.selectable_value(&mut form.asked.loss, Some(loss), loss.title());
                }
            });
    });
}

fn found_ui(ui: &mut Ui, view: &mut View<'_>, found: &Forgotten) {
    let t = tokens(ui);
    ui.add_space(4.0);
    ui.add(Label::new(RichText::new(&found.says).size(15.0).color(t.text)).wrap());
    let rows = SHOWN.iter().filter_map(|key| found.table.row(key));
    let column = |name: &str, about, figure| (name.to_owned(), about, figure);
    let table = Small {
        name: "what was forgotten".into(),
        columns: vec![
            column("", "", false),
            column("Before", "Heads that were trained with all pairs", true),
            column("After forgetting", "The same heads, after the steps", true),
            column(
                "Without them",
                "Heads that were trained without the forgotten pairs, from the same start",
                true,
            ),
            column(
                "After less without",
                "Paired by seed, with the 95 % band of the mean",
                true,
            ),
        ],
        rows: rows.map(|row| cells(row, &t)).collect(),
        ..Small::default()
    };
    small_ui(ui, view, &table);
    let hint = "Recalls in per cent. Membership: area under the ROC curve of a threshold on a pair's cosine, forgotten pairs \
                against pairs never seen; 0.5 tells nothing. Ranked as without them: rank-biased overlap of the ten best.";
    weak(ui, &found.told).on_hover_text(hint);
    for note in &found.notes {
        ui.label(RichText::new(note).size(12.0).color(t.warn));
    }
    let hint = "Copies this as a command; the source of the data is left to you";
    if ui.button("Copy as a command").on_hover_text(hint).clicked() {
        ui.ctx().copy_text(found.command.clone());
    }
}

/// What a row says.
fn cells(row: &Row, t: &Tokens) -> Vec<(String, egui::Color32)> {
    let digits = row.figure.digits;
    let less = row.less[1];
    let (settled, colour) = match less.half {
        None => ("one seed settles nothing", t.weak),
        Some(_) if less.is_settled() => ("settled", t.text),
        Some(_) => ("not settled", t.weak),
    };
    let mut cells = vec![(row.figure.title.to_owned(), t.text)];
    cells.extend(row.bands.map(|band| (told(band, digits), t.text)));
    cells.push((format!("{} · {settled}", told(less, digits)), colour));
    cells
}
