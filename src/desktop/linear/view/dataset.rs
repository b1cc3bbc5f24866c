//! The page of a changed dataset: what is asked for, what plain training on it withstands, the rows.

use super::View;
use super::figures::digits;
use super::table::picture;
use crate::desktop::core::chart::{Axis, Chart, Series, Shape};
use crate::desktop::linear::{Command, Kind, Moved, Slot, Studied};
use crate::desktop::shell::plots;
use crate::desktop::shell::table::{Small, small_ui};
use crate::desktop::shell::theme::{Tokens, tokens};
use crate::desktop::shell::widgets::{
    empty_state, heading, named_area, primary_if, segmented, weak,
};
use crate::learn::linear::moving::{
    Asked, Part, Plain, headline, percent, remarks, settled, signed,
};
use egui::{Align, DragValue, Label, Layout, Rect, RichText, Role, Sense, Ui};
use egui_plot::LineStyle;

/// Height of the plot.
const TALL: f32 = 170.0;
/// The largest side of a picture.
const SIDE: f32 = 64.0;

/// Draws the page.
pub fn dataset_ui(ui: &mut Ui, view: &mut View<'_>, studied: &Studied) {
    form_ui(ui, view, studied);
    ui.add_space(6.0);
    let Some(moved) = view.state.moved(view.session.now()).cloned() else {
        let text = "Rows move a little, each within the radius, so that a classifier that is trained on them as ever withstands \
                    perturbations of the rows as they were. Part of the rows is held out and never moved.";
        let title = if view.is_running(Slot::Move) {
            "Moving rows…"
        } else {
            "No rows moved yet"
        };
        empty_state(ui, title, text, None);
        return;
    };
    let t = tokens(ui);
    ui.add(
        Label::new(
            RichText::new(headline(&moved.found))
                .size(15.0)
                .color(t.text),
        )
        .wrap(),
    );
    for note in remarks(&moved.found) {
        ui.add(Label::new(RichText::new(note).size(12.0).color(t.weak)).wrap());
    }
    if moved.found.asked != view.state.moving {
        let text = "Not moved yet as the settings say: below is what was moved before.";
        ui.label(RichText::new(text).size(12.0).color(t.warn));
    }
    ui.add_space(4.0);
    plots::plot_ui(ui, view, &chart(&moved, &t), TALL);
    if !moved.drawn.is_empty() {
        pictures_ui(ui, view, studied, &moved);
    }
    ui.add_space(6.0);
    table_ui(ui, view, &moved, &t);
}

fn form_ui(ui: &mut Ui, view: &mut View<'_>, studied: &Studied) {
    let mut asked = view.state.moving.clone();
    ui.horizontal_wrapped(|ui| {
        heading(ui, "Move rows");
        let norms = Asked::NORMS.map(|norm| (norm, norm.title(), norm.about()));
        if let Some(norm) = segmented(ui, asked.norm, &norms) {
            asked.norm = norm;
            asked.radius = studied.radius(norm);
            asked.against = None;
        }
        weak(ui, "within").on_hover_text("How far a row may move, in the units of its values");
        let speed = studied.radius(asked.norm) / 50.0;
        ui.name_inputs("Radius", |ui| ui.add(number(&mut asked.radius, speed)));
        weak(ui, "to withstand")
            .on_hover_text("Size of the perturbations; the radius where it is not set");
        let mut against = asked.against();
        if ui
            .name_inputs("Size to withstand", |ui| {
                ui.add(number(&mut against, speed))
            })
            .changed()
        {
            asked.against = (against > 0.0 && against != asked.radius).then_some(against);
        }
        ui.name_inputs("Steps on rows", |ui| {
            ui.add(
                DragValue::new(&mut asked.steps)
                    .range(1..=Asked::MOST_STEPS)
                    .suffix(" steps"),
            )
        });
        let splits = if asked.seeds == 1 {
            " split"
        } else {
            " splits"
        };
        ui.name_inputs("Splits", |ui| {
            ui.add(
                DragValue::new(&mut asked.seeds)
                    .range(1..=Asked::MOST_SEEDS)
                    .suffix(splits),
            )
            .on_hover_text(
                "Random splits into rows to train on and held-out ones; bands from two on",
            )
        });
        let mut share = 100.0 * asked.held_out;
        if ui
            .name_inputs("Held out", |ui| {
                ui.add(
                    DragValue::new(&mut share)
                        .range(0.0..=90.0)
                        .suffix(" % held out"),
                )
            })
            .changed()
        {
            asked.held_out = share / 100.0;
        }
        if view.is_running(Slot::Move) {
            if ui.button("Cancel moving").clicked() {
                view.cancel(Slot::Move);
            }
        } else {
            let why = asked.check_of(&studied.study.problem).err();
            let button = primary_if(ui, why.is_none(), "Move rows and compare");
            let why = why.map_or_else(
                || "Moves rows, trains on both sets, and compares".to_owned(),
                |why| format!("{why}. {}", why.remedy()),
            );
            if button
                .on_hover_text(&why)
                .on_disabled_hover_text(&why)
                .clicked()
            {
                view.own(Command::Move);
            }
        }
    });
    if asked != view.state.moving {
        view.own(Command::SetMoving(asked));
    }
}

fn number(value: &mut f64, speed: f64) -> DragValue<'_> {
    DragValue::new(value)
        .range(0.0..=1e6)
        .speed(speed)
        .max_decimals(6)
}

