//! What a search found: how the queries stand under it, exactly, after rounding to 8 bits, and for a second encoder.

use super::super::checkpoint::FoundPerturbation;
use super::super::figure::Credit;
use super::super::{SetRequest, size};
use super::{Batch, Place, Search, Unit};
use crate::attack::context::Outcome;
use crate::attack::pictures::quantised;
use crate::attack::space::pick;
use crate::attack::victim::{Goal, Pairs, Verdict, Victim as _};
use crate::compute::{Embeddings, Size};
use crate::error::Result;
use crate::retrieval::Side;
use crate::task::Task;
use std::sync::Arc;

impl Batch<'_> {
    /// Looks at what was found for `units`, and keeps it.
    pub(super) fn keep(
        &mut self,
        search: Search,
        units: &[usize],
        victim: &mut Pairs,
        outcome: &Outcome,
        task: &Task,
    ) -> Result<()> {
        let rows: Vec<usize> = (0..units.len()).collect();
        let places: Vec<usize> = units.iter().map(|&u| self.units[u].at).collect();
        let clean = pick(&self.clean, self.grid.len(), &places);
        let seen = Seen::look(self.request, &clean, &outcome.x, task)?;
        // Where right ones are to be lost, the ranks say how the pictures stand.
        let rounded = if self.request.goal == Goal::Lose {
            vec![Verdict::default(); rows.len()]
        } else {
            victim.confirm(&rows, &seen.rounded, task)?
        };
        let tried: Vec<usize> = if self.request.asked().shares_ranks(search.side) {
            (0..=search.nth).collect()
        } else {
            vec![search.nth]
        };
        for (r, &u) in units.iter().enumerate() {
            let verdicts = [outcome.verdicts[r], rounded[r]];
            let mut find = self.found(&self.units[u], &seen, r, verdicts);
            find.eps = search.eps;
            find.made_for = Some(search.nth);
            find.tried_for.clone_from(&tried);
            let x = self.kept(&outcome.x, r);
            self.pass_on(u, &find, &seen, r, x.as_ref());
            self.units[u].add(find, x);
        }
        Ok(())
    }

    /// Row `r` of `x` where pictures are saved.
    pub(super) fn kept(&self, x: &[f32], r: usize) -> Option<Arc<Vec<f32>>> {
        let save = self.request.save.as_ref();
        save.map(|_| Arc::new(self.values(x, r).to_vec()))
    }

    /// Row `r` of what was seen as a perturbation of a query's picture.
    pub(super) fn found(
        &self,
        unit: &Unit,
        seen: &Seen,
        r: usize,
        verdicts: [Verdict; 2],
    ) -> FoundPerturbation {
        let exact = self.place(unit, seen.exact.row(r), false);
        let saved = self.place(unit, seen.saved.row(r), false);
        let reached = |place: &Place, verdict: Verdict| -> Vec<bool> {
            if self.request.goal == Goal::Lose {
                let lost = |&k: &usize| place.rank as usize > k;
                self.ks.iter().map(lost).collect()
            } else {
                vec![verdict.fooled]
            }
        };
        let there = seen.elsewhere.as_ref();
        FoundPerturbation {
            eps: 0.0,
            made_for: None,
            tried_for: Vec::new(),
            norm: seen.sizes[r].1,
            size: seen.sizes[r].0,
            rank: exact.rank,
            reached: reached(&exact, verdicts[0]),
            saved_reached: reached(&saved, verdicts[1]),
            margins: if self.request.goal == Goal::Lose {
                exact.margins
            } else {
                vec![Some(verdicts[0].margin())]
            },
            elsewhere: there.map(|there| self.place(unit, there.row(r), true).rank),
            embeddings: self.request.set.part.as_ref().map(|_| {
                let of = |rows: &Embeddings| rows.row(r).to_vec();
                Box::new([of(&seen.exact), of(&seen.saved)])
            }),
        }
    }

    /// A perturbation found for a picture counts for the captions that it takes the picture away from, too.
    fn pass_on(
        &mut self,
        from: usize,
        find: &FoundPerturbation,
        seen: &Seen,
        r: usize,
        x: Option<&Arc<Vec<f32>>>,
    ) {
        let (credit, eps) = (self.request.asked().credit(), find.eps);
        if self.units[from].done.side() != Side::Image || credit != Credit::UpTo {
            return;
        }
        let at = self.units[from].at;
        for u in 0..self.units.len() {
            let unit = &self.units[u];
            if unit.at != at || unit.done.side() != Side::Text {
                continue;
            }
            let found = self.found(unit, seen, r, [Verdict::default(); 2]);
            let done = &unit.done;
            let helps = (0..self.ks.len()).any(|nth| {
                let open = !done.before.reached[nth];
                let exact = found.reached[nth] && done.exact(credit, eps, nth).is_none();
                let saved = found.saved_reached[nth] && done.saved(credit, eps, nth).is_none();
                open && (exact || saved)
            });
            if helps {
                self.units[u].add(FoundPerturbation { eps, ..found }, x.cloned());
            }
        }
    }
}

/// What the models make of perturbed pictures: exactly, after rounding to 8 bits, and elsewhere.
pub(super) struct Seen {
    pub exact: Embeddings,
    pub saved: Embeddings,
    pub elsewhere: Option<Embeddings>,
    /// The pictures after rounding.
    pub rounded: Vec<f32>,
    /// Size of each perturbation, in the usual norms and in the threat model's.
    pub sizes: Vec<(Size, Option<f32>)>,
}

impl Seen {
    /// Looks at the perturbed pictures `x` of those in `clean`.
    pub fn look(request: &SetRequest, clean: &[f32], x: &[f32], task: &Task) -> Result<Self> {
        let network = &request.set.network;
        let rounded = quantised(x);
        let there = request.transfer.as_ref();
        Ok(Self {
            exact: network.embed_as_filed(x, task)?,
            saved: network.embed_as_filed(&rounded, task)?,
            elsewhere: there
                .map(|there| there.look(&rounded, network.grid(), task))
                .transpose()?,
            rounded,
            sizes: size::measure(request, clean, x)?,
        })
    }
}
