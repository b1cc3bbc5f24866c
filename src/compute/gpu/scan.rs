//! The scan of a tile's scores for one direction: layouts, buffers and results.

use super::device::Device;
use super::kernels::Kernel;
use super::tile::NOTHING;
use crate::compute::block::{Queries, Seen};
use crate::compute::{Hit, TopK};
use crate::error::{Error, Result};
use bytemuck::{Pod, Zeroable};
use std::ops::Range;

/// What a scan must know of a query; `shaders/scan.wgsl` has the same layout.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
pub struct ScanQuery {
    threshold: f32,
    positive: [u32; 2],
    pair: [u32; 2],
    most: f32,
}

impl ScanQuery {
    /// `threshold`: score at which a negative counts; `positive`: candidates left out; `pair`: where their scores are.
    pub fn new(threshold: f32, positive: &Range<usize>, pair: &Range<usize>) -> Self {
        let bounds = |r: &Range<usize>| [r.start as u32, r.end as u32];
        Self {
            threshold: threshold.max(NOTHING),
            positive: bounds(positive),
            pair: bounds(pair),
            most: f32::MAX,
        }
    }

    /// Candidates that score higher are not kept.
    pub fn at_most(self, most: Option<f32>) -> Self {
        Self {
            most: most.map_or(f32::MAX, |m| m.clamp(f32::MIN, f32::MAX)),
            ..self
        }
    }
}

/// A positive of a query, whose positives rise; `shaders/scan.wgsl` has the same layout.
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub struct Positive {
    score: f32,
    /// What this one and those before it score above the query's lowest, in all.
    excess: f32,
}

impl Positive {
    /// Those of `queries`, query by query.
    pub fn of(queries: &Queries<'_>) -> Vec<Self> {
        let mut all = Vec::with_capacity(queries.scores.len());
        let mut rising = Vec::new();
        for q in 0..queries.len() {
            rising.clear();
            rising.extend_from_slice(queries.of(q));
            rising.sort_unstable_by(f32::total_cmp);
            let mut excess = 0.0;
            all.extend(rising.iter().map(|&score| {
                excess += f64::from(score) - f64::from(rising[0]);
                Self {
                    score,
                    excess: excess as f32,
                }
            }));
        }
        all
    }
}

/// Running state of a query; `shaders/scan.wgsl` has the same layout.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
pub struct QueryState {
    pub above: u32,
    pub hardest_index: u32,
    pub hardest_score: f32,
    pub hinges: f32,
}

/// Parameters of a scan; `shaders/scan.wgsl` has the same layout.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct ScanParams {
    queries: u32,
    candidates: u32,
    first_query: u32,
    first_candidate: u32,
    k: u32,
    hinges: u32,
    margin: f32,
    unused: u32,
}

/// Buffers of one direction: its queries and their running state.
pub struct DirectionBuffers {
    count: usize,
    k: usize,
    queries: wgpu::Buffer,
    states: wgpu::Buffer,
    top: wgpu::Buffer,
    params: wgpu::Buffer,
}

impl DirectionBuffers {
    /// For these queries, with their `k` hardest negatives.
    pub fn new(device: &Device, queries: &[ScanQuery], k: usize) -> Result<Self> {
        let count = queries.len();
        let need = (count * (k * size_of::<Hit>()).max(size_of::<ScanQuery>())) as u64;
        if need > device.largest_buffer() {
            return Err(Error::compute(
                format!("the best {k} of {count} queries do not fit the GPU's largest buffer"),
                "Keep fewer candidates per query, or use the CPU engine (--compute cpu).",
            ));
        }
        let blank = QueryState {
            above: 0,
            hardest_index: u32::MAX,
            hardest_score: NOTHING,
            hinges: 0.0,
        };
        let none = Hit {
            score: NOTHING,
            index: u32::MAX,
        };
        Ok(Self {
            count,
            k,
            queries: device.upload("queries", queries),
            states: device.upload("states", &vec![blank; count]),
            top: device.upload("top", &vec![none; count * k]),
            params: device.uniform("scan", size_of::<ScanParams>() as u64),
        })
    }

    /// Binds them for a scan of `scores`, `[candidates, queries]`; `positives` are those of both directions.
    pub fn bind(
        &self,
        device: &Device,
        scores: &wgpu::Buffer,
        positives: &wgpu::Buffer,
    ) -> wgpu::BindGroup {
        let (queries, states) = (&self.queries, &self.states);
        let buffers = [&self.params, scores, queries, positives, states, &self.top];
        device.bind(Kernel::Scan, &buffers)
    }

    /// Says which part of the similarity the next scan reads.
    pub fn write_params(
        &self,
        device: &Device,
        queries: &Range<usize>,
        candidates: &Range<usize>,
        margin: Option<f32>,
    ) {
        let params = ScanParams {
            queries: queries.len() as u32,
            candidates: candidates.len() as u32,
            first_query: queries.start as u32,
            first_candidate: candidates.start as u32,
            k: self.k as u32,
            hinges: u32::from(margin.is_some()),
            margin: margin.unwrap_or_default(),
            unused: 0,
        };
        device.write(&self.params, &[params]);
    }

    /// Reads the running state back.
    pub fn read(&self, device: &Device) -> Result<ScanResult> {
        let hits = device.read(&self.top, self.count * self.k)?;
        Ok(ScanResult {
            states: device.read(&self.states, self.count)?,
            top: TopK { k: self.k, hits },
        })
    }
}

/// What a pass found for one direction.
pub struct ScanResult {
    states: Vec<QueryState>,
    top: TopK,
}

impl ScanResult {
    /// Sum of the hinges of all queries.
    pub fn hinges(&self) -> f64 {
        self.states.iter().map(|s| f64::from(s.hinges)).sum()
    }

    /// What it says of the queries.
    pub fn seen(self) -> Seen {
        let real = |hit: Hit| {
            if hit.index == u32::MAX {
                Hit::NONE
            } else {
                hit
            }
        };
        let hardest = |s: &QueryState| {
            real(Hit {
                score: s.hardest_score,
                index: s.hardest_index,
            })
        };
        Seen {
            above: self.states.iter().map(|s| s.above).collect(),
            hardest: self.states.iter().map(hardest).collect(),
            top: TopK {
                k: self.top.k,
                hits: self.top.hits.into_iter().map(real).collect(),
            },
        }
    }
}
