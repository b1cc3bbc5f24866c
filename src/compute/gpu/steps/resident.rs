//! Bounds on the device: uploaded for one step, or kept there for all steps of an attack.

use crate::compute::gpu::commands::Commands;
use crate::compute::gpu::device::Device;
use crate::compute::{Bounds, Grid, ResidentBounds};
use crate::error::Result;
use std::ops::Range;
use std::sync::Arc;

/// Most values of a batch whose bounds stay on the device: 128 MiB an array.
const MOST: usize = 1 << 25;

/// The bounds of the rows that are on the device at a time.
#[derive(Clone)]
pub struct DeviceBounds {
    pub clean: wgpu::Buffer,
    pub lower: wgpu::Buffer,
    pub upper: wgpu::Buffer,
}

impl DeviceBounds {
    /// Uploads the values `range` of `bounds`.
    pub fn upload(device: &Device, bounds: Bounds<'_>, range: &Range<usize>) -> Self {
        Self {
            clean: device.upload("clean", &bounds.clean[range.clone()]),
            lower: device.upload("lower", &bounds.lower[range.clone()]),
            upper: device.upload("upper", &bounds.upper[range.clone()]),
        }
    }

    /// Without contents yet, for so many bytes an array.
    fn empty(device: &Device, bytes: u64) -> Self {
        Self {
            clean: device.storage("clean", bytes),
            lower: device.storage("lower", bytes),
            upper: device.storage("upper", bytes),
        }
    }

    fn arrays(&self) -> [&wgpu::Buffer; 3] {
        [&self.clean, &self.lower, &self.upper]
    }
}

/// The device's copy of [`ResidentBounds`].
pub struct DeviceCopy {
    /// The device's [`Device::id`].
    device: u64,
    grid: Grid,
    /// Rows of a chunk; the last one has what is left.
    rows: usize,
    chunks: Vec<DeviceBounds>,
}

impl DeviceCopy {
    /// The copy of `bounds` on `device`, made when it is first asked for and cut into chunks of `rows` rows; `None`
    /// where they have no owner that keeps it, or are too large to stay.
    pub fn of(
        device: &Device,
        grid: Grid,
        rows: usize,
        bounds: Bounds<'_>,
    ) -> Result<Option<Arc<Self>>> {
        match bounds.owner() {
            Some(owner) if (1..=MOST).contains(&grid.total()) => {
                Self::kept(device, grid, rows, owner).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// The bounds of the chunk that begins with row `first`.
    pub fn chunk(&self, first: usize) -> DeviceBounds {
        self.chunks[first / self.rows].clone()
    }

    fn kept(device: &Device, grid: Grid, rows: usize, owner: &ResidentBounds) -> Result<Arc<Self>> {
        let serves =
            |copy: &Self| copy.device == device.id && copy.grid == grid && copy.rows == rows;
        let make = || {
            let whole = owner.origin().and_then(|origin| {
                let all = origin.bounds.clean().len() / grid.len().max(1);
                let whole = grid.with_rows(all);
                (whole.total() <= MOST).then_some((origin, whole))
            });
            let chunks = match whole {
                Some((origin, whole)) => {
                    let from = Self::kept(device, whole, rows, &origin.bounds)?;
                    from.gather(device, &origin.rows)
                }
                None => starts(grid, rows)
                    .map(|range| DeviceBounds::upload(device, owner.view(), &range))
                    .collect(),
            };
            Ok(Self {
                device: device.id,
                grid,
                rows,
                chunks,
            })
        };
        owner.copy(serves, make)
    }

    /// Copies `picked` rows on the device, in that order.
    fn gather(&self, device: &Device, picked: &[usize]) -> Vec<DeviceBounds> {
        let bytes = |rows: usize| (rows * self.grid.len() * size_of::<f32>()) as u64;
        let mut commands = Commands::new(device);
        let chunks: Vec<DeviceBounds> = picked
            .chunks(self.rows)
            .map(|picked| {
                let goal = DeviceBounds::empty(device, bytes(picked.len()));
                let mut done = 0;
                // Rows that follow each other in one chunk are copied together.
                let follows = |a: &usize, b: &usize| a + 1 == *b && !b.is_multiple_of(self.rows);
                for run in picked.chunk_by(follows) {
                    let source = &self.chunks[run[0] / self.rows];
                    let from = bytes(run[0] % self.rows);
                    for (source, goal) in source.arrays().into_iter().zip(goal.arrays()) {
                        let to = bytes(done);
                        commands.copy((source, from), (goal, to), bytes(run.len()));
                    }
                    done += run.len();
                }
                goal
            })
            .collect();
        commands.submit();
        chunks
    }
}

/// The values of each chunk of `rows` rows.
fn starts(grid: Grid, rows: usize) -> impl Iterator<Item = Range<usize>> {
    let firsts = (0..grid.rows).step_by(rows.max(1));
    firsts.map(move |first| first * grid.len()..(first + rows).min(grid.rows) * grid.len())
}
