//! Which concepts are taken for which: the pairs, a small table of them, and queries where it happens.

use super::View;
use super::{examples, side_of};
use crate::dataset::Dataset;
use crate::desktop::core::{Cells, Derived, Part};
use crate::desktop::shell::select::{List, order_of};
use crate::desktop::shell::table::{self, Column, Row, Rows, Sort, Table};
use crate::desktop::shell::take::dots_ui;
use crate::desktop::shell::theme::tokens;
use crate::desktop::shell::widgets::{column, grouped, heading, named_area, segmented, weak};
use crate::desktop::structure::Command;
use crate::retrieval::Side;
use crate::retrieval::structure::{ConceptKind, Confusion, Pair, Structure};
use egui::{Align2, CornerRadius, FontId, Pos2, Rect, Role, Sense, Stroke, StrokeKind, Ui, Vec2};
use std::sync::Arc;

const COLUMNS: [Column; 4] = [
    table::text("Right one has", 0.0),
    table::text("Winner has", 0.36),
    table::figure("Mistakes", 0.68),
    table::figure("Lift", 0.84),
];

/// The most frequent first.
const TABLE: Table<'static> = Table {
    name: "concepts taken for one another",
    columns: &COLUMNS,
    sort: Some(Sort {
        column: 2,
        falling: true,
    }),
};

/// Draws the page.
pub fn concepts_ui(ui: &mut Ui, view: &mut View<'_>, dataset: &Dataset, found: &Structure) {
    plan_ui(ui, view, found);
    let confusion = &side_of(view, found).confusion;
    let noun = match found.plan.concepts {
        ConceptKind::Word => {
            "words the right one has and the winner lacks, against words it has instead"
        }
        ConceptKind::Folder => "the folder of the right image, against that of the winner",
    };
    weak(
        ui,
        format!(
            "{} mistakes; in {} of them concepts are exchanged: {noun}.",
            grouped(confusion.mistakes),
            grouped(confusion.told)
        ),
    );
    if confusion.pairs.is_empty() {
        weak(ui, "No concept is taken for another.");
        return;
    }
    ui.add_space(4.0);
    let (wide, tall) = (ui.available_width(), ui.available_height());
    ui.horizontal_top(|ui| {
        let share = |share: f32| Vec2::new((wide - 16.0) * share, tall);
        column(ui, share(0.46), |ui| list_ui(ui, view, confusion));
        column(ui, share(0.54), |ui| {
            small_ui(ui, view, confusion, tall * 0.62);
            examples_ui(ui, view, dataset, confusion);
        });
    });
}

/// What a concept is, and how frequent it must be.
fn plan_ui(ui: &mut Ui, view: &mut View<'_>, found: &Structure) {
    let mut plan = view.state.plan.clone();
    ui.horizontal(|ui| {
        weak(ui, "Concepts are");
        let choices = [
            (
                ConceptKind::Word,
                "Words",
                "Words of the captions, without stop words",
            ),
            (
                ConceptKind::Folder,
                "Folders",
                "The folder in the image's name",
            ),
        ];
        let choices = if found.folders {
            &choices[..]
        } else {
            &choices[..1]
        };
        if let Some(kind) = segmented(ui, plan.concepts, choices) {
            plan.concepts = kind;
            view.memory.pair.clear();
        }
        if !found.folders {
            weak(ui, "The images' names hold no folders to go by.");
        }
        let drag = egui::DragValue::new(&mut plan.least)
            .range(1..=10_000)
            .speed(0.2);
        let hint = "Captions that must hold a word before it counts";
        weak(ui, "in at least");
        ui.name_inputs("Captions a word must be in", |ui| {
            ui.add(drag).on_hover_text(hint)
        });
        weak(ui, "captions");
    });
    if plan != view.state.plan {
        view.memory.pair.clear();
        view.own(Command::SetPlan(plan));
    }
}

fn name(confusion: &Confusion, id: u32) -> &str {
    confusion.names.get(id as usize).map_or("", |n| n)
}

fn list_ui(ui: &mut Ui, view: &mut View<'_>, confusion: &Confusion) {
    let t = tokens(ui);
    let sort = TABLE.head_ui(ui, view);
    let mut pairs: Vec<&Pair> = confusion.pairs.iter().collect();
    pairs.sort_by(|a, b| {
        let named = |p: &Pair| (name(confusion, p.lost), name(confusion, p.gained));
        let order = match sort.column {
            0 => named(a).0.cmp(named(b).0),
            1 => named(a).1.cmp(named(b).1),
            2 => a.count.cmp(&b.count),
            _ => a.lift.total_cmp(&b.lift),
        };
        sort.turn(order)
            .then(b.count.cmp(&a.count))
            .then(named(a).cmp(&named(b)))
    });
    let chosen = chosen_pair(view);
    let row = |_: &mut View<'_>, at: usize| {
        let pair = pairs[at];
        let (lost, gained) = (name(confusion, pair.lost), name(confusion, pair.gained));
        Row {
            name: format!(
                "{lost} taken for {gained}: {} mistakes, lift {:.1}",
                pair.count, pair.lift
            ),
            cells: vec![
                (lost.to_owned(), t.good),
                (gained.to_owned(), t.bad),
                (grouped(pair.count), t.text),
                (format!("{:.1}", pair.lift), t.text),
            ],
            chosen: chosen == Some((pair.lost, pair.gained)),
            ..Row::default()
        }
    };
    let clicked = TABLE.rows_ui(ui, view, Rows::of(pairs.len()), row, |_, _, _, _| {});
    if let Some(at) = clicked {
        choose(view, (pairs[at].lost, pairs[at].gained));
    }
}

