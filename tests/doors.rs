//! What data and accidents may not do: run code, reach files, replace devices, leave halves behind.

#[cfg(unix)]
mod code;
#[cfg(unix)]
mod names;
#[cfg(unix)]
mod reach;
mod stopped;
#[cfg(unix)]
mod targets;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A scratch folder with data and cache of its own.
struct Scratch(tempfile::TempDir);

impl Scratch {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.0.path().join(name)
    }

    /// The program, started in the scratch folder.
    fn nearmiss<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_nearmiss"));
        command
            .args(arguments)
            .current_dir(self.0.path())
            .env("NEARMISS_DATA", self.path("data"))
            .env("NEARMISS_CACHE", self.path("cache"))
            .env("XDG_RUNTIME_DIR", self.0.path());
        command
    }

    /// Runs it to a good end; what it printed.
    fn run<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> String {
        let output = self.nearmiss(arguments).output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs it to an error; what it said.
    fn refused<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> String {
        let output = self.nearmiss(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{}", said(&output));
        said(&output)
    }

    /// A picture and a caption file that names `names`.
    fn dataset(&self, folder: &str, names: &[&str]) -> PathBuf {
        let home = self.path(folder);
        std::fs::create_dir_all(&home).unwrap();
        let lines: Vec<String> = names
            .iter()
            .map(|name| serde_json::json!({"file_name": name, "text": "words"}).to_string())
            .collect();
        std::fs::write(home.join("metadata.jsonl"), lines.join("\n")).unwrap();
        home
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A PNG of one colour.
fn png(path: &Path, shade: u8) {
    let image = image::RgbImage::from_pixel(9, 7, image::Rgb([shade, 40, 200]));
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    image.save(path).unwrap();
}

/// Rows of unit vectors.
fn rows(path: &Path, count: usize, seed: u64) {
    let mut random = fastrand::Rng::with_seed(seed);
    let values: Vec<f32> = (0..count * 8).map(|_| random.f32() - 0.5).collect();
    nearmiss::dataset::npy::write_array(path, &values, &[count, 8]).unwrap();
}
