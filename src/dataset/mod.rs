//! Images, captions and which belongs to which.
//!
//! [`open`] recognises a file or folder by itself; each format is one file in `formats/` and one line in its table.
//! Captions are stored grouped by image, so that the captions of an image are one range of rows everywhere.

mod account;
pub mod annotations;
mod archive;
pub mod coordinates;
mod decisions;
pub mod demo;
mod encoded;
pub mod export;
pub mod formats;
mod jpeg;
pub mod neighbours;
pub mod npy;
mod parquet_cells;
mod parquet_claims;
mod parquet_file;
mod parquet_first;
mod parquet_headers;
mod parquet_thrift;
mod partial;
mod picture;
mod row_keys;
pub mod runs;
mod stored;
pub mod trials;
pub mod vectors;

pub use account::{
    Account, Found, Left, NAMES, Origin, Problem, Reason, Split, Tally, UNEXPLAINED,
};
pub use archive::Archive;
pub use decisions::{Decisions, Verdict};
pub use formats::{
    Archives, Groups, RowCut, RowReading, TableFile, Tables, Vectors, Wanted, archives,
    archives_among, images_alone, is_captioned, open, open_archive, open_row_groups, open_wanted,
    open_with_vectors, tables, tables_among,
};
pub use parquet_cells::PictureColumn;
pub use partial::Partial;
pub use picture::{
    MAX_PIXELS, PICTURE_EXTENSIONS, Picture, is_picture_name, open_picture, write_png,
};
pub use row_keys::RowKeys;
pub use stored::Stored;

use crate::error::{Error, Result};
use std::collections::HashSet;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

/// One image of a dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// Name shown to the user: the file name as the dataset gives it. Within a dataset it names one image; it never
    /// says where a picture lies.
    pub name: String,
    /// Where its picture lies; `None` where only its captions or its embedding are known.
    pub picture: Option<Stored>,
}

impl Image {
    /// With its picture in a file of its own.
    pub fn file(name: impl Into<String>, path: impl Into<PathBuf>) -> Self {
        Self {
            name: name.into(),
            picture: Some(Stored::File(path.into())),
        }
    }

    /// Without a picture.
    pub fn unseen(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            picture: None,
        }
    }

    /// The picture as it is stored, undecoded: the content of a picture file, wherever it lies.
    ///
    /// # Errors
    /// This image has no picture, or it cannot be read.
    pub fn bytes(&self) -> Result<Vec<u8>> {
        match &self.picture {
            Some(stored) => stored.bytes(),
            None => Err(Error::request(
                format!("{} has no picture", self.name),
                "Open the dataset together with its pictures.",
            )),
        }
    }

    /// The picture, decoded.
    ///
    /// # Errors
    /// As [`Image::bytes`]; what is stored is no picture, damaged or too large.
    pub fn open(&self) -> Result<Picture> {
        Picture::decode(&self.bytes()?, &self.place())
    }

    /// Where the picture lies, as errors call it: a path, with the member or row where it lies in a larger file.
    pub fn place(&self) -> PathBuf {
        match &self.picture {
            Some(stored) => stored.place(&self.name),
            None => PathBuf::from(&self.name),
        }
    }
}

/// Captioned images, or images alone. Invariant: caption `j` belongs to image `i` exactly when `j` is in `captions_of(i)`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dataset {
    /// Name shown to the user.
    pub name: String,
    /// Format it was recognised as.
    pub format: String,
    /// The images, in the dataset's own order.
    pub images: Vec<Image>,
    /// The captions, grouped by image in the order of `images`.
    pub captions: Vec<String>,
    /// Captions of image `i` are rows `offsets[i]..offsets[i + 1]`; length `images.len() + 1`.
    pub offsets: Vec<u32>,
    /// What was skipped, and why.
    pub problems: Vec<Problem>,
    /// What was found beside what is in use.
    pub origin: Origin,
    /// Of embeddings alone: what their rows are known by, since their names only number them.
    pub row_keys: Option<Arc<RowKeys>>,
}

