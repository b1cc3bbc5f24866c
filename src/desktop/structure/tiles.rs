//! Which tiles of the picture are wanted, and what becomes of those that are made.

use super::state::MatrixLooks;
use super::tile_job::{Made, Paint, Piece, Stretched, TileInputs, TileQueue, work};
use super::{Event, Slot, Structure};
use crate::compute::Engine;
use crate::desktop::core::Embedded;
use crate::desktop::feature::Desk;
use crate::retrieval::structure::matrix::{Tile, TileKey, Viewport, plan};
use crate::task::lock;
use std::collections::HashMap;
use std::sync::Arc;

/// Tiles taken in per frame, so that uploads never make a frame long.
const PER_FRAME: usize = 8;
/// Products that a finer look at all that is seen may take without being asked for: some seconds on two cores.
const BUDGET: u64 = 200_000_000_000;
/// Pairs from which on a tile that is not seen any more is given up.
const LONG: u64 = 4_000_000;

/// What is known of the tiles' textures, and what was asked for last.
#[derive(Default)]
pub struct Tiles {
    queue: TileQueue,
    /// How the texture of each tile is coloured, and from how many samples it is.
    painted: HashMap<TileKey, (Paint, usize)>,
    /// By what the range was found last.
    stretched: Stretched,
    /// What the list of wanted pieces was made for.
    asked: Option<(Viewport, MatrixLooks, Paint)>,
    /// Something changed since then.
    stale: bool,
}

impl Tiles {
    /// Are there tiles to be taken in, or to be asked for?
    pub fn is_busy(&self) -> bool {
        self.asked.is_some() && (self.stale || !lock(&self.queue).done.is_empty())
    }
}

impl Structure {
    /// Takes in tiles that are made, and asks for those that are missing.
    pub(super) fn make_tiles(
        &mut self,
        desk: &mut Desk<'_, Self>,
        embedded: &Embedded,
        engine: &Arc<dyn Engine>,
    ) {
        self.take_tiles(desk);
        let matrix = &mut self.state.matrix;
        let now = desk.session.open.now();
        let (Some(arrangement), Some(viewport)) =
            (matrix.arrangement.get(now).cloned(), matrix.viewport)
        else {
            return;
        };
        let paint = Paint {
            reduction: matrix.looks.reduction,
            colours: matrix.looks.colours,
            range: matrix.range,
        };
        let asked = (viewport, matrix.looks, paint);
        if matrix.stopped || (self.work.tiles.asked == Some(asked) && !self.work.tiles.stale) {
            return;
        }
        self.work.tiles.asked = Some(asked);
        self.work.tiles.stale = false;
        let size = arrangement.size();
        matrix.seen = viewport.tiles(size);
        matrix.tiles.touch(&matrix.seen);
        let budget = if matrix.looks.exact {
            u64::MAX
        } else {
            BUDGET / embedded.images.dim().max(1) as u64
        };
        let have = |key| matrix.tiles.get(key).map(|tile| tile.samples);
        let makes = plan(&matrix.seen, size, budget, have);
        matrix.waiting = makes.len();
        let there: Vec<(TileKey, Arc<Tile>)> = matrix
            .seen
            .iter()
            .filter_map(|&key| Some((key, Arc::clone(matrix.tiles.get(key)?))))
            .collect();
        let mut pieces: Vec<Piece> = Vec::new();
        let samples: Vec<_> = there
            .iter()
            .map(|(key, tile)| (*key, tile.samples))
            .collect();
        // While tiles are refined the colours stay, unless other tiles came into view.
        let now = (matrix.looks.reduction, samples);
        let before = &self.work.tiles.stretched;
        let mut pairs = before.1.iter().zip(&now.1);
        let same = before.1.len() == now.1.len() && pairs.all(|(a, b)| a.0 == b.0);
        let due = before.0 != now.0 || !same || (before.1 != now.1 && makes.is_empty());
        if matrix.looks.stretch && due && there.len() == matrix.seen.len() {
            let tiles = there.iter().map(|t| Arc::clone(&t.1)).collect();
            pieces.push(Piece::Range(now, tiles));
        }
        if !matrix.looks.stretch {
            self.work.tiles.stretched.1.clear();
        }
        for (key, tile) in there {
            if self.work.tiles.painted.get(&key) != Some(&(paint, tile.samples)) {
                pieces.push(Piece::Colour(key, tile));
            }
        }
        // A long piece of work on what is not seen any more only stands in the way.
        let now = lock(&self.work.tiles.queue).now;
        let mut now = now.map(|(_, key, samples)| (key, samples));
        if let Some(make) = now
            && !makes.contains(&make)
            && make.0.pairs(make.1, size) > LONG
        {
            desk.cancel(Slot::Tiles);
            now = None;
        }
        let mut state = lock(&self.work.tiles.queue);
        if now.is_none() {
            state.now = None;
        }
        let done = |key: TileKey, samples: usize| {
            let same = |made: &Made| matches!(made, Made::Tile(k, t, ..) if *k == key && t.samples >= samples);
            state.done.iter().any(same)
        };
        let open = makes
            .iter()
            .filter(|make| Some(**make) != now && !done(make.0, make.1))
            .map(|&(key, samples)| Piece::Make(key, samples));
        pieces.extend(open);
        state.paint = Some(paint);
        state.wanted = pieces.into();
        let idle = state.wanted.is_empty();
        drop(state);
        if !idle && !desk.is_running(Slot::Tiles) {
            let queue = Arc::clone(&self.work.tiles.queue);
            let inputs = TileInputs {
                engine: Arc::clone(engine),
                images: Arc::clone(&embedded.images),
                texts: Arc::clone(&embedded.texts),
                arrangement,
            };
            let ctx = desk.ctx.clone();
            desk.start(Slot::Tiles, "Drawing the matrix", move |task| {
                work(&queue, &inputs, &|| ctx.request_repaint(), task)?;
                Ok(Event::Rest)
            });
        }
    }

