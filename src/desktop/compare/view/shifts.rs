//! How far ranks move from the first encoder to the second.

use crate::desktop::shell::theme::tokens;
use crate::desktop::shell::widgets::grouped;
use crate::retrieval::compare::{Compared, ShiftBin};
use egui::Ui;
use egui_plot::{Bar, BarChart, GridMark, Plot};

/// Draws the histogram of shifts and what it comes to.
pub fn shifts_ui(ui: &mut Ui, compared: &Compared, tall: f32) {
    let t = tokens(ui);
    let rho = compared
        .spearman
        .map_or_else(String::new, |rho| format!(" · Spearman {rho:.2}"));
    let line = format!(
        "rank better with B {} · worse {} · same {}{}",
        grouped(compared.better),
        grouped(compared.worse),
        grouped(compared.same),
        rho.replace('-', "−")
    );
    ui.add(egui::Label::new(egui::RichText::new(line).color(t.weak)).truncate());
    let hovers: Vec<String> = compared.shifts.iter().map(label).collect();
    // Below a bar only its nearer end.
    let short = |text: &String| text.split('–').next().unwrap_or_default().to_owned();
    let labels: Vec<String> = hovers.iter().map(short).collect();
    // As many as have room, from 0 on to both sides.
    let room = 36.0 * labels.len() as f32 / ui.available_width().max(1.0);
    let every = (room.ceil() as i64).max(1);
    let bars = compared
        .shifts
        .iter()
        .enumerate()
        .map(|(i, bin)| {
            let fill = match bin.from.signum() {
                -1 => t.good,
                1 => t.bad,
                _ => t.bar,
            };
            Bar::new(i as f64, bin.queries as f64)
                .width(0.82)
                .fill(fill)
        })
        .collect();
    let chart = BarChart::new("queries", bars).element_formatter(Box::new(move |bar, _| {
        let shift = hovers.get(bar.argument.round() as usize);
        let shift = shift.map(String::as_str).unwrap_or_default();
        format!("rank of B − rank of A {shift}: {} queries", bar.value)
    }));
    let middle = labels.len() / 2;
    Plot::new("rank shifts")
        .height((tall - 46.0).max(70.0))
        .show_grid(false)
        .show_background(false)
        .allow_drag(false)
        .allow_zoom(false)
        .allow_scroll(false)
        .allow_boxed_zoom(false)
        .set_margin_fraction(egui::vec2(0.02, 0.06))
        .show_axes([true, false])
        .show_x(false)
        .show_y(false)
        .include_y(0.0)
        .x_grid_spacer(move |input| {
            let (low, high) = (input.bounds.0.ceil() as i64, input.bounds.1.floor() as i64);
            let shown = |i: &i64| (i - middle as i64) % every == 0;
            let mark = |i: i64| GridMark {
                value: i as f64,
                step_size: 1_000.0,
            };
            (low..=high).filter(shown).map(mark).collect()
        })
        .x_axis_formatter(move |mark, _| {
            let at = mark.value.round();
            if at < 0.0 {
                String::new()
            } else {
                labels.get(at as usize).cloned().unwrap_or_default()
            }
        })
        .show(ui, |plot| plot.bar_chart(chart));
    let line = format!(
        "rank of B − rank of A · same hardest negative {:.0} %",
        compared.same_hardest
    );
    ui.add(egui::Label::new(egui::RichText::new(line).color(t.weak)).truncate());
}

/// "0", "−1", "+11–20".
fn label(bin: &ShiftBin) -> String {
    let (low, high) = (
        bin.from.abs().min(bin.to.abs()),
        bin.from.abs().max(bin.to.abs()),
    );
    let sign = match bin.from.signum() {
        -1 => "−",
        1 => "+",
        _ => "",
    };
    if low == high {
        format!("{sign}{low}")
    } else {
        format!("{sign}{low}–{high}")
    }
}
