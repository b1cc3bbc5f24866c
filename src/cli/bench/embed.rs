//! `nearmiss bench embed`: images and captions per second, from files to vectors.

use crate::cli::common::{DataArgs, positive};
use crate::cli::encoder::EncoderArgs;

use crate::cli::output::{counted, emit_with};
use crate::cli::signals;
use crate::error::{Error, Result};
use crate::source::open_dataset;
use crate::task::Task;
use clap::{ArgGroup, Args};
use serde_json::json;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Arguments of `bench embed`.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("source").required(true).args(["encoder", "image_model"])))]
pub struct Embed {
    /// Dataset file or folder, or `demo`
    #[arg(long, value_name = "PATH|demo")]
    dataset: PathBuf,
    #[command(flatten)]
    data: DataArgs,
    #[command(flatten)]
    encoder: EncoderArgs,
    /// Runs; the best counts
    #[arg(long, value_name = "N", default_value = "3", value_parser = positive)]
    repeat: usize,
}

impl Embed {
    /// Runs the command. The cache is neither read nor written.
    pub fn run(&self, json: bool) -> Result<()> {
        let task = Task::cancelled_by(signals::arrived());
        let dataset = open_dataset(&self.dataset, &self.data.wanted(), &task)?;
        let encoder = self.encoder.open(&task)?;
        let (mut images, mut captions) = (Vec::new(), Vec::new());
        let (mut rows, mut account) = ((0, 0), dataset.account());
        for _ in 0..self.repeat {
            let task = Task::cancelled_by(signals::arrived());
            let (made, stages) = timed(&task, || encoder.embed_dataset(&dataset, None, &task));
            let made = made?;
            rows = (made.embedded.images.rows(), made.embedded.texts.rows());
            account = made.dataset.account();
            let of = |word: &str| {
                stages
                    .iter()
                    .filter(|s| s.name.contains(word))
                    .map(|s| s.seconds)
                    .sum::<f64>()
            };
            images.push(of("image"));
            captions.push(of("caption"));
        }
        let best = |all: &[f64]| all.iter().copied().fold(f64::INFINITY, f64::min);
        let (image_seconds, caption_seconds) = (best(&images), best(&captions));
        if image_seconds <= 0.0 {
            return Err(Error::request(
                "the images were too few to time",
                "Give a larger dataset.",
            ));
        }
        let image_rate = rows.0 as f64 / image_seconds;
        // Captions too few to be seen in passing have no rate.
        let caption_rate = (caption_seconds > 0.0).then(|| rows.1 as f64 / caption_seconds);
        let info = encoder.describe();
        let report = json!({
            "encoder": encoder.name(),
            "images": rows.0,
            "captions": rows.1,
            "images_per_second": image_rate,
            "captions_per_second": caption_rate,
            "image_seconds": image_seconds,
            "image_seconds_all": images,
            "caption_seconds": caption_seconds,
            "image_provider": info.image_provider,
            "text_provider": info.text_provider,
        });
        emit_with(&report, &account, json, || {
            format!(
                "{} in {image_seconds:.2} s: {image_rate:.1} images/s on {}\n\
                 {} in {caption_seconds:.2} s: {} captions/s on {}\n\
                 best of {}, from files to vectors, without the cache",
                counted(rows.0, "image"),
                info.image_provider,
                counted(rows.1, "caption"),
                caption_rate.map_or("too fast to time, no".into(), |rate| format!("{rate:.0}")),
                info.text_provider,
                self.repeat
            )
        })
    }
}

/// One stage of a task and how long it was seen.
struct Stage {
    name: String,
    seconds: f64,
}

/// Runs `work` and times the stages that `task` goes through, to a few milliseconds.
fn timed<T>(task: &Task, work: impl FnOnce() -> T) -> (T, Vec<Stage>) {
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let watcher = scope.spawn(|| watch(task, &done));
        let stop = Stop(&done);
        let value = work();
        drop(stop);
        // A watcher that failed has nothing to tell; the caller reports that nothing was timed.
        (value, watcher.join().unwrap_or_default())
    })
}

struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn watch(task: &Task, done: &AtomicBool) -> Vec<Stage> {
    let mut stages: Vec<Stage> = Vec::new();
    let mut since = Instant::now();
    loop {
        let finished = done.load(Ordering::Relaxed);
        let (name, now) = (task.progress().stage, Instant::now());
        let elapsed = (now - since).as_secs_f64();
        since = now;
        match stages.last_mut() {
            Some(last) if last.name == name => last.seconds += elapsed,
            _ => stages.push(Stage {
                name,
                seconds: elapsed,
            }),
        }
        if finished {
            return stages;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_are_timed() {
        let task = Task::detached();
        let (value, stages) = timed(&task, || {
            task.begin("Embedding images", 1);
            std::thread::sleep(Duration::from_millis(60));
            task.begin("Embedding captions", 1);
            std::thread::sleep(Duration::from_millis(20));
            7
        });
        assert_eq!(value, 7);
        let of = |word: &str| {
            stages
                .iter()
                .find(|s| s.name.contains(word))
                .map_or(0.0, |s| s.seconds)
        };
        assert!(
            of("images") >= 0.05 && of("captions") >= 0.01,
            "{} {}",
            of("images"),
            of("captions")
        );
    }
}
