//! Captions and images that win over the right one again and again, and how unevenly neighbours are spread.

use super::View;
use super::{examples, name_of, side_of};
use crate::dataset::Dataset;
use crate::desktop::core::chart::{Axis, Bar, Chart, Series};
use crate::desktop::core::{self, Derived, Part, Query};
use crate::desktop::shell::plots::plot_ui;
use crate::desktop::shell::select::order_of;
use crate::desktop::shell::table::{self, Column, Row, Rows, Sort, Table};
use crate::desktop::shell::terms::Term;
use crate::desktop::shell::theme::tokens;
use crate::desktop::shell::widgets::{column, figure, grouped, heading, primary, weak};
use crate::desktop::structure::{Command, Slot};
use crate::retrieval::Side;
use crate::retrieval::structure::{Hub, LISTED, Occurrence, Structure, lost_to};
use egui::{Ui, Vec2};
use std::sync::Arc;

const COLUMNS: [Column; 5] = [
    table::text("Negative", 0.0),
    table::figure("Wins", 0.58),
    table::figure("Nearly", 0.68),
    table::figure("Hardest", 0.78),
    table::figure("N_k", 0.90),
];

/// The most wins first.
const TABLE: Table<'static> = Table {
    name: "hubs",
    columns: &COLUMNS,
    sort: Some(Sort {
        column: 1,
        falling: true,
    }),
};

/// Draws the page.
pub fn hubs_ui(ui: &mut Ui, view: &mut View<'_>, dataset: &Dataset, found: &Structure) {
    let wide = ui.available_width();
    let tall = ui.available_height();
    ui.horizontal_top(|ui| {
        let share = |share: f32| Vec2::new((wide - 16.0) * share, tall);
        column(ui, share(0.6), |ui| list_ui(ui, view, dataset, found));
        column(ui, share(0.4), |ui| {
            neighbours_ui(ui, view, dataset);
            won_ui(ui, view, dataset);
        });
    });
}

/// The occurrences of the candidates listed.
fn occurrence<'a>(view: &View<'a>) -> Option<&'a Occurrence> {
    let neighbours = view.state.neighbours.get(view.session.now())?;
    Some(match view.memory.side {
        Side::Image => &neighbours.texts,
        Side::Text => &neighbours.images,
    })
}

fn list_ui(ui: &mut Ui, view: &mut View<'_>, dataset: &Dataset, found: &Structure) {
    let t = tokens(ui);
    let side = view.memory.side;
    let structure = side_of(view, found);
    let noun = match side {
        Side::Image => "captions",
        Side::Text => "images",
    };
    weak(
        ui,
        format!(
            "{} {noun} win over the right one of some query; a win is a query that is lost to its hardest negative.",
            grouped(structure.winners)
        ),
    );
    if structure.hubs.len() == LISTED {
        let text = format!(
            "The {} that win most, or nearly win, are listed.",
            grouped(LISTED)
        );
        weak(ui, text);
    }
    let sort = TABLE.head_ui(ui, view);
    let counts = occurrence(view).map(|o| o.counts.as_slice());
    let n_k = |hub: &Hub| counts.and_then(|c| c.get(hub.item as usize)).copied();
    let mut hubs: Vec<&Hub> = structure.hubs.iter().collect();
    let items = side.other();
    hubs.sort_by(|a, b| {
        let order = match sort.column {
            0 => name_of(dataset, items, a.item as usize).cmp(name_of(
                dataset,
                items,
                b.item as usize,
            )),
            1 => (a.wins, a.near).cmp(&(b.wins, b.near)),
            2 => a.near.cmp(&b.near),
            3 => a.hardest.cmp(&b.hardest),
            _ => n_k(a).cmp(&n_k(b)),
        };
        sort.turn(order).then(a.item.cmp(&b.item))
    });
    let looked_at = |view: &View<'_>| {
        let hub = view.memory.hub.get(view.session.now());
        hub.map(|(s, item, _)| (*s, *item))
    };
    // The first one at first.
    if looked_at(view).is_none_or(|(of, _)| of != side)
        && let Some(first) = hubs.first()
    {
        look_at(view, side, first.item);
    }
    let chosen = looked_at(view);
    let row = |_: &mut View<'_>, at: usize| {
        let hub = hubs[at];
        let name = name_of(dataset, items, hub.item as usize);
        let count = n_k(hub).map_or_else(|| "…".to_owned(), |n| grouped(n as usize));
        let number = |n: u32| grouped(n as usize);
        Row {
            name: format!(
                "{name}: wins {}, nearly {}, hardest negative of {}, N_k {count}",
                hub.wins, hub.near, hub.hardest
            ),
            cells: vec![
                (name.to_owned(), t.text),
                (number(hub.wins), t.bad),
                (number(hub.near), t.text),
                (number(hub.hardest), t.text),
                (count, t.text),
            ],
            chosen: chosen == Some((side, hub.item)),
            ..Row::default()
        }
    };
    let clicked = TABLE.rows_ui(
        ui,
        view,
        Rows {
            of: u64::from(side == Side::Image),
            ..Rows::of(hubs.len())
        },
        row,
        |_, _, _, _| {},
    );
    if let Some(at) = clicked {
        let item = hubs[at].item;
        look_at(view, side, item);
        view.ask(core::Command::Query(Query::Row(items, item as usize)));
    }
}

