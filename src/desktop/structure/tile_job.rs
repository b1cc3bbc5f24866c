//! Where the tiles are made: the window says what it wants, newest first; a job does one piece after another and puts it
//! where the window takes it.

use super::state::Reduction;
use crate::compute::{Colours, Embeddings, Engine};
use crate::error::Result;
use crate::retrieval::structure::matrix::{
    Arrangement, Range, Tile, TileKey, make_tile, range_of_tiles,
};
use crate::task::{Task, aside, lock};
use egui::ColorImage;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

/// How tiles are coloured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Paint {
    pub reduction: Reduction,
    pub colours: Colours,
    pub range: Range,
}

/// By what a range is found: the reduction, and the tiles with their samples.
pub type Stretched = (Reduction, Vec<(TileKey, usize)>);

/// One thing to do.
pub enum Piece {
    /// Make this tile from so many samples, and colour it.
    Make(TileKey, usize),
    /// Colour this one again.
    Colour(TileKey, Arc<Tile>),
    /// Find the range of these tiles' scores.
    Range(Stretched, Vec<Arc<Tile>>),
}

/// One thing done.
pub enum Made {
    /// A tile, coloured.
    Tile(TileKey, Arc<Tile>, Paint, ColorImage),
    /// A range for what is seen, and by what it was found.
    Range(Stretched, Range),
}

/// What is wanted and what is done.
#[derive(Default)]
pub struct Queue {
    pub wanted: VecDeque<Piece>,
    pub paint: Option<Paint>,
    pub done: VecDeque<Made>,
    /// The job, and the tile it is at.
    pub now: Option<(u64, TileKey, usize)>,
    /// Jobs begun.
    pub jobs: u64,
}

/// Shared by the window and the job.
pub type TileQueue = Arc<Mutex<Queue>>;

/// What tiles are made from.
pub struct TileInputs {
    pub engine: Arc<dyn Engine>,
    pub images: Arc<Embeddings>,
    pub texts: Arc<Embeddings>,
    pub arrangement: Arc<Arrangement>,
}

/// Does what is wanted until nothing is; `wake` is called whenever something is done.
pub fn work(queue: &TileQueue, inputs: &TileInputs, wake: &dyn Fn(), task: &Task) -> Result<()> {
    let job = {
        let mut state = lock(queue);
        state.jobs += 1;
        state.jobs
    };
    task.begin("Drawing the matrix", 0);
    loop {
        let (piece, paint) = {
            let mut state = lock(queue);
            // Under the lock: a job that was cancelled must take nothing from a newer list.
            task.check()?;
            let (Some(piece), Some(paint)) = (state.wanted.pop_front(), state.paint) else {
                state.now = None;
                return Ok(());
            };
            state.now = match &piece {
                Piece::Make(key, samples) => Some((job, *key, *samples)),
                _ => None,
            };
            (piece, paint)
        };
        let made = aside(|| make(piece, paint, inputs, task));
        let mut state = lock(queue);
        if state.now.is_some_and(|(by, ..)| by == job) {
            state.now = None;
        }
        state.done.extend(made?);
        drop(state);
        wake();
    }
}

fn make(piece: Piece, paint: Paint, inputs: &TileInputs, task: &Task) -> Result<Option<Made>> {
    let engine = &*inputs.engine;
    let (key, tile) = match piece {
        Piece::Range(by, tiles) => {
            let range = range_of_tiles(&tiles, paint.reduction == Reduction::Mean);
            return Ok(range.map(|range| Made::Range(by, range)));
        }
        Piece::Colour(key, tile) => (key, tile),
        Piece::Make(key, samples) => {
            let (images, texts) = (&inputs.images, &inputs.texts);
            let pairs = key.pairs(samples, inputs.arrangement.size());
            task.begin("Drawing the matrix", pairs);
            let tile = make_tile(
                engine,
                images,
                texts,
                &inputs.arrangement,
                key,
                samples,
                task,
            )?;
            (key, Arc::new(tile))
        }
    };
    let cells = &tile.cells;
    let values = match paint.reduction {
        Reduction::Largest => &cells.high,
        Reduction::Mean => &cells.mean,
    };
    let shares: Vec<f32> = values.iter().map(|&v| paint.range.share(v)).collect();
    let rgba = engine.colour(&shares, paint.colours, 1.0)?;
    let image = ColorImage::from_rgba_unmultiplied([cells.columns, cells.rows], &rgba);
    Ok(Some(Made::Tile(key, tile, paint, image)))
}