    /// Takes in some of the tiles that are made.
    fn take_tiles(&mut self, desk: &mut Desk<'_, Self>) {
        let tiles = &mut self.work.tiles;
        let matrix = &mut self.state.matrix;
        let mut state = lock(&tiles.queue);
        let count = state.done.len().min(PER_FRAME);
        let made: Vec<Made> = state.done.drain(..count).collect();
        let more = !state.done.is_empty();
        drop(state);
        if more {
            desk.ctx.request_repaint();
        }
        tiles.stale |= !made.is_empty();
        for made in made {
            match made {
                Made::Range(by, range) => {
                    if matrix.looks.stretch {
                        matrix.range = range;
                        tiles.stretched = by;
                    }
                }
                Made::Tile(key, tile, paint, image) => {
                    let samples = tile.samples;
                    for gone in matrix.tiles.insert(key, tile) {
                        tiles.painted.remove(&gone);
                        self.state.textures.remove(gone);
                    }
                    if matrix.tiles.get(key).is_some_and(|t| t.samples == samples) {
                        tiles.painted.insert(key, (paint, samples));
                        self.state.textures.insert(desk.ctx, key, image);
                    }
                }
            }
        }
    }

    /// Nothing is looked at: nothing is made. The job ends by itself.
    pub(super) fn rest_tiles(&mut self, desk: &mut Desk<'_, Self>) {
        let tiles = &mut self.work.tiles;
        if tiles.asked.take().is_some() {
            tiles.stale = false;
            tiles.queue = TileQueue::default();
            desk.cancel(Slot::Tiles);
        }
    }

    /// Stops until the next move.
    pub(super) fn stop_tiles(&mut self, desk: &mut Desk<'_, Self>) {
        self.state.matrix.stopped = true;
        self.work.tiles.asked = None;
        self.work.tiles.queue = TileQueue::default();
        desk.cancel(Slot::Tiles);
    }
}
