//! What lies over the points: lines, pictures up close, names of clusters, the query, the path of an attack.

use super::View;
use super::cursor;
use super::scene::Scene;
use crate::desktop::core::Query;
use crate::desktop::map::Trail;
use crate::desktop::shell::bidi;
use crate::desktop::shell::widgets::picture_in;
use crate::map::{Layer, among};
use crate::retrieval::Side;
use egui::text::LayoutJob;
use egui::{
    Align2, Color32, CornerRadius, FontId, Pos2, Rect, Shape, Stroke, StrokeKind, Ui, Vec2,
};

/// Images whose lines are drawn, at most.
const MOST_LINES: usize = 600;
/// Pictures that are drawn, at most.
const MOST_PICTURES: usize = 160;

/// Draws everything that lies over the points.
pub fn overlay_ui(ui: &mut Ui, view: &mut View<'_>, scene: &Scene<'_>, pinned: bool) {
    lines_ui(ui, view, scene);
    if !pinned {
        view.memory.thumbnails.clear();
    }
    let drawn = thumbnails_ui(ui, view, scene, 0.0);
    if !pinned {
        view.memory.thumbnails = drawn;
    }
    clusters_ui(ui, scene);
    cursor_ui(ui, view, scene, pinned);
    let trails = view.state.trails.get(view.session.now()).cloned();
    if let Some(trails) = trails.filter(|_| !pinned) {
        match &trails[..] {
            [one] => trail_ui(ui, view, scene, one),
            all => arrows_ui(ui, scene, all),
        }
    }
}

/// The lines of what is chosen, under the pointer, the query, or of all images in sight.
fn lines_ui(ui: &Ui, view: &View<'_>, scene: &Scene<'_>) {
    let lines = view.state.lines;
    let chosen = view.state.chosen(view.session).iter().copied();
    let looked_at = [view.memory.hovered, cursor(view.session)];
    let mut items: Vec<u32> = chosen
        .take(MOST_LINES)
        .chain(looked_at.into_iter().flatten())
        .collect();
    if lines.all {
        let area = scene.look.area(scene.rect.size());
        let inside = scene
            .shown
            .plane
            .within(Layer::Images, &area, MOST_LINES + 1);
        if inside.len() > MOST_LINES {
            let text =
                format!("Lines of the first {MOST_LINES} images in sight; zoom in for the others");
            ui.painter().text(
                scene.rect.center_bottom() + Vec2::new(0.0, -8.0),
                Align2::CENTER_BOTTOM,
                text,
                FontId::proportional(12.0),
                scene.t.warn,
            );
        }
        items.extend(
            inside
                .into_iter()
                .take(MOST_LINES)
                .map(|p| scene.shown.item(p)),
        );
    }
    items.sort_unstable();
    items.dedup();
    lines_of_items(ui, view, scene, &items);
}

/// The lines of these items: green to what is right, red and dashed to the hardest negative, dotted to the nearest.
pub fn lines_of_items(ui: &Ui, view: &View<'_>, scene: &Scene<'_>, items: &[u32]) {
    let lines = view.state.lines;
    let painter = ui.painter().with_clip_rect(scene.rect);
    let faint = if items.len() > 40 { 0.35 } else { 0.85 };
    for &item in items {
        let Some(from) = scene.item(item) else {
            continue;
        };
        let (side, row) = scene.row(item);
        if lines.captions {
            let good = Stroke::new(1.2, scene.t.good.gamma_multiply(faint));
            let others: Vec<u32> = match side {
                Side::Image if row < scene.dataset.images.len() => {
                    let own = scene.dataset.captions_of(row);
                    own.map(|caption| scene.caption(caption)).collect()
                }
                Side::Image => Vec::new(),
                Side::Text => vec![scene.image_of(item) as u32],
            };
            for to in others.into_iter().filter_map(|other| scene.item(other)) {
                painter.line_segment([from, to], good);
            }
        }
        let miss = scene.near_miss(item).and_then(|miss| scene.item(miss));
        if let Some(to) = miss.filter(|_| lines.near_miss) {
            let bad = Stroke::new(1.4, scene.t.bad.gamma_multiply(faint));
            painter.extend(Shape::dashed_line(&[from, to], bad, 6.0, 4.0));
            cross(&painter, to, bad);
        }
    }
    let now = view.session.now();
    if let Some(near) = view
        .state
        .near
        .get(now)
        .filter(|near| lines.neighbours && near.of == scene.shown.id)
        && let Some(from) = scene.item(near.item)
    {
        let line = Stroke::new(1.2, scene.t.accent);
        for to in near.items.iter().filter_map(|&other| scene.item(other)) {
            painter.extend(Shape::dotted_line(&[from, to], line.color, 5.0, 1.0));
            painter.circle_stroke(to, 6.0, line);
        }
    }
}

