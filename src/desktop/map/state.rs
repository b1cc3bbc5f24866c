//! What the map view shows, and how it is looked at.

use super::points::{Buffers, Painter, Style};
use crate::dataset::Dataset;
use crate::dataset::coordinates::Values;
use crate::desktop::core::{Basis, Derived, Query, Session};
use crate::map::{Map, MapOptions, NamedClusters, Plane};
use crate::retrieval::{Evaluation, Side};
use egui::Color32;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A number that no other map and no other colouring has.
pub fn fresh() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// A map as it is shown.
pub struct ShownMap {
    /// Tells it from others.
    pub id: u64,
    /// Coordinates and figures.
    pub map: Map,
    /// The file that the coordinates come from, where they were not made here.
    pub file: Option<PathBuf>,
    /// The points as they are looked at.
    pub plane: Plane,
    /// The same on the window's device.
    pub places: Arc<Buffers>,
    /// Clusters with their names.
    pub clusters: NamedClusters,
    /// Other columns of the file, in the order of the points.
    pub columns: Vec<(String, Values)>,
    /// What embedded it.
    pub encoder: String,
    /// Images and captions of the dataset.
    pub items: [usize; 2],
}

impl ShownMap {
    /// How far the map is to be trusted, in words.
    pub fn figure(&self) -> String {
        let points = crate::error::thousands(self.map.points.len() as u64);
        match &self.map.quality {
            Some(quality) => format!(
                "{points} points, trustworthiness {:.3}, continuity {:.3}",
                quality.trustworthiness, quality.continuity
            ),
            None => format!("{points} points"),
        }
    }

    /// The item that a point is: images are numbered from 0, captions go on from there.
    pub fn item(&self, point: u32) -> u32 {
        let images = self.map.images as u32;
        if point < images {
            point
        } else {
            point - images + self.items[0] as u32
        }
    }

    /// The point of an item, where the map has it.
    pub fn point(&self, item: u32) -> Option<u32> {
        let (images, all) = (self.map.images as u32, self.items[0] as u32);
        let point = match item.checked_sub(all) {
            None => (item < images).then_some(item)?,
            Some(text) => images + text,
        };
        ((point as usize) < self.map.points.len()).then_some(point)
    }
}

/// A map that was kept, with the ranking of the encoder that it is of.
#[derive(Clone)]
pub struct Kept {
    /// The map.
    pub shown: Arc<ShownMap>,
    /// The ranking; `None` where there was none.
    pub ranking: Option<Arc<Evaluation>>,
}

/// A layout on its way.
pub struct Sketch {
    /// The points as they are looked at.
    pub plane: Plane,
    /// The same on the window's device.
    pub places: Arc<Buffers>,
    /// How they look.
    pub styles: Arc<[Vec<Style>; 2]>,
    /// The same on the window's device.
    pub looks: Arc<Buffers>,
}

/// By what points are coloured.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub enum Colouring {
    /// Images against captions.
    Modality,
    /// The rank of the right one.
    #[default]
    Rank,
    /// The margin to the hardest negative.
    Margin,
    /// The cluster of the map.
    Cluster,
    /// The folder of the image.
    Folder,
    /// The named sets.
    Sets,
    /// What became of the pictures that were attacked for the map.
    Attacked,
    /// A column of the file that the coordinates come from.
    Column(String),
}

impl Colouring {
    /// Those that every map has, for menus.
    pub const ALWAYS: [Self; 6] = [
        Self::Rank,
        Self::Margin,
        Self::Modality,
        Self::Cluster,
        Self::Sets,
        Self::Attacked,
    ];

    /// As the menu calls it.
    pub fn title(&self) -> String {
        match self {
            Self::Modality => "image or caption".into(),
            Self::Rank => "rank of the right one".into(),
            Self::Margin => "margin".into(),
            Self::Cluster => "cluster".into(),
            Self::Folder => "folder".into(),
            Self::Sets => "set".into(),
            Self::Attacked => "attack".into(),
            Self::Column(name) => name.clone(),
        }
    }
}

/// A line of the legend.
#[derive(Debug, Clone, PartialEq)]
pub struct LegendKey {
    /// Its colour.
    pub colour: Color32,
    /// What has it.
    pub name: String,
    /// Points that have it.
    pub points: usize,
    /// Are they captions, which are squares?
    pub square: bool,
}

/// How the points of a map look.
#[derive(Default)]
pub struct Dyed {
    /// The map.
    pub of: u64,
    /// By what.
    pub colouring: Colouring,
    /// By layer, in the order of the plane.
    pub styles: Arc<[Vec<Style>; 2]>,
    /// The same on the window's device.
    pub looks: Arc<Buffers>,
    /// The colour of each point.
    pub colours: Vec<Color32>,
    /// What the colours mean.
    pub legend: Vec<LegendKey>,
    /// What cannot be coloured so, in words; empty where all can.
    pub note: String,
}

/// Which lines are drawn: each of them is chosen by itself.
#[expect(clippy::struct_excessive_bools, reason = "four boxes that are ticked")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lines {
    /// From an image to its captions.
    pub captions: bool,
    /// To the hardest negative.
    pub near_miss: bool,
    /// To the nearest neighbours in the space itself.
    pub neighbours: bool,
    /// Of every image in sight, rather than of what is chosen.
    pub all: bool,
}

impl Default for Lines {
    fn default() -> Self {
        Self {
            captions: true,
            near_miss: true,
            neighbours: false,
            all: false,
        }
    }
}

/// How what is drawn around changes what is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// It alone is chosen.
    #[default]
    Replace,
    /// It is chosen too.
    Add,
    /// It is no longer chosen.
    Subtract,
}

