//! Right and wrong at k with both encoders: a table of two by two whose cells filter the list.

use super::View;
use super::cell;
use crate::desktop::shell::theme::{Tokens, tokens};
use crate::desktop::shell::widgets::{grouped, segmented, weak};
use crate::retrieval::compare::{Agreement, Compared};

use crate::desktop::compare::{Command, Outcome};
use egui::{Align2, Color32, CornerRadius, FontId, Rect, Role, Sense, Stroke, StrokeKind, Ui};

/// Draws the table with its figures below.
pub fn agreement_ui(ui: &mut Ui, view: &mut View<'_>, compared: &Compared) {
    let t = tokens(ui);
    let state = view.state;
    ui.horizontal(|ui| {
        let choices = [
            (1, "R@1", "Right: the right one ranks first"),
            (5, "R@5", "Right: among the first 5"),
            (10, "R@10", "Right: among the first 10"),
        ];
        if let Some(k) = segmented(ui, state.k(), &choices) {
            view.own(Command::SetK(k));
        }
    });
    let Some(at) = compared.at.iter().find(|at| at.k == state.k()) else {
        return;
    };
    table_ui(ui, view, at, compared.queries, &t);
    let kappa = at.kappa.map_or_else(
        || "undefined".to_owned(),
        |k| format!("{k:.2}").replace('-', "−"),
    );
    let p = if at.p_value < 0.0001 {
        "p < 0.0001".to_owned()
    } else {
        format!("p {:.4}", at.p_value)
    };
    weak(ui, format!("agree {:.1} % · kappa {kappa} · {p}", at.agreement)).on_hover_text(
        "Cohen's kappa: agreement beyond chance. p: McNemar's exact test that both have the same recall, every query \
         by itself",
    );
}

fn table_ui(ui: &mut Ui, view: &mut View<'_>, at: &Agreement, queries: usize, t: &Tokens) {
    const HEAD: f32 = 74.0;
    let tall = 34.0;
    let wide = ui.available_width();
    let (area, _) =
        ui.allocate_exact_size(egui::vec2(wide, 18.0 + 2.0 * tall + 4.0), Sense::hover());
    let half = (wide - HEAD - 4.0) / 2.0;
    let font = FontId::proportional(12.0);
    for (column, text) in ["B right", "B wrong"].into_iter().enumerate() {
        let x = area.left() + HEAD + half * (column as f32 + 0.5) + 4.0 * column as f32;
        ui.painter().text(
            egui::pos2(x, area.top() + 8.0),
            Align2::CENTER_CENTER,
            text,
            font.clone(),
            t.weak,
        );
    }
    let cells = [
        [
            (Outcome::Both, at.both, "right with both", None),
            (
                Outcome::OnlyA,
                at.only_a,
                "right with A alone",
                Some((t.bad, t.bad_back)),
            ),
        ],
        [
            (
                Outcome::OnlyB,
                at.only_b,
                "right with B alone",
                Some((t.good, t.good_back)),
            ),
            (Outcome::Neither, at.neither, "wrong with both", None),
        ],
    ];
    for (row, (name, cells)) in ["A right", "A wrong"].into_iter().zip(cells).enumerate() {
        let top = area.top() + 18.0 + row as f32 * (tall + 4.0);
        ui.painter().text(
            egui::pos2(area.left() + HEAD - 10.0, top + tall / 2.0),
            Align2::RIGHT_CENTER,
            name,
            font.clone(),
            t.weak,
        );
        for (column, (outcome, count, what, tone)) in cells.into_iter().enumerate() {
            let left = area.left() + HEAD + column as f32 * (half + 4.0);
            let rect = Rect::from_min_size(egui::pos2(left, top), egui::vec2(half, tall));
            let one = Cell {
                outcome,
                count,
                queries,
                what,
                tone,
            };
            cell_ui(ui, view, rect, &one, t);
        }
    }
}

struct Cell {
    outcome: Outcome,
    count: usize,
    queries: usize,
    what: &'static str,
    tone: Option<(Color32, Color32)>,
}

fn cell_ui(ui: &Ui, view: &mut View<'_>, rect: Rect, one: &Cell, t: &Tokens) {
    let chosen = view.state.outcome == Some(one.outcome);
    let share = 100.0 * one.count as f64 / one.queries.max(1) as f64;
    let name = || {
        let mark = if chosen { ", listed" } else { "" };
        format!("{} {}{mark}", grouped(one.count), one.what)
    };
    let response = cell(ui, rect, one.what, Role::Button, chosen, name);
    let (ink, back) = one.tone.unwrap_or((t.text, t.raised));
    let fill = if response.hovered() || response.has_focus() {
        t.hover
    } else {
        back
    };
    ui.painter().rect_filled(rect, CornerRadius::same(4), fill);
    if chosen {
        let stroke = Stroke::new(2.0, t.accent);
        ui.painter()
            .rect_stroke(rect, CornerRadius::same(4), stroke, StrokeKind::Inside);
    }
    let centre = rect.center();
    ui.painter().text(
        centre - egui::vec2(4.0, 0.0),
        Align2::RIGHT_CENTER,
        grouped(one.count),
        FontId::proportional(15.0),
        ink,
    );
    ui.painter().text(
        centre + egui::vec2(4.0, 0.0),
        Align2::LEFT_CENTER,
        format!("{share:.1} %"),
        FontId::proportional(12.0),
        t.weak,
    );
    if response
        .on_hover_text(format!("List the queries that are {}", one.what))
        .clicked()
    {
        let show = (!chosen).then_some(one.outcome);
        view.own(Command::Show(show));
    }
}
