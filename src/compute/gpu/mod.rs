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

use super::block::{Block, Found};
use super::pairs;
use super::{Embeddings, Engine, Search, TopK};
use crate::error::Result;
use crate::task::{Task, lock};
use device::Device;
use pass::Pass;
use scan::{Positive, ScanQuery};
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

    fn kernels(&self) -> Vec<&'static str> {
        self.device.kernels()
    }

    fn block(&self, block: &Block<'_>, task: &Task) -> Result<Found> {
        block.check()?;
        let Block {
            images,
            texts,
            own,
            of_images,
            of_texts,
            options,
        } = *block;
        let rows = of_images.map_or_else(Vec::new, |queries| {
            let thresholds = pairs::thresholds(images, texts, &queries.best());
            let of = |(i, &threshold): (usize, &f32)| {
                let own = own[i].start as usize..own[i].end as usize;
                ScanQuery::new(threshold, &own, &queries.range(i))
            };
            thresholds.iter().enumerate().map(of).collect()
        });
        let mut positives = of_images.map_or_else(Vec::new, |queries| Positive::of(&queries));
        let first = positives.len();
        let columns = of_texts.map_or_else(Vec::new, |queries| {
            let mut owner = vec![0..0; texts.rows()];
            for (i, own) in own.iter().enumerate() {
                owner[own.start as usize..own.end as usize].fill(i..i + 1);
            }
            let thresholds = pairs::thresholds(texts, images, &queries.best());
            let of = |(j, &threshold): (usize, &f32)| {
                let own = queries.range(j);
                let own = own.start + first..own.end + first;
                ScanQuery::new(threshold, &owner[j], &own)
            };
            thresholds.iter().enumerate().map(of).collect()
        });
        positives.extend(of_texts.iter().flat_map(Positive::of));
        let (device, _turn) = self.turn();
        let k = [options.k.min(texts.rows()), options.k.min(images.rows())];
        let steps = block.steps();
        let margin = options.margin.map(|margin| margin / images.factor(texts));
        let pass = Pass::new(
            device,
            images,
            texts,
            [&rows, &columns],
            &positives,
            k,
            margin,
        )?;
        let [rows, columns] = pass.run(task)?;
        let sum = rows.hinges() + columns.hinges();
        Ok(Found {
            images: rows.seen(),
            texts: columns.seen(),
            hinges: steps.map_or(0, |steps| steps.nearest(sum)),
        })
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
        let pass = Pass::new(device, queries, candidates, [&rows, &[]], &[], [k, 0], None)?;
        let [found, _] = pass.run(task)?;
        let mut found = found.seen().top;
        found.scale(factor);
        Ok(found)
    }
}
