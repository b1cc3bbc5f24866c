//! Pictures of a run, each read alone from the dataset.

use crate::dataset::{Picture, open_picture};
use crate::error::{Error, Result};
use crate::parts::plan::embed::unchanged;
use crate::parts::plan::{Data, EmbedPlan, Shard};
use crate::parts::stage::Place;
use crate::parts::store::Store;
use std::collections::HashMap;
use std::path::Path;

/// The largest picture that is read, in bytes.
const MOST: u64 = 512 << 20;

/// Reads pictures of the dataset that a run embedded.
#[derive(Debug)]
pub struct Pictures {
    store: Option<Store>,
    /// Archives by name; whether they were found to be what they were when they were planned.
    archives: HashMap<String, (Shard, bool)>,
}

impl Pictures {
    /// Of the dataset of this plan.
    ///
    /// # Errors
    /// Its place is none that can be opened.
    pub fn new(plan: &EmbedPlan) -> Result<Self> {
        let store = match &plan.data {
            Data::Dataset { place, .. } => Some(Store::open(place)?),
            Data::Rows { .. } => None,
        };
        let archives = plan.shards.iter().filter_map(|shard| match shard {
            Shard::File { name, .. } => Some((name.clone(), (shard.clone(), false))),
            Shard::Images(..) => None,
        });
        Ok(Self {
            store,
            archives: archives.collect(),
        })
    }

    /// The picture of the image called `name`: of an archive only its own bytes are read.
    ///
    /// # Errors
    /// The archive is not what it was when it was planned; the picture cannot be read or decoded.
    pub fn open(&mut self, name: &str, place: &Place) -> Result<Picture> {
        match place {
            Place::File(path) => open_picture(Path::new(path)),
            Place::Span(archive, offset, length) => {
                let store = self.checked(archive)?;
                let end = offset.checked_add(*length).filter(|_| *length <= MOST);
                let Some(end) = end else {
                    let what = format!("the picture {name} of {archive} is too large");
                    return Err(Error::request(what, "Make it smaller, or leave it out."));
                };
                let bytes = store.read_range(archive, *offset..end)?;
                let told = format!("{}/{archive}: {name}", store.place());
                Picture::decode(&bytes, Path::new(&told))
            }
        }
    }

    /// The dataset, whose archive `name` is as it was.
    fn checked(&mut self, name: &str) -> Result<&Store> {
        let (Some(store), Some((shard, known))) = (&self.store, self.archives.get_mut(name)) else {
            return Err(Error::plan(format!(
                "the run was not planned with an archive {name}"
            )));
        };
        if !*known {
            unchanged(store, shard)?;
            *known = true;
        }
        Ok(store)
    }
}
