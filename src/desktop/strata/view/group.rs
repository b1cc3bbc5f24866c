//! The group that is looked at.

use super::View;
use super::list::{look_at, name, pull_like, share};
use crate::dataset::Dataset;
use crate::desktop::core::Command as Core;
use crate::desktop::shell::bidi;
use crate::desktop::shell::theme::tokens;
use crate::desktop::shell::widgets::{grouped, heading, named_area, picture_in, primary, weak};
use crate::desktop::strata::{Command, Surveyed};
use crate::learn::strata::Redundancy;
use crate::learn::survey::AtCount;
use crate::learn::survey::words::pulls;
use egui::{Align, Layout, Rect, RichText, Role, Sense, Ui};

/// Pictures of a line, and of all.
const LINE: usize = 6;
const PICTURES: usize = 18;
/// Images that are told as those pushed away from.
const OPPOSED: usize = 5;

/// Draws the group; nothing where none was made.
pub fn group_ui(ui: &mut Ui, view: &mut View<'_>) {
    let now = view.session.now();
    let (Some(surveyed), Some(dataset)) = (
        view.state.surveyed(now).cloned(),
        view.session.dataset().cloned(),
    ) else {
        weak(ui, "Groups are looked at here, one at a time.");
        ui.add_space(6.0);
        return;
    };
    let (Some((place, at)), Some(number)) = (view.state.at(&surveyed), view.state.group()) else {
        return;
    };
    let group = &at.groups[number];
    let images = &surveyed.pictures[place][number];
    let order = view.state.order();
    let rank = order.iter().position(|&k| k == number).map_or(0, |n| n + 1);
    ui.horizontal(|ui| {
        heading(ui, name(at, number));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            weak(
                ui,
                format!("group {number}, place {rank} of {}", grouped(order.len())),
            );
        });
    });
    weak(
        ui,
        format!(
            "{} of {} pictures",
            match group.pairs {
                1 => "1 pair".to_owned(),
                pairs => format!("{} pairs", grouped(pairs)),
            },
            grouped(images.len())
        ),
    );
    pictures_ui(ui, view, &dataset, images);
    ui.separator();
    figures_ui(ui, view, &surveyed, at, group);
    actions_ui(ui, view, number, images);
    ui.separator();
    middle_ui(ui, view, &surveyed, &dataset, group);
    opposed_ui(ui, view, &dataset, group);
    ui.separator();
}

fn pictures_ui(ui: &mut Ui, view: &mut View<'_>, dataset: &Dataset, images: &[u32]) {
    let gap = 4.0;
    let wide = ui.available_width();
    let side = ((wide - gap * (LINE as f32 - 1.0)) / LINE as f32).floor();
    for (line, part) in images.chunks(LINE).take(PICTURES / LINE).enumerate() {
        let (rect, _) = ui.allocate_exact_size(egui::vec2(wide, side), Sense::hover());
        for (n, &image) in part.iter().enumerate() {
            let min = rect.min + egui::vec2(n as f32 * (side + gap), 0.0);
            let place = Rect::from_min_size(min, egui::Vec2::splat(side));
            picture_in(ui, view.pictures, image, place, true);
            let id = ui.scope_id().with(("picture", line, n));
            let name = || dataset.images[image as usize].name.clone();
            let area = named_area(ui, place, id, Role::Image, false, name);
            if area.on_hover_text("Look at it").clicked() {
                look_at(view, image);
            }
        }
    }
    if images.len() > PICTURES {
        weak(ui, format!("and {} more", grouped(images.len() - PICTURES)));
    }
}

fn figures_ui(ui: &mut Ui, view: &View<'_>, surveyed: &Surveyed, at: &AtCount, group: &Redundancy) {
    let all = surveyed.survey.pairs();
    let kept =
        ((all as f64 * view.state.kept).round() as usize).clamp(view.state.order().len(), all);
    let counts = at.keeping.counts(kept, view.state.allocation);
    let mut figure = |what: &str, value: String, hint: &str| {
        ui.horizontal(|ui| {
            let t = tokens(ui);
            weak(ui, what).on_hover_text(hint);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                ui.label(RichText::new(value).color(t.text));
            });
        });
    };
    let none = || "none".to_owned();
    figure(
        "Pairs that would do as well",
        group.pulls.map_or_else(none, pulls),
        "Mean |g|² over |mean g|²: how many orthogonal pulls of one length would have as small a mean",
    );
    figure(
        "Redundancy",
        group.redundancy().map_or_else(none, |r| {
            format!(
                "{r:.1}, {} / {}",
                group.pairs,
                pulls(group.pulls.unwrap_or(1.0))
            )
        }),
        "Pairs for each different pull: 1 where each says something of its own",
    );
    figure(
        "Cosine to the middle, mean",
        group
            .cosine
            .map_or_else(none, |c| format!("{c:.2}").replace('-', "−")),
        "How much their gradients point where their mean does",
    );
    let pairs = group.pairs as f64 / all.max(1) as f64;
    figure(
        "Share of pairs, of the step",
        format!("{}, {}", share(Some(pairs)), share(group.share)),
        "The step is the mean gradient; shares add up to 100 %, and are below 0 where a group pulls against the others",
    );
    if let Some(counts) = counts {
        figure(
            &format!("Kept at {:.0} %", 100.0 * kept as f64 / all.max(1) as f64),
            format!("{} of {}", counts[group.stratum], group.pairs),
            "How many pairs of this group the reduced set keeps",
        );
    }
}

