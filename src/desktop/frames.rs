//! How long frames take on the CPU, for `NEARMISS_FRAME_LOG=FILE`: the figures behind the claim that scrolling is smooth.

use std::path::PathBuf;
use std::time::Instant;

/// Frame times, kept only where the log is asked for.
#[derive(Default)]
pub struct Frames {
    file: Option<PathBuf>,
    first: Option<f64>,
    seconds: Vec<f32>,
    asked: bool,
}

static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();

/// Marks the start of the program.
pub fn start() {
    START.get_or_init(Instant::now);
}

impl Frames {
    /// Notes one frame; `cpu` is the frame before, in seconds.
    pub fn record(&mut self, cpu: Option<f32>) {
        if !self.asked {
            self.asked = true;
            self.file = std::env::var_os("NEARMISS_FRAME_LOG").map(PathBuf::from);
        }
        if self.file.is_none() {
            return;
        }
        if let Some(cpu) = cpu {
            self.first
                .get_or_insert_with(|| START.get().map_or(0.0, |s| s.elapsed().as_secs_f64()));
            self.seconds.push(cpu);
            if self.seconds.len().is_multiple_of(20) {
                self.write();
            }
        }
    }

    /// Writes the log: milliseconds per frame, and seconds from start to the end of the first frame.
    pub fn write(&self) {
        let Some(file) = &self.file else { return };
        let ms: Vec<f32> = self
            .seconds
            .iter()
            .map(|s| (s * 1e5).round() / 100.0)
            .collect();
        let max = ms.iter().copied().fold(0.0, f32::max);
        let text = serde_json::json!({ "first_frame_s": self.first, "frames": ms.len(), "max_ms": max, "ms": ms });
        // A measurement aid: if it cannot be written, the program goes on.
        let _ = std::fs::write(file, text.to_string());
    }
}
