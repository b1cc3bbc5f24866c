//! Which jobs of the map run.

use super::points::Painter;
use super::state::{Lines, Mode, Near, ShownMap, Sketch, State, cursor, fresh};
use super::{Command, Event, MapView, Outline, Slot, colours};
use crate::compute::{Embedded, Engine};
use crate::dataset::Dataset;
use crate::dataset::coordinates::{self, Values};
use crate::desktop::core::{DataSource, Derived, Part, holds, words};
use crate::desktop::feature::{Desk, Feature};
use crate::error::{Error, Result};
use crate::map::{Map, MapOptions, NEAR, Plane, Projection, Rows, clusters, imported, make};
use crate::task::{Task, aside, lock};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

/// The layout on its way, the latest alone; the window takes it out.
pub type Latest = Arc<Mutex<Option<Sketch>>>;

/// Items between two looks at whether a job was cancelled.
const STRIDE: usize = 4096;

/// What is laid out and how, in words.
fn options_told(options: &MapOptions) -> String {
    let how = match options.projection {
        Projection::Pca => String::new(),
        Projection::Tsne => format!(" · perplexity {}", options.perplexity),
        Projection::Umap => format!(
            " · {} neighbours, least distance {}, spread {}",
            options.neighbours, options.least_distance, options.spread
        ),
    };
    let centre = if options.centre {
        " · sides centred"
    } else {
        ""
    };
    let (projection, of) = (
        options.projection.title(),
        options.of.title().to_lowercase(),
    );
    format!("{projection}, {of}{how}{centre} · seed {}", options.seed)
}

impl MapView {
    /// Starts what has become possible, while the map is shown.
    pub(super) fn start_jobs(&mut self, desk: &mut Desk<'_, Self>) {
        if desk.session.tab != Self::TAB {
            return;
        }
        if !self.work.chosen {
            self.state.painter = Painter::choose(desk.window.as_ref());
            self.work.chosen = true;
        }
        let now = desk.session.now();
        if desk.is_running(Slot::LayOut)
            && let Some(sketch) = lock(&self.work.latest).take()
        {
            self.state.sketch = Derived::new(desk.basis(Slot::LayOut), Arc::new(sketch));
        }
        let points = desk
            .session
            .embedded()
            .map(|e| e.images.rows() + e.texts.rows());
        let quick = points.is_some_and(|points| points <= State::QUICK);
        if self.state.shown.get(now).is_none() && self.state.asked.get(now).is_none() {
            match desk.session.workspace.map.clone() {
                Some(path) => self.import(desk, path),
                None if quick => self.lay_out(desk),
                None => {}
            }
        }
        self.colour(desk);
        self.look_near(desk);
    }

    /// Lays out the points of what is open.
    pub(super) fn lay_out(&mut self, desk: &mut Desk<'_, Self>) {
        let (Some(embedded), Some(engine)) =
            (desk.session.embedded().cloned(), desk.engine.clone())
        else {
            return;
        };
        let dataset = desk.session.dataset().cloned();
        self.state.asked = Derived::new(desk.basis(Slot::LayOut), ());
        let mut options = self.state.options.clone();
        if embedded.texts.rows() == 0 {
            options.of = crate::map::Of::Images;
        }
        let (latest, painter) = (Arc::clone(&self.work.latest), self.state.painter.clone());
        let encoder = Self::encoder(desk);
        let dark = desk.ctx.theme() == egui::Theme::Dark;
        *lock(&latest) = None;
        let title = format!("{}: laying out", options.projection.title());
        let again = [
            Command::SetOptions(Box::new(options.clone())),
            Command::LayOut,
        ];
        let about = [Part::Data, Part::Encoder, Part::Measure, Part::Embeddings];
        desk.began(Slot::LayOut, "Map", options_told(&options), &about, again);
        desk.start(Slot::LayOut, title, move |task| {
            aside(|| {
                let mut watch = |points: &[[f32; 2]], images: usize| {
                    if lock(&latest).is_some() {
                        // The window has not taken the one before: it is not looked at.
                        return;
                    }
                    let plane = plane(points, images);
                    *lock(&latest) = Some(colours::sketch(plane, &painter, dark));
                };
                let map = make(&*engine, &embedded, &options, &mut watch, task)?;
                let plane = plane(&map.points, map.images);
                let data = dataset.as_deref();
                let shown = shown(map, plane, data, &embedded, &painter, encoder, task)?;
                Ok(Event::Made(Arc::new(shown)))
            })
        });
    }

