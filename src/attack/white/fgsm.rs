//! The fast gradient sign method (Goodfellow et al., arXiv 1412.6572), in any norm.

use super::active::Rivals;
use crate::attack::Attack;
use crate::attack::context::Arena;
use crate::attack::loss::Loss;
use crate::error::Result;

/// One step of the full radius from the clean row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Fgsm {
    /// What it climbs; towards the strongest rival where it takes a class.
    pub loss: Loss,
}

impl Attack for Fgsm {
    fn run(&self, arena: &mut Arena<'_>) -> Result<()> {
        let rivals = Rivals::find(arena, self.loss, 1)?;
        for front in rivals.fronts(arena, 0, false) {
            let mut x = front.space.clean().to_vec();
            let slope = arena.climb(&front.rows, &x, front.uphill(self.loss))?;
            arena.tell(&front.rows, &x, &slope.loss, &slope.verdicts);
            front
                .space
                .ascend(arena.engine, &mut x, &slope.gradient, 1.0)?;
            front.finish(arena, &x, &slope.loss, self.loss)?;
        }
        Ok(())
    }

    fn steps(&self) -> usize {
        2
    }
}
