//! A batch before anything is done to it: its pictures read, and where each of its queries stands.

use super::super::SetRequest;
use super::super::checkpoint::{Before, Cost, RowDone, UnitDone};
use super::super::load::load;
use super::{Batch, Unit, elsewhere, field};
use crate::attack::victim::{Goal, GradientDefects, Pairs};
use crate::compute::Ranking;
use crate::error::Result;
use crate::retrieval::Side;
use crate::task::Task;

impl<'a> Batch<'a> {
    /// Reads the pictures and says where their queries stand.
    pub(super) fn open(
        request: &'a SetRequest,
        images: &'a [usize],
        targets: &'a [usize],
        clean: &Ranking,
        task: &Task,
    ) -> Result<Self> {
        let grid = request.set.network.grid().with_rows(images.len());
        let ks = request.asked().ks();
        let mut batch = Self {
            request,
            images,
            targets,
            grid,
            clean: load(request, images)?,
            units: Vec::new(),
            rows: Vec::with_capacity(images.len()),
            costs: vec![Cost::default(); request.asked().kinds().len() * ks.len()],
            ks,
        };
        for (at, &image) in images.iter().enumerate() {
            batch.rows.push(RowDone {
                image,
                units: Vec::new(),
                gradients: 0,
                queries: 0,
                blind: GradientDefects::default(),
                seconds: 0.0,
            });
            for side in request.asked().kinds() {
                let captions = match side {
                    Side::Image => vec![None],
                    Side::Text => request.set.embedded.groups.range(image).map(Some).collect(),
                };
                for caption in captions {
                    let unit = batch.unit(at, caption, clean, task)?;
                    batch.units.push(unit);
                }
            }
        }
        Ok(batch)
    }

    /// A query without perturbation.
    fn unit(
        &self,
        at: usize,
        caption: Option<usize>,
        clean: &Ranking,
        task: &Task,
    ) -> Result<Unit> {
        task.check()?;
        let (request, image) = (self.request, self.images[at]);
        let mut others = [Vec::new(), Vec::new()];
        if let Some(j) = caption {
            others[0] = field(request).others(j);
            if let Some(there) = elsewhere(request) {
                others[1] = there.others(j);
            }
        }
        let mut unit = Unit {
            at,
            done: UnitDone {
                caption,
                before: Before::default(),
                finds: Vec::new(),
            },
            others,
            x: Vec::new(),
        };
        let place = self.place(&unit, request.set.embedded.images.row(image), false);
        let rank = match caption {
            None => clean.i2t.ranks[image],
            Some(j) => clean.t2i.ranks[j],
        };
        let mut margins = place.margins;
        let reached = if request.goal == Goal::Lose {
            self.ks.iter().map(|&k| rank as usize > k).collect()
        } else {
            let target = self.targets[at..=at].to_vec();
            let mut pairs = Pairs::new(&request.set, request.goal, &[image], &target)?;
            let x = self.values(&self.clean, at);
            let verdict = pairs.see(&[0], x, task)?.1[0];
            margins = vec![Some(verdict.margin())];
            vec![verdict.fooled]
        };
        let there = elsewhere(request);
        unit.done.before = Before {
            rank,
            margins,
            reached,
            elsewhere: there.map(|there| self.place(&unit, there.images.row(image), true).rank),
        };
        Ok(unit)
    }
}
