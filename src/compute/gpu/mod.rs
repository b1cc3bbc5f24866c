//! The GPU engine: tiles of the similarity by `shaders/similarity.wgsl`, read by `shaders/scan.wgsl`.
//!
//! Rows of images and texts are uploaded tile by tile, so device memory holds the rows of one tile, its scores and
//! their transpose, and the running state of the queries. One submission a tile keeps dispatches short and the display alive.

pub(super) mod attraction;
mod commands;
mod device;
mod fourier;
mod kernels;
mod paint;
mod pass;
mod reduce;
mod scan;
mod steps;
mod tile;
mod train;

pub use kernels::{Binding, ENTRY_POINT, Kernel};
pub use paint::HeatPainter;

use super::pairs;
use super::{Embeddings, Engine, Groups, RankOptions, Ranking, Search, TopK};
use crate::error::Result;
use crate::task::{Task, lock};
use device::Device;
use pass::Pass;
use scan::ScanQuery;
use std::sync::{Mutex, MutexGuard, OnceLock};

/// The GPU engine on one adapter.
pub struct Gpu {
    device: Device,
    // One pass at a time: a second would only double the memory.
    busy: Mutex<()>,
    // The plan of the last size, kept since an attack transforms the same size again and again.
    fourier: Mutex<Option<fourier::Plan>>,
    // Colour tables, uploaded on first use.
    tables: OnceLock<paint::Tables>,
}

impl Gpu {
    /// Opens `adapter` and builds the pipelines of a ranking; the others are built when they are first needed.
    ///
    /// # Errors
    /// The adapter gives no device, or its driver refuses a shader.
    pub fn new(adapter: &wgpu::Adapter) -> Result<Self> {
        let device = Device::open(adapter)?;
        for kernel in [Kernel::Similarity, Kernel::Scan] {
            device.pipeline(kernel);
        }
        device.wait(None)?;
        Ok(Self {
            device,
            busy: Mutex::new(()),
            fourier: Mutex::new(None),
            tables: OnceLock::new(),
        })
    }

    /// Bytes written to the device's buffers since it was opened: what tests and benchmarks count.
    pub fn uploaded_bytes(&self) -> u64 {
        self.device.uploaded()
    }

    /// The device, once no other work runs on it; none does while the guard lives.
    pub(super) fn turn(&self) -> (&Device, MutexGuard<'_, ()>) {
        let turn = lock(&self.busy);
        (&self.device, turn)
    }
}

impl Engine for Gpu {
    fn name(&self) -> String {
        let info = &self.device.info;
        format!("GPU ({}, {:?})", info.name, info.backend)
    }

    fn rank(
        &self,
        images: &Embeddings,
        texts: &Embeddings,
        groups: &Groups,
        options: RankOptions,
        task: &Task,
    ) -> Result<Ranking> {
        pairs::check(images, texts, groups)?;
        let (pairs, best) = pairs::scores(images, texts, groups);
        let (options, factor) = pairs::stored(images, texts, options);
        let (by_row, by_column) = (
            pairs::thresholds(images, &best),
            pairs::thresholds(texts, &pairs),
        );
        let rows: Vec<ScanQuery> = (0..images.rows())
            .map(|i| {
                let own = groups.range(i);
                ScanQuery::new(by_row[i], &own, &own)
            })
            .collect();
        let columns: Vec<ScanQuery> = groups
            .owners()
            .iter()
            .enumerate()
            .map(|(j, &i)| ScanQuery::new(by_column[j], &(i as usize..i as usize + 1), &(j..j + 1)))
            .collect();
        let (device, _turn) = self.turn();
        task.begin("Ranking", (images.rows() * texts.rows()) as u64);
        let k = [options.k.min(texts.rows()), options.k.min(images.rows())];
        let pass = Pass::new(
            device,
            images,
            texts,
            [&rows, &columns],
            &pairs,
            k,
            options.margin,
            true,
        )?;
        let [i2t, t2i] = pass.run(task)?;
        let sum = i2t.hinges() + t2i.hinges();
        let directions = [i2t.direction(best), t2i.direction(pairs.clone())];
        Ok(pairs::ranking(
            directions,
            pairs,
            sum,
            groups,
            options.margin,
            factor,
        ))
    }

    fn search(
        &self,
        queries: &Embeddings,
        candidates: &Embeddings,
        search: &Search<'_>,
        task: &Task,
    ) -> Result<TopK> {
        pairs::check_search(queries, candidates, search)?;
        let k = search.k.min(candidates.rows());
        if k == 0 {
            return Ok(TopK::default());
        }
        let (at_most, factor) = pairs::stored_bounds(queries, candidates, search);
        let (device, _turn) = self.turn();
        task.begin("Searching", (queries.rows() * candidates.rows()) as u64);
        let rows: Vec<ScanQuery> = (0..queries.rows())
            .map(|q| {
                let own = search.without.get(q).cloned().unwrap_or_default();
                let most = at_most.get(q).copied();
                ScanQuery::new(f32::MAX, &own, &(0..0)).at_most(most)
            })
            .collect();
        let pass = Pass::new(
            device,
            queries,
            candidates,
            [&rows, &[]],
            &[],
            [k, 0],
            None,
            false,
        )?;
        let [found, _] = pass.run(task)?;
        let mut found = found.direction(Vec::new()).negatives;
        found.scale(factor);
        Ok(found)
    }
}
