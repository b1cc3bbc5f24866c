//! The plane itself: points, what lies over them, and what the pointer does.

use super::super::points::Scatter;
use super::keys::Move;
use super::lens::lens_ui;
use super::pointer::{outline_ui, point_ui};
use super::scene::{self, Scene};
use super::tools::tools_ui;
use super::{Tool, View, card, cursor, legend, overlay};
use crate::dataset::Dataset;
use crate::desktop::map::{Drawn, ShownMap, Sketch};
use crate::desktop::shell::pictured::take_double_click;
use crate::desktop::shell::theme::tokens;
use crate::desktop::shell::widgets::grouped;
use egui::{
    Align2, CornerRadius, EventFilter, FontId, PointerButton, Rect, Response, Role, Sense, Stroke,
    StrokeKind, Ui, Vec2, WidgetInfo,
};
use std::sync::Arc;

/// Radius of an image's point, in points of the screen.
const RADIUS: f32 = 4.0;

/// Draws the map, and the one that was kept beside it.
pub fn canvas_ui(ui: &mut Ui, view: &mut View<'_>, dataset: &Dataset) {
    let whole = ui.available_rect_before_wrap();
    ui.allocate_rect(whole, Sense::hover());
    let now = view.session.now();
    let shown = view.state.shown.get(now).cloned();
    let sketch = view.state.sketch.get(now).cloned();
    let kept = view
        .state
        .pinned
        .get(now)
        .map(|kept| Arc::clone(&kept.shown));
    let kept = kept.filter(|kept| shown.as_ref().is_none_or(|s| s.id != kept.id));
    if let Some(kept) = kept {
        let half = whole.width() / 2.0 - 3.0;
        let left = whole.with_max_x(whole.left() + half);
        let right = whole.with_min_x(whole.right() - half);
        pane_ui(ui, view, dataset, &kept, left, true);
        match (&sketch, &shown) {
            (Some(sketch), _) => sketch_ui(ui, view, sketch, right),
            (None, Some(shown)) => pane_ui(ui, view, dataset, shown, right, false),
            (None, None) => {}
        }
    } else if let Some(sketch) = sketch {
        sketch_ui(ui, view, &sketch, whole);
    } else if let Some(shown) = shown {
        pane_ui(ui, view, dataset, &shown, whole, false);
    }
}

fn frame_ui(ui: &Ui, rect: Rect) {
    let t = tokens(ui);
    let line = Stroke::new(1.0, t.line);
    ui.painter()
        .rect_stroke(rect, CornerRadius::same(4), line, StrokeKind::Inside);
}

/// The radius of points, smaller where there are many.
fn radius(points: usize, zoom: f64) -> f32 {
    let crowd = (8_000.0 / points.max(1) as f32).sqrt().clamp(0.25, 1.0);
    (RADIUS * crowd * (zoom.max(1.0).ln() as f32 * 0.25 + 1.0)).min(8.0)
}

/// A layout on its way.
fn sketch_ui(ui: &mut Ui, view: &mut View<'_>, sketch: &Sketch, rect: Rect) {
    let t = tokens(ui);
    let inner = rect.shrink(1.0);
    let scatter = Scatter {
        plane: &sketch.plane,
        places: &sketch.places,
        styles: &sketch.styles,
        looks: &sketch.looks,
        pale: false,
        ring: t.text,
    };
    let look = view.memory.cameras[0].look(inner.size());
    let size = radius(sketch.plane.len(), 1.0);
    let painter = &view.state.painter;
    let (shapes, _) = painter.draw(&scatter, inner, look, size, ui.pixels_per_point());
    ui.painter().with_clip_rect(inner).extend(shapes);
    frame_ui(ui, rect);
    let text = "A sketch: still being laid out";
    ui.painter().text(
        rect.left_top() + Vec2::new(12.0, 10.0),
        Align2::LEFT_TOP,
        text,
        FontId::proportional(12.5),
        t.weak,
    );
}