fn actions_ui(ui: &mut Ui, view: &mut View<'_>, number: usize, images: &[u32]) {
    ui.horizontal_wrapped(|ui| {
        let hint = "Keeps the images of this group as a set, for every view";
        if primary(ui, "Make a set").on_hover_text(hint).clicked() {
            view.own(Command::MakeSet(number));
        }
        let hint = "Chooses the images of this group on the map";
        if ui.button("Map").on_hover_text(hint).clicked() {
            view.ask(Core::ShowOnMap(images.to_vec()));
        }
        let hint = "Shows hard negatives at the image in the middle of this group";
        if let Some(&first) = images.first()
            && ui.button("Negatives").on_hover_text(hint).clicked()
        {
            view.ask(Core::ShowNegatives(first));
        }
    });
}

/// The pair whose gradient is nearest to the mean of the group.
fn middle_ui(
    ui: &mut Ui,
    view: &mut View<'_>,
    surveyed: &Surveyed,
    dataset: &Dataset,
    group: &Redundancy,
) {
    let Some(pair) = group.nearest() else { return };
    let survey = &surveyed.survey;
    let (image, caption) = (survey.images[pair as usize], survey.captions[pair as usize]);
    let t = tokens(ui);
    heading(ui, "In the middle of the group");
    ui.horizontal_top(|ui| {
        let (rect, _) = ui.allocate_exact_size(egui::Vec2::splat(104.0), Sense::hover());
        picture_in(ui, view.pictures, image, rect, true);
        let id = ui.scope_id().with("middle");
        let named = || dataset.images[image as usize].name.clone();
        let area = named_area(ui, rect, id, Role::Image, false, named);
        if area.on_hover_text("Look at it").clicked() {
            look_at(view, image);
        }
        ui.vertical(|ui| {
            let text = |row: u32| {
                dataset
                    .captions
                    .get(row as usize)
                    .map_or("", String::as_str)
            };
            let mut line = |head: &str, words: &str, colour| {
                ui.label(RichText::new(head).size(12.0).color(colour));
                bidi::label(
                    ui,
                    RichText::new(words).size(12.5).color(t.text),
                    usize::MAX,
                );
            };
            line("pulls towards", text(caption), t.good);
            match survey.hardest[pair as usize] {
                Some(away) => line("pushes away from", text(away), t.bad),
                None => line(
                    "pushes away from",
                    "no caption: none is within the margin",
                    t.weak,
                ),
            }
        });
    });
}

fn opposed_ui(ui: &mut Ui, view: &mut View<'_>, dataset: &Dataset, group: &Redundancy) {
    ui.add_space(4.0);
    heading(ui, "Pushed away from most");
    if group.opposed.is_empty() {
        weak(
            ui,
            "No pair of it is pushed away from an image: none is within the margin.",
        );
        return;
    }
    let t = tokens(ui);
    for (n, opposed) in group.opposed.iter().take(OPPOSED).enumerate() {
        let wide = ui.available_width();
        let (rect, _) = ui.allocate_exact_size(egui::vec2(wide, 34.0), Sense::hover());
        let image = opposed.image as usize;
        let first = dataset.captions_of(image).next();
        let caption = first.map_or("", |j| dataset.captions[j].as_str());
        let id = ui.scope_id().with(("opposed", n));
        let told = || format!("{} pairs: {caption}", opposed.pairs);
        let area = named_area(ui, rect, id, Role::Row, false, told);
        if area.hovered() {
            ui.painter().rect_filled(rect, 3.0, t.hover);
        }
        let place = Rect::from_min_size(rect.min + egui::vec2(2.0, 2.0), egui::Vec2::splat(30.0));
        picture_in(ui, view.pictures, opposed.image, place, true);
        let font = egui::FontId::proportional(12.5);
        ui.painter().text(
            egui::pos2(rect.left() + 62.0, rect.center().y),
            egui::Align2::RIGHT_CENTER,
            grouped(opposed.pairs),
            font.clone(),
            t.text,
        );
        let mut job = egui::text::LayoutJob::simple_singleline(caption.into(), font, t.text);
        job.wrap = egui::text::TextWrapping::truncate_at_width(wide - 76.0);
        let galley = bidi::galley(ui, job);
        let at = egui::pos2(rect.left() + 72.0, rect.center().y - galley.size().y / 2.0);
        ui.painter().galley(at, galley, t.text);
        if bidi::hover(area, caption).clicked() {
            look_at(view, opposed.image);
        }
    }
    weak(
        ui,
        format!(
            "Hardest pictures at these heads, with the number of pairs that they oppose. {}.",
            pull_like(group)
        ),
    );
}
