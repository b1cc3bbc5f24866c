//! What was learned, written: as an encoder like any other ([`export`]), or the heads alone ([`Heads::write`]).
//!
//! An exported encoder is a folder with an image model and a text model: each is the original's graph up to its pooled
//! embedding, and behind that unit norm, the head, unit norm. The configurations that the program reads beside the
//! original lie beside the copy, so that pictures and captions are prepared as before. What the user chose about the
//! original (outputs, poolings, preprocessing) is part of the copy: it opens without a question.

mod encoder;
mod head;
mod keep;
mod layout;
mod trial;
mod weights;

pub use encoder::{Exported, Trained, export};
pub use head::alone;
pub use keep::{keep, write_model};
pub use layout::Layout;
pub use weights::Heads;
