//! How far to trust a map, and the gap between images and captions.

use crate::desktop::map::ShownMap;
use crate::desktop::shell::theme::tokens;
use crate::desktop::shell::widgets::{bar, grouped, heading, weak};
use crate::map::{Gap, NEAR};
use egui::{Align, Layout, Rect, Sense, Ui, Vec2};

/// How well the map keeps what is near, against a map at random.
pub fn trust_ui(ui: &mut Ui, shown: &ShownMap) {
    heading(ui, "How far to trust this map");
    let (Some(q), Some(random)) = (&shown.map.quality, &shown.map.floor) else {
        weak(ui, "Fewer than three points: there is nothing to measure.");
        return;
    };
    let random = [random.trustworthiness, random.continuity, random.knn_recall];
    let figures = [
        (
            format!("Trustworthiness at {NEAR}"),
            q.trustworthiness,
            "1 where what is near on the map is near in the space (Venna and Kaski, 2001)",
        ),
        (
            format!("Continuity at {NEAR}"),
            q.continuity,
            "1 where what is near in the space is near on the map (Venna and Kaski, 2001)",
        ),
        (
            format!("Neighbours kept of {NEAR}"),
            q.knn_recall,
            "Of the nearest points in the space, the share that is among as many nearest on the map",
        ),
    ];
    for ((name, value, hint), random) in figures.into_iter().zip(random) {
        figure_ui(ui, &name, value, random, hint);
    }
    let kept = q.knn_recall;
    let one_in = (1.0 / kept.max(1e-3)).round();
    let told = if kept >= 0.75 {
        "Neighbours can be read off this map.".to_owned()
    } else if q.trustworthiness >= 0.9 {
        format!(
            "Groups can be trusted; of a point's {NEAR} nearest, about one in {one_in:.0} is near it here."
        )
    } else {
        format!(
            "Trust little here: of a point's {NEAR} nearest, about one in {one_in:.0} is near it here."
        )
    };
    weak(ui, format!("The mark is a random map. {told}"));
    if let Some(sampled) = q.sampled {
        weak(
            ui,
            format!(
                "Measured at {} points, against all others.",
                grouped(sampled)
            ),
        );
    }
    if let Some([x, y]) = shown.map.explained {
        weak(
            ui,
            format!(
                "The axes have {:.1} % and {:.1} % of the variance.",
                100.0 * x,
                100.0 * y
            ),
        );
    }
}

fn figure_ui(ui: &mut Ui, name: &str, value: f64, random: f64, hint: &str) {
    let t = tokens(ui);
    ui.horizontal(|ui| {
        ui.label(name).on_hover_text(hint);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.label(format!("{value:.3}"));
        });
    });
    let (rect, _) = ui.allocate_exact_size(Vec2::new(ui.available_width(), 7.0), Sense::hover());
    bar(ui, rect, value as f32, t.bar);
    let x = rect.left() + rect.width() * random.clamp(0.0, 1.0) as f32;
    let mark = Rect::from_min_size(egui::pos2(x - 1.0, rect.top() - 2.0), Vec2::new(2.0, 11.0));
    ui.painter().rect_filled(mark, 0, t.text);
}

/// Where the means are nearer than this, no plane between the sides shows on a map.
const WIDE: f64 = 0.2;

/// The gap between images and captions.
pub fn gap_ui(ui: &mut Ui, shown: &ShownMap, gap: &Gap) {
    heading(ui, "Gap between images and captions");
    let said = |figure: Option<f64>| {
        figure.map_or_else(|| "too few rows".to_owned(), |v| format!("{v:.3}"))
    };
    let apart = gap.separable.map_or_else(
        || "too few rows".to_owned(),
        |v| format!("{:.1} %", 100.0 * v),
    );
    let rows = [
        (
            "Centroids apart",
            format!("{:.3}", gap.distance),
            "Distance of the mean image from the mean caption, of unit rows (arXiv 2203.02053)",
        ),
        (
            "Told apart linearly",
            apart,
            "Balanced accuracy of a linear classifier on groups that it was not made from; 50 % is chance",
        ),
        (
            "Cosine of two images",
            said(gap.images_cosine),
            "Mean over all pairs: how narrow their cone is",
        ),
        (
            "Cosine of two captions",
            said(gap.texts_cosine),
            "Mean over all pairs: how narrow their cone is",
        ),
    ];
    for (name, value, hint) in rows {
        ui.horizontal(|ui| {
            weak(ui, name).on_hover_text(hint);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| ui.label(value));
        });
    }
    let told = match gap.separable {
        None => "There are too few rows to say whether there is a gap.",
        Some(share) if share < 0.6 => "No gap: this encoder mixes them.",
        Some(share) if share < 0.9 => "A small gap.",
        Some(_) if gap.distance < WIDE => {
            "No wide gap: their means are near, but each side has traits of its own that tell it apart."
        }
        Some(_) => "A gap: images and captions lie apart, whatever they show.",
    };
    ui.label(told);
    if shown.map.options.centre {
        weak(
            ui,
            "Both sides are centred in this map, which closes the gap for the map alone.",
        );
    }
}
