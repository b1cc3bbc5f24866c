//! What lies over the tiles: right pairs, clusters, the selection; names beside them, and the colour bar.

use super::View;
use super::camera::place;
use crate::compute::Colours;
use crate::dataset::Dataset;
use crate::desktop::core::{self, Query};
use crate::desktop::shell::theme::tokens;
use crate::desktop::shell::widgets::{grouped, named_area, picture_in, signed};
use crate::retrieval::Side;
use crate::retrieval::structure::matrix::{Arrangement, Viewport};
use egui::{
    Align2, Color32, CornerRadius, FontId, Painter, Pos2, Rect, Role, Sense, Shape, Stroke,
    StrokeKind, Ui, Vec2, WidgetInfo,
};

/// Pixels of a row from which on right pairs are outlined one by one, and named.
const LARGE: f64 = 9.0;
/// Pixels of a row from which on it has its picture.
const NEAR: f64 = 26.0;
/// Lines over the picture.
const INK: Color32 = Color32::from_rgba_premultiplied(150, 150, 150, 150);

/// Right pairs, clusters and the selection.
pub fn marks_ui(ui: &Ui, view: &View<'_>, seen: &Viewport, area: Rect, arrangement: &Arrangement) {
    let painter = ui.painter().with_clip_rect(area.intersect(ui.clip_rect()));
    let size = arrangement.size();
    for &bound in &arrangement.bounds {
        let column = arrangement.columns(bound as usize).start;
        let at = place(seen, area, f64::from(bound), column as f64);
        let line = Stroke::new(1.0, INK.gamma_multiply(0.45));
        painter.hline(area.x_range(), at.y, line);
        painter.vline(at.x, area.y_range(), line);
    }
    if view.state.matrix.looks.mark {
        right_pairs(&painter, seen, area, arrangement);
    }
    names(&painter, seen, area, arrangement, &view.state.matrix.names);
    let accent = tokens(ui).accent;
    let rows = selected(view, arrangement);
    if let Some(row) = rows {
        let columns = arrangement.columns(row);
        let min = place(seen, area, row as f64, columns.start as f64);
        let max = place(seen, area, row as f64 + 1.0, columns.end as f64);
        let middle = min + (max - min) / 2.0;
        let line = Stroke::new(1.0, accent.gamma_multiply(0.8));
        if max.y - min.y > 6.0 {
            let own = Rect::from_min_max(min, max).expand(1.0);
            painter.rect_stroke(
                own,
                CornerRadius::ZERO,
                Stroke::new(2.0, accent),
                StrokeKind::Outside,
            );
        }
        painter.hline(area.x_range(), middle.y, line);
        if columns.len() <= size[1] && middle.x.is_finite() {
            painter.vline(middle.x, area.y_range(), line);
        }
    }
}

/// The name of each cluster whose block has room for it, where the block begins or is first in sight.
fn names(
    painter: &Painter,
    seen: &Viewport,
    area: Rect,
    arrangement: &Arrangement,
    names: &[String],
) {
    const TALL: f32 = 17.0;
    for (cluster, name) in names
        .iter()
        .enumerate()
        .filter(|(_, name)| !name.is_empty())
    {
        let rows = arrangement.cluster(cluster);
        if rows.is_empty() {
            continue;
        }
        let first = arrangement.columns(rows.start).start as f64;
        let last = arrangement.columns(rows.end - 1).end as f64;
        let block = Rect::from_min_max(
            place(seen, area, rows.start as f64, first),
            place(seen, area, rows.end as f64, last),
        );
        let sight = block.intersect(area);
        if sight.height() < TALL || sight.width() < TALL {
            continue;
        }
        let font = FontId::proportional(12.0);
        let galley = painter.layout_no_wrap(name.clone(), font, Color32::WHITE);
        // At the right end it stands as far left as it must.
        let end = area.right() - galley.size().x - 5.0;
        let at = Pos2::new((sight.left() + 5.0).min(end), sight.top() + 1.0);
        let back = Rect::from_min_size(at, galley.size()).expand2(Vec2::new(3.0, 0.0));
        painter.rect_filled(back, CornerRadius::same(3), Color32::from_black_alpha(150));
        painter.galley(at, galley, Color32::WHITE);
    }
}

/// The row of the image that is selected, or whose caption is.
fn selected(view: &View<'_>, arrangement: &Arrangement) -> Option<usize> {
    let image = match view.session.query() {
        Some(&Query::Row(Side::Image, i)) => i,
        Some(&Query::Row(Side::Text, j)) => view.session.embedded()?.groups.owner(j),
        _ => return None,
    };
    arrangement.row_of(image)
}

