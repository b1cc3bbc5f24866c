//! Ways to group the captions of a set by what is known of them: the attributes of which groups are made.

use super::concepts::Members;
use super::labels_in::labels_in;
use super::strata::Strata;
use crate::compute::Groups;
use crate::dataset::Dataset;
use crate::error::{Error, Result};
use crate::files::{AsBytes, quoted, shown};
use crate::retrieval::structure::{Bins, Concepts, lengths};
use crate::task::Task;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// A way to group captions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Grouping {
    /// By the numbers in a file (.npy), one for each caption, as [`labels_in`] reads them.
    File(#[serde(with = "AsBytes")] PathBuf),
    /// By the folder in the name of the caption's image.
    Folder,
    /// By the number of the caption's words, in the bins that Structure has too.
    Length,
    /// Captions of these images, and those of all others.
    Images(Members),
}

impl Grouping {
    /// What it is called.
    pub fn title(&self) -> String {
        match self {
            Self::File(path) => shown(path),
            Self::Folder => "folder".into(),
            Self::Length => "length".into(),
            Self::Images(members) => members.title().into(),
        }
    }

    /// The same as a word of a shell's command line.
    pub fn argument(&self) -> String {
        match self {
            Self::File(path) => quoted(&shown(path)),
            Self::Folder | Self::Length => self.title(),
            Self::Images(members) => members.argument(),
        }
    }

    /// The group of each caption, and what each group is called; `pairs` says which captions there are. Groups without
    /// captions may be among them.
    ///
    /// # Errors
    /// A file that cannot be read or has labels of another number of captions; words, folders or lengths of embeddings
    /// without their dataset; no such images; cancellation.
    pub fn groups(
        &self,
        dataset: Option<&Dataset>,
        pairs: &Groups,
        task: &Task,
    ) -> Result<(Strata, Vec<String>)> {
        if let Self::File(path) = self {
            let strata = labels_in(path)?;
            let (given, there) = (strata.labels().len(), pairs.texts());
            if given != there {
                return Err(Error::dataset(
                    path,
                    format!("has labels of {given} captions; there are {there}"),
                    "Write one for each caption in the order of the data, those of images held out too.",
                ));
            }
            let stem = path.file_stem().unwrap_or_default().to_string_lossy();
            let names = (0..strata.count()).map(|label| format!("{stem} {label}"));
            let names = names.collect();
            return Ok((strata, names));
        }
        // Rows of embeddings alone have numbers for names.
        let dataset = dataset.filter(|d| d.row_keys.is_none() && d.offsets == pairs.offsets());
        let Some(dataset) = dataset else {
            return Err(Error::request(
                format!(
                    "embeddings alone cannot be grouped by {:?}: neither captions nor names of images are known",
                    self.title()
                ),
                "Open the dataset with them, or give the group of each caption in a file (.npy).",
            ));
        };
        match self {
            Self::Folder => {
                let folders = Concepts::folders(dataset);
                let mut names = folders.names.clone();
                names.push("no folder".into());
                let none = names.len() as u32 - 1;
                let of = |image: usize| folders.of(image).first().copied().unwrap_or(none);
                Ok((by_image(pairs, of, names.len())?, names))
            }
            Self::Images(members) => {
                let images = members.images(dataset)?;
                let of = |image: usize| u32::from(images.binary_search(&(image as u32)).is_err());
                let title = members.title();
                let names = vec![title.to_owned(), format!("not {title}")];
                Ok((by_image(pairs, of, 2)?, names))
            }
            Self::Length | Self::File(_) => {
                let lengths = lengths(dataset, task)?;
                let bins = Bins::of(&lengths);
                let labels = lengths.iter().map(|&length| bins.at(length) as u32);
                let names = (0..bins.count()).map(|at| bins.name(at)).collect();
                Ok((Strata::new(labels.collect(), bins.count())?, names))
            }
        }
    }
}

/// Captions in the group of their image.
fn by_image(pairs: &Groups, of: impl Fn(usize) -> u32, count: usize) -> Result<Strata> {
    let images = 0..pairs.images();
    let labels = images.flat_map(|i| std::iter::repeat_n(of(i), pairs.range(i).len()));
    Strata::new(labels.collect(), count)
}
