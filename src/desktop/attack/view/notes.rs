//! What is written under the pictures and drawn on them.

use super::Memory;
use crate::desktop::attack::State;
use crate::desktop::attack::textures::{Legend, Texture};
use crate::desktop::core::Session;
use crate::desktop::shell::bidi;
use crate::desktop::shell::theme::Tokens;
use crate::desktop::shell::widgets::grouped;
use egui::{Align2, CornerRadius, FontId, Pos2, Rect, Shape, Stroke, StrokeKind, Ui};

/// What is written under the original and under the adversarial picture.
pub fn captions(lab: &State, session: &Session) -> (String, String) {
    let rank = |rank: u32| grouped(rank as usize);
    let clean = lab.clean(session.now());
    let before = match clean.map(|c| c.standing.rank) {
        Some(r @ 1..) => format!("original · right caption at rank {}", rank(r)),
        _ => "original".to_owned(),
    };
    let after = if let Some(live) = lab.live() {
        match live.points.last() {
            Some(p) => format!(
                "step {} · right {:.3}, wrong {:.3}",
                grouped(p.step),
                p.right,
                p.wrong
            ),
            None => "starting…".to_owned(),
        }
    } else if let Some(done) = lab.last(session.now()) {
        let size = super::fields::levels(done.result.size.linf);
        match done.result.after.rank {
            0 => format!("adversarial · max change {size}"),
            r => format!(
                "adversarial · right caption at rank {} · max change {size}",
                rank(r)
            ),
        }
    } else {
        "adversarial".to_owned()
    };
    (before, after)
}

pub fn caption(ui: &Ui, above: Rect, text: &str, t: &Tokens) {
    let mut job = egui::text::LayoutJob::simple(
        text.to_owned(),
        FontId::proportional(12.5),
        t.weak,
        above.width(),
    );
    job.wrap.max_rows = 2;
    let galley = bidi::galley(ui, job);
    let at = above.left_bottom() + egui::vec2(0.0, 5.0);
    ui.painter().galley(at, galley, t.weak);
}

/// The colour bar with its ends, and what is shown.
pub fn legend_ui(ui: &Ui, above: Rect, legend: &Legend, t: &Tokens) {
    let font = || FontId::proportional(11.5);
    let at = above.left_bottom() + egui::vec2(0.0, 5.0);
    let bar = Rect::from_min_size(at, egui::vec2(above.width(), 7.0));
    let mut mesh = egui::Mesh::default();
    let last = legend.bar.len().saturating_sub(1).max(1);
    for (i, colour) in legend.bar.iter().enumerate() {
        let x = bar.left() + bar.width() * i as f32 / last as f32;
        mesh.colored_vertex(Pos2::new(x, bar.top()), *colour);
        mesh.colored_vertex(Pos2::new(x, bar.bottom()), *colour);
        if i > 0 {
            let n = 2 * i as u32;
            mesh.add_triangle(n - 2, n - 1, n);
            mesh.add_triangle(n - 1, n, n + 1);
        }
    }
    ui.painter().add(Shape::mesh(mesh));
    let below = bar.bottom() + 3.0;
    let [low, middle, high] = &legend.ends;
    let places = [
        (bar.left(), Align2::LEFT_TOP, low),
        (bar.center().x, Align2::CENTER_TOP, middle),
        (bar.right(), Align2::RIGHT_TOP, high),
    ];
    for (x, align, text) in places {
        ui.painter()
            .text(Pos2::new(x, below), align, text, font(), t.weak);
    }
    let mut job = egui::text::LayoutJob::simple(legend.text.clone(), font(), t.weak, above.width());
    job.wrap.max_rows = 1;
    let galley = ui.painter().layout_job(job);
    ui.painter()
        .galley(Pos2::new(bar.left(), below + 14.0), galley, t.weak);
}

/// The rectangle that may be changed, on the original.
pub fn region_ui(
    ui: &Ui,
    lab: &State,
    state: &Memory,
    rect: Rect,
    texture: Option<&Texture>,
    t: &Tokens,
) {
    let (Some(region), Some(texture)) = (lab.settings.threat.region, texture) else {
        return;
    };
    let (target, uv) = state.zoom.place(rect, texture.size);
    let at = |x: f32, y: f32| {
        let part = (egui::vec2(x, y) / texture.size - uv.min.to_vec2()) / uv.size();
        target.min + part * target.size()
    };
    let (left, top) = (region.left as f32, region.top as f32);
    let corner = at(left + region.width as f32, top + region.height as f32);
    let shown = Rect::from_min_max(at(left, top), corner);
    let painter = ui.painter().with_clip_rect(target);
    painter.rect_stroke(
        shown,
        CornerRadius::ZERO,
        Stroke::new(1.5, t.accent),
        StrokeKind::Outside,
    );
}
