//! The GPU engine: tiles of the similarity by `shaders/similarity.wgsl`, read by `shaders/scan.wgsl`.
//!
//! Panels of both sides are uploaded tile by tile, so device memory is two panels, a tile both ways round and the
//! running state of the queries. One submission a tile keeps dispatches short and the display alive.

mod device;
mod fourier;
mod paint;
mod pass;
mod reduce;
mod steps;

pub use paint::HeatPainter;

use super::pairs;
use super::{Direction, Embeddings, Engine, Groups, Hit, RankOptions, Ranking, Search, TopK};
use crate::error::Result;
use crate::task::{Task, lock};
use device::Device;
use pass::{Pass, Query};
use std::sync::{Mutex, OnceLock};

/// The GPU engine on one adapter.
pub struct Gpu {
    device: Device,
    similarity: wgpu::ComputePipeline,
    scan: wgpu::ComputePipeline,
    // One pass at a time: a second would only double the memory.
    busy: Mutex<()>,
    // Built on first use.
    fourier: OnceLock<fourier::Fourier>,
    heatmap: OnceLock<paint::Heatmap>,
    reduce: OnceLock<reduce::Kernels>,
    steps: steps::Kernels,
}

impl Gpu {
    /// Opens `adapter` and builds the pipelines.
    ///
    /// # Errors
    /// The adapter gives no device, or its driver refuses a shader.
    pub fn new(adapter: &wgpu::Adapter) -> Result<Self> {
        let device = Device::open(adapter)?;
        let similarity = device.pipeline(
            "similarity",
            include_str!("../../../shaders/similarity.wgsl"),
        );
        let scan = device.pipeline("scan", include_str!("../../../shaders/scan.wgsl"));
        device.wait(None)?;
        Ok(Self {
            device,
            similarity,
            scan,
            busy: Mutex::new(()),
            fourier: OnceLock::new(),
            heatmap: OnceLock::new(),
            reduce: OnceLock::new(),
            steps: steps::Kernels::default(),
        })
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
        let rows: Vec<Query> = (0..images.rows())
            .map(|i| {
                let own = groups.range(i);
                Query::new(by_row[i], &own, &own)
            })
            .collect();
        let columns: Vec<Query> = groups
            .owners()
            .iter()
            .enumerate()
            .map(|(j, &i)| Query::new(by_column[j], &(i as usize..i as usize + 1), &(j..j + 1)))
            .collect();
        let _one = lock(&self.busy);
        task.begin("Ranking", (images.rows() * texts.rows()) as u64);
        let k = [options.k.min(texts.rows()), options.k.min(images.rows())];
        let pass = Pass::new(
            &self.device,
            images,
            texts,
            [&rows, &columns],
            &pairs,
            k,
            options.margin,
            true,
        )?;
        let [i2t, t2i] = pass.run(&self.similarity, &self.scan, task)?;
        let sum = i2t.hinges() + t2i.hinges();
        let sides = [i2t.direction(best), t2i.direction(pairs.clone())];
        Ok(pairs::ranking(
            sides,
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
        let _one = lock(&self.busy);
        task.begin("Searching", (queries.rows() * candidates.rows()) as u64);
        let rows: Vec<Query> = (0..queries.rows())
            .map(|q| {
                let own = search.without.get(q).cloned().unwrap_or_default();
                let most = at_most.get(q).copied();
                Query::new(f32::MAX, &own, &(0..0)).at_most(most)
            })
            .collect();
        let pass = Pass::new(
            &self.device,
            queries,
            candidates,
            [&rows, &[]],
            &[],
            [k, 0],
            None,
            false,
        )?;
        let [found, _] = pass.run(&self.similarity, &self.scan, task)?;
        let mut found = found.direction(Vec::new()).negatives;
        found.scale(factor);
        Ok(found)
    }
}

/// What a pass leaves of one direction.
struct Found {
    states: Vec<pass::State>,
    top: TopK,
}

impl Found {
    fn hinges(&self) -> f64 {
        self.states.iter().map(|s| f64::from(s.hinges)).sum()
    }

    fn direction(self, positive: Vec<f32>) -> Direction {
        let real = |hit: Hit| {
            if hit.index == u32::MAX {
                Hit::NONE
            } else {
                hit
            }
        };
        let hardest = |s: &pass::State| {
            real(Hit {
                score: s.hardest_score,
                index: s.hardest_index,
            })
        };
        Direction {
            ranks: self.states.iter().map(|s| s.above + 1).collect(),
            positive,
            hardest: self.states.iter().map(hardest).collect(),
            negatives: TopK {
                k: self.top.k,
                hits: self.top.hits.into_iter().map(real).collect(),
            },
        }
    }
}
