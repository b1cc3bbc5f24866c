//! `nearmiss bench rank`: top-k and all ranks, both directions, in one pass.

use crate::cli::common::{EngineArgs, VectorArgs, positive};
use crate::cli::output::{bytes, counted, emit_with};
use crate::cli::progress::watched;
use crate::cli::vectors;
use crate::compute::{Embeddings, Groups, RankOptions};
use crate::dataset::Account;
use crate::dataset::vectors::{IMAGES, Matrix, TEXTS};
use crate::error::{Error, Result, thousands};
use crate::files::replace_set;
use crate::task::Task;
use clap::Args;
use rayon::prelude::*;
use serde_json::json;
use std::f32::consts::TAU;
use std::path::PathBuf;
use std::time::Instant;

/// Arguments of `bench rank`.
#[derive(Debug, Args)]
pub struct Rank {
    /// Random images
    #[arg(long, value_name = "N", default_value = "5000", value_parser = positive)]
    images: usize,
    /// Random captions, shared out evenly among the images
    #[arg(long, value_name = "N", default_value = "25000", value_parser = positive)]
    captions: usize,
    /// Values in a row
    #[arg(long, value_name = "N", default_value = "1024", value_parser = positive)]
    dim: usize,
    #[command(flatten)]
    vectors: VectorArgs,
    /// Best candidates kept for each query
    #[arg(long, value_name = "N", default_value = "10", value_parser = positive)]
    k: usize,
    #[command(flatten)]
    engine: EngineArgs,
    /// Runs; the best counts
    #[arg(long, value_name = "N", default_value = "3", value_parser = positive)]
    repeat: usize,
    /// Seed of the random vectors
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Write the vectors to this folder as images.npy and texts.npy
    #[arg(long, value_name = "DIR")]
    save: Option<PathBuf>,
}

impl Rank {
    /// Runs the command.
    pub fn run(&self, json: bool) -> Result<()> {
        let engine = self.engine.open()?;
        let measure = self.vectors.similarity;
        let side = |m: Matrix| Embeddings::measured(m.values, m.columns, measure);
        let other = self.seed ^ 0x9E37_79B9_7F4A_7C15;
        let (images, texts) = watched(|task| match self.vectors.open(task)? {
            Some([images, texts]) => Ok((side(images)?, side(texts)?)),
            None => Ok::<_, Error>((
                random(self.images, self.dim, self.seed, task)?,
                random(self.captions, self.dim, other, task)?,
            )),
        })?;
        if let Some(folder) = &self.save {
            replace_set(folder, &["images.npy", "texts.npy"], |folder| {
                vectors::write(&folder.join("images.npy"), IMAGES, &images)?;
                vectors::write(&folder.join("texts.npy"), TEXTS, &texts)
            })?;
        }
        let source = match self.vectors.image_embeds {
            Some(_) => self.vectors.files(),
            None => "random".into(),
        };
        let mut account = Account::of_embeddings(source, images.rows(), texts.rows());
        account.measure = Some(measure.words().into());
        let groups = shared_out(images.rows(), texts.rows())?;
        let options = RankOptions {
            k: self.k,
            margin: None,
        };
        let mut seconds = Vec::with_capacity(self.repeat);
        for _ in 0..self.repeat {
            let start = Instant::now();
            watched(|task| engine.rank(&images, &texts, &groups, options, task))?;
            seconds.push(start.elapsed().as_secs_f64());
        }
        let best = seconds.iter().copied().fold(f64::INFINITY, f64::min);
        let (rows, columns, dim) = (images.rows(), texts.rows(), images.dim());
        let gflops = 2.0 * rows as f64 * columns as f64 * dim as f64 / best / 1e9;
        let peak = peak_memory();
        let held = 4 * (images.data().len() + texts.data().len()) as u64;
        let report = json!({
            "engine": engine.name(),
            "images": rows,
            "captions": columns,
            "dim": dim,
            "k": self.k,
            "seconds": best,
            "seconds_all": seconds,
            "gflops": gflops,
            "peak_memory_bytes": peak,
            "embeddings_bytes": held,
        });
        emit_with(&report, &account, json, || {
            format!(
                "{} x {} of {dim} values, top {} and all ranks, both directions\n\
                 {best:.3} s (best of {}), {gflops:.1} GFLOP/s, {} pairs/s on {}\n\
                 peak memory {}, of which embeddings {}",
                counted(rows, "image"),
                counted(columns, "caption"),
                self.k,
                self.repeat,
                thousands((rows as f64 * columns as f64 / best) as u64),
                engine.name(),
                peak.map_or("unknown".into(), bytes),
                bytes(held)
            )
        })
    }
}

