//! The pictures beside the query's words: its own, and that of what ranks first.

use super::View;
use crate::dataset::Dataset;
use crate::desktop::core::{Key, Query, Session};
use crate::desktop::shell::theme::{Tokens, tokens};
use crate::desktop::shell::widgets::{grouped, picture_in};
use crate::desktop::shell::{bidi, large};
use crate::retrieval::Side;
use egui::{Color32, CornerRadius, FontId, Rect, Sense, Ui, Vec2};

/// Room between pictures, in points.
const GAP: f32 = 8.0;
/// Height of what is written below a picture, in points.
const LINE: f32 = 18.0;

/// A picture beside the query.
struct Beside {
    /// `None` while it is not known.
    image: Option<u32>,
    /// What it is, in a few words.
    text: String,
    ink: Color32,
    hint: &'static str,
}

/// Draws the query's own picture and that of what ranks first, where there are such.
pub fn pictures_ui(ui: &mut Ui, view: &mut View<'_>, dataset: &Dataset) {
    let t = tokens(ui);
    let own = own(view.session, dataset, &t);
    let first = dataset
        .has_pictures()
        .then(|| first(view.session, dataset, &t));
    let all: Vec<Beside> = own.into_iter().chain(first.flatten()).collect();
    let (part, most) = match all.len() {
        0 => return,
        1 => (0.24, 240.0),
        _ => (0.2, 220.0),
    };
    let side = (ui.available_width() * part).clamp(110.0, most);
    // A picture alone needs no words.
    let below = if all.len() > 1 { LINE } else { 0.0 };
    let wide = side * all.len() as f32 + GAP * (all.len() - 1) as f32;
    let (strip, _) = ui.allocate_exact_size(egui::vec2(wide, side + below), Sense::hover());
    for (n, beside) in all.iter().enumerate() {
        let corner = strip.min + egui::vec2(n as f32 * (side + GAP), 0.0);
        let rect = Rect::from_min_size(corner, Vec2::splat(side));
        ui.painter()
            .rect_filled(rect, CornerRadius::same(5), t.panel);
        if let Some(image) = beside.image {
            let name = image_name(view.session, dataset, image);
            let what = format!("{name}, {}", beside.text);
            let response = large::opener(ui, &mut view.shell, image, rect, &what);
            response.on_hover_text(beside.hint);
            picture_in(ui, view.pictures, image, rect, false);
        }
        if below > 0.0 {
            let font = FontId::proportional(12.0);
            let mut job =
                egui::text::LayoutJob::simple(beside.text.clone(), font, beside.ink, side);
            job.wrap.max_rows = 1;
            let galley = bidi::galley(ui, job);
            let at = rect.left_bottom() + egui::vec2(0.0, 3.0);
            ui.painter().galley(at, galley, beside.ink);
        }
    }
}

/// What the image is called.
fn image_name(session: &Session, dataset: &Dataset, image: u32) -> String {
    match session.query() {
        Some(Query::Picture { name, .. }) if image == Key::QUERY => name.clone(),
        _ => {
            let of = dataset.images.get(image as usize);
            of.map_or_else(String::new, |of| of.name.clone())
        }
    }
}

/// The query's own picture: the image that it is, or that its caption belongs to.
fn own(session: &Session, dataset: &Dataset, t: &Tokens) -> Option<Beside> {
    let (image, text, hint) = match session.query()? {
        Query::Row(Side::Image, i) => (*i as u32, "the query", "The image that looks for captions"),
        Query::Row(Side::Text, j) => {
            let hint = "The image that this caption belongs to";
            (dataset.image_of(*j) as u32, "its own image", hint)
        }
        Query::Picture { .. } => (
            Key::QUERY,
            "the query",
            "The picture that looks for captions",
        ),
        Query::Text(_) => return None,
    };
    Some(Beside {
        image: Some(image),
        text: text.to_owned(),
        ink: t.weak,
        hint,
    })
}

/// The picture of what ranks first: the first image, or the image of the first caption where that is not a right one.
fn first(session: &Session, dataset: &Dataset, t: &Tokens) -> Option<Beside> {
    let query = session.query()?;
    let images = query.side() == Side::Text;
    let answer = session.answer().filter(|answer| answer.query == *query);
    let Some(answer) = answer else {
        // Its place is kept, so that nothing moves when the answer comes.
        return images.then(|| Beside {
            image: None,
            text: String::new(),
            ink: t.weak,
            hint: "",
        });
    };
    let hit = answer.hits.first()?;
    let right = answer.is_right(hit);
    if answer.of == Side::Text {
        let hint = "The image that the first caption belongs to";
        return (!right).then(|| Beside {
            image: Some(dataset.image_of(hit.index as usize) as u32),
            text: "of the first caption".to_owned(),
            ink: if answer.positives.is_empty() {
                t.weak
            } else {
                t.bad
            },
            hint,
        });
    }
    let hint = "The image that scores highest";
    let (text, ink) = match answer.rank {
        _ if answer.positives.is_empty() => ("first".to_owned(), t.weak),
        _ if !right => ("first: wrong".to_owned(), t.bad),
        // Wrong ones that are tied with it count as above it.
        Some(rank @ 2..) => (
            format!("first: right, tied: rank {}", grouped(rank as usize)),
            t.bad,
        ),
        _ => ("first: right".to_owned(), t.good),
    };
    Some(Beside {
        image: Some(hit.index),
        text,
        ink,
        hint,
    })
}