    /// What embedded what is open, in words.
    fn encoder(desk: &Desk<'_, Self>) -> String {
        let given = matches!(
            desk.session.workspace.data,
            Some(DataSource::Embeddings { .. })
        );
        let encoder = desk.session.encoder().filter(|_| !given);
        encoder.map_or_else(|| "given embeddings".to_owned(), |e| e.name.clone())
    }

    /// Shows the coordinates of a file.
    pub(super) fn import(&mut self, desk: &mut Desk<'_, Self>, path: PathBuf) {
        let (Some(embedded), Some(dataset)) = (
            desk.session.embedded().cloned(),
            desk.session.dataset().cloned(),
        ) else {
            return;
        };
        let (painter, encoder) = (self.state.painter.clone(), Self::encoder(desk));
        self.state.asked = Derived::new(desk.basis(Slot::LayOut), ());
        let options = self.state.options.clone();
        desk.start(Slot::Import, "Reading coordinates", move |task| {
            aside(|| {
                let sizes = [embedded.images.rows(), embedded.texts.rows()];
                let found = coordinates::read(&path, sizes[0], sizes[1], Some(&dataset), task)?;
                let (order, images, _) = found.in_order(&path, sizes[0], sizes[1])?;
                let points: Vec<[f64; 2]> = order.iter().map(|&at| found.points[at]).collect();
                let map = imported(&embedded, &points, images, &options, task)?;
                let columns = found.columns.into_iter().map(|(name, values)| {
                    let values = match values {
                        Values::Numbers(all) => {
                            Values::Numbers(order.iter().map(|&at| all[at]).collect())
                        }
                        Values::Words(all) => {
                            Values::Words(order.iter().map(|&at| all[at].clone()).collect())
                        }
                    };
                    (name, values)
                });
                let columns = columns.collect();
                // Of the coordinates as the file has them: a map keeps float32 alone.
                let plane = Plane::new(&points, images);
                let data = Some(&*dataset);
                let mut shown = shown(map, plane, data, &embedded, &painter, encoder, task)?;
                shown.columns = columns;
                shown.file = Some(path);
                Ok(Event::Made(Arc::new(shown)))
            })
        });
    }

    /// Writes the coordinates of the map.
    pub(super) fn export(&mut self, desk: &mut Desk<'_, Self>, path: PathBuf) {
        let now = desk.session.now();
        let Some(shown) = self.state.shown.get(now).cloned() else {
            return;
        };
        let dataset = desk.session.dataset().cloned();
        desk.start(Slot::Export, "Writing coordinates", move |task| {
            let (points, images) = (&shown.map.points, shown.map.images);
            coordinates::write(&path, points, images, dataset.as_deref(), task)?;
            Ok(Event::Exported(path))
        });
    }

    /// Chooses what is inside `outline`.
    pub(super) fn choose(
        &mut self,
        desk: &mut Desk<'_, Self>,
        outline: Outline,
        mode: Mode,
        pinned: bool,
    ) {
        let now = desk.session.now();
        let before = self.state.selection.get(now).map(|s| Arc::clone(&s.items));
        let before = before.unwrap_or_default();
        let combined = move |new: Vec<u32>| combine(&before, new, mode);
        match outline {
            Outline::Item(item) => self.chosen(desk, combined(vec![item])),
            Outline::Items(items) => self.chosen(desk, combined(items)),
            Outline::Polygon(corners) => {
                let shown = if pinned {
                    self.state.pinned.get(now).map(|kept| &kept.shown)
                } else {
                    self.state.shown.get(now)
                };
                let Some(shown) = shown.cloned() else {
                    return;
                };
                desk.start(Slot::Choose, "Choosing points", move |_| {
                    let points = shown.plane.inside(&corners);
                    let items = points.into_iter().map(|p| shown.item(p)).collect();
                    Ok(Event::Chosen(combined(items)))
                });
            }
        }
    }