impl Dataset {
    /// A dataset from images with their captions; images without a caption are listed as problems and left out, and a
    /// caption that an image has twice is noted. What was found is what is given with what the problems cost; a reader
    /// that counts for itself says so in `origin`.
    pub fn from_groups(
        name: impl Into<String>,
        format: impl Into<String>,
        groups: Vec<(Image, Vec<String>)>,
        mut problems: Vec<Problem>,
    ) -> Self {
        let mut dataset = Self {
            name: name.into(),
            format: format.into(),
            offsets: vec![0],
            ..Self::default()
        };
        for (image, captions) in groups {
            if captions.is_empty() {
                let lost = Problem::new(image.name, "has no caption", Reason::NoCaption);
                problems.push(lost.costing(1, 0));
                continue;
            }
            let mut seen = HashSet::with_capacity(captions.len());
            if !captions.iter().all(|caption| seen.insert(caption)) {
                let what = "has a caption twice; both are used";
                dataset
                    .origin
                    .note(Reason::Duplicate, what, image.name.clone());
            }
            dataset.images.push(image);
            dataset.captions.extend(captions);
            dataset.offsets.push(dataset.captions.len() as u32);
        }
        dataset.problems = problems;
        dataset.count_found();
        dataset
    }

    /// Found is what is there, with what the problems cost.
    fn count_found(&mut self) {
        let lost = |of: fn(&Found) -> u64| self.problems.iter().map(|p| of(&p.costs)).sum::<u64>();
        self.origin.found = Found {
            images: self.images.len() as u64 + lost(|f| f.images),
            captions: self.captions.len() as u64 + lost(|f| f.captions),
        };
    }

    /// Images without captions. What was found is what is given with what the problems cost.
    pub fn of_images(
        name: impl Into<String>,
        format: impl Into<String>,
        images: Vec<Image>,
        problems: Vec<Problem>,
    ) -> Self {
        let mut dataset = Self {
            name: name.into(),
            format: format.into(),
            offsets: vec![0; images.len() + 1],
            images,
            problems,
            ..Self::default()
        };
        dataset.count_found();
        dataset
    }

    /// Has any image a picture?
    pub fn has_pictures(&self) -> bool {
        self.images.iter().any(|image| image.picture.is_some())
    }

    /// The rows of the captions of image `i`.
    pub fn captions_of(&self, i: usize) -> Range<usize> {
        self.offsets[i] as usize..self.offsets[i + 1] as usize
    }

    /// The image that caption `j` belongs to.
    pub fn image_of(&self, j: usize) -> usize {
        self.offsets.partition_point(|&o| o as usize <= j) - 1
    }

    /// The dataset without the images for which `keep` is false, and without their captions.
    #[must_use]
    pub fn retain(&self, keep: impl Fn(usize) -> bool) -> Self {
        let mut kept = Self::of_images(
            self.name.clone(),
            self.format.clone(),
            Vec::new(),
            self.problems.clone(),
        );
        for i in (0..self.images.len()).filter(|&i| keep(i)) {
            kept.images.push(self.images[i].clone());
            let own = &self.captions[self.captions_of(i)];
            kept.captions.extend_from_slice(own);
            kept.offsets.push(kept.captions.len() as u32);
        }
        kept.origin = self.origin.clone();
        kept.row_keys = self.row_keys.as_ref().map(|keys| {
            let rows = (0..self.images.len()).filter(|&i| keep(i));
            let (images, captions) = rows
                .map(|i| (keys.images[i], keys.captions[self.captions_of(i)].to_vec()))
                .unzip::<_, _, Vec<_>, Vec<_>>();
            let captions = captions.concat();
            Arc::new(RowKeys { images, captions })
        });
        kept
    }

    /// The dataset with the captions alone for which `keep` is true; images that are left without any are left out.
    #[must_use]
    pub fn retain_captions(&self, keep: impl Fn(usize) -> bool) -> Self {
        let mut kept = self.retain(|i| self.captions_of(i).any(&keep));
        let own: Vec<Vec<usize>> = (0..self.images.len())
            .map(|i| self.captions_of(i).filter(|&j| keep(j)).collect())
            .filter(|own: &Vec<usize>| !own.is_empty())
            .collect();
        let all = || own.iter().flatten();
        kept.captions = all().map(|&j| self.captions[j].clone()).collect();
        kept.offsets = vec![0];
        let mut so_far = 0;
        kept.offsets.extend(own.iter().map(|own| {
            so_far += own.len() as u32;
            so_far
        }));
        if let (Some(keys), Some(kept)) = (&self.row_keys, &mut kept.row_keys) {
            let captions = all().map(|&j| keys.captions[j]).collect();
            *kept = Arc::new(RowKeys {
                images: kept.images.clone(),
                captions,
            });
        }
        kept
    }
}
