//! Ranks and margins of both directions, with the band of the near misses.

use super::View;
use crate::desktop::shell::plots::rank_axis;
use crate::desktop::shell::terms::Term;
use crate::desktop::shell::theme::{Tokens, tokens};
use crate::desktop::shell::widgets::{figure, grouped, heading, signed, weak};
use crate::desktop::structure::Command;
use crate::retrieval::Side;
use crate::retrieval::structure::{Margins, SideStructure, Structure};
use egui::{Ui, Vec2};
use egui_plot::{Bar, BarChart, GridMark, Plot, VLine};

/// The band and the scale; right to left.
pub fn head_ui(ui: &mut Ui, view: &mut View<'_>) {
    ui.checkbox(&mut view.memory.log, "Logarithmic counts");
    ui.add_space(10.0);
    let mut plan = view.state.plan.clone();
    let drag = egui::DragValue::new(&mut plan.band)
        .speed(0.001)
        .range(0.0..=1.0)
        .fixed_decimals(3);
    let hint = "Half the width of the band around margin 0: queries inside it are near misses";
    let changed = ui
        .name_inputs("Near misses: margin below", |ui| {
            ui.add(drag).on_hover_text(hint)
        })
        .changed();
    weak(ui, "Near misses: |margin| below");
    if changed {
        view.own(Command::SetPlan(plan));
    }
}

/// Draws the page.
pub fn margins_ui(ui: &mut Ui, view: &mut View<'_>, found: &Structure) {
    let log = view.memory.log;
    let tall = ui.available_height();
    ui.columns(2, |columns| {
        for (ui, side) in columns.iter_mut().zip([Side::Image, Side::Text]) {
            let (title, noun) = match side {
                Side::Image => ("Images look for captions (I→T)", "caption"),
                Side::Text => ("Captions look for images (T→I)", "image"),
            };
            heading(ui, title);
            let structure = found.side(side);
            figures_ui(ui, structure);
            let plots = ((tall - 224.0) / 2.0).max(90.0);
            weak(ui, format!("Rank of the right {noun}"));
            ranks_ui(ui, structure, plots, log, noun);
            weak(
                ui,
                "Margin: score of the right one less that of the hardest negative",
            );
            margin_ui(ui, &structure.margins, plots, log, noun);
        }
    });
}

fn figures_ui(ui: &mut Ui, structure: &SideStructure) {
    let margins = &structure.margins;
    let share = |n: usize| 100.0 * n as f64 / structure.queries.max(1) as f64;
    let width = (ui.available_width() - 3.0 * 6.0 - 4.0) / 4.0;
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        for (n, what, term) in [
            (margins.wrong, "wrong", Term::Wrong),
            (margins.nearly_right, "nearly right", Term::NearlyRight),
            (margins.nearly_wrong, "nearly wrong", Term::NearlyWrong),
        ] {
            figure(ui, width, &grouped(n), what, term);
        }
        figure(
            ui,
            width,
            &signed(margins.median as f32, 3),
            "median margin",
            Term::MedianMargin,
        );
    });
    let mut text = format!(
        "{:.1} % wrong; nearly right {:.1} %, nearly wrong {:.1} %. If every near miss were won, R@1 would be {:.1} \
         instead of {:.1}.",
        share(margins.wrong),
        share(margins.nearly_right),
        share(margins.nearly_wrong),
        share(structure.queries - margins.wrong + margins.nearly_right),
        share(structure.queries - margins.wrong)
    );
    if margins.none > 0 {
        let none = grouped(margins.none);
        text = format!("{text} {none} queries have no margin.");
    }
    weak(ui, text);
}

/// About `count` marks between the bounds, at whole numbers of 1, 2 or 5 times a power of ten.
fn marks(bounds: (f64, f64), count: f64) -> Vec<GridMark> {
    let least = ((bounds.1 - bounds.0) / count).max(1e-9);
    let power = 10_f64.powf(least.log10().floor());
    let found = [1.0, 2.0, 5.0].into_iter().find(|s| s * power >= least);
    let step = found.unwrap_or(10.0) * power;
    let mark = |n: i64| GridMark {
        value: n as f64 * step,
        step_size: 1000.0,
    };
    let (first, last) = ((bounds.0 / step).ceil(), (bounds.1 / step).floor());
    (first as i64..=last as i64).map(mark).collect()
}

/// Height of a bar.
fn height(count: usize, log: bool) -> f64 {
    if log {
        (1.0 + count as f64).log10()
    } else {
        count as f64
    }
}