/// Shows what this one wins.
fn look_at(view: &mut View<'_>, side: Side, item: u32) {
    let won = view.session.direction(side).map(|d| lost_to(d, item));
    let basis = view.session.now().basis(&[Part::Ranking]);
    let hub = (side, item, Arc::new(won.unwrap_or_default()));
    view.memory.hub = Derived::new(basis, hub);
}

/// How often candidates are among the nearest.
fn neighbours_ui(ui: &mut Ui, view: &mut View<'_>, dataset: &Dataset) {
    let mut k = view.state.k;
    ui.horizontal(|ui| {
        heading(ui, "Hubness");
        weak(ui, "among the nearest");
        let drag = egui::DragValue::new(&mut k).range(1..=100).speed(0.1);
        let hint = "How many nearest candidates are counted for each query";
        let response = ui.name_inputs("Nearest candidates counted", |ui| {
            ui.add(drag).on_hover_text(hint)
        });
        if response.changed() && k != view.state.k {
            view.own(Command::SetK(k));
        }
    });
    let Some(occurrence) = occurrence(view) else {
        if view.is_running(Slot::Neighbours) {
            weak(ui, "Counting…");
        } else {
            let pairs = dataset.images.len() * dataset.captions.len();
            let text = format!(
                "It takes one pass over {} pairs, as a ranking does.",
                grouped(pairs)
            );
            weak(ui, text);
            if primary(ui, "Count the neighbours").clicked() {
                view.own(Command::CountNeighbours);
            }
        }
        ui.add_space(8.0);
        return;
    };
    let width = (ui.available_width() - 2.0 * 6.0 - 4.0) / 3.0;
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        figure(
            ui,
            width,
            &format!("{:.2}", occurrence.skewness),
            "skewness of N_k",
            Term::Hubness,
        );
        let none = occurrence.anti_hubs;
        let share = 100.0 * none as f64 / occurrence.counts.len().max(1) as f64;
        figure(
            ui,
            width,
            &grouped(none),
            &format!("anti-hubs · {share:.1} %"),
            Term::AntiHubs,
        );
        let most = grouped(occurrence.most as usize);
        figure(ui, width, &most, "largest N_k", Term::LargestHub);
    });
    let text = format!(
        "N_{} counts the queries that have a candidate among their {} nearest (Radovanovic et al. 2010). \
         Evenly spread it would be {:.1} for all; anti-hubs are near nothing.",
        occurrence.k, occurrence.k, occurrence.mean
    );
    weak(ui, text);
    let t = tokens(ui);
    let wide = occurrence.bin_width;
    let bars = occurrence.bins.iter().enumerate().map(|(at, &n)| {
        let first = at as u32 * wide;
        Bar {
            from: f64::from(first),
            to: f64::from(first + wide),
            value: n as f64,
            colour: t.bar,
            told: match wide {
                1 => format!("N_k {first}: {} candidates", grouped(n)),
                _ => format!(
                    "N_k {first}–{}: {} candidates",
                    first + wide - 1,
                    grouped(n)
                ),
            },
        }
    });
    let bars = Series::bars("candidates by N_k", t.bar, bars.collect());
    let x = Axis {
        low: Some(0.0),
        whole: true,
        ..Axis::new(format!("N_{}", occurrence.k))
    };
    let title = format!("occurrences among the {} nearest", occurrence.k);
    let chart = Chart::new(title, x, Axis::counts("candidates", true)).with(bars);
    plot_ui(ui, view, &chart, 110.0);
    weak(ui, "Candidates by N_k, counts logarithmic");
    ui.add_space(6.0);
}

/// The queries that the hub looked at wins.
fn won_ui(ui: &mut Ui, view: &mut View<'_>, dataset: &Dataset) {
    let hub = &view.memory.hub;
    let Some((side, item, won)) = hub.get(view.session.now()).cloned() else {
        weak(ui, "Choose a line at the left to see what it wins.");
        return;
    };
    if side != view.memory.side {
        return;
    }
    let name = name_of(dataset, side.other(), item as usize);
    heading(ui, &format!("{} queries lost to it", grouped(won.len())));
    ui.add(egui::Label::new(egui::RichText::new(name).color(tokens(ui).weak)).truncate());
    let ranked = view.session.now().now(Part::Ranking);
    let queries = examples::Queries {
        side,
        rows: won,
        order: order_of(&(side == Side::Image, item, ranked)),
    };
    examples::queries_ui(ui, view, dataset, &queries);
}
