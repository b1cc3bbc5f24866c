//! How far ranks move from the first encoder to the second.

use super::View;
use crate::desktop::compare::Command;
use crate::desktop::core::chart::{Axis, Bar, Chart, Scale, Series};
use crate::desktop::shell::plots::plot_ui;
use crate::desktop::shell::theme::tokens;
use crate::desktop::shell::widgets::grouped;
use crate::retrieval::compare::{Compared, ShiftBin};
use egui::Ui;

/// Draws the histogram of shifts and what it comes to; a bar that is clicked lists its queries.
pub fn shifts_ui(ui: &mut Ui, view: &mut View<'_>, compared: &Compared, tall: f32) {
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
    let bars = compared.shifts.iter().map(|bin| {
        let colour = match bin.from.signum() {
            -1 => t.good,
            1 => t.bad,
            _ => t.bar,
        };
        let [from, to] = edges(bin);
        Bar {
            from,
            to,
            value: bin.queries as f64,
            colour,
            told: format!(
                "rank of B − rank of A {}: {} queries",
                label(bin),
                grouped(bin.queries)
            ),
        }
    });
    let bars = Series::bars("queries by shift", t.bar, bars.collect());
    let most = compared.shifts.last().map_or(1.0, |bin| edges(bin)[1]);
    let x = Axis {
        scale: Scale::Shifts,
        low: Some(-most),
        high: Some(most),
        whole: true,
        ..Axis::new("rank of B − rank of A")
    };
    let y = Axis {
        marks: 3.2,
        ..Axis::counts("queries", false)
    };
    let chart = Chart::new("shifts of ranks", x, y).with(bars);
    let clicked = plot_ui(ui, view, &chart, (tall - 46.0).max(70.0));
    if let Some(bin) = clicked.and_then(|(_, at)| compared.shifts.get(at)) {
        view.own(Command::ShowShifts(Some([bin.from, bin.to])));
    }
    let line = format!(
        "rank of B − rank of A · same hardest negative {:.0} %",
        compared.same_hardest
    );
    ui.add(egui::Label::new(egui::RichText::new(line).color(t.weak)).truncate());
}

/// Where the cells of a bin begin and end: a shift d beyond 0 has the cell from d to d + 1, 0 the one between -1 and 1.
fn edges(bin: &ShiftBin) -> [f64; 2] {
    match bin.from.signum() {
        -1 => [bin.from as f64 - 1.0, bin.to as f64],
        1 => [bin.from as f64, bin.to as f64 + 1.0],
        _ => [-1.0, 1.0],
    }
}

/// "0", "−1", "+8–15".
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::retrieval::compare::shift_bins;

    #[test]
    fn bins_of_shifts_are_equally_wide_and_leave_no_gap() {
        let bins = shift_bins([-300, -1, 0, 5, 90].into_iter());
        let place = |value: f64| Scale::Shifts.place(value);
        for bin in &bins {
            let [from, to] = edges(bin);
            assert!((place(to) - place(from) - 1.0).abs() < 1e-9, "{bin:?}");
        }
        for pair in bins.windows(2) {
            assert_eq!(edges(&pair[0])[1], edges(&pair[1])[0]);
        }
    }
}