/// Robust accuracy of both sets against the size of the perturbation.
fn chart(moved: &Moved, t: &Tokens) -> Chart {
    let asked = &moved.found.asked;
    let x = Axis {
        low: Some(0.0),
        high: Some(moved.found.farthest()),
        ..Axis::new(format!("size of the perturbation, {}", asked.norm.title()))
    };
    let title = "robust accuracy by ridge regression on both sets";
    let mut chart = Chart::new(title, x, Axis::percent("right (%)", 104.0));
    chart = chart.ruled(Chart::upright("to withstand", asked.against(), t.weak));
    let sets = [("unchanged set", t.warn), ("changed set", t.accent)];
    for (part, both) in moved.lines.iter().rev() {
        for (points, (set, colour)) in both.iter().zip(sets) {
            let is_held = *part == Part::HeldOut;
            if is_held && points.iter().any(|point| point[2] > 0.0) {
                let area = points
                    .iter()
                    .map(|&[x, mean, half]| [x, (mean - half).max(0.0), (mean + half).min(100.0)]);
                chart.series.push(Series {
                    name: format!("95 % band, {set}"),
                    colour: colour.gamma_multiply(0.18),
                    listed: false,
                    shape: Shape::Band(area.collect()),
                });
            }
            let (wide, style) = if is_held {
                (2.4, LineStyle::Solid)
            } else {
                (1.4, LineStyle::dashed_dense())
            };
            let points = points.iter().map(|&[x, mean, _]| [x, mean]).collect();
            let name = format!("{set}, {}", part.title());
            chart = chart.with(Series::line(name, colour, points).drawn(wide, style));
        }
    }
    chart
}

/// Rows as they were, as they are, and the change.
fn pictures_ui(ui: &mut Ui, view: &mut View<'_>, studied: &Studied, moved: &Moved) {
    ui.horizontal(|ui| {
        heading(ui, "Rows");
        let largest = digits(moved.found.splits[0].moved.largest());
        weak(
            ui,
            format!(
                "as they were, changed (cut to [0, 1]), and the change, at most {largest}: blue and red, full at the largest of each"
            ),
        );
    });
    let gap = 4.0;
    let count = moved.drawn.len() as f32;
    let side = ((ui.available_width() - gap * (count - 1.0)) / count)
        .floor()
        .min(SIDE);
    let size = egui::vec2(count * (side + gap) - gap, 3.0 * (side + gap) - gap);
    let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
    for (n, (place, _)) in moved.drawn.iter().enumerate() {
        let left = rect.left() + n as f32 * (side + gap);
        let Some(textures) = view.state.moved_textures.get(n) else {
            continue;
        };
        for (k, texture) in textures.iter().enumerate() {
            let min = egui::pos2(left, rect.top() + k as f32 * (side + gap));
            picture(
                ui,
                texture,
                Rect::from_min_size(min, egui::Vec2::splat(side)),
            );
        }
        let whole = Rect::from_min_size(egui::pos2(left, rect.top()), egui::vec2(side, size.y));
        let id = ui.scope_id().with(("moved row", n));
        let images = view.session.dataset().map_or(&[][..], |d| &d.images);
        let image = studied
            .images
            .get(*place)
            .and_then(|&n| images.get(n as usize));
        let name = || {
            image.map_or_else(String::new, |image| {
                format!("{}, changed below", image.name)
            })
        };
        named_area(ui, whole, id, Role::Image, false, name).on_hover_text(name());
    }
}

/// Natural and robust accuracy of both trainings.
fn table_ui(ui: &mut Ui, view: &mut View<'_>, moved: &Moved, t: &Tokens) {
    let size = moved.found.asked.against();
    let column = |name: &str, about: &'static str, figure| (name.to_owned(), about, figure);
    let mut rows = Vec::new();
    for plain in Plain::ALL {
        for part in Part::ALL {
            for at in [0.0, size] {
                let Some([before, after, gain]) = moved.found.at(plain, part, at) else {
                    continue;
                };
                let under = if at == 0.0 {
                    "as they are".to_owned()
                } else {
                    format!("under {}", digits(at))
                };
                let colour = if gain.is_settled() { t.text } else { t.weak };
                rows.push(vec![
                    (plain.title().to_owned(), t.text),
                    (format!("{}, {under}", part.title()), t.text),
                    (percent(before), t.text),
                    (percent(after), t.text),
                    (format!("{} · {}", signed(gain), settled(gain)), colour),
                ]);
            }
        }
    }
    let table = Small {
        name: "what both sets withstand".into(),
        columns: vec![
            column("Plain training", "", false),
            column(
                "Right about, %",
                "Rows as they were, under the worst perturbation",
                false,
            ),
            column("Unchanged set", "Trained on the rows as they were", true),
            column("Changed set", "Trained on the moved rows", true),
            column(
                "Gain",
                "Paired by split, with the 95 % band of the mean",
                true,
            ),
        ],
        rows,
        ..Small::default()
    };
    small_ui(ui, view, &table);
    ui.horizontal(|ui| {
        let first = &moved.found.splits[0].moved;
        weak(
            ui,
            format!(
                "Moved by {} at most, {} on average; {:.1} s.",
                digits(first.largest()),
                digits(first.mean()),
                moved.found.seconds
            ),
        );
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let hint = "Copies this study with the changed dataset as arguments of the command line";
            if ui.button("Copy as a command").on_hover_text(hint).clicked() {
                let command = moved.about.form.command(&moved.about.members);
                let asked = moved.found.asked.arguments();
                ui.ctx().copy_text(format!("{command} {asked}"));
            }
            let hint = "Writes the moved rows of the first split, their labels and places beside them (float64)";
            if ui.button("Save rows…").on_hover_text(hint).clicked() {
                view.own(Command::Export(Kind::Rows));
            }
        });
    });
}
