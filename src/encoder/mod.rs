//! Encoders: from files to embeddings.
//!
//! [`Runtime`] is the engine, found once per process. [`EncoderFiles`] says which files make an encoder,
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
//! let embedded = encoder.embed_dataset(&dataset, Some(&Cache::open()?), &task)?;
//! println!("{} images, {} captions", embedded.images.rows(), embedded.texts.rows());
//! # Ok(())
//! # }
//! ```

mod batches;
mod beside;
mod cache;
mod dual;
mod embed;
mod feed;
mod folder;
mod half;
mod images;
pub mod install;
mod key;
mod layout;
mod pip;
mod pool;
mod ports;
mod preprocess;
mod program;
mod provider;
mod python;
mod runtime;
mod search;
mod session;
mod sides;
mod stop;
mod texts;
mod tokenize;
mod tower;
mod trial;

pub use beside::Stated;
pub use cache::{Cache, CacheFile};
pub use dual::{Encoder, EncoderInfo, EncoderOptions};
pub use embed::Embedded;
pub use folder::EncoderFiles;
pub use half::{Half, HalfFiles};
pub use install::{Flavour, install};
pub use pool::Pool;
pub use preprocess::{Filter, Line, Linear, Preprocess, Resize, Rounding};
pub use program::RuntimeEngine;
pub use provider::Provider;
pub use python::{Python, about as python};
pub use runtime::{Runtime, RuntimeInfo, Tried, cache_dir, data_dir};
pub use stop::Stop;
pub use tokenize::{Tokenizer, Tokens};
pub use tower::Tower;
