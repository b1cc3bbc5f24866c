//! Opening one shard of a dataset.

use crate::dataset::{self, Dataset, RowReading, Wanted};
use crate::error::{Error, Result};
use crate::parts::plan::dataset::{Home, content, unchanged, whole};
use crate::parts::plan::{Data, EmbedPlan, Shard};
use crate::parts::store::Store;
use crate::task::Task;
use std::path::PathBuf;
use std::sync::Arc;

/// A dataset of which shards are opened. One that is read as a whole is read once.
pub struct Shards {
    place: String,
    store: Store,
    part: Wanted,
    content: Option<String>,
    rows: Option<RowReading>,
    whole: Option<Arc<Dataset>>,
    /// Where archives from object storage are put while they are read.
    scratch: Option<tempfile::TempDir>,
}

impl Shards {
    /// Of the dataset of this plan; `None` where it has rows alone.
    ///
    /// # Errors
    /// Its place is none that can be opened.
    pub fn of(plan: &EmbedPlan) -> Result<Option<Self>> {
        let Data::Dataset { place, part } = &plan.data else {
            return Ok(None);
        };
        Ok(Some(Self {
            place: place.clone(),
            store: Home::of(place)?.store,
            part: part.clone(),
            content: plan.content.clone(),
            rows: plan.rows.clone(),
            whole: None,
            scratch: None,
        }))
    }

    /// Opens a shard. One without a sample gives a dataset without images whose problems say so.
    ///
    /// # Errors
    /// The dataset is not what it was when it was planned; it cannot be read; cancellation.
    pub fn open(&mut self, shard: &Shard, task: &Task) -> Result<Dataset> {
        match shard {
            Shard::File { name, .. } => {
                unchanged(&self.store, shard)?;
                let (root, file) = self.file(name, task)?;
                dataset::open_archive(&root, name, &file, task)
            }
            Shard::Rows(pieces) => {
                unchanged(&self.store, shard)?;
                let Some(rows) = &self.rows else {
                    return Err(Error::plan("the plan does not say how rows are read"));
                };
                let mut files = Vec::with_capacity(pieces.len());
                for piece in pieces {
                    let file = self.store.table_file(&piece.name, task)?;
                    files.push((file, piece.groups));
                }
                dataset::open_row_groups(self.place.as_ref(), &files, rows, task)
            }
            Shard::Images(from, to) => {
                let whole = self.whole(task)?;
                if *to > whole.images.len() {
                    return Err(Error::plan(format!("there are no images {from} to {to}")));
                }
                Ok(part_of(&whole, *from, *to))
            }
        }
    }

    fn whole(&mut self, task: &Task) -> Result<Arc<Dataset>> {
        if let Some(whole) = &self.whole {
            return Ok(Arc::clone(whole));
        }
        let place = &self.place;
        let whole = Arc::new(whole(place, &self.part, task)?);
        if self.content.as_deref() != Some(content(&whole).as_str()) {
            return Err(Error::plan(format!(
                "{place} has other images or captions than when the run was planned"
            )));
        }
        self.whole = Some(Arc::clone(&whole));
        Ok(whole)
    }

    /// The folder of the dataset and the file called `name` there; from object storage the file is fetched first.
    fn file(&mut self, name: &str, task: &Task) -> Result<(PathBuf, PathBuf)> {
        if let Some(folder) = self.store.local() {
            return Ok((folder.to_path_buf(), folder.join(name)));
        }
        // The last one is not needed any more.
        self.scratch = None;
        let folder = tempfile::Builder::new()
            .prefix(crate::files::SCRATCH)
            .tempdir()
            .map_err(Error::io("create", &std::env::temp_dir()))?;
        let root = folder.path().to_path_buf();
        let file = root.join(name);
        for wanted in [name, "classnames.txt"] {
            if wanted == name || self.store.about(wanted)?.is_some() {
                let to = root.join(wanted);
                let above = to.parent().unwrap_or(&root);
                std::fs::create_dir_all(above).map_err(Error::io("create", above))?;
                self.store.fetch(wanted, &to, task)?;
            }
        }
        self.scratch = Some(folder);
        Ok((root, file))
    }
}

/// Some images of a dataset with their captions. What is said of the dataset besides stays with the plan.
fn part_of(whole: &Dataset, from: usize, to: usize) -> Dataset {
    let mut part = Dataset::of_images(&*whole.name, &*whole.format, Vec::new(), Vec::new());
    part.images = whole.images[from..to].to_vec();
    let captions = whole.offsets[from]..whole.offsets[to];
    part.captions = whole.captions[captions.start as usize..captions.end as usize].to_vec();
    let offsets = whole.offsets[from..=to].iter();
    part.offsets = offsets.map(|offset| offset - captions.start).collect();
    part.origin.found = dataset::Found {
        images: part.images.len() as u64,
        captions: part.captions.len() as u64,
    };
    part
}