fn cross(painter: &egui::Painter, at: Pos2, line: Stroke) {
    for by in [Vec2::new(4.0, 4.0), Vec2::new(4.0, -4.0)] {
        painter.line_segment([at - by, at + by], line);
    }
}

/// Pictures in place of the points of images, where there is room; of a fixed size where `size` is above 0. Returns where
/// they are.
pub fn thumbnails_ui(
    ui: &Ui,
    view: &mut View<'_>,
    scene: &Scene<'_>,
    size: f32,
) -> Vec<(Rect, u32)> {
    let area = scene.look.area(scene.rect.size());
    let images = scene
        .shown
        .plane
        .within(Layer::Images, &area, MOST_PICTURES + 1);
    let has_picture = |&image: &u32| {
        let image = scene.dataset.images.get(image as usize);
        image.is_some_and(|image| image.picture.is_some())
    };
    if images.is_empty() || images.len() > MOST_PICTURES || !images.iter().any(has_picture) {
        return Vec::new();
    }
    let room = (scene.rect.area() / images.len() as f32).sqrt() * 0.45;
    let side = if size > 0.0 {
        size
    } else {
        room.clamp(26.0, 84.0)
    };
    let mut drawn: Vec<(Rect, u32)> = Vec::new();
    let mut images = images;
    images.sort_unstable();
    for point in images {
        let item = scene.shown.item(point);
        let Some(at) = scene.item(item) else {
            continue;
        };
        let rect = Rect::from_center_size(at, Vec2::splat(side));
        let crowded = drawn
            .iter()
            .any(|(other, _)| other.expand(2.0).intersects(rect));
        // A point stays a point where its picture would hide another.
        if crowded || !scene.rect.contains_rect(rect) {
            continue;
        }
        picture_in(ui, view.pictures, item, rect, true);
        let colours = scene.dyed.map(|dyed| &dyed.colours);
        let colour = colours.and_then(|all| all.get(point as usize)).copied();
        let line = Stroke::new(2.0, colour.unwrap_or(Color32::GRAY));
        ui.painter()
            .rect_stroke(rect, CornerRadius::same(4), line, StrokeKind::Outside);
        drawn.push((rect, item));
    }
    drawn
}

/// The names of clusters, the largest first, where they do not hide one another.
fn clusters_ui(ui: &Ui, scene: &Scene<'_>) {
    let painter = ui.painter().with_clip_rect(scene.rect);
    let mut taken: Vec<Rect> = Vec::new();
    for cluster in &scene.shown.clusters.all {
        let at = scene.place(cluster.at);
        if !scene.rect.contains(at) {
            continue;
        }
        let font = FontId::proportional(13.0);
        let name = LayoutJob::simple_singleline(cluster.name.clone(), font, scene.t.text);
        let galley = bidi::galley(ui, name);
        let rect = Rect::from_center_size(at, galley.size() + Vec2::new(8.0, 2.0));
        if taken.iter().any(|other| other.intersects(rect)) {
            continue;
        }
        let back = scene.t.base.gamma_multiply(0.72);
        painter.rect_filled(rect, CornerRadius::same(3), back);
        painter.galley(rect.min + Vec2::new(4.0, 1.0), galley, scene.t.text);
        taken.push(rect);
    }
}

