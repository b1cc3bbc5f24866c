//! The similarity as a picture: tiles, what marks them, and how they are moved.

use super::View;
use super::camera::{at, place};
use super::moves::{Move, STEP, move_ui};
use super::{marks, words};
use crate::compute::Colours;
use crate::dataset::Dataset;
use crate::desktop::core::{self, Query};
use crate::desktop::shell::theme::tokens;
use crate::desktop::shell::widgets::{grouped, segmented, weak};
use crate::desktop::structure::{Command, Reduction};
use crate::retrieval::Side;
use crate::retrieval::structure::matrix::{Arrangement, Order, TileKey, Viewport};
use egui::{
    Align, Color32, CornerRadius, Key, Layout, Pos2, Rect, Role, Sense, Stroke, Ui, Vec2,
    WidgetInfo,
};

/// Room at the left for names, and above.
const MARGIN: Vec2 = Vec2::new(56.0, 18.0);

/// How the picture is looked at; right to left.
pub fn head_ui(ui: &mut Ui, view: &mut View<'_>) {
    let looks = view.state.matrix.looks;
    let mut new = looks;
    ui.spacing_mut().item_spacing.x = 4.0;
    for (colours, name) in [(Colours::Magma, "Magma"), (Colours::Viridis, "Viridis")] {
        let button = egui::Button::selectable(looks.colours == colours, name);
        if ui.add(button.frame_when_inactive(true)).clicked() {
            new.colours = colours;
        }
    }
    ui.add_space(8.0);
    for (reduction, name, hint) in [
        (
            Reduction::Mean,
            "Mean",
            "A cell shows the mean score of its pairs",
        ),
        (
            Reduction::Largest,
            "Largest",
            "A cell shows the largest score of its pairs",
        ),
    ] {
        let button = egui::Button::selectable(looks.reduction == reduction, name);
        if ui
            .add(button.frame_when_inactive(true))
            .on_hover_text(hint)
            .clicked()
        {
            new.reduction = reduction;
        }
    }
    if new != looks {
        view.own(Command::SetLooks(new));
    }
}

/// Draws the page.
pub fn matrix_ui(ui: &mut Ui, view: &mut View<'_>, dataset: &Dataset) {
    controls_ui(ui, view);
    let Some(arrangement) = view
        .state
        .matrix
        .arrangement
        .get(view.session.now())
        .cloned()
    else {
        let ranked = view.session.ranking().is_some();
        let waits = view.state.matrix.looks.order == Order::Rank && !ranked;
        let text = if waits {
            "This order waits for the ranking."
        } else {
            "Ordering rows and columns…"
        };
        weak(ui, text);
        return;
    };
    let room = Vec2::new(
        ui.available_width(),
        (ui.available_height() - 74.0).max(120.0),
    );
    let (all, _) = ui.allocate_exact_size(room, Sense::hover());
    let area = Rect::from_min_max(all.min + MARGIN, all.max - Vec2::new(2.0, 2.0));
    let id = ui.scope_id().with("matrix");
    let response = ui.interact(area, id, Sense::click_and_drag());
    let size = arrangement.size();
    move_ui(ui, view, &response, size, area);
    let seen = view.memory.camera.viewport(size, area.size());
    let matrix = &view.state.matrix;
    if matrix.viewport != Some(seen) {
        view.own(Command::Look(seen));
        // The tiles are asked for at the beginning of the next frame.
        ui.ctx().request_repaint();
    }
    tiles_ui(ui, view, &seen, area);
    marks::marks_ui(ui, view, &seen, area, &arrangement);
    marks::axes_ui(ui, view, &seen, area, &arrangement, dataset);
    let focused = response.has_focus();
    view.memory.focused = focused;
    let cell = response
        .hover_pos()
        .or_else(|| focused.then(|| area.center()))
        .and_then(|point| cell_at(&seen, area, point, &arrangement));
    let cell_text = cell.map_or_else(String::new, |cell| {
        marks::cell_ui(
            ui,
            &seen,
            area,
            cell,
            focused && response.hover_pos().is_none(),
        );
        words::cell(view, dataset, &arrangement, &seen, cell)
    });
    let seen_text = words::seen(view, &seen, size);
    response.widget_info(|| {
        let name = format!("similarity matrix: {seen_text}. {cell_text}");
        WidgetInfo::labeled(Role::Image, true, name)
    });
    let chosen = response.clicked() || (focused && ui.input(|i| i.key_pressed(Key::Enter)));
    if let Some(cell) = cell.filter(|_| chosen) {
        let image = arrangement.image(cell[0]) as usize;
        view.ask(core::Command::Query(Query::Row(Side::Image, image)));
    }
    if response.clicked() {
        response.request_focus();
    }
    below_ui(ui, view, &cell_text, &seen_text);
}

