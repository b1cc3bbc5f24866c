//! What single images and captions of a run are called: out of the shards that hold them, of which a few are kept.

use super::finished::Finished;
use crate::error::{Error, Result};
use crate::parts::run::Stage;
use crate::parts::stage::{Embedded, Item, Place, items};
use std::collections::VecDeque;
use std::sync::Arc;

/// Shards whose items are kept.
const KEPT: usize = 12;

/// An image or a caption of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    /// An image.
    Image {
        /// Its name.
        name: String,
        /// Where its picture lies; `None` where that is not known, or in a cell of a table.
        place: Option<Place>,
        /// Its captions.
        captions: Vec<String>,
    },
    /// A caption.
    Caption {
        /// Its words.
        text: String,
        /// The name of its image.
        image: String,
        /// The number of its image.
        owner: u32,
    },
    /// A row of embeddings that were given: it has no name.
    Row,
}

/// Finds names in a run.
#[derive(Debug)]
pub struct Names {
    finished: Arc<Finished>,
    /// The number of the first image and of the first caption of each shard, and one beyond.
    first: [Vec<usize>; 2],
    /// Shards that were read last, newest in front.
    kept: VecDeque<(usize, Arc<Vec<Item>>)>,
}

impl Names {
    /// For this run.
    pub fn new(finished: Arc<Finished>) -> Self {
        Self {
            first: finished.plan.starts(),
            finished,
            kept: VecDeque::new(),
        }
    }

    /// What image or caption `n` is called.
    ///
    /// # Errors
    /// There is no such one; its shard is missing, damaged or does not fit the plan.
    pub fn named(&mut self, image: bool, n: u32) -> Result<Named> {
        if self.finished.embed.encoder.is_none() {
            return Ok(Named::Row);
        }
        let first = &self.first[usize::from(!image)];
        let n = n as usize;
        if first.last().is_none_or(|&all| n >= all) {
            let kind = if image { "image" } else { "caption" };
            return Err(Error::plan(format!("the run has no {kind} {n}")));
        }
        let shard = first.partition_point(|&first| first <= n) - 1;
        let (within, first_image) = (n - first[shard], self.first[0][shard]);
        let items = self.items(shard)?;
        if image {
            return items.get(within).map(of_image).ok_or_else(|| wrong(shard));
        }
        let mut before = 0;
        for (i, item) in items.iter().enumerate() {
            if let Some(text) = item.captions.get(within - before) {
                return Ok(Named::Caption {
                    text: text.clone(),
                    image: item.name.clone(),
                    owner: (first_image + i) as u32,
                });
            }
            before += item.captions.len();
        }
        Err(wrong(shard))
    }

    /// The items of a shard.
    fn items(&mut self, shard: usize) -> Result<Arc<Vec<Item>>> {
        if let Some(at) = self.kept.iter().position(|(n, _)| *n == shard)
            && let Some(found) = self.kept.remove(at)
        {
            self.kept.push_front(found.clone());
            return Ok(found.1);
        }
        let Finished {
            run,
            plan,
            embed_hash,
            ..
        } = &*self.finished;
        let mark = run.mark::<Embedded>(Stage::Embed.name(), shard, embed_hash)?;
        let file = mark.as_ref().and_then(|mark| mark.files.get(1));
        let Some(file) = file else {
            return Err(Error::plan(format!(
                "shard {shard} is not embedded by this plan any more, or without names"
            )));
        };
        let found = Arc::new(items(run, file)?);
        let rows = &plan.shards[shard];
        let texts: usize = found.iter().map(|item| item.captions.len()).sum();
        if (found.len(), texts) != (rows.images, rows.texts) {
            return Err(wrong(shard));
        }
        self.kept.push_front((shard, Arc::clone(&found)));
        self.kept.truncate(KEPT);
        Ok(found)
    }
}

fn of_image(item: &Item) -> Named {
    Named::Image {
        name: item.name.clone(),
        place: item.place.clone(),
        captions: item.captions.clone(),
    }
}

fn wrong(shard: usize) -> Error {
    Error::plan(format!(
        "shard {shard} holds other images or captions than were ranked"
    ))
}
