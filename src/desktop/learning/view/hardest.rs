//! The hardest negatives of a batch, as pictures.

use super::View;
use crate::dataset::Dataset;
use crate::desktop::core::Query;
use crate::desktop::learning::Command;
use crate::desktop::shell::bidi;
use crate::desktop::shell::theme::tokens;
use crate::desktop::shell::widgets::{column, heading, named_area, picture_in, weak};
use crate::learn::{HardPair, Point, Run};
use crate::retrieval::Side;
use egui::{Align, Layout, Rect, RichText, Role, Sense, Slider, Ui};

/// Width of a pair of pictures at least.
const NARROW: f32 = 168.0;

/// Width from which a heading, its controls and what is told of them fit on one line.
pub const ONE_LINE: f32 = 940.0;

/// Draws the section.
pub fn hardest_ui(ui: &mut Ui, view: &mut View<'_>) {
    let session = view.session;
    let (Some(run), Some(dataset)) = (
        view.state.looked_at(session.now()).cloned(),
        session.dataset().cloned(),
    ) else {
        return;
    };
    let count = run.points.len();
    let at = moments(view, count).1;
    let Some(point) = run.points.get(at) else {
        return;
    };
    let narrow = ui.available_width() < ONE_LINE;
    ui.horizontal(|ui| {
        heading(ui, "Hardest negatives of the batch");
        weak(
            ui,
            format!("{}, seed {}, step", run.setup.title(), run.setup.seed),
        );
        step_ui(ui, view, &run, at);
        if !narrow {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                weak(ui, pull(&run, point));
            });
        }
    });
    if narrow {
        weak(ui, pull(&run, point));
    }
    if point.hard.is_empty() {
        let text = if point.step == 0 {
            "No batch was drawn before the first step."
        } else {
            "No image of this batch has a negative."
        };
        weak(ui, text);
        return;
    }
    let gap = 12.0;
    let wide = ui.available_width();
    let shown = ((wide + gap) / (NARROW + gap))
        .floor()
        .clamp(1.0, point.hard.len() as f32);
    let each = (wide - gap * (shown - 1.0)) / shown;
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = gap;
        for (n, pair) in point.hard.iter().take(shown as usize).enumerate() {
            let tall = (each / 2.0).min(120.0) + 98.0;
            column(ui, egui::vec2(each, tall), |ui| {
                ui.push_id(n, |ui| pair_ui(ui, view, &dataset, &run, pair, each));
            });
        }
    });
}

/// The moments between which ranks are compared: the one looked at is the second.
pub fn moments(view: &View<'_>, count: usize) -> (usize, usize) {
    let last = count.saturating_sub(1);
    let (from, to) = view.state.moments.unwrap_or((0, last));
    (from.min(last), to.min(last))
}

fn step_ui(ui: &mut Ui, view: &mut View<'_>, run: &Run, at: usize) {
    let last = run.points.len().saturating_sub(1);
    let mut chosen = at;
    let points = &run.points;
    let text = |n: f64| {
        let point = points.get(n as usize);
        point.map_or_else(String::new, |point| point.step.to_string())
    };
    let slider = Slider::new(&mut chosen, 0..=last)
        .show_value(true)
        .custom_formatter(move |n, _| text(n))
        .smart_aim(false);
    ui.name_inputs("Step", |ui| ui.add_enabled(last > 0, slider));
    if chosen != at {
        let from = moments(view, run.points.len()).0;
        view.own(Command::SetMoments(from, chosen));
    }
}

/// How many captions pull at an image, in words that fit the loss.
fn pull(run: &Run, point: &Point) -> String {
    let Some(active) = point.active else {
        return String::new();
    };
    let others = run.setup.batch - 1;
    match run.setup.loss.name() {
        "mh" => format!(
            "MH pulls on one caption each; SH would pull on {active:.0} of {others} on average"
        ),
        "sh" => {
            format!(
                "SH pulls on {active:.0} of {others} captions on average; MH would pull on one at most"
            )
        }
        _ if run.setup.loss.description().margin.is_some() => {
            format!("{active:.0} of {others} captions are within the margin on average")
        }
        _ => format!("{active:.0} of {others} captions score above the right one on average"),
    }
}

fn pair_ui(
    ui: &mut Ui,
    view: &mut View<'_>,
    dataset: &Dataset,
    run: &Run,
    pair: &HardPair,
    wide: f32,
) {
    let t = tokens(ui);
    let images = [pair.caption, pair.negative].map(|caption| dataset.image_of(caption as usize));
    let side = (wide - 4.0) / 2.0;
    let tall = side.min(120.0);
    let (rect, _) = ui.allocate_exact_size(egui::vec2(wide, tall), Sense::hover());
    for (n, &image) in images.iter().enumerate() {
        let min = rect.min + egui::vec2(n as f32 * (side + 4.0), 0.0);
        let place = Rect::from_min_size(min, egui::vec2(side, tall));
        picture_in(ui, view.pictures, image as u32, place, true);
        let id = ui.scope_id().with(n);
        let name = || dataset.images[image].name.clone();
        let area = named_area(ui, place, id, Role::Image, false, name);
        let hint = if n == 0 {
            "The image of the pair: look at it"
        } else {
            "The image of the caption that is hardest for it: look at it"
        };
        if area.on_hover_text(hint).clicked() {
            view.ask(crate::desktop::core::Command::Query(Query::Row(
                Side::Image,
                image,
            )));
        }
    }
    let lines = [
        ("right", pair.positive, pair.caption, t.good),
        ("wrong", pair.score, pair.negative, t.bad),
    ];
    for (word, score, caption, colour) in lines {
        let mut text = egui::text::LayoutJob::default();
        let font = egui::FontId::proportional(12.0);
        let mut part = |words: String, colour| {
            let format = egui::TextFormat::simple(font.clone(), colour);
            text.append(&words, 0.0, format);
        };
        part(format!("{word} "), colour);
        part(format!("{score:.2} "), t.weak);
        part(dataset.captions[caption as usize].clone(), t.text);
        text.wrap.max_rows = 2;
        text.wrap.max_width = wide;
        let galley = bidi::galley(ui, text);
        bidi::hover(
            ui.add(egui::Label::new(galley)),
            &dataset.captions[caption as usize],
        );
    }
    ui.label(RichText::new(told(run, pair)).size(11.5).color(t.weak));
}

/// How hard a pair is, in words that fit the loss.
fn told(run: &Run, pair: &HardPair) -> String {
    let above = pair.score - pair.positive;
    if run.setup.loss.name() == "semi-hard" && above >= 0.0 {
        return format!("above by {above:.2}: no pull");
    }
    if run.setup.loss.description().margin.is_some() {
        let hinge = run.setup.margin + above;
        if hinge > 0.0 {
            return format!("hinge {hinge:.2}, 1 of {} active", pair.active);
        }
        return "beyond the margin: no pull".into();
    }
    match pair.active {
        0 => format!("below by {:.2}", -above),
        1 => format!("above by {above:.2}"),
        active => format!("above by {above:.2}, 1 of {active}"),
    }
}
