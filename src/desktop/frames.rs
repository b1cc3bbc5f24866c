//! How long frames take, for `NEARMISS_FRAME_LOG=FILE`: the figures behind the claim that scrolling is smooth. By the clock a
//! frame also waits for jobs and for a software adapter that have the same cores; what the
//! program itself takes for it is the CPU time of the thread that draws.

use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Frame times, kept only where the log is asked for.
#[derive(Default)]
pub struct Frames {
    file: Option<PathBuf>,
    first: Option<f64>,
    seconds: Vec<f32>,
    /// CPU time of the thread from the start of a frame until all is drawn, in seconds; empty where the system does not tell.
    own: Vec<f32>,
    before: Option<Duration>,
    asked: bool,
}

static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();

/// Marks the start of the program.
pub fn start() {
    START.get_or_init(Instant::now);
}

impl Frames {
    /// Notes one frame on the thread that draws; `lasted` is the frame before by the clock, in seconds.
    pub fn record(&mut self, lasted: Option<f32>) {
        if !self.asked {
            self.asked = true;
            self.file = std::env::var_os("NEARMISS_FRAME_LOG").map(PathBuf::from);
        }
        if self.file.is_none() {
            return;
        }
        if let Some(lasted) = lasted {
            self.first
                .get_or_insert_with(|| START.get().map_or(0.0, |s| s.elapsed().as_secs_f64()));
            self.seconds.push(lasted);
            if self.seconds.len().is_multiple_of(20) {
                self.write();
            }
        }
        self.before = thread_time();
    }

    /// Notes that the program has drawn what it shows: what is left of the frame is the window library's.
    pub fn drawn(&mut self) {
        if self.file.is_some()
            && let (Some(now), Some(before)) = (thread_time(), self.before)
        {
            self.own.push(now.saturating_sub(before).as_secs_f32());
        }
    }

    /// Writes the log: milliseconds per frame, and seconds from start to the end of the first frame.
    pub fn write(&self) {
        let Some(file) = &self.file else { return };
        let [ms, cpu_ms] = [&self.seconds, &self.own].map(|seconds| -> Vec<f32> {
            let rounded = seconds.iter().map(|s| (s * 1e5).round() / 100.0);
            rounded.collect()
        });
        let [max, cpu_max] = [&ms, &cpu_ms].map(|ms| ms.iter().copied().fold(0.0, f32::max));
        let text = serde_json::json!({
            "first_frame_s": self.first, "frames": ms.len(), "max_ms": max, "ms": ms,
            "cpu_max_ms": cpu_max, "cpu_ms": cpu_ms,
        });
        // A measurement aid: if it cannot be written, the program goes on.
        let _ = std::fs::write(file, text.to_string());
    }
}

/// The CPU time that this thread has used.
#[cfg(unix)]
fn thread_time() -> Option<Duration> {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::try_from(time).ok()
}

#[cfg(not(unix))]
fn thread_time() -> Option<Duration> {
    None
}
