//! Files that the window reads and writes: JSON that it saved before, pictures of the screen.

use crate::dataset::{Picture, write_png};
use crate::error::{Error, Result};
use crate::files::{TEXT, read_all};
use egui::ColorImage;
use serde::de::DeserializeOwned;
use std::path::Path;

/// Reads a JSON file of kind `kind` ("workspace", "settings file").
///
/// # Errors
/// The file cannot be read, or is not of that kind; the message names the key at fault.
pub fn read_json<T: DeserializeOwned>(path: &Path, kind: &str) -> Result<T> {
    let text = read_all(path, TEXT).map_err(Error::io("read", path))?;
    serde_json::from_slice(&text).map_err(|e| {
        Error::dataset(
            path,
            format!("is not a {kind} of nearmiss: {e}"),
            "Open a file that this program saved.",
        )
    })
}

/// Writes a part of the screen as PNG.
///
/// # Errors
/// The file cannot be written.
pub fn write_screen(path: &Path, image: &ColorImage) -> Result<()> {
    let [width, height] = image.size;
    let rgb = image.pixels.iter().flat_map(|p| [p.r(), p.g(), p.b()]);
    let picture = Picture {
        width: width as u32,
        height: height as u32,
        rgb: rgb.collect(),
    };
    write_png(path, &picture)
}