/// Unit vectors of random direction; the same for the same seed.
fn random(rows: usize, dim: usize, seed: u64, task: &Task) -> Result<Embeddings> {
    let length = rows
        .checked_mul(dim)
        .filter(|&n| n < isize::MAX as usize / 4);
    let Some(length) = length else {
        return Err(Error::request(
            format!("{rows} rows of {dim} values do not fit in memory"),
            "Ask for fewer.",
        ));
    };
    let mut data = Vec::new();
    data.try_reserve_exact(length).map_err(|_| {
        Error::request(
            format!("no memory for {rows} rows of {dim} values"),
            "Ask for fewer.",
        )
    })?;
    data.resize(length, 0.0_f32);
    data.par_chunks_mut(dim)
        .enumerate()
        .try_for_each(|(row, values)| {
            task.check()?;
            let mut rng = fastrand::Rng::with_seed(
                seed.wrapping_add(row as u64)
                    .wrapping_mul(0x2545_F491_4F6C_DD1D),
            );
            // Box and Muller's pairs of normal numbers: their direction is uniform.
            for pair in values.chunks_mut(2) {
                let radius = (-2.0 * (1.0 - rng.f32()).ln()).sqrt();
                let (sin, cos) = (TAU * rng.f32()).sin_cos();
                pair[0] = radius * cos;
                if let Some(second) = pair.get_mut(1) {
                    *second = radius * sin;
                }
            }
            Ok::<_, Error>(())
        })?;
    Embeddings::new(data, dim)
}

/// `texts` in order among `images`, as evenly as they go.
fn shared_out(images: usize, texts: usize) -> Result<Groups> {
    if u32::try_from(texts).is_err() || u32::try_from(images).is_err() {
        return Err(Error::request(
            "more rows than 32 bits count",
            "Ask for fewer.",
        ));
    }
    Groups::new(
        (0..=images)
            .map(|i| (i * texts / images.max(1)) as u32)
            .collect(),
    )
}

/// The most memory this process has held, in bytes; known on Linux only.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace()
        .next()?
        .parse::<u64>()
        .ok()
        .map(|kilobytes| kilobytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_vectors_are_unit_and_repeatable() {
        let task = Task::detached();
        let a = random(7, 5, 3, &task).unwrap();
        assert_eq!(a, random(7, 5, 3, &task).unwrap());
        assert_ne!(a, random(7, 5, 4, &task).unwrap());
        assert!((0..7).all(|i| (a.dot(i, &a, i) - 1.0).abs() < 1e-5));
        assert!(random(usize::MAX, 2, 0, &task).is_err());
        task.cancel();
        let stopped = random(7, 5, 3, &task).unwrap_err();
        assert!(stopped.is_cancelled());
    }

    #[test]
    fn captions_are_shared_out() {
        assert_eq!(shared_out(3, 7).unwrap().offsets(), [0, 2, 4, 7]);
        assert_eq!(shared_out(2, 10).unwrap(), Groups::uniform(2, 5));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn peak_memory_is_known() {
        assert!(peak_memory().is_some_and(|bytes| bytes > 1 << 16));
    }
}
