//! Attacks on captions: which words carry a score, and which one or two words, exchanged, change the ranking most.
//!
//! [`importance`] weighs the words of a caption by the gradient at their tokens and by leaving each out.
//! [`substitute`] looks for the exchange of words that serves an [`Aim`]. Both work on a [`Scene`], and take a
//! [`Guide`] where the text model has a gradient; without one they ask the model alone.
//!
//! ```no_run
//! use nearmiss::attack::caption::{Guide, Options, Scene, importance, substitute};
//! use nearmiss::runtime::Provider;
//! # use nearmiss::{compute::Embedded, encoder::Encoder, task::Task};
//! # fn example(encoder: Encoder, embedded: Embedded) -> nearmiss::error::Result<()> {
//! let scene = Scene::new(&encoder, &embedded);
//! let guide = Guide::open(&encoder, &Provider::ALL)?;
//! let task = Task::detached();
//! let words = importance(&scene, "A dog runs.", None, 0, Some(&guide), &task)?;
//! let found = substitute(&scene, "A dog runs.", None, 0, &Options::default(), Some(&guide), &task)?;
//! println!("{} words, {} edits", words.words.len(), found.edits.len());
//! # Ok(())
//! # }
//! ```

mod candidates;
mod guide;
mod importance;
mod rank;
mod ranked_pair;
mod substitute;
mod synonyms;
mod words;

pub use candidates::words_by_frequency;
pub use guide::Guide;
pub use importance::{Importance, Weight, Without, importance};
pub use ranked_pair::{Aim, PairRank, Scene};
pub use substitute::{Change, Edit, Options, SearchMethod, Substitution, substitute};
pub use synonyms::{Synonyms, read_words};
pub use words::{Word, split};