/// The items that are chosen, rising, and what was chosen before.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// What is chosen now.
    pub items: Arc<Vec<u32>>,
    /// What was chosen before, the latest last.
    pub before: Vec<Arc<Vec<u32>>>,
    /// How often it changed: no frame compares a million items.
    pub changes: u64,
}

/// Steps of the choice that can be undone.
const UNDO: usize = 50;

impl Selection {
    /// Chooses other items; what was chosen can be had back.
    pub fn choose(&mut self, items: Vec<u32>) {
        let before = std::mem::replace(&mut self.items, Arc::new(items));
        self.changes += 1;
        self.before.push(before);
        if self.before.len() > UNDO {
            self.before.remove(0);
        }
    }

    /// Chooses what was chosen before.
    pub fn undo(&mut self) {
        if let Some(before) = self.before.pop() {
            self.items = before;
            self.changes += 1;
        }
    }
}

/// The nearest neighbours of an item in the space itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Near {
    /// The map, which says among which points they are looked for.
    pub of: u64,
    /// The item.
    pub item: u32,
    /// Its neighbours, the nearest first.
    pub items: Vec<u32>,
}

/// The path of an attacked picture over the map.
#[derive(Debug, Clone, PartialEq)]
pub struct Trail {
    /// The image.
    pub image: u32,
    /// The caption that is to win, an item.
    pub aim: u32,
    /// Places in the coordinates of the map: of the clean picture, then after each step.
    pub places: Vec<[f32; 2]>,
    /// The step of each place.
    pub steps: Vec<usize>,
    /// Rank of the right caption at each place.
    pub ranks: Vec<u32>,
    /// Rank of the caption that is to win.
    pub aims: Vec<u32>,
    /// How it was attacked, in words.
    pub told: String,
}

impl Trail {
    /// Does the caption that was to win stand before the right one at the end?
    pub fn is_broken(&self) -> bool {
        let ends = self.ranks.last().zip(self.aims.last());
        ends.is_some_and(|(&right, &aim)| aim == 1 && right > 1)
    }
}

/// What the map view shows.
#[derive(Default)]
pub struct State {
    /// How the next map is laid out.
    pub options: MapOptions,
    /// The map.
    pub shown: Derived<Arc<ShownMap>>,
    /// The layout on its way.
    pub sketch: Derived<Arc<Sketch>>,
    /// A map of the same data that was kept, to be seen beside.
    pub pinned: Derived<Kept>,
    /// By what points are coloured.
    pub colouring: Colouring,
    /// How the points of the map look.
    pub dyed: Option<Arc<Dyed>>,
    /// The same for the map that was kept.
    pub pinned_dyed: Option<Arc<Dyed>>,
    /// Which lines are drawn.
    pub lines: Lines,
    /// What is chosen.
    pub selection: Derived<Selection>,
    /// What was looked for, and the items that hold it.
    pub found: Derived<(String, Arc<Vec<u32>>)>,
    /// The nearest neighbours of the item that was looked at last.
    pub near: Derived<Near>,
    /// The paths of attacked pictures over the map that is shown.
    pub trails: Derived<Arc<Vec<Trail>>>,
    /// Where points are drawn.
    pub painter: Painter,
    /// Laying out has been asked for, or was done by itself.
    pub asked: Derived<()>,
}

impl State {
    /// Points up to which a map is made without being asked for: some seconds on two cores.
    pub const QUICK: usize = 20_000;

    /// The items that are chosen; none while nothing is.
    pub fn chosen(&self, session: &Session) -> &[u32] {
        let selection = self.selection.get(session.now());
        selection.map_or(&[], |s| s.items.as_slice())
    }

    /// The items that are chosen, to be kept, and how often they changed.
    pub fn choice(&self, session: &Session) -> (Arc<Vec<u32>>, u64) {
        let selection = self.selection.get(session.now());
        selection.map_or_else(Default::default, |s| (Arc::clone(&s.items), s.changes))
    }

    /// How the points of `shown` look, once a job has coloured them.
    pub fn dyed_of(&self, shown: &ShownMap) -> Option<&Arc<Dyed>> {
        let both = [&self.dyed, &self.pinned_dyed];
        both.into_iter().flatten().find(|dyed| dyed.of == shown.id)
    }

    /// Takes a map in.
    pub fn show(&mut self, basis: Basis, shown: Arc<ShownMap>) {
        self.sketch.clear();
        self.near.clear();
        self.trails.clear();
        self.shown = Derived::new(basis, shown);
    }
}

/// The side and row of an item.
pub fn row(dataset: &Dataset, item: u32) -> (Side, usize) {
    let images = dataset.images.len();
    match (item as usize).checked_sub(images) {
        None => (Side::Image, item as usize),
        Some(text) => (Side::Text, text),
    }
}

/// The item that is the query.
pub fn cursor(session: &Session) -> Option<u32> {
    let images = session.dataset()?.images.len();
    match session.query()? {
        Query::Row(Side::Image, row) => Some(*row as u32),
        Query::Row(Side::Text, row) => Some((images + row) as u32),
        Query::Text(_) | Query::Picture { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_can_be_undone() {
        let mut selection = Selection::default();
        selection.choose(vec![1, 2]);
        selection.choose(vec![3]);
        selection.undo();
        assert_eq!(*selection.items, [1, 2]);
        selection.undo();
        selection.undo();
        assert!(selection.items.is_empty());
        for n in 0..80 {
            selection.choose(vec![n]);
        }
        assert_eq!(selection.before.len(), UNDO);
    }
}