/// Order, colours over what is seen, marks, exactness, and the way back.
fn controls_ui(ui: &mut Ui, view: &mut View<'_>) {
    let looks = view.state.matrix.looks;
    let mut new = looks;
    ui.horizontal(|ui| {
        weak(ui, "Order");
        if let Some(order) = segmented(ui, looks.order, &Order::ALL) {
            new.order = order;
        }
        ui.add_space(6.0);
        ui.checkbox(&mut new.mark, "Mark right pairs");
        ui.checkbox(&mut new.stretch, "Colours over what is seen")
            .on_hover_text("Run the colours from the lowest to the highest score that is seen, rather than over all");
        ui.checkbox(&mut new.exact, "Every pair").on_hover_text(
            "Compute every pair of what is seen, however long it takes; otherwise far views of large sets are sampled",
        );
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let zoom = view.memory.camera.zoom();
            let button = egui::Button::new("Fit");
            let hint = "Show everything (Home)";
            if ui.add_enabled(zoom > 1.0, button).on_hover_text(hint).clicked() {
                view.memory.camera.fit();
            }
            for (text, factor, hint) in [("+", STEP, "Closer (+)"), ("−", 1.0 / STEP, "Farther (−)")] {
                if ui.button(text).on_hover_text(hint).clicked() {
                    view.memory.pending(Move::Zoom(factor));
                }
            }
            weak(ui, format!("×{zoom:.1}"));
        });
    });
    if new != looks {
        view.own(Command::SetLooks(new));
    }
}

/// Row and column at a point of the screen.
fn cell_at(
    seen: &Viewport,
    area: Rect,
    point: Pos2,
    arrangement: &Arrangement,
) -> Option<[usize; 2]> {
    let size = arrangement.size();
    let cell = at(seen, area, point);
    let inside = (0..2).all(|side| cell[side] >= 0.0 && cell[side] < size[side] as f64);
    inside.then(|| cell.map(|c| c as usize))
}

/// Draws the tiles that are there: coarser and finer ones where those of this level are still missing.
fn tiles_ui(ui: &Ui, view: &View<'_>, seen: &Viewport, area: Rect) {
    let t = tokens(ui);
    let painter = ui.painter().with_clip_rect(area.intersect(ui.clip_rect()));
    let level = seen.level();
    let matrix = &view.state.matrix;
    let textures = &view.state.textures;
    let target = |key: TileKey, texture: &egui::TextureHandle| {
        let corner = |side: usize, cells: usize| {
            let start = (u64::from(key.at[side]) * 256) << key.level[side];
            [
                start as f64,
                (start + ((cells as u64) << key.level[side])) as f64,
            ]
        };
        let [wide, tall] = texture.size();
        let (rows, columns) = (corner(0, tall), corner(1, wide));
        Rect::from_min_max(
            place(seen, area, rows[0], columns[0]),
            place(seen, area, rows[1], columns[1]),
        )
    };
    let whole = Rect::from_min_max(Pos2::ZERO, Pos2::new(1.0, 1.0));
    let complete = matrix.seen.first().is_some_and(|key| key.level == level)
        && matrix.seen.iter().all(|&key| textures.get(key).is_some());
    let mut behind: Vec<(&TileKey, &egui::TextureHandle)> = Vec::new();
    if !complete {
        painter.rect_filled(area, CornerRadius::ZERO, t.panel);
        behind.extend(textures.iter().filter(|(key, _)| key.level != level));
        behind.sort_by_key(|(key, _)| std::cmp::Reverse((key.level[0] + key.level[1], **key)));
    }
    let front = textures.iter().filter(|(key, _)| key.level == level);
    for (key, texture) in behind.into_iter().chain(front) {
        let rect = target(*key, texture);
        if rect.intersects(area) {
            painter.image(texture.id(), rect, whole, Color32::WHITE);
        }
    }
    ui.painter().rect_stroke(
        area,
        CornerRadius::ZERO,
        Stroke::new(1.0, t.line),
        egui::StrokeKind::Outside,
    );
}

/// What the pointer is over, what is seen, and what the colours mean.
fn below_ui(ui: &mut Ui, view: &mut View<'_>, cell: &str, seen: &str) {
    let matrix = &view.state.matrix;
    let waiting = matrix.waiting;
    ui.add_space(2.0);
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            marks::bar_ui(ui, view);
            ui.add_space(10.0);
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let text = if cell.is_empty() {
                    "Point at a cell; drag to move, scroll to zoom, click to select the image."
                } else {
                    cell
                };
                ui.add(egui::Label::new(text).truncate());
            });
        });
    });
    ui.horizontal(|ui| {
        if waiting > 0 && !view.state.matrix.stopped {
            if ui.small_button("Stop").clicked() {
                view.own(Command::Stop);
            }
            weak(ui, format!("refining, {} to go", grouped(waiting)));
        } else if view.state.matrix.stopped {
            weak(ui, "stopped; move to go on");
        }
        let text = egui::RichText::new(seen).color(tokens(ui).weak);
        ui.add(egui::Label::new(text).truncate());
    });
}
