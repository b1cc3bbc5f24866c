//! What is known of the item under the pointer: its picture, its captions, what beats it.

use super::View;
use super::scene::{Scene, right, standing, words};
use crate::desktop::shell::bidi;
use crate::desktop::shell::widgets::{grouped, margin_colour, picture_in, signed};
use crate::retrieval::Side;
use egui::text::{LayoutJob, TextWrapping};
use egui::{Color32, CornerRadius, FontId, Pos2, Rect, Stroke, StrokeKind, Ui, Vec2};

/// Width of the card.
pub const WIDE: f32 = 320.0;
const TALL: f32 = 128.0;

/// Draws the card `above` points below the upper edge; returns where it ends.
pub fn card_ui(
    ui: &Ui,
    view: &mut View<'_>,
    scene: &Scene<'_>,
    item: Option<u32>,
    above: f32,
) -> f32 {
    let Some(item) = item.filter(|&i| scene.item(i).is_some()) else {
        return above;
    };
    if scene.rect.width() < 2.0 * WIDE || scene.rect.height() < above + TALL + 20.0 {
        return above;
    }
    let t = scene.t;
    let corner = scene.rect.right_top() + Vec2::new(-WIDE - 10.0, above + 10.0);
    let rect = Rect::from_min_size(corner, Vec2::new(WIDE, TALL));
    let line = Stroke::new(1.0, t.line);
    ui.painter().rect(
        rect,
        CornerRadius::same(5),
        t.panel.gamma_multiply(0.96),
        line,
        StrokeKind::Inside,
    );
    let picture = Rect::from_min_size(rect.min + Vec2::splat(10.0), Vec2::splat(TALL - 20.0));
    let image = scene.image_of(item);
    picture_in(ui, view.pictures, image as u32, picture, true);
    let (side, row) = scene.row(item);
    let left = picture.right() + 10.0;
    let mut y = rect.top() + 9.0;
    let mut write = |words: &str, size: f32, colour: Color32, rows: usize| {
        let wide = rect.right() - left - 10.0;
        let mut job = LayoutJob::simple(words.to_owned(), FontId::proportional(size), colour, wide);
        job.wrap = TextWrapping {
            max_width: wide,
            max_rows: rows,
            ..TextWrapping::default()
        };
        let galley = bidi::galley(ui, job);
        let tall = galley.size().y;
        ui.painter().galley(Pos2::new(left, y), galley, colour);
        y += tall + 3.0;
    };
    let name = scene.dataset.images.get(image).map_or("", |i| &i.name);
    write(name, 13.0, t.text, 1);
    match standing(scene.ranking, side, row) {
        Some((rank, margin)) => {
            let all = match side {
                Side::Image => scene.shown.items[1],
                Side::Text => scene.shown.items[0],
            };
            let [rank, all] = [rank as usize, all].map(grouped);
            let text = format!("rank {rank} of {all} · margin {}", signed(margin, 3));
            write(&text, 12.0, margin_colour(&t, margin), 1);
        }
        None => write("not ranked yet", 12.0, t.weak, 1),
    }
    let own = right(scene.dataset, (side, row));
    if !own.is_empty() {
        write(&format!("Right: {own}"), 12.0, t.good, 2);
    }
    if let Some(miss) = scene.near_miss(item) {
        let miss = words(scene.dataset, miss);
        write(&format!("Near miss: {miss}"), 12.0, t.bad, 2);
    }
    above + 10.0 + TALL
}
