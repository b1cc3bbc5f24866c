//! How the points of a map look: a job makes it whenever what it shows has changed.

mod classes;
mod palette;

use super::points::{Buffers, Painter, Style, style};
use super::state::{Colouring, Dyed, Kept, LegendKey, ShownMap, Sketch, Trail};
use super::{Event, MapView, Slot};
use crate::dataset::Dataset;
use crate::desktop::feature::Desk;
use crate::error::Result;
use crate::map::{Layer, Plane};
use crate::retrieval::Evaluation;
use crate::task::Task;
use classes::classes;
use palette::{grey, rank_colour};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Size of a caption's point against an image's.
const SMALL: f32 = 0.45;

/// What a colouring was made for. It is held, so that nothing else can lie at the same address.
pub struct Wanted {
    shown: Arc<ShownMap>,
    colouring: Colouring,
    ranking: Option<Arc<Evaluation>>,
    selection: Option<Arc<Vec<u32>>>,
    found: Option<Arc<Vec<u32>>>,
    trails: Option<Arc<Vec<Trail>>>,
    /// How often the sets had changed.
    sets: u64,
    dark: bool,
}

/// Are both the same value, not only equal ones?
fn same<T>(a: Option<&Arc<T>>, b: Option<&Arc<T>>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => Arc::ptr_eq(a, b),
        (None, None) => true,
        _ => false,
    }
}

impl PartialEq for Wanted {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shown, &other.shown)
            && self.colouring == other.colouring
            && same(self.ranking.as_ref(), other.ranking.as_ref())
            && same(self.selection.as_ref(), other.selection.as_ref())
            && same(self.found.as_ref(), other.found.as_ref())
            && same(self.trails.as_ref(), other.trails.as_ref())
            && (self.sets, self.dark) == (other.sets, other.dark)
    }
}

/// What points can be coloured by.
struct Sources {
    dataset: Option<Arc<Dataset>>,
    ranking: Option<Arc<Evaluation>>,
    sets: BTreeMap<String, BTreeSet<u32>>,
    trails: Option<Arc<Vec<Trail>>>,
    dark: bool,
}

impl MapView {
    /// Colours the maps that are shown, where what that is by has changed.
    pub(super) fn colour(&mut self, desk: &mut Desk<'_, Self>) {
        let now = desk.session.now();
        let ranking = desk.session.ranking().cloned();
        let shown = self.state.shown.get(now).cloned();
        let kept = self.state.pinned.get(now).cloned();
        let maps = [
            (Slot::Colours, shown.map(|shown| Kept { shown, ranking })),
            (Slot::PinnedColours, kept),
        ];
        for (at, (slot, kept)) in maps.into_iter().enumerate() {
            let Some(Kept { shown, ranking }) = kept else {
                continue;
            };
            let now = desk.session.now();
            let found = self.state.found.get(now);
            let wanted = Wanted {
                shown: Arc::clone(&shown),
                colouring: self.state.colouring.clone(),
                ranking: ranking.clone(),
                selection: self.state.selection.get(now).map(|s| Arc::clone(&s.items)),
                found: found.map(|(_, items)| Arc::clone(items)),
                trails: self.state.trails.get(now).cloned(),
                sets: self.work.sets,
                dark: desk.ctx.theme() == egui::Theme::Dark,
            };
            if self.work.dyed[at].as_ref() == Some(&wanted) {
                continue;
            }
            let (selection, found) = (wanted.selection.clone(), wanted.found.clone());
            let sources = Sources {
                dataset: desk.session.dataset().cloned(),
                ranking,
                sets: desk.session.sets.named.clone(),
                trails: wanted.trails.clone(),
                dark: wanted.dark,
            };
            self.work.dyed[at] = Some(wanted);
            let (colouring, painter) = (self.state.colouring.clone(), self.state.painter.clone());
            desk.start(slot, "Colouring the map", move |task| {
                let chosen = selection.unwrap_or_default();
                let found = found.unwrap_or_default();
                let dyed = dye(
                    &shown,
                    colouring,
                    &sources,
                    [&chosen, &found],
                    &painter,
                    task,
                )?;
                Ok(Event::Dyed(Arc::new(dyed), slot == Slot::PinnedColours))
            });
        }
    }
}

/// A layout on its way: images blue, captions grey.
pub fn sketch(plane: Plane, painter: &Painter, dark: bool) -> Sketch {
    let all = |layer| {
        let look = match layer {
            Layer::Images => style(rank_colour(0, dark), 1.0, false),
            Layer::Texts => style(grey(dark), SMALL, false),
        };
        vec![look; plane.order(layer).len()]
    };
    let styles = Arc::new([all(Layer::Images), all(Layer::Texts)]);
    Sketch {
        places: Arc::new(painter.upload_places(&plane)),
        looks: Arc::new(painter.upload_styles(&styles)),
        plane,
        styles,
    }
}

/// Colours every point.
fn dye(
    shown: &ShownMap,
    colouring: Colouring,
    sources: &Sources,
    marked: [&[u32]; 2],
    painter: &Painter,
    task: &Task,
) -> Result<Dyed> {
    let classes = classes(shown, &colouring, sources);
    let dark = sources.dark;
    let mut counts = vec![[0_usize; 2]; classes.keys.len()];
    let mut rest = [0_usize; 2];
    let mut colours = vec![grey(dark); shown.plane.len()];
    let mut look = |layer: Layer| -> Result<Vec<Style>> {
        let order = shown.plane.order(layer);
        let mut styles = Vec::with_capacity(order.len());
        let side = usize::from(layer == Layer::Texts);
        let size = if layer == Layer::Images { 1.0 } else { SMALL };
        for (at, &point) in order.iter().enumerate() {
            if at % 65_536 == 0 {
                task.check()?;
            }
            let item = shown.item(point);
            let chosen = marked
                .iter()
                .any(|items| items.binary_search(&item).is_ok());
            let colour = if let Some(class) = (classes.of)(point) {
                counts[class][side] += 1;
                classes.keys[class].0
            } else {
                rest[side] += 1;
                grey(dark)
            };
            colours[point as usize] = colour;
            let size = if chosen && layer == Layer::Texts {
                0.8
            } else {
                size
            };
            styles.push(style(colour, size, chosen));
        }
        Ok(styles)
    };
    let styles = [look(Layer::Images)?, look(Layer::Texts)?];
    let mut legend = Vec::new();
    for (&(colour, ref name), counts) in classes.keys.iter().zip(&counts) {
        let square = counts[0] == 0 && counts[1] > 0;
        legend.push(LegendKey {
            colour,
            name: name.clone(),
            points: counts[0] + counts[1],
            square,
        });
    }
    for (side, name) in [(0, "other images"), (1, "captions")] {
        if rest[side] > 0 {
            legend.push(LegendKey {
                colour: grey(dark),
                name: name.to_owned(),
                points: rest[side],
                square: side == 1,
            });
        }
    }
    let looks: Buffers = painter.upload_styles(&styles);
    Ok(Dyed {
        of: shown.id,
        colouring,
        styles: Arc::new(styles),
        looks: Arc::new(looks),
        colours,
        legend,
        note: classes.note,
    })
}
