//! What the colours mean, with how many points have each.

use super::card::WIDE;
use super::scene::Scene;
use crate::desktop::shell::widgets::grouped;
use egui::{Align2, CornerRadius, FontId, Pos2, Rect, Stroke, StrokeKind, Ui, Vec2};

/// Lines of a column of the legend.
const LINES: usize = 8;

/// Draws the legend in the lower right corner, where it does not reach above `above`.
pub fn legend_ui(ui: &Ui, scene: &Scene<'_>, above: f32) {
    let Some(dyed) = scene.dyed else {
        return;
    };
    let t = scene.t;
    let shown = dyed.legend.len().min(2 * LINES);
    let columns = if shown > 3 { 2 } else { 1 };
    let rows = shown.div_ceil(columns);
    let note = f32::from(!dyed.note.is_empty()) * 17.0;
    let tall = 34.0 + rows as f32 * 18.0 + note;
    if scene.rect.width() < 1.6 * WIDE || scene.rect.height() < above + tall + 24.0 {
        return;
    }
    let corner = scene.rect.right_bottom() - Vec2::new(WIDE + 10.0, tall + 10.0);
    let rect = Rect::from_min_size(corner, Vec2::new(WIDE, tall));
    ui.painter().rect(
        rect,
        CornerRadius::same(5),
        t.panel.gamma_multiply(0.94),
        Stroke::new(1.0, t.line),
        StrokeKind::Inside,
    );
    let text = |at: Pos2, align: Align2, words: String, weak: bool| {
        let colour = if weak { t.weak } else { t.text };
        ui.painter()
            .text(at, align, words, FontId::proportional(12.0), colour);
    };
    let mut title = dyed.colouring.title();
    if dyed.legend.len() > shown {
        title = format!("{title}, the first {shown} of {}", dyed.legend.len());
    }
    text(
        rect.min + Vec2::new(12.0, 15.0),
        Align2::LEFT_CENTER,
        title,
        false,
    );
    let points = Pos2::new(rect.right() - 12.0, rect.top() + 15.0);
    text(points, Align2::RIGHT_CENTER, "points".into(), true);
    let wide = (WIDE - 24.0) / columns as f32;
    for (at, key) in dyed.legend.iter().take(shown).enumerate() {
        let (column, row) = (at / rows, at % rows);
        let left = rect.left() + 12.0 + column as f32 * wide;
        let y = rect.top() + 36.0 + row as f32 * 18.0;
        let dot = Pos2::new(left + 5.0, y);
        if key.square {
            let square = Rect::from_center_size(dot, Vec2::splat(6.0));
            ui.painter()
                .rect_filled(square, CornerRadius::ZERO, key.colour);
        } else {
            ui.painter().circle_filled(dot, 4.0, key.colour);
        }
        let short: String = key
            .name
            .chars()
            .take(if columns == 2 { 13 } else { 34 })
            .collect();
        text(Pos2::new(left + 16.0, y), Align2::LEFT_CENTER, short, false);
        let end = Pos2::new(left + wide - if columns == 2 { 12.0 } else { 0.0 }, y);
        text(end, Align2::RIGHT_CENTER, grouped(key.points), true);
    }
    if !dyed.note.is_empty() {
        let at = rect.left_bottom() + Vec2::new(12.0, -12.0);
        text(at, Align2::LEFT_CENTER, dyed.note.clone(), true);
    }
}
