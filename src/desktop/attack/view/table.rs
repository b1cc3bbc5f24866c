//! Tables of an attacked set: every radius, every picture.

use super::View;
use crate::attack::{Recalls, RowReport, SetReport, SetRequest, direction};
use crate::dataset::Dataset;
use crate::desktop::attack::Command;
use crate::desktop::core::{self, Cells};
use crate::desktop::shell::select::order_of;
use crate::desktop::shell::table::{self, Column, Row, Rows, Small, Sort, Table, small_ui};
use crate::desktop::shell::theme::{Tokens, tokens};
use crate::desktop::shell::widgets::{grouped, picture_in, signed, weak};
use crate::retrieval::Side;
use egui::{Color32, Rect, ScrollArea, Ui, Vec2};
use std::cmp::Ordering;
use std::sync::Arc;

/// Height of a row, and of its thumbnail.
const TALL: f32 = 38.0;
const PICTURE: f32 = 34.0;

const COLUMNS: [Column; 5] = [
    table::text("Picture", 0.0),
    table::figure("Rank before", 0.42),
    table::figure("Rank after", 0.54),
    table::figure("Smallest epsilon", 0.66),
    table::figure("Margin after", 0.84),
];

/// Those that break at the smallest radius first.
const TABLE: Table<'static> = Table {
    name: "attacked pictures",
    columns: &COLUMNS,
    sort: Some(Sort {
        column: 3,
        falling: false,
    }),
};

/// The order of the lines, and what it was made for: lines and seconds of the report, and the column.
pub type Order = (Option<((usize, u64), Sort)>, Arc<Vec<usize>>);

/// One line per radius.
pub fn levels_ui(ui: &mut Ui, view: &mut View<'_>, report: &SetReport) {
    let table = levels(report, &tokens(ui));
    ScrollArea::both()
        .id_salt("set levels")
        .max_height((ui.available_height() * 0.4).max(90.0))
        .auto_shrink([false, true])
        .show(ui, |ui| small_ui(ui, view, &table));
}

/// The sides that recall was counted of.
fn sides(report: &SetReport) -> Vec<Side> {
    let counted = |side: &Side| report.clean_at.values.iter().any(|(f, _)| f.side == *side);
    SetRequest::SIDES.into_iter().filter(counted).collect()
}

fn columns(report: &SetReport) -> Vec<(String, &'static str, bool)> {
    let mut columns = vec![("Epsilon".to_owned(), "", false)];
    let ranks: Vec<String> = report.at.iter().map(ToString::to_string).collect();
    let ranks = ranks.join(" · ");
    let sides = sides(report);
    for &side in &sides {
        let (arrow, goal) = match side {
            Side::Image => (
                "I→T",
                "Left by an attack for each of them: the best right caption falls below rank k",
            ),
            Side::Text => (
                "T→I",
                "Left by an attack for each of them: a caption's picture falls below rank k",
            ),
        };
        columns.extend([
            (format!("{arrow} R@{ranks}"), goal, true),
            (
                "after 8 bits".to_owned(),
                "The same perturbations, saved as pictures",
                true,
            ),
            (
                "newly wrong".to_owned(),
                "Of the queries that were right before, per cent",
                true,
            ),
        ]);
    }
    if sides.is_empty() {
        let about = "Of the pictures that had not reached the goal before";
        columns.push(("Reached".to_owned(), about, true));
    }
    columns.extend(["Mean l-inf", "Mean l2"].map(|name| (name.to_owned(), "", true)));
    if let Some(there) = &report.transfer {
        let about = "I→T recall with the same perturbations, saved as pictures";
        columns.push((format!("For {}", there.encoder), about, true));
    }
    columns
}

fn levels(report: &SetReport, t: &Tokens) -> Small {
    let all = |recalls: &Recalls, side: Side| -> String {
        let values = report.at.iter().filter_map(|&k| recalls.get(side, k));
        let told = values.map(|v| format!("{v:.1}"));
        told.collect::<Vec<_>>().join(" · ")
    };
    let sides = sides(report);
    let mut clean = vec![("clean".to_owned(), t.text)];
    for &side in &sides {
        clean.push((all(&report.clean_at, side), t.text));
        clean.extend([(String::new(), t.text), (String::new(), t.text)]);
    }
    let mut rows = vec![clean];
    for (at, level) in report.levels.iter().enumerate() {
        let mut row = vec![(report.settings.threat.norm.radius(level.eps), t.text)];
        for &side in &sides {
            row.push((all(&level.robust, side), t.text));
            row.push((all(&level.quantized, side), t.text));
            let named = direction(side);
            let wrong = level.success.iter().filter(|s| s.direction == named);
            let wrong = wrong.map(|s| {
                s.of_right
                    .map_or("–".into(), |w| format!("{:.0}", 100.0 * w))
            });
            row.push((wrong.collect::<Vec<String>>().join(" · "), t.bad));
        }
        if sides.is_empty() {
            let reached = level.success_rate;
            let text = reached.map_or("–".into(), |s| format!("{:.1} %", 100.0 * s));
            row.push((text, t.bad));
        }
        row.push((super::fields::levels(level.mean_linf as f32), t.text));
        row.push((format!("{:.2}", level.mean_l2), t.text));
        let there = report.transfer.as_ref();
        if let Some(recalls) = there.and_then(|there| there.robust.get(at)) {
            row.push((all(recalls, Side::Image), t.text));
        }
        rows.push(row);
    }
    Small {
        name: "radii of the attack".to_owned(),
        columns: columns(report),
        rows,
        ..Small::default()
    }
}