/// The concepts that are confused most, each against each.
fn small_ui(ui: &mut Ui, view: &mut View<'_>, confusion: &Confusion, tall: f32) {
    let t = tokens(ui);
    let n = confusion.shown.len();
    heading(ui, "Right (rows) taken for (columns)");
    let label = 72.0;
    let side = ((tall - label - 24.0).min(ui.available_width() - label - 8.0) / n as f32)
        .clamp(11.0, 26.0);
    let size = Vec2::new(label + side * n as f32 + 8.0, label + side * n as f32);
    let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
    let corner = rect.min + Vec2::splat(label);
    take_ui(ui, view, confusion, rect);
    let most = confusion.table.iter().copied().max().unwrap_or(0).max(1);
    let font = FontId::proportional(11.5);
    for (at, &id) in confusion.shown.iter().enumerate() {
        let middle = (at as f32 + 0.5) * side;
        let short: String = name(confusion, id).chars().take(12).collect();
        ui.painter().text(
            Pos2::new(corner.x - 5.0, corner.y + middle),
            Align2::RIGHT_CENTER,
            &short,
            font.clone(),
            t.good,
        );
        // Columns are named upwards.
        let galley = ui.painter().layout_no_wrap(short, font.clone(), t.bad);
        let foot = Pos2::new(corner.x + middle - galley.size().y / 2.0, corner.y - 5.0);
        let text = egui::epaint::TextShape::new(foot, galley, t.bad);
        ui.painter()
            .add(text.with_angle(-std::f32::consts::FRAC_PI_2));
    }
    for (at, &count) in confusion.table.iter().enumerate() {
        let (row, column) = (at / n, at % n);
        let min = corner + Vec2::new(column as f32, row as f32) * side;
        let cell = Rect::from_min_size(min, Vec2::splat(side - 1.0));
        let share = f32::sqrt(count as f32 / most as f32);
        ui.painter()
            .rect_filled(cell, CornerRadius::same(1), t.track);
        ui.painter()
            .rect_filled(cell, CornerRadius::same(1), t.bad.gamma_multiply(share));
        if count == 0 {
            continue;
        }
        let (lost, gained) = (confusion.shown[row], confusion.shown[column]);
        let text = || {
            format!(
                "{} taken for {}: {count} mistakes",
                name(confusion, lost),
                name(confusion, gained)
            )
        };
        let chosen = chosen_pair(view) == Some((lost, gained));
        let id = ui.scope_id().with(("confusion", row, column));
        let response = named_area(ui, cell, id, Role::Cell, chosen, text);
        if side >= 17.0 {
            let ink = if share > 0.6 { t.base } else { t.text };
            let font = FontId::proportional(10.0);
            ui.painter()
                .text(cell.center(), Align2::CENTER_CENTER, count, font, ink);
        }
        if chosen || response.hovered() {
            let line = Stroke::new(1.5, if chosen { t.accent } else { t.text });
            ui.painter()
                .rect_stroke(cell, CornerRadius::same(1), line, StrokeKind::Outside);
        }
        if response.on_hover_text(text()).clicked() {
            choose(view, (lost, gained));
        }
    }
}

/// Takes the small table out of the window: a row for each concept that is right.
fn take_ui(ui: &Ui, view: &mut View<'_>, confusion: &Confusion, rect: Rect) {
    let n = confusion.shown.len();
    let names: Vec<&str> = confusion
        .shown
        .iter()
        .map(|&id| name(confusion, id))
        .collect();
    let mut columns = vec![("right, taken for", false)];
    columns.extend(names.iter().map(|name| (*name, true)));
    let list = List {
        name: "concepts against concepts",
        columns: &columns,
        count: n,
        order: 0,
    };
    let place = Rect::from_min_size(rect.min, Vec2::new(18.0, 16.0));
    let dots = dots_ui(ui, place, list.name);
    let mut taken = None;
    egui::Popup::menu(&dots).show(|ui| taken = list.whole_ui(ui));
    if let Some(taken) = taken {
        let row = |(at, counts): (usize, &[u32])| {
            let counts = counts.iter().map(ToString::to_string);
            std::iter::once(names[at].to_owned())
                .chain(counts)
                .collect()
        };
        let rows = confusion.table.chunks(n.max(1)).enumerate().map(row);
        list.take(view, taken, Cells::of(rows.collect()));
    }
}

/// The pair of concepts looked at, which is of this ranking alone.
fn chosen_pair(view: &View<'_>) -> Option<(u32, u32)> {
    let pair = &view.memory.pair;
    pair.get(view.session.now()).copied()
}

fn choose(view: &mut View<'_>, pair: (u32, u32)) {
    let basis = view.session.now().basis(&[Part::Ranking]);
    view.memory.pair = Derived::new(basis, pair);
}

fn examples_ui(ui: &mut Ui, view: &mut View<'_>, dataset: &Dataset, confusion: &Confusion) {
    let side = view.memory.side;
    let Some((lost, gained)) = chosen_pair(view) else {
        weak(ui, "Choose a pair to see queries where it happens.");
        return;
    };
    let named = (name(confusion, lost), name(confusion, gained));
    let pair = confusion
        .pairs
        .iter()
        .find(|p| (p.lost, p.gained) == (lost, gained));
    heading(ui, &format!("{} taken for {}", named.0, named.1));
    let Some(pair) = pair else {
        weak(ui, "This pair is not among those listed: it is rarer.");
        return;
    };
    let queries: Vec<u32> = pair.examples.iter().map(|m| m.query).collect();
    if queries.len() < pair.count {
        weak(ui, format!("{} of {}", queries.len(), grouped(pair.count)));
    }
    let queries = examples::Queries {
        side,
        order: order_of(&(side == Side::Image, &queries)),
        rows: Arc::new(queries),
    };
    examples::queries_ui(ui, view, dataset, &queries);
}
