//! Encoders: from files to embeddings.
//!
//! [`EncoderFiles`] says which files make an encoder,
//! [`Encoder::open`] turns them into two [`Tower`]s with their [`Preprocess`] and [`Tokenizer`], and
//! [`Encoder::embed_dataset`] runs a dataset through them, with a [`Cache`] on disk.
//!
//! ```no_run
//! use nearmiss::encoder::{Cache, Encoder, EncoderFiles, EncoderOptions};
//! use nearmiss::task::Task;
//! # fn main() -> nearmiss::error::Result<()> {
//! let task = Task::detached();
//! let dataset = nearmiss::dataset::open("flickr8k".as_ref(), &task)?;
//! let files = EncoderFiles::open("my-clip".as_ref())?;
//! let encoder = Encoder::open(&files, &EncoderOptions::default(), &task)?;
//! let embedded = encoder.embed_dataset(&dataset, Some(&Cache::open()?), &task)?.embedded;
//! println!("{} images, {} captions", embedded.images.rows(), embedded.texts.rows());
//! # Ok(())
//! # }
//! ```

mod beside;
mod cache;
mod dual;
mod embed;
mod folder;
mod half;
mod options;
mod preprocess;
mod sides;
mod tokenize;
mod tower;

pub use beside::{Beside, Stated};
pub use cache::{
    Cache, CacheFile, FetchedEncoder, clear_fetched, fetched_encoders, fetched_folder,
};
pub use dual::{Encoder, EncoderInfo};
pub use embed::EmbeddedDataset;
pub use folder::{EncoderFiles, FolderHolds, HalfFiles};
pub use half::Half;
pub use options::EncoderOptions;
pub use preprocess::{Filter, Line, Linear, Preprocess, Resize, Rounding};
pub use tokenize::{Tokenizer, Tokens, Unread};
pub use tower::{Apart, Inside, Pool, Tower};
