//! Gradients of one row at many points.

use crate::attack::victim::{AscentLoss, ValueAndGradient, Victim};
use crate::compute::Grid;
use crate::error::Result;
use crate::task::Task;

/// Values of the points whose gradients are taken at once, at most (one point is always).
const AT_ONCE: usize = 1 << 24;
/// Pictures at once, at most. Fixed, since a victim may look at the wrong classes near where it was last.
const PIECE: usize = 8;

/// Gradients of one row at many points.
pub(super) struct RowGradients<'a> {
    pub victim: &'a mut dyn Victim,
    pub row: usize,
    pub ascent: AscentLoss<'a>,
    pub task: &'a Task,
}

impl RowGradients<'_> {
    /// Losses and gradients at `points`, one after the other, which lie around `near`.
    pub fn value_and_gradient(&mut self, near: &[f32], points: &[f32]) -> Result<ValueAndGradient> {
        self.task.check()?;
        // Victims that look at the hardest classes alone learn them here.
        self.victim.predict(&[self.row], near, self.task)?;
        let rows = vec![self.row; points.len() / near.len().max(1)];
        let repeated = |to: &[u32]| vec![to.first().copied().unwrap_or(0); rows.len()];
        let slope = match self.ascent {
            AscentLoss::TargetedMargin(to) => {
                let to = repeated(to);
                self.victim.value_and_gradient(
                    &rows,
                    points,
                    AscentLoss::TargetedMargin(&to),
                    self.task,
                )
            }
            AscentLoss::TargetedDlr(to) => {
                let to = repeated(to);
                self.victim.value_and_gradient(
                    &rows,
                    points,
                    AscentLoss::TargetedDlr(&to),
                    self.task,
                )
            }
            ascent => self
                .victim
                .value_and_gradient(&rows, points, ascent, self.task),
        }?;
        self.task.add(rows.len() as u64);
        Ok(slope)
    }

    /// The mean gradient over `count` points, `[channels, height, width]`. `points` makes those of some numbers, and
    /// what they lie around.
    pub fn mean(
        &mut self,
        grid: Grid,
        count: u32,
        points: impl Fn(&[u32]) -> Result<(Vec<f32>, Vec<f32>)>,
    ) -> Result<Vec<f64>> {
        let mut sum = vec![0.0; grid.len()];
        let keys: Vec<u32> = (0..count).collect();
        for keys in keys.chunks((AT_ONCE / grid.len().max(1)).clamp(1, PIECE)) {
            let (near, points) = points(keys)?;
            let slope = self.value_and_gradient(&near, &points)?;
            for gradient in slope.gradient.chunks_exact(grid.len().max(1)) {
                for (sum, g) in sum.iter_mut().zip(gradient) {
                    *sum += f64::from(*g);
                }
            }
        }
        Ok(sum.into_iter().map(|v| v / f64::from(count)).collect())
    }
}