/// The query: a ring around its point, or the place of words and pictures that are no points.
fn cursor_ui(ui: &Ui, view: &View<'_>, scene: &Scene<'_>, pinned: bool) {
    let painter = ui.painter().with_clip_rect(scene.rect);
    let ring = Stroke::new(2.0, scene.t.accent);
    if let Some(at) = cursor(view.session).and_then(|item| scene.item(item)) {
        painter.circle_stroke(at, 9.0, ring);
        return;
    }
    if pinned {
        // The answer is of the encoder that is open, not of the one that the kept map is of.
        return;
    }
    let words = match view.session.query() {
        Some(Query::Text(words)) => words.as_str(),
        Some(Query::Picture { name, .. }) => name.as_str(),
        _ => return,
    };
    let answer = view.session.answer();
    let Some(answer) = answer.filter(|a| Some(&a.query) == view.session.query()) else {
        return;
    };
    let of = |row: u32| match answer.of {
        Side::Image => row,
        Side::Text => scene.caption(row as usize),
    };
    let near = answer
        .hits
        .iter()
        .take(crate::map::PLACED_BY)
        .filter_map(|hit| {
            let point = scene.shown.point(of(hit.index))?;
            Some((*scene.shown.map.points.get(point as usize)?, hit.score))
        });
    let Some(at) = among(near) else {
        painter.text(
            scene.rect.center_top() + Vec2::new(0.0, 12.0),
            Align2::CENTER_TOP,
            "What the query is placed by is not on this map.",
            FontId::proportional(12.5),
            scene.t.warn,
        );
        return;
    };
    let at = scene.place(at);
    painter.circle_filled(at, 5.0, scene.t.accent);
    painter.circle_stroke(at, 10.0, ring);
    let short: String = words.chars().take(40).collect();
    painter.text(
        at + Vec2::new(14.0, 0.0),
        Align2::LEFT_CENTER,
        short,
        FontId::proportional(13.0),
        scene.t.text,
    );
}

/// The path of an attacked picture, as far as the slider is.
fn trail_ui(ui: &Ui, view: &mut View<'_>, scene: &Scene<'_>, trail: &Trail) {
    let painter = ui.painter().with_clip_rect(scene.rect);
    let last = trail.places.len().saturating_sub(1);
    let step = view.memory.step.min(last);
    let places: Vec<Pos2> = trail.places.iter().map(|at| scene.place(*at)).collect();
    let (done, rest) = (
        Stroke::new(2.5, scene.t.warn),
        Stroke::new(1.0, scene.t.weak),
    );
    for (at, pair) in places.windows(2).enumerate() {
        let [from, to] = [pair[0], pair[1]];
        painter.line_segment([from, to], if at < step { done } else { rest });
    }
    for (at, place) in places.iter().enumerate() {
        let colour = if at <= step {
            scene.t.warn
        } else {
            scene.t.weak
        };
        painter.circle_filled(*place, if at == step { 6.0 } else { 3.0 }, colour);
    }
    if let Some(aim) = scene.item(trail.aim) {
        painter.circle_stroke(aim, 8.0, Stroke::new(2.0, scene.t.bad));
        cross(&painter, aim, Stroke::new(1.4, scene.t.bad));
    }
    if let Some(&at) = places.get(step) {
        let rect = Rect::from_min_size(at + Vec2::new(10.0, -54.0), Vec2::splat(48.0));
        picture_in(ui, view.pictures, trail.image, rect, true);
        painter.rect_stroke(rect, CornerRadius::same(4), done, StrokeKind::Outside);
    }
}

/// From where each attacked picture was to where it is.
fn arrows_ui(ui: &Ui, scene: &Scene<'_>, trails: &[Trail]) {
    let painter = ui.painter().with_clip_rect(scene.rect);
    for trail in trails {
        let ends = trail.places.first().zip(trail.places.last());
        let Some((from, to)) = ends.map(|(from, to)| (scene.place(*from), scene.place(*to))) else {
            continue;
        };
        let broken = trail.is_broken();
        let colour = if broken { scene.t.bad } else { scene.t.weak };
        painter.arrow(from, to - from, Stroke::new(1.6, colour));
    }
}