fn plot<'a>(name: String, tall: f32, log: bool) -> Plot<'a> {
    let plot = Plot::new(name)
        .height(tall)
        .show_grid(false)
        .show_background(false)
        .allow_drag(false)
        .allow_zoom(false)
        .allow_scroll(false)
        .allow_boxed_zoom(false)
        .show_x(false)
        .show_y(false)
        .include_y(0.0)
        .set_margin_fraction(Vec2::new(0.02, 0.05));
    if !log {
        return plot
            .y_grid_spacer(|input| marks(input.bounds, 5.0))
            .y_axis_formatter(|mark, _| grouped(mark.value.max(0.0) as usize));
    }
    plot.y_grid_spacer(|input| {
        let last = input.bounds.1.max(0.0).ceil() as i32;
        let mark = |power: i32| GridMark {
            value: (1.0 + 10_f64.powi(power)).log10(),
            step_size: 1.0,
        };
        std::iter::once(GridMark {
            value: 0.0,
            step_size: 1.0,
        })
        .chain((0..=last).map(mark))
        .collect()
    })
    .y_axis_formatter(|mark, _| grouped((10_f64.powf(mark.value) - 1.0).round().max(0.0) as usize))
}

fn ranks_ui(ui: &mut Ui, structure: &SideStructure, tall: f32, log: bool, noun: &str) {
    let t = tokens(ui);
    let label = |&(from, to, _): &(u32, u32, usize)| {
        if from == to {
            grouped(from as usize)
        } else {
            format!("{}–{}", grouped(from as usize), grouped(to as usize))
        }
    };
    let labels: Vec<String> = structure.ranks.iter().map(label).collect();
    let counts: Vec<usize> = structure.ranks.iter().map(|bin| bin.2).collect();
    let hovers = labels.clone();
    let bars = counts
        .iter()
        .enumerate()
        .map(|(i, &n)| {
            Bar::new(i as f64, height(n, log))
                .width(0.82)
                .fill(if i == 0 { t.good } else { t.bar })
        })
        .collect();
    let chart = BarChart::new("ranks", bars).element_formatter(Box::new(move |bar, _| {
        let at = bar.argument.round() as usize;
        let (rank, n) = (hovers.get(at), counts.get(at).copied().unwrap_or(0));
        format!("rank {}: {} queries", rank.map_or("", |r| r), grouped(n))
    }));
    let plot = plot(format!("structure ranks {noun}"), tall, log);
    rank_axis(plot, labels).show(ui, |plot| plot.bar_chart(chart));
}

fn margin_ui(ui: &mut Ui, margins: &Margins, tall: f32, log: bool, noun: &str) {
    let t = tokens(ui);
    if margins.counts.is_empty() {
        weak(ui, "No query has a margin.");
        return;
    }
    let (low, width, band) = (margins.low, margins.width, f64::from(margins.band));
    let bars = margins
        .counts
        .iter()
        .enumerate()
        .map(|(i, &n)| {
            let centre = low + (i as f64 + 0.5) * width;
            Bar::new(centre, height(n, log))
                .width(width * 0.9)
                .fill(colour(centre, band, &t))
        })
        .collect();
    let counts = margins.counts.clone();
    let chart = BarChart::new("margins", bars).element_formatter(Box::new(move |bar, _| {
        let at = ((bar.argument - low) / width).floor() as usize;
        let n = counts.get(at).copied().unwrap_or(0);
        let edge = |value: f64| signed(value as f32, 3);
        let start = low + at as f64 * width;
        format!(
            "margin {} to {}: {} queries",
            edge(start),
            edge(start + width),
            grouped(n)
        )
    }));
    plot(format!("structure margins {noun}"), tall, log)
        .x_grid_spacer(|input| marks(input.bounds, 8.0))
        .x_axis_formatter(|mark, _| {
            let text = format!("{:.2}", mark.value);
            text.trim_end_matches('0')
                .trim_end_matches('.')
                .replace('-', "−")
        })
        .show(ui, |plot| {
            plot.bar_chart(chart);
            for (at, name) in [(-band, "nearly right"), (band, "nearly wrong")] {
                plot.vline(VLine::new(name, at).color(t.warn).width(1.0));
            }
            plot.vline(VLine::new("margin 0", 0.0).color(t.text).width(1.0));
        });
}

/// Wrong ones red, right ones green; near misses strong, the others pale.
fn colour(centre: f64, band: f64, t: &Tokens) -> egui::Color32 {
    let side = if centre < 0.0 { t.bad } else { t.good };
    if centre.abs() < band {
        side
    } else {
        side.gamma_multiply(0.5)
    }
}
