//! The inspector: the groups, the largest margins, the worst change of one picture, what attacks say.

use super::figures::digits;
use super::{View, agree, settings, worst};
use crate::desktop::core::{Command as Core, Query};
use crate::desktop::linear::{Command, Studied};
use crate::desktop::shell::pictured::take_double_click;
use crate::desktop::shell::theme::tokens;
use crate::desktop::shell::widgets::{grouped, heading, mark, named_area, picture_in, weak};
use crate::learn::concepts::On;
use crate::learn::linear::study::words::percent;
use crate::retrieval::Side;
use egui::{Align, Layout, Rect, RichText, Role, ScrollArea, Sense, Ui};

/// Pictures of a group.
const PICTURES: usize = 7;

/// Draws the inspector.
pub fn inspector_ui(ui: &mut Ui, view: &mut View<'_>) {
    ScrollArea::vertical()
        .id_salt("linear inspector")
        .auto_shrink([false; 2])
        .show(ui, |ui| {
            // Room for the scroll bar, which lies over what is there.
            ui.set_max_width(ui.available_width() - 8.0);
            ui.add_space(10.0);
            if let Some(studied) = view.state.studied(view.session.now()).cloned() {
                groups_ui(ui, view, &studied);
                ui.separator();
                margins_ui(ui, &studied);
                ui.separator();
                worst::worst_ui(ui, view, &studied);
                ui.separator();
                agree::agree_ui(ui, view);
                ui.separator();
                encoder_ui(ui, view, &studied);
                ui.separator();
            } else {
                weak(ui, "The groups and their largest margins stand here.");
            }
            settings::settings_ui(ui, view);
            ui.add_space(10.0);
        });
}

fn groups_ui(ui: &mut Ui, view: &mut View<'_>, studied: &Studied) {
    let t = tokens(ui);
    let study = &studied.study;
    ui.horizontal(|ui| {
        heading(
            ui,
            &format!("{} against {}", studied.titles[0], studied.titles[1]),
        );
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let (words, colour) = if study.is_separable() {
                ("separable", t.good)
            } else {
                ("not separable", t.bad)
            };
            ui.label(RichText::new(words).color(colour));
        });
    });
    let [first, second] = study.sizes();
    weak(
        ui,
        format!(
            "{} and {} rows, {}; {} values, {}",
            grouped(first),
            grouped(second),
            studied.on,
            grouped(study.problem.width()),
            if studied.mean.iter().any(|m| *m != 0.0) {
                "less their mean"
            } else {
                "no bias"
            }
        ),
    );
    for (group, from) in [(0, 0), (1, first)] {
        let rows = [first, second][group];
        row_ui(ui, view, studied, from..from + rows.min(PICTURES));
    }
    weak(ui, "Choose a picture to see its worst change.");
}

fn row_ui(ui: &mut Ui, view: &mut View<'_>, studied: &Studied, rows: std::ops::Range<usize>) {
    let gap = 4.0;
    let wide = ui.available_width();
    let side = ((wide - gap * (PICTURES as f32 - 1.0)) / PICTURES as f32).floor();
    let (rect, _) = ui.allocate_exact_size(egui::vec2(wide, side), Sense::hover());
    for (n, row) in rows.enumerate() {
        let image = studied.images[row];
        let min = rect.min + egui::vec2(n as f32 * (side + gap), 0.0);
        let place = Rect::from_min_size(min, egui::Vec2::splat(side));
        picture_in(ui, view.pictures, image, place, true);
        let chosen = view.state.row == row;
        if chosen {
            mark(ui, place);
        }
        let id = ui.scope_id().with(("row", row));
        let dataset = view.session.dataset();
        let name = || {
            let images = dataset.map_or(&[][..], |d| &d.images);
            let image = images.get(image as usize);
            image.map_or_else(String::new, |image| image.name.clone())
        };
        let area = named_area(ui, place, id, Role::Image, chosen, name);
        let area = area.on_hover_text("Its worst change; with a second click, look at it");
        if area.double_clicked() {
            take_double_click(ui.ctx());
            let query = Query::Row(Side::Image, image as usize);
            view.ask(Core::Query(query));
        } else if area.clicked() {
            view.own(Command::ChooseRow(row));
        }
    }
}

/// The largest margins between their bounds.
fn margins_ui(ui: &mut Ui, studied: &Studied) {
    let t = tokens(ui);
    ui.horizontal(|ui| {
        heading(ui, "Largest margins");
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            weak(ui, "convex solver, gap").on_hover_text(
                "Upper bound by a certificate less the margin of the classifier that was found: no margin lies above",
            );
        });
    });
    let study = &studied.study;
    if let Some((soft, _)) = &study.soft {
        weak(
            ui,
            format!(
                "None: a mean of rows is 0, and every classifier would have to be right about it. Softest margin: mean hinge \
                 {:.3}, right about {} %.",
                soft.hinge,
                percent(soft.right)
            ),
        );
        return;
    }
    for norm in super::table::NORMS {
        ui.horizontal(|ui| {
            weak(ui, norm.title());
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let told = study.best(norm).map_or_else(
                    || "not found".to_owned(),
                    |best| {
                        // Bounds that meet are known to the rounding of float64 all the same.
                        let gap = best.gap.abs().max(f64::EPSILON * best.value);
                        format!("{} ± {gap:.0e}", digits(best.value))
                    },
                );
                ui.label(RichText::new(told).color(t.text));
            });
        });
    }
}

/// The way to the encoder's last layer.
fn encoder_ui(ui: &mut Ui, view: &mut View<'_>, studied: &Studied) {
    heading(ui, "And your encoder?");
    if studied.on == On::Embeddings {
        let captions = studied.methods.iter().find(|line| line.method.is_none());
        let text = match captions {
            Some(line) => format!(
                "\"Captions\" in the table is the classifier that the texts of both groups make on the last layer, without \
                 training: right about {} % of the images. Wrong: a row lies on the wrong side.",
                percent(line.classifier.right)
            ),
            None => "The captions make no classifier of these groups.".into(),
        };
        weak(ui, text);
        return;
    }
    weak(
        ui,
        "Both groups as a zero-shot classifier on its last layer: its margins against the best that a linear head there could have.",
    );
    let ready = view.session.embedded().is_some_and(|e| e.texts.rows() > 0);
    let why = "This needs embeddings of images and captions";
    ui.add_enabled_ui(ready, |ui| {
        if ui
            .button("Measure on embeddings")
            .on_disabled_hover_text(why)
            .clicked()
        {
            view.own(Command::OnEmbeddings);
        }
    });
}
