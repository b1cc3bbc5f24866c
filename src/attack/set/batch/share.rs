//! Perturbations that all pictures share, on those of a batch.

use super::super::universal::Shared;
use super::Batch;
use super::found::Seen;
use crate::attack::space::Space;
use crate::attack::victim::{Goal, Pairs, Verdict, Victim as _};
use crate::error::Result;
use crate::task::Task;

impl Batch<'_> {
    /// Puts a perturbation that all pictures share on those of the batch.
    pub(super) fn share(&mut self, shared: &Shared, task: &Task) -> Result<()> {
        let request = self.request;
        for (delta, &eps) in shared.deltas.iter().zip(&request.eps) {
            let space = Space::pictures(
                self.grid,
                self.clean.clone(),
                &request.settings.threat.with_eps(eps),
                self.images.iter().map(|&i| i as u32).collect(),
            )?;
            let x = delta.apply(request.set.engine.as_ref(), &space)?;
            let seen = Seen::look(request, &self.clean, &x, task)?;
            let mut verdicts = vec![[Verdict::default(); 2]; self.images.len()];
            if request.goal != Goal::Lose {
                let mut pairs = Pairs::new(&request.set, request.goal, self.images, self.targets)?;
                let rows: Vec<usize> = (0..self.images.len()).collect();
                let exact = pairs.confirm(&rows, &x, task)?;
                let saved = pairs.confirm(&rows, &seen.rounded, task)?;
                for (both, (a, b)) in verdicts.iter_mut().zip(exact.into_iter().zip(saved)) {
                    *both = [a, b];
                }
            }
            for u in 0..self.units.len() {
                let unit = &self.units[u];
                if unit.done.side() != shared.side {
                    continue;
                }
                let at = unit.at;
                let mut find = self.found(unit, &seen, at, verdicts[at]);
                find.eps = eps;
                find.made_for = Some(shared.nth);
                find.tried_for = vec![shared.nth];
                let x = self.kept(&x, at);
                self.units[u].add(find, x);
            }
        }
        Ok(())
    }
}
