//! Ranks and margins of both directions, with the band of the near misses.

use super::View;
use crate::desktop::core::{self, Bin, chart::Chart};
use crate::desktop::shell::plots::plot_ui;
use crate::desktop::shell::plots::ranks::{clicked_margin, clicked_rank, margins, ranks};
use crate::desktop::shell::terms::Term;
use crate::desktop::shell::theme::{Tokens, tokens};
use crate::desktop::shell::widgets::{figure, grouped, heading, signed, weak};
use crate::desktop::structure::Command;
use crate::retrieval::Side;
use crate::retrieval::structure::{Margins, SideStructure, Structure};
use egui::Ui;

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
            let plots = ((tall - 250.0) / 2.0).max(90.0);
            weak(ui, format!("Rank of the right {noun}"));
            ranks_ui(ui, view, (structure, side), plots, log);
            weak(
                ui,
                "Margin: score of the right one less that of the hardest negative",
            );
            margin_ui(ui, view, (&structure.margins, side), plots, log);
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

fn ranks_ui(
    ui: &mut Ui,
    view: &mut View<'_>,
    (structure, side): (&SideStructure, Side),
    tall: f32,
    log: bool,
) {
    let t = tokens(ui);
    let bins = (structure.ranks.as_slice(), structure.recall.as_slice());
    let title = format!("ranks of the right one, {}", direction(side));
    let clicked = plot_ui(ui, view, &ranks(title, bins, log, &t), tall);
    if let Some(bin) = clicked_rank(side, &structure.ranks, clicked) {
        list(view, bin);
    }
}

fn margin_ui(ui: &mut Ui, view: &mut View<'_>, (of, side): (&Margins, Side), tall: f32, log: bool) {
    let t = tokens(ui);
    if of.counts.is_empty() {
        weak(ui, "No query has a margin.");
        return;
    }
    let band = f64::from(of.band);
    let title = format!("margins, {}", direction(side));
    let mut chart = margins(title, of, log, |centre| colour(centre, band, &t), &t);
    for (at, name) in [(-band, "nearly right"), (band, "nearly wrong")] {
        chart = chart.ruled(Chart::upright(name, at, t.warn));
    }
    let clicked = plot_ui(ui, view, &chart, tall);
    if let Some(bin) = clicked_margin(side, of, clicked) {
        list(view, bin);
    }
}

fn direction(side: Side) -> &'static str {
    match side {
        Side::Image => "images look for captions (I→T)",
        Side::Text => "captions look for images (T→I)",
    }
}

/// The browser lists the queries of a bin.
fn list(view: &mut View<'_>, bin: (Side, Bin)) {
    view.ask(core::Command::SetBin(Some(bin)));
    view.ask(core::Command::ShowAnswer);
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
