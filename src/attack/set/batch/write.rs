//! The perturbed pictures of a batch as files.

use super::super::saved::{self, Written};
use super::{Batch, Unit};
use crate::attack::victim::Goal;
use crate::error::Result;

impl Batch<'_> {
    /// Writes what stands for each figure at the largest radius, where that is asked for: a file for each perturbation,
    /// named by the figures that it stands for; the picture as it is where it was not attacked for a rank.
    pub(super) fn save(&self) -> Result<Vec<Written>> {
        let (request, mut files) = (self.request, Vec::new());
        let (Some(folder), Some(&eps)) = (&request.save, request.eps.last()) else {
            return Ok(files);
        };
        for unit in &self.units {
            let mut standing: Vec<(Option<usize>, Vec<usize>)> = Vec::new();
            for nth in 0..self.ks.len() {
                let shown = unit.done.shown(request.asked().credit(), eps, nth);
                match standing.iter_mut().find(|(find, _)| *find == shown) {
                    Some((_, ranks)) => ranks.push(nth),
                    None => standing.push((shown, vec![nth])),
                }
            }
            for (find, ranks) in standing {
                let x = match (find, unit.done.caption) {
                    (Some(find), _) => unit.x[find].as_slice(),
                    (None, None) => self.values(&self.clean, unit.at),
                    (None, Some(_)) => continue,
                };
                let ending = self.ending(unit, &ranks);
                let image = self.images[unit.at];
                files.extend(saved::write(
                    folder,
                    request,
                    self.grid,
                    (image, &ending),
                    x,
                )?);
            }
        }
        Ok(files)
    }

    /// What a file's name says of the figures it stands for, as `-i2t-at-1-5`.
    fn ending(&self, unit: &Unit, ranks: &[usize]) -> String {
        if self.request.goal != Goal::Lose {
            return String::new();
        }
        let ranks: Vec<String> = ranks.iter().map(|&nth| self.ks[nth].to_string()).collect();
        let query = match unit.done.caption {
            None => "i2t".to_owned(),
            Some(j) => format!("t2i-caption-{j:05}"),
        };
        format!("-{query}-at-{}", ranks.join("-"))
    }
}
