//! What is mined: the bar above the list.

use super::View;
use crate::desktop::negatives::{Command, NegativesPlan};
use crate::desktop::shell::fields::{field, named, optional};
use crate::desktop::shell::widgets::{segmented, weak};
use crate::retrieval::Side;
use crate::retrieval::mine::{Distinct, Measured, MineOptions, Sampling};
use egui::{DragValue, Ui};

/// The bar: direction, filters, count, export.
pub fn filters_ui(ui: &mut Ui, view: &mut View<'_>) {
    let before = view.state.plan;
    let mut plan = before;
    ui.horizontal_wrapped(|ui| {
        let sides = [
            (Side::Image, "I→T", "Images look for captions"),
            (Side::Text, "T→I", "Captions look for images"),
        ];
        if let Some(side) = segmented(ui, plan.side, &sides) {
            plan.side = side;
        }
        ui.add_space(4.0);
        let loss = view.session.workspace.margin;
        let near = format!("margin below {loss:.2}");
        let choices = [
            (
                Some(0.0),
                "margin below 0",
                "Negatives that beat the right one",
            ),
            (
                Some(loss),
                near.as_str(),
                "Near misses too: all that the loss counts",
            ),
            (None, "all", "The hardest of every query"),
        ];
        if let Some(below) = segmented(ui, plan.options.margin_below, &choices) {
            plan.options.margin_below = below;
        }
        ui.add_space(4.0);
        let hide = egui::Button::selectable(plan.options.drop_doubtful, "hide “may fit: check”")
            .frame_when_inactive(true);
        let hint = "Leave out negatives that may fit after all: equal text, or captions about as alike as those of one image";
        if ui.add(hide).on_hover_text(hint).clicked() {
            plan.options.drop_doubtful ^= true;
        }
        let set = count(&plan.options);
        let title = if set == 0 {
            "Filters…".to_owned()
        } else {
            format!("Filters ({set})…")
        };
        let config = egui::containers::menu::MenuConfig::new()
            .close_behavior(egui::PopupCloseBehavior::CloseOnClickOutside);
        egui::containers::menu::MenuButton::new(title)
            .config(config)
            .ui(ui, |ui| {
                ui.set_width(310.0);
                more_ui(ui, &mut plan.options);
            });
        super::count_ui(ui, view);
    });
    if plan != before {
        view.own(Command::SetPlan(plan));
    }
}

/// Filters of the menu that are set.
fn count(o: &MineOptions) -> usize {
    let plain = MineOptions::default();
    [
        o.k != plain.k,
        o.measured != plain.measured,
        o.range_min > 0,
        o.range_max.is_some(),
        o.min_score.is_some(),
        o.max_score.is_some(),
        o.absolute_margin.is_some(),
        o.relative_margin.is_some(),
        o.semi_hard.is_some(),
        o.sampling != plain.sampling,
        o.distinct != plain.distinct,
        o.most_uses.is_some(),
    ]
    .iter()
    .filter(|set| **set)
    .count()
}

fn more_ui(ui: &mut Ui, o: &mut MineOptions) {
    field(ui, "Per query", |ui| {
        ui.add(DragValue::new(&mut o.k).range(1..=100));
        let random = matches!(o.sampling, Sampling::Random { .. });
        if ui.selectable_label(!random, "hardest").clicked() {
            o.sampling = Sampling::Top;
        }
        if ui.selectable_label(random, "at random").clicked() && !random {
            o.sampling = Sampling::Random { seed: 0 };
        }
        if let Sampling::Random { seed } = &mut o.sampling {
            named(ui, "Seed", DragValue::new(seed).prefix("seed "));
        }
    });
    field(ui, "Margin of", |ui| {
        for (measured, name, hint) in [
            (
                Measured::Best,
                "best",
                "The query's best positive, as recall is",
            ),
            (
                Measured::Lowest,
                "lowest",
                "Its lowest-scoring positive, the safe side",
            ),
            (
                Measured::Each,
                "each",
                "Each positive by itself, as the losses are",
            ),
        ] {
            ui.selectable_value(&mut o.measured, measured, name)
                .on_hover_text(hint);
        }
        weak(ui, "positive");
    });
    ui.separator();
    optional(
        ui,
        "Margin at least",
        &mut o.absolute_margin,
        0.05,
        -2.0..=2.0,
    );
    optional(
        ui,
        "Margin at least this part of the score",
        &mut o.relative_margin,
        0.05,
        0.0..=1.0,
    );
    optional(
        ui,
        "Semi-hard: margin above 0 and below",
        &mut o.semi_hard,
        0.2,
        0.001..=2.0,
    );
    let top = o.max_score.unwrap_or(1.0);
    optional(ui, "Score at least", &mut o.min_score, 0.0, -1.0..=top);
    let low = o.min_score.unwrap_or(-1.0);
    optional(
        ui,
        "Score at most",
        &mut o.max_score,
        0.8_f32.max(low),
        low..=1.0,
    );
    ui.separator();
    ranges_ui(ui, o);
    ui.separator();
    if ui.button("Reset").clicked() {
        *o = MineOptions {
            margin_below: o.margin_below,
            drop_doubtful: o.drop_doubtful,
            ..NegativesPlan::default().options
        };
    }
}

/// Which of the negatives that pass, and how often.
fn ranges_ui(ui: &mut Ui, o: &mut MineOptions) {
    field(ui, "Pass over", |ui| {
        ui.add(DragValue::new(&mut o.range_min).range(0..=1000));
        weak(ui, "of the hardest");
    });
    let least = o.range_min + o.k;
    whole(
        ui,
        "Look at the hardest",
        &mut o.range_max,
        least.max(50),
        least..=10_000,
    );
    o.range_max = o.range_max.map(|max| max.max(least));
    whole(
        ui,
        "Use no negative more often than",
        &mut o.most_uses,
        3,
        1..=1000,
    );
    field(ui, "Same text", |ui| {
        let near = matches!(o.distinct, Distinct::Near(_));
        ui.selectable_value(&mut o.distinct, Distinct::Equal, "equal")
            .on_hover_text("Captions with the same words count as one");
        if ui
            .selectable_label(near, "near-equal")
            .on_hover_text("Those that share most of their content words too")
            .clicked()
            && !near
        {
            o.distinct = Distinct::Near(0.8);
        }
        ui.selectable_value(&mut o.distinct, Distinct::All, "keep all");
        if let Distinct::Near(part) = &mut o.distinct {
            let drag = DragValue::new(part).speed(0.01).range(0.05..=1.0);
            named(ui, "Shared words", drag);
        }
    });
}

/// A whole number that may be left out.
fn whole(
    ui: &mut Ui,
    name: &str,
    value: &mut Option<usize>,
    start: usize,
    range: std::ops::RangeInclusive<usize>,
) {
    let mut on = value.is_some();
    ui.horizontal(|ui| {
        if ui.checkbox(&mut on, name).changed() {
            *value = on.then_some(start);
        }
        if let Some(number) = value {
            named(ui, name, DragValue::new(number).range(range));
        }
    });
}
