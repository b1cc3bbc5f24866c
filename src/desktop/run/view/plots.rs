//! Histograms of ranks and of margins.

use crate::desktop::shell::plots::{few_marks, marks, rank_axis};
use crate::desktop::shell::theme::tokens;
use crate::desktop::shell::widgets::{grouped, signed, weak};
use crate::retrieval::structure::Margins;
use egui::{Ui, Vec2};
use egui_plot::{Bar, BarChart, Plot, VLine};

fn plot<'a>(name: String, tall: f32) -> Plot<'a> {
    Plot::new(name)
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
        .set_margin_fraction(Vec2::new(0.02, 0.05))
        .y_grid_spacer(|input| few_marks(input.bounds, true))
        .y_axis_formatter(|mark, _| grouped(mark.value.max(0.0) as usize))
}

/// Draws the histogram of ranks.
pub fn ranks_ui(ui: &mut Ui, ranks: &[(u32, u32, usize)], tall: f32, noun: &str) {
    let t = tokens(ui);
    let label = |&(from, to, _): &(u32, u32, usize)| {
        if from == to {
            grouped(from as usize)
        } else {
            format!("{}–{}", grouped(from as usize), grouped(to as usize))
        }
    };
    let labels: Vec<String> = ranks.iter().map(label).collect();
    let counts: Vec<usize> = ranks.iter().map(|bin| bin.2).collect();
    let hovers = labels.clone();
    let bar = |(i, &n): (usize, &usize)| {
        let fill = if i == 0 { t.good } else { t.bar };
        Bar::new(i as f64, n as f64).width(0.82).fill(fill)
    };
    let bars = counts.iter().enumerate().map(bar).collect();
    let chart = BarChart::new("ranks", bars).element_formatter(Box::new(move |bar, _| {
        let at = bar.argument.round() as usize;
        let (rank, n) = (hovers.get(at), counts.get(at).copied().unwrap_or(0));
        format!("rank {}: {} queries", rank.map_or("", |r| r), grouped(n))
    }));
    rank_axis(plot(format!("run ranks {noun}"), tall), labels)
        .show(ui, |plot| plot.bar_chart(chart));
}

/// Draws the histogram of margins.
pub fn margins_ui(ui: &mut Ui, margins: &Margins, tall: f32, noun: &str) {
    let t = tokens(ui);
    if margins.counts.is_empty() {
        weak(ui, "No query has a margin.");
        return;
    }
    let (low, width) = (margins.low, margins.width);
    let bar = |(i, &n): (usize, &usize)| {
        let centre = low + (i as f64 + 0.5) * width;
        let fill = if centre < 0.0 { t.bad } else { t.good };
        Bar::new(centre, n as f64).width(width * 0.9).fill(fill)
    };
    let bars = margins.counts.iter().enumerate().map(bar).collect();
    let counts = margins.counts.clone();
    let chart = BarChart::new("margins", bars).element_formatter(Box::new(move |bar, _| {
        let at = ((bar.argument - low) / width).floor() as usize;
        let n = counts.get(at).copied().unwrap_or(0);
        let start = (low + at as f64 * width) as f32;
        let end = start + width as f32;
        format!(
            "margin {} to {}: {} queries",
            signed(start, 3),
            signed(end, 3),
            grouped(n)
        )
    }));
    plot(format!("run margins {noun}"), tall)
        .x_grid_spacer(|input| marks(input.bounds, false))
        .x_axis_formatter(|mark, _| {
            let text = format!("{:.2}", mark.value);
            text.trim_end_matches('0')
                .trim_end_matches('.')
                .replace('-', "−")
        })
        .show(ui, |plot| {
            plot.bar_chart(chart);
            plot.vline(VLine::new("margin 0", 0.0).color(t.text).width(1.0));
        });
}
