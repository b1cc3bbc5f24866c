//! What lies beside a model: the configurations that say how pictures and captions are prepared for it, each value with
//! the file and the key that it comes from.

mod captions;
mod carried;
mod classes;
mod hugging_face;
mod keys;
mod open_clip;
mod pictures;
mod pooling;
mod stated;
mod values;

pub(super) use captions::captions;
pub use carried::Beside;
pub(super) use pictures::pictures;
pub(super) use pooling::{Said, image_pooling, text_pooling};
pub use stated::Stated;

use crate::error::{Error, Result};
use crate::files::read_text;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Bytes of a configuration at most; real ones have a few thousand.
const LARGEST: u64 = 32 << 20;

/// A JSON file that was found beside a model.
struct Found {
    path: PathBuf,
    root: Value,
}

/// The first of `places` that holds the JSON object `name`.
fn find(places: &[PathBuf], name: &str) -> Result<Option<Found>> {
    let path = places.iter().map(|p| p.join(name)).find(|p| p.is_file());
    path.map(|path| read(&path)).transpose()
}

fn read(path: &Path) -> Result<Found> {
    const REMEDY: &str = "Correct the file, or get it again from where the model came from.";
    let text = read_text(path, LARGEST).map_err(Error::io("read", path))?;
    let root: Value = serde_json::from_str(text.trim_start_matches('\u{feff}'))
        .map_err(|e| Error::model(path, format!("is not JSON: {e}"), REMEDY))?;
    if !root.is_object() {
        let what = "is no configuration: it holds no keys";
        return Err(Error::model(path, what, REMEDY));
    }
    Ok(Found {
        path: path.to_path_buf(),
        root,
    })
}