    /// Looks for items that hold these words.
    pub(super) fn find(&mut self, desk: &mut Desk<'_, Self>, text: String) {
        let wanted = words(&text);
        let Some(dataset) = desk.session.dataset().cloned() else {
            return;
        };
        if wanted.is_empty() {
            desk.cancel(Slot::Find);
            self.state.found.clear();
            return;
        }
        desk.start(Slot::Find, "Looking for words", move |task| {
            let images = dataset.images.iter().map(|image| image.name.as_str());
            let texts = dataset.captions.iter().map(String::as_str);
            let mut found = Vec::new();
            for (item, title) in images.chain(texts).enumerate() {
                if item % STRIDE == 0 {
                    task.check()?;
                }
                if holds(&wanted, title) {
                    found.push(item as u32);
                }
            }
            Ok(Event::Found(text, found))
        });
    }

    /// Looks for the neighbours, in the space itself, of the row that is the query.
    fn look_near(&mut self, desk: &mut Desk<'_, Self>) {
        let Lines { neighbours, .. } = self.state.lines;
        let Some(item) = cursor(&desk.session) else {
            return;
        };
        let now = desk.session.now();
        let (Some(embedded), Some(engine), Some(shown)) = (
            desk.session.embedded().cloned(),
            desk.engine.clone(),
            self.state.shown.get(now).cloned(),
        ) else {
            return;
        };
        let asked = Some((shown.id, item));
        let Some(point) = shown
            .point(item)
            .filter(|_| neighbours && self.work.near != asked)
        else {
            return;
        };
        self.work.near = asked;
        desk.start(Slot::Near, "Looking for neighbours", move |task| {
            aside(|| near(&*engine, &embedded, &shown, point, task)).map(Event::Near)
        });
    }
}

/// Puts what is new and what was chosen together; both rising.
fn combine(before: &[u32], new: Vec<u32>, mode: Mode) -> Vec<u32> {
    match mode {
        Mode::Replace => new,
        Mode::Add => {
            let mut all = [before, &new].concat();
            all.sort_unstable();
            all.dedup();
            all
        }
        Mode::Subtract => {
            let gone = |item: &u32| new.binary_search(item).is_err();
            before.iter().copied().filter(gone).collect()
        }
    }
}

/// The points of a map as they are looked at.
fn plane(points: &[[f32; 2]], images: usize) -> Plane {
    let points: Vec<[f64; 2]> = points.iter().map(|at| at.map(f64::from)).collect();
    Plane::new(&points, images)
}

/// A map ready to be shown.
fn shown(
    map: Map,
    plane: Plane,
    dataset: Option<&Dataset>,
    embedded: &Embedded,
    painter: &Painter,
    encoder: String,
    task: &Task,
) -> Result<ShownMap> {
    let clusters = clusters(&map.points, map.images, dataset, map.options.seed, task)?;
    Ok(ShownMap {
        id: fresh(),
        places: Arc::new(painter.upload_places(&plane)),
        plane,
        clusters,
        map,
        file: None,
        columns: Vec::new(),
        encoder,
        items: [embedded.images.rows(), embedded.texts.rows()],
    })
}

/// The nearest neighbours of a point among the points of its map, in the space itself.
fn near(
    engine: &dyn Engine,
    embedded: &Embedded,
    shown: &ShownMap,
    point: u32,
    task: &Task,
) -> Result<Near> {
    let options: &MapOptions = &shown.map.options;
    let rows = Rows::of(embedded, options.of, options.centre)?;
    if point as usize >= rows.len() {
        return Err(Error::request("the map has another number of points", ""));
    }
    let query = rows.rows.slice(point as usize..point as usize + 1);
    let top = engine.top_k(&query, &rows.rows, NEAR + 1, task)?;
    let others = top.hits.iter().map(|hit| hit.index).filter(|&p| p != point);
    Ok(Near {
        of: shown.id,
        item: shown.item(point),
        items: others
            .filter(|&p| (p as usize) < rows.len())
            .take(NEAR)
            .map(|p| shown.item(p))
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_is_replaced_added_to_and_taken_from() {
        let before = [2, 5, 9];
        assert_eq!(combine(&before, vec![5, 7], Mode::Replace), [5, 7]);
        assert_eq!(combine(&before, vec![5, 7], Mode::Add), [2, 5, 7, 9]);
        assert_eq!(combine(&before, vec![5, 7], Mode::Subtract), [2, 9]);
    }
}
