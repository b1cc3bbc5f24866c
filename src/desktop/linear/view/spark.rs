//! A margin along training, as a line without axes.

use super::looks::Looks;
use crate::desktop::shell::theme::Tokens;
use egui::{Painter, Rect, Shape, Stroke};
use egui_plot::MarkerShape;

/// Draws the fraction in a norm against the logarithm of the steps: from 0 at the bottom to 1 at the dotted line.
pub fn spark(painter: &Painter, rect: Rect, t: &Tokens, points: &[(f64, f64)]) {
    let top = rect.top() + 3.0;
    let dots = Shape::dotted_line(
        &[egui::pos2(rect.left(), top), egui::pos2(rect.right(), top)],
        t.weak,
        4.0,
        0.6,
    );
    painter.extend(dots);
    let base = Stroke::new(1.0, t.weak.gamma_multiply(0.6));
    painter.hline(rect.x_range(), rect.bottom(), base);
    let (Some(first), Some(last)) = (points.first(), points.last()) else {
        return;
    };
    let span = (last.0 - first.0).max(1e-9);
    let at = |&(x, y): &(f64, f64)| {
        let share = ((x - first.0) / span) as f32;
        let height = y.clamp(0.0, 1.0) as f32;
        egui::pos2(
            rect.left() + share * rect.width(),
            rect.bottom() - height * (rect.bottom() - top),
        )
    };
    let line: Vec<egui::Pos2> = points.iter().map(at).collect();
    painter.add(Shape::line(line, Stroke::new(1.4, t.text)));
}

/// The line and the marker of a classifier around `middle`.
pub fn sign(painter: &Painter, middle: egui::Pos2, looks: Looks) {
    let stroke = Stroke::new(1.8, looks.colour);
    painter.hline(middle.x - 9.0..=middle.x + 9.0, middle.y, stroke);
    let at = |x: f32, y: f32| middle + egui::vec2(x, y) * 4.2;
    let corners = match looks.marker {
        MarkerShape::Square => vec![at(-0.8, -0.8), at(0.8, -0.8), at(0.8, 0.8), at(-0.8, 0.8)],
        MarkerShape::Up => vec![at(0.0, -1.0), at(0.95, 0.75), at(-0.95, 0.75)],
        MarkerShape::Down => vec![at(0.0, 1.0), at(-0.95, -0.75), at(0.95, -0.75)],
        MarkerShape::Diamond => vec![at(0.0, -1.1), at(1.1, 0.0), at(0.0, 1.1), at(-1.1, 0.0)],
        MarkerShape::Asterisk => {
            painter.circle_stroke(middle, 3.6, stroke);
            return;
        }
        _ => {
            painter.circle_filled(middle, 4.0, looks.colour);
            return;
        }
    };
    painter.add(Shape::convex_polygon(corners, looks.colour, Stroke::NONE));
}
