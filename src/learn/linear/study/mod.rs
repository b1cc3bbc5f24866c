//! Two groups studied as a whole: the maximal margins, what each method ends at, and what of it withstands attacks.
//!
//! [`study`] makes a [`Study`]; [`Answer`] is the same in plain figures, [`words`] in sentences, [`files`] on disk.

mod answer;
mod asked;
pub mod files;
mod found;
mod make;
pub mod words;

pub use answer::{Answer, Withstands, farthest};
pub use asked::Asked;
pub use found::{Classifier, Ran, Shrunk, Study};
pub use make::{classifier_of, study};
