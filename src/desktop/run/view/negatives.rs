//! Queries with their hard negatives, line by line.

use super::inspector::picture_in;
use super::words::{extent, name};
use super::{View, told_ui};
use crate::desktop::run::{Command, Found, Listed, Which};
use crate::desktop::shell::bidi;
use crate::desktop::shell::table::{Column, figure, line, text, titles_ui};
use crate::desktop::shell::theme::tokens;
use crate::desktop::shell::widgets::{grouped, margin_colour, named_area, signed, weak};
use crate::parts::view::Negative;
use crate::retrieval::Side;
use egui::text::LayoutJob;
use egui::{Color32, ComboBox, CornerRadius, FontId, Rect, Role, ScrollArea, Sense, Ui, Vec2};

/// Height of a line, and of its pictures.
const TALL: f32 = 50.0;
const PICTURE: f32 = 44.0;

/// The columns: the query, the right one, the hard negative, scores, margin, rank.
const COLUMNS: [Column; 7] = [
    text("Query", 0.0),
    text("Right", 0.23),
    text("Hard negative", 0.46),
    figure("Right", 0.69),
    figure("Negative", 0.765),
    figure("Margin", 0.86),
    figure("Rank", 0.94),
];

/// Which queries are listed: the smallest margins, or those of a range.
pub fn which_ui(ui: &mut Ui, view: &mut View<'_>, found: &Found) {
    let mut which = view.state.which;
    let of_images = view.state.side == Side::Image;
    let title = |which: Which| match which {
        Which::Smallest => "Smallest margins".to_owned(),
        Which::Range(n) => {
            let range = found.finished.ranges.iter().find(|range| range.n == n);
            let queries = range.map_or(0..0, |range| range.queries.clone());
            let (from, to) = (
                grouped(queries.start),
                grouped(queries.end.saturating_sub(1)),
            );
            if found.finished.plan.sample.is_some() {
                format!("Drawn queries {from} to {to}")
            } else {
                format!("Queries {from} to {to}")
            }
        }
    };
    ui.name_inputs("Listed", |ui| {
        ComboBox::from_id_salt("run which")
            .width(190.0)
            .selected_text(title(which))
            .show_ui(ui, |ui| {
                ui.selectable_value(&mut which, Which::Smallest, title(Which::Smallest));
                for range in found
                    .finished
                    .ranges
                    .iter()
                    .filter(|r| r.of_images == of_images)
                {
                    let range = Which::Range(range.n);
                    ui.selectable_value(&mut which, range, title(range));
                }
            });
    });
    if which != view.state.which {
        view.own(Command::SetWhich(which));
    }
}

/// Draws the page.
pub fn negatives_ui(ui: &mut Ui, view: &mut View<'_>, found: &Found) {
    let state = view.state;
    let noun = match state.side {
        Side::Image => "images",
        Side::Text => "captions",
    };
    let Some(list) = state.list(found) else {
        match &state.listed {
            Some((_, Listed::Refused(told))) => told_ui(ui, told),
            _ => _ = weak(ui, "Reading the range…"),
        }
        return;
    };
    let survey = state.survey(found);
    let told = match state.which {
        Which::Smallest => format!(
            "The {} queries of the smallest margins. {}.",
            grouped(list.len()),
            extent(&survey.extent, noun)
        ),
        Which::Range(_) => format!("{} queries, as they are numbered.", grouped(list.len())),
    };
    weak(ui, told);
    titles_ui(ui, &COLUMNS);
    if list.is_empty() {
        weak(ui, "No query has a negative.");
        return;
    }
    ui.spacing_mut().item_spacing.y = 1.0;
    let mut area = ScrollArea::vertical()
        .id_salt("run negatives")
        .auto_shrink([false; 2]);
    if view.memory.revealed.is_some_and(|at| at != state.chosen) {
        let middle = state.chosen as f32 * (TALL + 1.0) - (ui.available_height() - TALL) / 2.0;
        area = area.vertical_scroll_offset(middle.max(0.0));
    }
    view.memory.revealed = Some(state.chosen);
    area.show_rows(ui, TALL, list.len(), |ui, range| {
        for at in range {
            line_ui(ui, view, &list[at], at);
        }
    });
}

fn line_ui(ui: &mut Ui, view: &mut View<'_>, negative: &Negative, at: usize) {
    let t = tokens(ui);
    let image = negative.of_image;
    let chosen = view.state.chosen == at;
    let (rect, _) = ui.allocate_exact_size(Vec2::new(ui.available_width(), TALL), Sense::hover());
    let words = [
        (image, negative.query),
        (!image, negative.positive),
        (!image, negative.negative),
    ];
    let names = words.map(|(image, n)| name(view, image, n));
    let margin = signed(negative.margin(), 4);
    let rank = grouped(negative.rank as usize);
    let told = || {
        let [query, positive, wrong] = &names;
        format!("{query}: right {positive}, hard negative {wrong}, margin {margin}, rank {rank}")
    };
    let id = ui.scope_id().with(("negative", at));
    let area = named_area(ui, rect, id, Role::Row, chosen, told);
    if chosen || area.hovered() || area.has_focus() {
        let fill = if chosen { t.accent_back } else { t.hover };
        ui.painter().rect_filled(rect, CornerRadius::same(3), fill);
    }
    let cell = |n: usize| {
        let end = COLUMNS.get(n + 1).map_or(1.0, |c| c.at);
        let x = |share: f32| rect.left() + rect.width() * share;
        Rect::from_x_y_ranges(x(COLUMNS[n].at) + 8.0..=x(end) - 10.0, rect.y_range())
    };
    for (n, ((image, number), called)) in words.into_iter().zip(&names).enumerate() {
        let mut place = cell(n);
        if image {
            let min = egui::pos2(place.left(), rect.center().y - PICTURE / 2.0);
            let to = Rect::from_min_size(min, Vec2::splat(PICTURE));
            picture_in(ui.painter(), &t, view, number, to);
            place.set_left(place.left() + PICTURE + 8.0);
        }
        two_lines(ui, place, called, t.text);
    }
    let score = |value: f32| format!("{value:.4}").replace('-', "−");
    let figures: [(String, Color32); 4] = [
        (score(negative.score_positive), t.text),
        (score(negative.score_negative), t.text),
        (margin.clone(), margin_colour(&t, negative.margin())),
        (rank.clone(), t.text),
    ];
    for (n, (words, colour)) in figures.iter().enumerate() {
        line(ui, cell(n + 3), true, words, 13.0, *colour);
    }
    if area.clicked() {
        view.memory.revealed = Some(at);
        view.own(Command::Choose(at));
    }
}

/// Words on two lines at most, in the middle of `rect`, cut off with "…" where there is no room.
fn two_lines(ui: &Ui, rect: Rect, words: &str, colour: Color32) {
    let font = FontId::proportional(13.0);
    let mut job = LayoutJob::simple(words.to_owned(), font, colour, rect.width());
    job.wrap.max_rows = 2;
    let galley = bidi::galley(ui, job);
    let at = egui::pos2(rect.left(), rect.center().y - galley.size().y / 2.0);
    ui.painter().galley(at, galley, colour);
}