/// Outlines around right pairs where they are large; else two lines that accompany the diagonal without covering it.
fn right_pairs(painter: &Painter, seen: &Viewport, area: Rect, arrangement: &Arrangement) {
    let rows = seen.span(0, arrangement.size()[0]);
    if 1.0 / seen.scale[0] >= LARGE {
        for row in rows {
            let columns = arrangement.columns(row);
            let min = place(seen, area, row as f64, columns.start as f64);
            let max = place(seen, area, row as f64 + 1.0, columns.end as f64);
            let cell = Rect::from_min_max(min, max);
            if cell.intersects(area) {
                let line = Stroke::new(1.5, Color32::from_white_alpha(210));
                painter.rect_stroke(cell, CornerRadius::ZERO, line, StrokeKind::Inside);
            }
        }
        return;
    }
    // One point every few pixels.
    let step = ((4.0 * seen.scale[0]) as usize).max(1);
    let points: Vec<Pos2> = rows
        .step_by(step)
        .map(|row| {
            let columns = arrangement.columns(row);
            let middle = (columns.start + columns.end) as f64 / 2.0;
            place(seen, area, row as f64 + 0.5, middle)
        })
        .collect();
    for shift in [-7.0, 7.0] {
        let beside = points.iter().map(|p| *p + Vec2::new(shift, 0.0)).collect();
        painter.add(Shape::line(beside, Stroke::new(1.0, INK)));
    }
}

/// Numbers of rows and columns, or names where there is room.
pub fn axes_ui(
    ui: &Ui,
    view: &mut View<'_>,
    seen: &Viewport,
    area: Rect,
    arrangement: &Arrangement,
    dataset: &Dataset,
) {
    let t = tokens(ui);
    let font = FontId::proportional(11.0);
    let size = arrangement.size();
    let chosen = selected(view, arrangement);
    let tall = 1.0 / seen.scale[0];
    let (large, near) = (tall >= 14.0, tall >= NEAR);
    let step = if large { 1 } else { tick(seen.scale[0] * 60.0) };
    let rows = seen.span(0, size[0]);
    let beside = Rect::from_min_max(
        Pos2::new(area.left() - 56.0, area.top()),
        area.left_bottom(),
    );
    let painter = ui
        .painter()
        .with_clip_rect(beside.intersect(ui.clip_rect()));
    // Numbers count from 1.
    for number in ((rows.start + 1).next_multiple_of(step)..=rows.end).step_by(step) {
        let row = number - 1;
        let at = place(seen, area, row as f64 + 0.5, 0.0);
        let colour = if chosen == Some(row) {
            t.accent
        } else {
            t.weak
        };
        let image = arrangement.image(row);
        if near
            && dataset
                .images
                .get(image as usize)
                .is_some_and(|i| i.picture.is_some())
        {
            let side = (tall as f32 - 2.0).min(beside.width() - 6.0);
            let centre = Pos2::new(area.left() - 4.0 - side / 2.0, at.y);
            let rect = Rect::from_center_size(centre, Vec2::splat(side));
            picture_ui(
                ui,
                view,
                dataset,
                (image, rect, beside),
                chosen == Some(row),
            );
            continue;
        }
        // A number at the edge stays whole.
        let high = if large {
            at.y
        } else {
            at.y.max(area.top() + 6.0).min(area.bottom() - 6.0)
        };
        let place = Pos2::new(area.left() - 5.0, high);
        let text = if large {
            short_name(dataset, arrangement.image(row) as usize)
        } else {
            grouped(number)
        };
        painter.text(place, Align2::RIGHT_CENTER, text, font.clone(), colour);
    }
    let step = tick(seen.scale[1] * 90.0);
    let columns = seen.span(1, size[1]);
    let painter = ui.painter();
    for number in ((columns.start + 1).next_multiple_of(step)..=columns.end).step_by(step) {
        let at = place(seen, area, 0.0, number as f64 - 0.5);
        if at.x > area.left() + 4.0 && at.x < area.right() - 16.0 {
            let place = Pos2::new(at.x, area.top() - 3.0);
            let number = grouped(number);
            painter.text(place, Align2::CENTER_BOTTOM, number, font.clone(), t.weak);
            let line = Stroke::new(1.0, t.weak);
            painter.vline(at.x, area.top() - 2.0..=area.top(), line);
        }
    }
}