/// One map.
fn pane_ui(
    ui: &mut Ui,
    view: &mut View<'_>,
    dataset: &Dataset,
    shown: &ShownMap,
    rect: Rect,
    pinned: bool,
) {
    let inner = rect.shrink(1.0);
    let id = ui.scope_id().with(("map", pinned));
    let response = ui.interact(inner, id, Sense::click_and_drag());
    let beside = !pinned && inner.width() >= 2.0 * card::WIDE;
    view.memory.cameras[usize::from(pinned)].taken = if beside { card::WIDE + 16.0 } else { 0.0 };
    let chosen = view.state.chosen(view.session).len();
    response.widget_info(|| {
        let text = format!(
            "Map of {} images and {} captions, {chosen} chosen; the table below lists them",
            shown.map.images,
            shown.map.texts()
        );
        WidgetInfo::labeled(Role::Canvas, true, text)
    });
    move_ui(ui, view, &response, inner, pinned);
    let camera = view.memory.cameras[usize::from(pinned)];
    let ranking = scene::ranking(view, pinned);
    let dyed = view.state.dyed_of(shown).cloned();
    let scene = Scene {
        shown,
        dyed: dyed.as_ref(),
        ranking: ranking.as_deref(),
        dataset,
        rect: inner,
        look: camera.look(inner.size()),
        t: tokens(ui),
    };
    point_ui(ui, view, &scene, &response, pinned);
    let size = radius(shown.plane.len(), camera.zoom());
    let pale = chosen > 0 || view.state.found.get(view.session.now()).is_some();
    let drawn = scene.points(ui, &view.state.painter.clone(), size, pale);
    overlay::overlay_ui(ui, view, &scene, pinned);
    outline_ui(ui, view, &scene, pinned);
    frame_ui(ui, rect);
    if !pinned {
        tools_ui(ui, view, inner);
        let lens = lens_ui(ui, view, &scene, &response);
        let hovered = view.memory.hovered.or_else(|| cursor(view.session));
        let below = card::card_ui(ui, view, &scene, hovered, lens);
        legend::legend_ui(ui, &scene, below);
    }
    note_ui(ui, view, &scene, drawn, pinned);
}

/// What is shown, where that is not plain: which encoder, and points left out.
fn note_ui(ui: &Ui, view: &View<'_>, scene: &Scene<'_>, drawn: Drawn, pinned: bool) {
    let t = scene.t;
    let mut notes = Vec::new();
    if view.state.pinned.get(view.session.now()).is_some() {
        let what = scene.shown.map.options.projection.title();
        let kept = if pinned { ", kept" } else { "" };
        notes.push(format!("{} · {what}{kept}", scene.shown.encoder));
    }
    if drawn.drawn < drawn.there {
        let [drawn, there] = [drawn.drawn, drawn.there].map(grouped);
        notes.push(format!(
            "{drawn} of {there} points in sight are drawn, at random; zoom in to see the others"
        ));
    }
    if scene.dyed.is_none() {
        notes.push("Colouring…".to_owned());
    } else if drawn.there == 0 {
        notes.push("Nothing lies here; Fit (Home) shows everything.".to_owned());
    }
    ui.painter().text(
        scene.rect.left_bottom() + Vec2::new(10.0, -8.0),
        Align2::LEFT_BOTTOM,
        notes.join("\n"),
        FontId::proportional(12.0),
        t.weak,
    );
}

/// Pan and zoom.
fn move_ui(ui: &Ui, view: &mut View<'_>, response: &Response, rect: Rect, pinned: bool) {
    let drags = view.memory.tool == Tool::Move;
    let camera = &mut view.memory.cameras[usize::from(pinned)];
    if !pinned {
        for by in view.memory.moves.drain(..) {
            match by {
                Move::Pan(x, y) => camera.move_by(rect.size(), Vec2::new(x, y) * rect.size()),
                Move::Zoom(factor) => camera.zoom_by(rect, factor, rect.center()),
                Move::Fit => camera.fit(),
            }
        }
    }
    let panned = response.dragged_by(PointerButton::Middle)
        || response.dragged_by(PointerButton::Secondary)
        || (drags && response.dragged_by(PointerButton::Primary));
    if panned {
        camera.move_by(rect.size(), response.drag_delta());
    }
    if let Some(pointer) = response.hover_pos() {
        let factor = ui.input(|i| (i.smooth_scroll_delta().y * 0.005).exp() * i.zoom_delta());
        if factor != 1.0 {
            camera.zoom_by(rect, f64::from(factor), pointer);
        }
        if response.double_clicked() {
            take_double_click(ui.ctx());
            camera.zoom_by(rect, 2.0, pointer);
        }
    }
    if !pinned {
        view.memory.focused = response.has_focus();
    }
    if response.has_focus() {
        // Otherwise the arrows would move the focus away.
        let filter = EventFilter {
            horizontal_arrows: true,
            vertical_arrows: true,
            ..EventFilter::default()
        };
        ui.memory_mut(|m| m.set_focus_lock_filter(response.id, filter));
    }
}
