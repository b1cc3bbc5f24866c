//! What the pointer does over the map: what lies under it, clicks, rectangles and outlines.

use super::scene::Scene;
use super::{Tool, View};
use crate::desktop::map::{Command, Mode, Outline};
use egui::{CursorIcon, PointerButton, Pos2, Response, Stroke, Ui};

/// How near the pointer must be to a point.
const REACH: f32 = 9.0;

/// The mode that the keys held ask for: Shift adds, Alt takes away.
fn mode(ui: &Ui) -> Mode {
    ui.input(
        |i| match (i.modifiers.shift || i.modifiers.command, i.modifiers.alt) {
            (_, true) => Mode::Subtract,
            (true, false) => Mode::Add,
            (false, false) => Mode::Replace,
        },
    )
}

/// What lies under the pointer, clicks, and outlines on their way.
pub fn point_ui(
    ui: &Ui,
    view: &mut View<'_>,
    scene: &Scene<'_>,
    response: &Response,
    pinned: bool,
) {
    let Some(pointer) = response.hover_pos() else {
        if view.memory.hovered.is_some() && !response.is_pointer_button_down_on() && !pinned {
            view.memory.hovered = None;
        }
        return;
    };
    let thumbnails = view.memory.thumbnails.iter().rev();
    let over = thumbnails
        .filter(|_| !pinned)
        .find(|(rect, _)| rect.contains(pointer));
    let hovered = over.map(|(_, item)| *item).or_else(|| {
        let at = scene.look.place(scene.rect, pointer);
        let radius = f64::from(REACH) / scene.look.scale;
        Some(scene.shown.item(scene.shown.plane.nearest(at, radius)?))
    });
    view.memory.hovered = hovered;
    if response.clicked() {
        response.request_focus();
        let mode = mode(ui);
        match hovered {
            Some(item) => {
                let outline = Outline::Item(item);
                view.own(Command::Choose {
                    outline,
                    mode,
                    pinned,
                });
                if mode == Mode::Replace {
                    view.own(Command::LookAt(item));
                }
            }
            None if mode == Mode::Replace => view.own(Command::ChooseNothing),
            None => {}
        }
    }
    if view.memory.tool != Tool::Move {
        ui.ctx().set_cursor_icon(CursorIcon::Crosshair);
        drag_ui(ui, view, scene, response, pointer, pinned);
    } else if hovered.is_some() {
        ui.ctx().set_cursor_icon(CursorIcon::PointingHand);
    }
}

/// A rectangle or an outline drawn with the pointer.
fn drag_ui(
    ui: &Ui,
    view: &mut View<'_>,
    scene: &Scene<'_>,
    response: &Response,
    pointer: Pos2,
    pinned: bool,
) {
    let pane = usize::from(pinned);
    let at = scene.look.place(scene.rect, pointer);
    if response.drag_started_by(PointerButton::Primary) {
        let start = ui.input(|i| i.pointer.press_origin()).unwrap_or(pointer);
        view.memory.outline = Some((pane, vec![scene.look.place(scene.rect, start), at]));
        return;
    }
    let Some((of, corners)) = view.memory.outline.as_mut().filter(|(of, _)| *of == pane) else {
        return;
    };
    debug_assert_eq!(*of, pane);
    if response.dragged_by(PointerButton::Primary) {
        match view.memory.tool {
            Tool::Lasso => {
                let far = corners.last().is_none_or(|last| {
                    let last = scene.look.on_screen(scene.rect, *last);
                    (last - pointer).length() > 3.0
                });
                if far {
                    corners.push(at);
                }
            }
            Tool::Box | Tool::Move => {
                corners.truncate(1);
                corners.push(at);
            }
        }
    }
    if response.drag_stopped_by(PointerButton::Primary)
        && let Some((_, corners)) = view.memory.outline.take()
    {
        let outline = Outline::Polygon(closed(view.memory.tool, &corners));
        view.own(Command::Choose {
            outline,
            mode: mode(ui),
            pinned,
        });
    }
}

/// The polygon of what was drawn: a rectangle from two corners, or the outline itself.
fn closed(tool: Tool, corners: &[[f64; 2]]) -> Vec<[f64; 2]> {
    match (tool, corners) {
        (Tool::Box, [a, .., b]) => vec![*a, [b[0], a[1]], *b, [a[0], b[1]]],
        _ => corners.to_vec(),
    }
}

/// The outline on its way.
pub fn outline_ui(ui: &Ui, view: &View<'_>, scene: &Scene<'_>, pinned: bool) {
    let Some((_, corners)) = view
        .memory
        .outline
        .as_ref()
        .filter(|(of, _)| *of == usize::from(pinned))
    else {
        return;
    };
    let closed = closed(view.memory.tool, corners);
    let on_screen = |at: &[f64; 2]| scene.look.on_screen(scene.rect, *at);
    let points: Vec<Pos2> = closed.iter().chain(closed.first()).map(on_screen).collect();
    let line = Stroke::new(1.5, scene.t.accent);
    let painter = ui.painter().with_clip_rect(scene.rect);
    painter.extend(egui::Shape::dashed_line(&points, line, 6.0, 4.0));
}
