//! Lists of queries to go on with.

use super::View;
use super::name_of;
use crate::dataset::Dataset;
use crate::desktop::core::{self, Cells, Query};
use crate::desktop::shell::select::List;
use crate::desktop::shell::table::line;
use crate::desktop::shell::take;
use crate::desktop::shell::theme::tokens;
use crate::desktop::shell::widgets::{grouped, named_area, picture_in, signed};
use crate::retrieval::Side;
use egui::{CornerRadius, Rect, Role, ScrollArea, Sense, Ui, Vec2};
use std::sync::Arc;

/// Height of a line.
const TALL: f32 = 40.0;

/// Queries of one side.
pub struct Queries {
    /// Their side.
    pub side: Side,
    /// Their rows.
    pub rows: Arc<Vec<u32>>,
    /// Another number for other rows: a hub can win a million queries, which no frame goes over.
    pub order: u64,
}

/// The queries with picture, rank and margin; a click selects one.
pub fn queries_ui(ui: &mut Ui, view: &mut View<'_>, dataset: &Dataset, of: &Queries) {
    let (side, queries) = (of.side, of.rows.as_slice());
    first_ui(ui, view, dataset, side, queries);
    ui.spacing_mut().item_spacing.y = 1.0;
    let list = List {
        name: "queries of the structure",
        columns: &COLUMNS,
        count: queries.len(),
        order: of.order,
    };
    ScrollArea::vertical()
        .id_salt("structure queries")
        .auto_shrink([false; 2])
        .show_rows(ui, TALL, queries.len(), |ui, range| {
            for at in range {
                query_ui(ui, view, dataset, of, &list, at);
            }
        });
}

/// Side of the pictures of the first queries.
const LARGE: f32 = 92.0;

/// The pictures of the first queries, large, as many as there is room for.
fn first_ui(ui: &mut Ui, view: &mut View<'_>, dataset: &Dataset, side: Side, queries: &[u32]) {
    // In a low window the list needs the room.
    if ui.available_height() < 2.0 * LARGE + TALL {
        return;
    }
    let seen: Vec<(usize, usize)> = queries
        .iter()
        .map(|&query| query as usize)
        .filter_map(|query| Some((query, image_of(dataset, side, query)?)))
        .filter(|(_, image)| dataset.images[*image].picture.is_some())
        .take((ui.available_width() / (LARGE + 4.0)) as usize)
        .collect();
    if seen.is_empty() {
        return;
    }
    let size = Vec2::new(ui.available_width(), LARGE + 4.0);
    let (all, _) = ui.allocate_exact_size(size, Sense::hover());
    for (at, (query, image)) in seen.into_iter().enumerate() {
        let corner = all.min + Vec2::new(at as f32 * (LARGE + 4.0), 0.0);
        let rect = Rect::from_min_size(corner, Vec2::splat(LARGE));
        picture_in(ui, view.pictures, image as u32, rect, true);
        let chosen = view.session.query() == Some(&Query::Row(side, query));
        let id = ui.scope_id().with(("first queries", at));
        let name = name_of(dataset, side, query);
        let response = named_area(ui, rect, id, Role::Image, chosen, || {
            format!("large: {name}")
        });
        if chosen || response.hovered() || response.has_focus() {
            let line = egui::Stroke::new(2.0, tokens(ui).accent);
            let radius = CornerRadius::same(4);
            ui.painter()
                .rect_stroke(rect, radius, line, egui::StrokeKind::Inside);
        }
        if response.on_hover_text(name).clicked() {
            view.ask(core::Command::Query(Query::Row(side, query)));
        }
    }
}

/// The image of a query: itself, or that of the caption.
fn image_of(dataset: &Dataset, side: Side, query: usize) -> Option<usize> {
    match side {
        Side::Image => (query < dataset.images.len()).then_some(query),
        Side::Text => (query < dataset.captions.len()).then(|| dataset.image_of(query)),
    }
}

const COLUMNS: [(&str, bool); 3] = [("Query", false), ("Rank", true), ("Margin", true)];

/// What the lines say, in full.
fn cells(view: &View<'_>, of: &Queries) -> Cells {
    let (session, side, rows) = (view.session, of.side, Arc::clone(&of.rows));
    let (dataset, ranking) = (session.dataset().cloned(), session.ranking().cloned());
    Cells::made(move |at| {
        let (Some(dataset), Some(&query)) = (dataset.as_deref(), rows.get(at)) else {
            return Vec::new();
        };
        let query = query as usize;
        let direction = ranking.as_ref().map(|r| r.direction(side));
        let direction = direction.filter(|d| query < d.ranks.len());
        let rank = direction.map(|d| grouped(d.ranks[query] as usize));
        let margin = direction.map(|d| signed(d.margin(query), 3));
        vec![
            name_of(dataset, side, query).to_owned(),
            rank.unwrap_or_default(),
            margin.unwrap_or_default(),
        ]
    })
}

fn query_ui(
    ui: &mut Ui,
    view: &mut View<'_>,
    dataset: &Dataset,
    of: &Queries,
    list: &List<'_>,
    at: usize,
) {
    let t = tokens(ui);
    let (side, query) = (of.side, of.rows[at] as usize);
    let wide = ui.available_width();
    let (rect, _) = ui.allocate_exact_size(Vec2::new(wide, TALL), Sense::hover());
    let Some(image) = image_of(dataset, side, query) else {
        return;
    };
    let direction = view.session.direction(side);
    let figures = direction
        .filter(|d| query < d.ranks.len())
        .map_or_else(String::new, |d| {
            format!(
                "rank {} · {}",
                grouped(d.ranks[query] as usize),
                signed(d.margin(query), 3)
            )
        });
    let text = match side {
        Side::Image => {
            let own = dataset.captions_of(image);
            dataset.captions.get(own.start).map_or("", |c| c)
        }
        Side::Text => name_of(dataset, side, query),
    };
    let chosen = view.session.query() == Some(&Query::Row(side, query)) || list.has(view, at);
    let id = ui.scope_id().with(("query", query));
    let response = named_area(ui, rect, id, Role::ListItem, chosen, || {
        format!("{}: {text}, {figures}", name_of(dataset, side, query))
    });
    if chosen || response.hovered() || response.has_focus() {
        let fill = if chosen { t.accent_back } else { t.hover };
        ui.painter().rect_filled(rect, CornerRadius::same(3), fill);
    }
    let picture = Rect::from_min_size(rect.min + Vec2::new(4.0, 2.0), Vec2::splat(TALL - 4.0));
    picture_in(ui, view.pictures, image as u32, picture, true);
    let half = |top: f32, tall: f32| {
        let min = egui::pos2(picture.right() + 8.0, rect.top() + top);
        Rect::from_min_max(min, egui::pos2(rect.right() - 6.0, min.y + tall))
    };
    line(ui, half(3.0, 18.0), false, text, 13.0, t.text);
    line(ui, half(21.0, 16.0), false, &figures, 11.5, t.weak);
    let act = list.row(&response, view, at, |ui, shell, _| {
        take::picture_ui(ui, shell, image as u32);
    });
    if act.goes {
        view.ask(core::Command::Query(Query::Row(side, query)));
    }
    if let Some(taken) = act.take {
        let cells = cells(view, of);
        list.take(view, taken, cells);
    }
}
