//! The cosines that make up pictures: the basis of the discrete cosine transform (DCT-II), orthonormal.

use super::frame::Frame;
use fastrand::Rng;
use std::f64::consts::PI;

/// Basis vector `frequency` of `n` values: `a cos(pi (2i + 1) frequency / 2n)`, of norm 1.
fn cosine(n: usize, frequency: usize) -> Vec<f64> {
    let scale = if frequency == 0 { 1.0 } else { 2.0 };
    let scale = (scale / n as f64).sqrt();
    (0..n)
        .map(|i| {
            // The angle repeats every 4n halves: reduced first, it stays exact.
            let turn = ((2 * i + 1) * frequency) % (4 * n);
            scale * (PI * turn as f64 / (2 * n) as f64).cos()
        })
        .collect()
}

/// A basis picture: a channel, and its vertical and horizontal frequency within a frame's rectangle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Wave {
    pub channel: usize,
    pub v: usize,
    pub u: usize,
}

impl Wave {
    /// Where it is not zero: places in the row, with values.
    pub fn values(self, frame: Frame) -> impl Iterator<Item = (usize, f64)> {
        let columns = cosine(frame.columns, self.u);
        let rows = cosine(frame.rows, self.v).into_iter().enumerate();
        rows.flat_map(move |(y, vertical)| {
            let columns = columns.clone().into_iter().enumerate();
            columns.map(move |(x, horizontal)| {
                let at = frame.at(self.channel, frame.top + y, frame.left + x);
                (at, vertical * horizontal)
            })
        })
    }
}

/// Every basis picture of a frame in random order, low frequencies first: an eighth of each side, then rings of a
/// thirty-second, as the paper's "strided" order; after the last from the start, in a new order.
#[derive(Debug, Clone)]
pub(super) struct Waves {
    frame: Frame,
    ring: usize,
    queue: Vec<Wave>,
}

/// Rings of a frame: the first is an eighth of each side, the others share the rest.
const RINGS: usize = 29;

impl Waves {
    /// All of a frame's.
    pub fn new(frame: Frame) -> Self {
        Self {
            frame,
            ring: 0,
            queue: Vec::new(),
        }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.frame.channels * self.frame.area()
    }

    /// The next one.
    pub fn next(&mut self, rng: &mut Rng) -> Wave {
        let frame = self.frame;
        // Sides of the block of low frequencies that ends with a ring.
        let side = |length: usize, ring: usize| (length * (ring + 3)).div_ceil(RINGS + 3);
        while self.queue.is_empty() && !frame.is_empty() {
            self.ring = self.ring % RINGS + 1;
            let (rows, columns) = (side(frame.rows, self.ring), side(frame.columns, self.ring));
            let inner = match self.ring {
                1 => (0, 0),
                ring => (side(frame.rows, ring - 1), side(frame.columns, ring - 1)),
            };
            for channel in 0..frame.channels {
                for v in 0..rows {
                    let from = if v < inner.0 { inner.1 } else { 0 };
                    let wave = |u| Wave { channel, v, u };
                    self.queue.extend((from..columns).map(wave));
                }
            }
            rng.shuffle(&mut self.queue);
        }
        self.queue.pop().unwrap_or_default()
    }
}
