//! Perturbations made for one encoder, shown to another.

use super::super::pictures::picture;
use super::SetOrder;
use super::keep::RowDone;
use super::report::{restricted, with_rows};
use crate::compute::{Embeddings, Grid};
use crate::encoder::Encoder;
use crate::error::Result;
use crate::retrieval::Report;
use crate::task::Task;
use rayon::prelude::*;
use serde::Serialize;
use std::sync::Arc;

/// A second encoder with its own embeddings of the same set.
#[derive(Clone)]
pub struct Transfer {
    /// The encoder.
    pub encoder: Arc<Encoder>,
    /// Its embeddings of the pictures without perturbation.
    pub images: Arc<Embeddings>,
    /// Its embeddings of the captions.
    pub texts: Arc<Embeddings>,
}

/// What the second encoder makes of the pictures, all in 8 bits and at the size that the first encoder takes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TransferReport {
    /// The second encoder.
    pub encoder: String,
    /// Without perturbation.
    pub clean: Report,
    /// One per radius.
    pub robust: Vec<Report>,
    /// Share of the pictures that it had right before and that are broken for it, one per radius, 0 to 1.
    pub success_rate: Vec<f64>,
}

impl Transfer {
    /// The encoder's name.
    pub fn name(&self) -> &str {
        self.encoder.name()
    }

    /// Embeddings of `x`, `[rows, channels, height, width]` in [0, 1], as saved pictures.
    pub(super) fn look(&self, x: &[f32], grid: Grid, task: &Task) -> Result<Vec<Vec<f32>>> {
        task.check()?;
        let rows: Vec<Vec<f32>> = x
            .par_chunks_exact(grid.len().max(1))
            .map(|row| {
                let saved = picture(row, grid.channels, grid.height, grid.width);
                self.encoder.preprocess().apply(&saved)
            })
            .collect::<Result<_>>()?;
        let (values, dim) = self
            .encoder
            .image_tower()
            .embed_images(&rows.concat(), rows.len())?;
        let found = Embeddings::new(values, dim)?;
        Ok((0..found.rows()).map(|r| found.row(r).to_vec()).collect())
    }
}

/// The second encoder's figures.
pub(super) fn report(
    order: &SetOrder,
    rows: &[&RowDone],
    task: &Task,
) -> Result<Option<TransferReport>> {
    let Some(transfer) = &order.transfer else {
        return Ok(None);
    };
    let evaluate = |of: &dyn Fn(&RowDone) -> Option<Vec<f32>>| {
        let changed: Vec<(usize, Vec<f32>)> = rows
            .iter()
            .filter_map(|r| Some((r.image, of(r)?)))
            .collect();
        let changed = changed.iter().map(|(i, v)| (*i, v.as_slice()));
        with_rows(order, &transfer.images, &transfer.texts, changed, task)
    };
    let clean = evaluate(&|r| r.elsewhere.clone())?;
    let right = |ranks: &[u32], image: usize| ranks[image] == 1;
    let before = &clean.ranking.i2t.ranks;
    let stood: Vec<usize> = order
        .images
        .iter()
        .copied()
        .filter(|&i| right(before, i))
        .collect();
    let (mut robust, mut success_rate) = (Vec::new(), Vec::new());
    for at in 0..order.eps.len() {
        let seen = evaluate(&|r| r.levels[at].elsewhere.clone())?;
        let after = &seen.ranking.i2t.ranks;
        let broken = stood.iter().filter(|&&i| !right(after, i)).count();
        success_rate.push(broken as f64 / stood.len().max(1) as f64);
        robust.push(restricted(order, &seen));
    }
    Ok(Some(TransferReport {
        encoder: transfer.name().to_owned(),
        clean: restricted(order, &clean),
        robust,
        success_rate,
    }))
}
