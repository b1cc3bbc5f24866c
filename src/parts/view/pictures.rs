//! Pictures of a run, each read alone from the dataset.

use crate::dataset::{Groups, Image, Picture, RowReading, Stored, open_picture};
use crate::error::{Error, Result};
use crate::parts::plan::dataset::{Home, unchanged};
use crate::parts::plan::{Data, EmbedPlan, Shard};
use crate::parts::stage::Place;
use crate::parts::store::Store;
use crate::task::Task;
use std::collections::HashMap;
use std::fmt;
use std::path::Path;

/// The largest picture that is read, in bytes.
const MOST: u64 = 512 << 20;

/// Parquet files that are kept open: of those in object storage the columns of pictures stay on this machine meanwhile.
const OPEN: usize = 4;

/// What gives the picture of a row.
type Cells = Box<dyn Fn(u64) -> Stored + Send + Sync>;

/// Reads pictures of the dataset that a run embedded.
pub struct Pictures {
    store: Option<Store>,
    /// Files by name; whether they were found to be what they were when they were planned.
    files: HashMap<String, (Shard, bool)>,
    /// How the rows of Parquet files are read.
    rows: Option<RowReading>,
    /// Some row groups of each of them.
    groups: HashMap<String, Groups>,
    /// The latest last.
    open: Vec<(String, Cells)>,
}

impl Pictures {
    /// Of the dataset of this plan.
    ///
    /// # Errors
    /// Its place is none that can be opened.
    pub fn new(plan: &EmbedPlan) -> Result<Self> {
        let store = match &plan.data {
            Data::Dataset { place, .. } => Some(Home::of(place)?.store),
            Data::Rows { .. } => None,
        };
        let (mut files, mut groups) = (HashMap::new(), HashMap::new());
        for shard in &plan.shards {
            if let Shard::Rows(pieces) = shard {
                for piece in pieces {
                    let alone = Shard::Rows(vec![piece.clone()]);
                    files.insert(piece.name.clone(), (alone, false));
                    groups.insert(piece.name.clone(), piece.groups);
                }
            } else if let Shard::File { name, .. } = shard {
                files.insert(name.clone(), (shard.clone(), false));
            }
        }
        Ok(Self {
            store,
            files,
            rows: plan.rows.clone(),
            groups,
            open: Vec::new(),
        })
    }

    /// The picture of the image called `name`: of an archive only its own bytes are read, of a Parquet file the pictures of
    /// its row group.
    ///
    /// # Errors
    /// The file is not what it was when it was planned; the picture cannot be read or decoded.
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
            Place::Cell(file, row) => {
                let picture = Some(self.cell(file, *row)?);
                let name = name.to_owned();
                Image { name, picture }.open()
            }
        }
    }

    /// The picture in a row of a Parquet file.
    fn cell(&mut self, file: &str, row: u64) -> Result<Stored> {
        if let Some((_, cells)) = self.open.iter().find(|(name, _)| name == file) {
            return Ok(cells(row));
        }
        let store = self.checked(file)?.clone();
        let (Some(rows), Some(groups)) = (&self.rows, self.groups.get(file)) else {
            return Err(not_planned(file));
        };
        let cells = rows.pictures(&store.table_file(file, &Task::of_thread())?, groups)?;
        let stored = cells(row);
        if self.open.len() >= OPEN {
            drop(self.open.remove(0));
        }
        self.open.push((file.to_owned(), Box::new(cells)));
        Ok(stored)
    }

    /// The dataset, whose file `name` is as it was.
    fn checked(&mut self, name: &str) -> Result<&Store> {
        let (Some(store), Some((shard, known))) = (&self.store, self.files.get_mut(name)) else {
            return Err(not_planned(name));
        };
        if !*known {
            unchanged(store, shard)?;
            *known = true;
        }
        Ok(store)
    }
}

fn not_planned(file: &str) -> Error {
    Error::plan(format!("the run was not planned with a file {file}"))
}

impl fmt::Debug for Pictures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pictures").field(&self.store).finish()
    }
}