/// The picture of a row, inside `beside`: a click selects it.
fn picture_ui(
    ui: &Ui,
    view: &mut View<'_>,
    dataset: &Dataset,
    (image, rect, beside): (u32, Rect, Rect),
    chosen: bool,
) {
    let seen = rect.intersect(beside);
    if !seen.is_positive() {
        return;
    }
    let name = &dataset.images[image as usize].name;
    // At the edges a row is seen in part.
    if seen.height() > rect.height() - 1.0 {
        picture_in(ui, view.shell.pictures, image, rect, true);
    }
    let id = ui.scope_id().with(("row of the matrix", image));
    let response = named_area(ui, seen, id, Role::Image, chosen, || {
        format!("row of {name}")
    });
    if chosen || response.hovered() || response.has_focus() {
        let line = Stroke::new(2.0, tokens(ui).accent);
        ui.painter()
            .rect_stroke(seen, CornerRadius::same(4), line, StrokeKind::Inside);
    }
    if response.on_hover_text(name).clicked() {
        let query = Query::Row(Side::Image, image as usize);
        view.ask(core::Command::Query(query));
    }
}

/// The end of an image's name, which tells more than its beginning, without folder and extension.
fn short_name(dataset: &Dataset, image: usize) -> String {
    let name = dataset.images.get(image).map_or("", |image| &image.name);
    let name = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let letters = stem.chars().count();
    if letters <= 8 {
        return stem.to_owned();
    }
    let end: String = stem.chars().skip(letters - 7).collect();
    format!("…{end}")
}

/// The next 1, 2 or 5 times a power of ten.
fn tick(least: f64) -> usize {
    let mut step = 1;
    for factor in [2, 5, 10].into_iter().cycle() {
        if step as f64 >= least {
            break;
        }
        let decade = 10_usize.pow((step as f64).log10().floor() as u32);
        step = decade * factor;
    }
    step
}

/// Outlines the cell that is pointed at; a crosshair where the keyboard points.
pub fn cell_ui(ui: &Ui, seen: &Viewport, area: Rect, cell: [usize; 2], cross: bool) {
    let painter = ui.painter().with_clip_rect(area.intersect(ui.clip_rect()));
    let level = seen.level();
    let first = [0, 1].map(|side| (cell[side] >> level[side] << level[side]) as f64);
    let last = [0, 1].map(|side| first[side] + f64::from(1_u32 << level[side]));
    let min = place(seen, area, first[0], first[1]);
    let max = place(seen, area, last[0], last[1]);
    let rect = Rect::from_min_max(min, max).expand(1.0);
    painter.rect_stroke(
        rect,
        CornerRadius::ZERO,
        Stroke::new(1.5, Color32::WHITE),
        StrokeKind::Outside,
    );
    if cross {
        let line = Stroke::new(1.0, Color32::from_white_alpha(120));
        painter.hline(area.x_range(), rect.center().y, line);
        painter.vline(rect.center().x, area.y_range(), line);
    }
}

/// What the colours mean; right to left.
pub fn bar_ui(ui: &mut Ui, view: &View<'_>) {
    let t = tokens(ui);
    let matrix = &view.state.matrix;
    let bar = &view.state.textures.bars[usize::from(matrix.looks.colours == Colours::Magma)];
    let range = matrix.range;
    let figure = |share: f32| {
        let value = range.low + share * (range.high - range.low);
        signed(value, 2).replace('+', "")
    };
    let (rect, response) = ui.allocate_exact_size(Vec2::new(220.0, 26.0), Sense::hover());
    response.widget_info(|| {
        let name = format!("colours from score {} to {}", figure(0.0), figure(1.0));
        WidgetInfo::labeled(Role::Label, true, name)
    });
    let strip = Rect::from_min_size(rect.min, Vec2::new(rect.width(), 10.0));
    let wide = strip.width() / bar.len().max(1) as f32;
    for (at, colour) in bar.iter().enumerate() {
        let left = strip.left() + at as f32 * wide;
        let piece = Rect::from_min_size(
            Pos2::new(left, strip.top()),
            Vec2::new(wide + 0.5, strip.height()),
        );
        ui.painter().rect_filled(piece, CornerRadius::ZERO, *colour);
    }
    let font = FontId::proportional(11.0);
    for (share, align) in [
        (0.0, Align2::LEFT_BOTTOM),
        (0.5, Align2::CENTER_BOTTOM),
        (1.0, Align2::RIGHT_BOTTOM),
    ] {
        let at = Pos2::new(rect.left() + share * rect.width(), rect.bottom() + 1.0);
        ui.painter()
            .text(at, align, figure(share), font.clone(), t.weak);
    }
}
