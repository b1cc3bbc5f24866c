//! What is opened, for the window and the command line alike: a dataset, embeddings, an encoder.
//!
//! [`DataSource`] and [`EncoderSource`] say what, and are kept in workspaces. [`Places::read`] reads a dataset and the
//! embeddings that belong to it, as they are stored; [`StoredSource::opened`] puts them together. Where there are no
//! embeddings yet, [`of_encoder`] takes those that an encoder made.

mod data;
mod decisions;
mod encoder;
mod open;
mod split;

pub use data::{DataSource, Places};
pub use decisions::{DecisionsHome, KeptDecisions};
pub use encoder::{EncoderSource, QueryEncoder, QueryFiles};
pub use open::{Opened, StoredRows, StoredSource, of_encoder, open_dataset, open_images};
pub use split::images_of_split;

use crate::dataset;
use crate::error::Result;
use crate::paths::data_dir;
use std::path::{Path, PathBuf};

/// Is this the name of the built-in dataset or encoder?
pub fn is_demo(path: &Path) -> bool {
    path.as_os_str() == "demo"
}

/// The demo's folder: the dataset, with the encoder in `encoder/`.
///
/// # Errors
/// There is no data folder, or it cannot be written.
pub fn demo_folder() -> Result<PathBuf> {
    dataset::demo::unpack(&data_dir()?)
}

/// Where the dataset called `path` lies: there, or in the demo's folder.
///
/// # Errors
/// As [`demo_folder`].
pub fn located(path: &Path) -> Result<PathBuf> {
    if is_demo(path) {
        demo_folder()
    } else {
        Ok(path.to_path_buf())
    }
}
