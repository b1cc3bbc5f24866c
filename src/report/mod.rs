//! Reports: one self-contained HTML page with its pictures inside, readable on screen, in the dark and on paper.
//!
//! A [`Page`] is plain data: sections of text, tables, charts and pairs. [`Page::save`] writes it; nothing in it is
//! fetched from elsewhere, and all text is escaped. [`Subject`] makes that of an evaluation; others add their sections.

mod date;
mod html;
mod pairs;
mod sections;
mod subject;
mod svg;
mod thumbnail;

pub use date::{now, utc};
pub use pairs::pairs;
pub use sections::{histograms, lengths, metrics};
pub use subject::Subject;
pub use thumbnail::{SIDE, Thumbnail};

use crate::error::{Error, Result};
use std::path::Path;

/// A page.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Page {
    /// Its title.
    pub title: String,
    /// What was done with what: name and value.
    pub facts: Vec<(String, String)>,
    /// Its sections, in order.
    pub sections: Vec<Section>,
}

/// A part of a page.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Section {
    /// Its heading.
    pub title: String,
    /// What it shows, in a sentence or two; empty for none.
    pub note: String,
    /// What it holds, in order.
    pub blocks: Vec<Block>,
}

/// A piece of a section.
#[derive(Debug, Clone, PartialEq)]
pub enum Block {
    /// A paragraph.
    Text(String),
    /// A table: the first column is of names, the others of numbers.
    Table {
        /// Headings of the columns.
        columns: Vec<String>,
        /// Rows of as many cells.
        rows: Vec<Vec<String>>,
    },
    /// Charts side by side.
    Charts(Vec<Chart>),
    /// Pairs with their pictures.
    Pairs(Vec<Pair>),
}

/// What a bar or a text means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tone {
    /// Nothing in particular.
    #[default]
    Plain,
    /// The right answer.
    Good,
    /// The near miss.
    Bad,
}

/// A bar chart.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Chart {
    /// What is counted.
    pub title: String,
    /// The bars, left to right.
    pub bars: Vec<Bar>,
}

/// A bar.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Bar {
    /// What stands below it; empty for nothing.
    pub label: String,
    /// Its height, from 0.
    pub value: f64,
    /// What is said of it when it is pointed at.
    pub hint: String,
    /// Its meaning.
    pub tone: Tone,
}

/// A query with its right one and its hardest negative.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Pair {
    /// The query.
    pub query: Item,
    /// Its right one.
    pub right: Item,
    /// Its hardest negative.
    pub negative: Item,
    /// Rank of the right one, from 1.
    pub rank: u32,
    /// Score of the right one less that of the negative.
    pub margin: f32,
    /// What else there is to say of it, in a few words each.
    pub tags: Vec<String>,
}

/// An image or a caption of a pair.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Item {
    /// The picture; `None` for a caption.
    pub picture: Option<Shown>,
    /// The caption, or the picture's name.
    pub text: String,
    /// What a picture's first caption says; empty for none.
    pub says: String,
    /// The picture that a caption belongs to, where that is worth seeing.
    pub belongs: Option<Shown>,
    /// Cosine with the query; `None` for the query itself.
    pub score: Option<f32>,
}

/// A picture, or why there is none.
#[derive(Debug, Clone, PartialEq)]
pub enum Shown {
    /// A small copy.
    Picture(Thumbnail),
    /// It cannot be shown.
    Missing,
}

impl Page {
    /// Writes the page to `path`; returns its size in bytes.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn save(&self, path: &Path) -> Result<u64> {
        crate::files::replace(path, |out| html::write(out, self))?;
        let written = std::fs::metadata(path).map_err(Error::io("read", path))?;
        Ok(written.len())
    }

    /// The pairs of all sections.
    pub fn pairs(&self) -> impl Iterator<Item = &Pair> {
        let blocks = self.sections.iter().flat_map(|section| &section.blocks);
        let pairs = blocks.filter_map(|block| match block {
            Block::Pairs(pairs) => Some(pairs),
            _ => None,
        });
        pairs.flatten()
    }

    /// The pictures of all pairs.
    fn pictures(&self) -> impl Iterator<Item = &Thumbnail> {
        self.pairs()
            .flat_map(|pair| [&pair.query, &pair.right, &pair.negative])
            .flat_map(|item| [&item.picture, &item.belongs])
            .filter_map(|shown| match shown {
                Some(Shown::Picture(picture)) => Some(picture),
                _ => None,
            })
    }
}