/// One line per picture, broken ones first; a click opens what was found in the lab.
pub fn rows_ui(ui: &mut Ui, view: &mut View<'_>, dataset: &Arc<Dataset>, report: &Arc<SetReport>) {
    let t = tokens(ui);
    if let Some((figure, _)) = report.clean_at.values.first() {
        weak(
            ui,
            format!(
                "Every query of {figure}: the smallest epsilon at which it is lost. A click attacks the picture alone in the same way."
            ),
        );
    }
    let sort = TABLE.head_ui(ui, view);
    let key = ((report.rows.len(), report.seconds.to_bits()), sort);
    if view.memory.order.0 != Some(key) {
        let mut rows: Vec<usize> = (0..report.rows.len()).collect();
        rows.sort_by(|&a, &b| order(&report.rows[a], &report.rows[b], sort));
        view.memory.order = (Some(key), Arc::new(rows));
    }
    let rows = Arc::clone(&view.memory.order.1);
    let chosen = view.state.image;
    let cells = || {
        let (rows, report, dataset) = (Arc::clone(&rows), Arc::clone(report), Arc::clone(dataset));
        Cells::made(move |at| texts(&report, &report.rows[rows[at]], &dataset).into())
    };
    let row = |_: &mut View<'_>, at: usize| {
        let of = &report.rows[rows[at]];
        row(report, of, dataset, chosen == Some(of.image), &t)
    };
    let extra = |ui: &Ui, view: &mut View<'_>, at: usize, cell: &dyn Fn(usize) -> Rect| {
        let min = cell(0).min + Vec2::new(8.0, (TALL - PICTURE) / 2.0);
        let place = Rect::from_min_size(min, Vec2::splat(PICTURE));
        let image = report.rows[rows[at]].image as u32;
        picture_in(ui, view.shell.pictures, image, place, true);
    };
    let drawn = Rows {
        tall: TALL,
        of: order_of(&key),
        cells: Some(&cells),
        ..Rows::of(rows.len())
    };
    if let Some(at) = TABLE.rows_ui(ui, view, drawn, row, extra) {
        open(view, &report.rows[rows[at]], dataset.images.len());
    }
}

/// Opens what was found of a row in the lab, with the whole picture in sight.
fn open(view: &mut View<'_>, row: &RowReport, images: usize) {
    if row.image >= images {
        return;
    }
    view.memory.zoom.fit();
    if row.caption.is_some() || row.smallest_eps == Some(0.0) {
        // The lab attacks pictures that look for captions; one that was wrong before needs none.
        view.ask(core::Command::AttackPair {
            image: row.image,
            caption: None,
        });
        return;
    }
    view.own(Command::OpenFound {
        image: row.image,
        eps: row.smallest_eps,
    });
}

/// What a row says of when it breaks.
fn smallest(report: &SetReport, row: &RowReport) -> String {
    match row.smallest_eps {
        Some(0.0) => "wrong before".to_owned(),
        Some(eps) => report.settings.threat.norm.radius(eps),
        None => "stands".to_owned(),
    }
}

fn texts(report: &SetReport, row: &RowReport, dataset: &Dataset) -> [String; 5] {
    let margin = if row.margin_after.is_nan() {
        "–".to_owned()
    } else {
        signed(-row.margin_after, 3)
    };
    let of = match row.caption.and_then(|j| dataset.captions.get(j)) {
        Some(caption) => format!("{}: {caption}", row.name),
        None => row.name.clone(),
    };
    [
        of,
        grouped(row.rank_before as usize),
        grouped(row.rank_after as usize),
        smallest(report, row),
        margin,
    ]
}

fn row(report: &SetReport, row: &RowReport, dataset: &Dataset, chosen: bool, t: &Tokens) -> Row {
    let said = texts(report, row, dataset);
    let [of, _, _, smallest, margin] = &said;
    let colour = match row.smallest_eps {
        None => t.good,
        Some(0.0) => t.weak,
        Some(_) => t.bad,
    };
    let worse = row.rank_after > row.rank_before;
    let inks: [Color32; 5] = [
        t.text,
        t.text,
        if worse { t.bad } else { t.text },
        colour,
        t.text,
    ];
    Row {
        name: format!(
            "picture {of}, rank {} then {}, smallest epsilon {smallest}, margin {margin}",
            row.rank_before, row.rank_after
        ),
        cells: said.into_iter().zip(inks).collect(),
        chosen,
        insets: vec![PICTURE + 6.0],
        ..Row::default()
    }
}

/// Which of two lines comes first.
fn order(a: &RowReport, b: &RowReport, sort: Sort) -> Ordering {
    // Broken ones by their radius, then those that were wrong before, then those that stand.
    let eps = |r: &RowReport| match r.smallest_eps {
        Some(0.0) => (1, 0.0),
        Some(eps) => (0, eps),
        None => (2, 0.0),
    };
    let order = match sort.column {
        0 => a.name.cmp(&b.name),
        1 => a.rank_before.cmp(&b.rank_before),
        2 => a.rank_after.cmp(&b.rank_after),
        3 => {
            let ((kind, eps_a), (other, eps_b)) = (eps(a), eps(b));
            kind.cmp(&other)
                .then(eps_a.total_cmp(&eps_b))
                .then(b.margin_after.total_cmp(&a.margin_after))
        }
        // Shown is right less wrong.
        _ => b.margin_after.total_cmp(&a.margin_after),
    };
    sort.turn(order)
        .then((a.image, a.caption).cmp(&(b.image, b.caption)))
}
