//! Perturbations made for one encoder, shown to another.

use super::super::pictures::picture;
use super::SetRequest;
use super::checkpoint::UnitDone;
use super::recalls::{Recalls, Success, recalls, success};
use crate::compute::{Embedded, Embeddings, Grid};
use crate::encoder::Encoder;
use crate::error::Result;
use crate::retrieval::{EvalOptions, Report, evaluate, part};
use crate::task::Task;
use rayon::prelude::*;
use serde::Serialize;
use std::sync::Arc;

/// A second encoder with its own embeddings of the same set.
#[derive(Clone)]
pub struct Transfer {
    /// The encoder.
    pub encoder: Arc<Encoder>,
    /// Its embeddings of the pictures without perturbation, and of the captions.
    pub embedded: Embedded,
}

/// What the second encoder makes of the perturbations found for the first, all in 8 bits and at the size that the first
/// encoder takes. What the first encoder had wrong already was not perturbed, and counts as it is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TransferReport {
    /// The second encoder.
    pub encoder: String,
    /// Without perturbation.
    pub clean: Report,
    /// One per radius: each recall with the perturbations made for that recall of the first encoder.
    pub robust: Vec<Recalls>,
    /// One per radius: for each figure, what of the queries that it had right before it has no longer.
    pub success: Vec<Vec<Success>>,
    /// Share of the pictures that it had right at rank 1 before and has no longer, one per radius, 0 to 1; `None` where
    /// that was not attacked for.
    pub success_rate: Vec<Option<f64>>,
}

impl Transfer {
    /// The encoder's name.
    pub fn name(&self) -> &str {
        self.encoder.name()
    }

    /// Embeddings of `x`, `[rows, channels, height, width]` in [0, 1], as saved pictures.
    pub(super) fn look(&self, x: &[f32], grid: Grid, task: &Task) -> Result<Embeddings> {
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
        Embeddings::new(values, dim)
    }
}

/// The second encoder's figures; `eps` are the radii of the report.
pub(super) fn report(
    request: &SetRequest,
    units: &[&UnitDone],
    eps: &[f32],
    task: &Task,
) -> Result<Option<TransferReport>> {
    let Some(transfer) = &request.transfer else {
        return Ok(None);
    };
    let (images, texts, groups) = (
        &transfer.embedded.images,
        &transfer.embedded.texts,
        &request.set.embedded.groups,
    );
    let engine = request.set.engine.as_ref();
    let whole = evaluate(engine, images, texts, groups, &EvalOptions::default(), task)?;
    let clean = part(&whole, (images, texts, groups), &request.images, task)?;
    let (credit, ks) = (request.asked().credit(), request.asked().ks());
    let before = |unit: &UnitDone, nth: usize| {
        unit.before
            .elsewhere
            .is_some_and(|rank| rank as usize > ks[nth])
    };
    let mut report = TransferReport {
        encoder: transfer.name().to_owned(),
        clean,
        robust: Vec::new(),
        success: Vec::new(),
        success_rate: Vec::new(),
    };
    for &eps in eps {
        let after = |unit: &UnitDone, nth: usize| match unit.shown(credit, eps, nth) {
            Some(find) => unit.finds[find]
                .elsewhere
                .is_some_and(|rank| rank as usize > ks[nth]),
            None => before(unit, nth),
        };
        report.robust.push(recalls(&request.asked(), units, after));
        let (named, rate) = success(&request.asked(), units, before, after);
        report.success.push(named);
        report.success_rate.push(rate);
    }
    Ok(Some(report))
}
