//! What the pieces of the drawing share: the map, from where it is seen, and where its items lie on the screen.

use super::super::points::{Look, Scatter};
use super::super::state::row;
use super::View;
use crate::dataset::Dataset;
use crate::desktop::map::{Drawn, Dyed, Painter, ShownMap};
use crate::desktop::shell::theme::Tokens;
use crate::retrieval::{Evaluation, Side};
use egui::{Pos2, Rect, Ui};
use std::sync::Arc;

/// A map being drawn.
pub struct Scene<'a> {
    /// The map.
    pub shown: &'a ShownMap,
    /// How its points look, once coloured.
    pub dyed: Option<&'a Arc<Dyed>>,
    /// The ranking of its encoder.
    pub ranking: Option<&'a Evaluation>,
    /// Images and captions.
    pub dataset: &'a Dataset,
    /// Where it is drawn.
    pub rect: Rect,
    /// From where it is seen.
    pub look: Look,
    /// The theme.
    pub t: Tokens,
}

impl Scene<'_> {
    /// Where an item lies on the screen, where the map has it.
    pub fn item(&self, item: u32) -> Option<Pos2> {
        let at = self.shown.plane.point(self.shown.point(item)?)?;
        Some(self.look.on_screen(self.rect, at))
    }

    /// Where a place of the map's own coordinates lies on the screen.
    pub fn place(&self, at: [f32; 2]) -> Pos2 {
        self.look.on_screen(self.rect, self.shown.plane.at(at))
    }

    /// The side and row of an item.
    pub fn row(&self, item: u32) -> (Side, usize) {
        row(self.dataset, item)
    }

    /// The item of a caption.
    pub fn caption(&self, row: usize) -> u32 {
        (self.dataset.images.len() + row) as u32
    }

    /// The image that an item is, or that its caption belongs to.
    pub fn image_of(&self, item: u32) -> usize {
        image_of(self.dataset, item)
    }

    /// The hardest negative of an item, an item too.
    pub fn near_miss(&self, item: u32) -> Option<u32> {
        near_miss(self.dataset, self.ranking?, self.row(item))
    }

    /// Draws the points; says how many.
    pub fn points(&self, ui: &Ui, painter: &Painter, radius: f32, pale: bool) -> Drawn {
        let Some(dyed) = self.dyed else {
            return Drawn::default();
        };
        let scatter = Scatter {
            plane: &self.shown.plane,
            places: &self.shown.places,
            styles: &dyed.styles,
            looks: &dyed.looks,
            pale,
            ring: self.t.text,
        };
        let pixels = ui.pixels_per_point();
        let (shapes, drawn) = painter.draw(&scatter, self.rect, self.look, radius, pixels);
        ui.painter().with_clip_rect(self.rect).extend(shapes);
        drawn
    }
}

/// The image that an item is, or that its caption belongs to.
pub fn image_of(dataset: &Dataset, item: u32) -> usize {
    match row(dataset, item) {
        (Side::Image, row) => row,
        (Side::Text, row) if row < dataset.captions.len() => dataset.image_of(row),
        (Side::Text, _) => 0,
    }
}

/// The hardest negative of a row, an item.
pub fn near_miss(
    dataset: &Dataset,
    ranking: &Evaluation,
    (side, row): (Side, usize),
) -> Option<u32> {
    let index = ranking.direction(side).hardest.get(row)?.index;
    (index != u32::MAX).then(|| match side {
        Side::Image => dataset.images.len() as u32 + index,
        Side::Text => index,
    })
}

/// What is right for a row, in words: an image's first caption, or the caption itself.
pub fn right(dataset: &Dataset, (side, row): (Side, usize)) -> &str {
    let caption = match side {
        Side::Image if row < dataset.images.len() => dataset.captions_of(row).next(),
        Side::Image => None,
        Side::Text => Some(row),
    };
    caption
        .and_then(|j| dataset.captions.get(j))
        .map_or("", |c| c)
}

/// An item in words: a caption's text, an image's name.
pub fn words(dataset: &Dataset, item: u32) -> &str {
    match row(dataset, item) {
        (Side::Image, row) => dataset.images.get(row).map_or("", |image| &image.name),
        (Side::Text, row) => dataset.captions.get(row).map_or("", |c| c),
    }
}

/// Rank and margin of an item, where it is ranked.
pub fn standing(ranking: Option<&Evaluation>, side: Side, row: usize) -> Option<(u32, f32)> {
    let direction = ranking?.direction(side);
    let rank = *direction.ranks.get(row)?;
    Some((rank, direction.margin(row)))
}

/// The ranking of the encoder that the map is of.
pub fn ranking(view: &View<'_>, pinned: bool) -> Option<Arc<Evaluation>> {
    let now = view.session.now();
    if pinned {
        return view.state.pinned.get(now)?.ranking.clone();
    }
    view.session.ranking().cloned()
}
