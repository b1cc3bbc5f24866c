//! Benchmarks that bring their negatives: Winoground, ARO and `SugarCrepe`.
//!
//! [`open`] recognises their files. What has to be embedded is an ordinary [`Dataset`]; the [`Trial`]s say which of
//! its rows are compared.

mod aro;
mod sugarcrepe;
mod supplied;
mod winoground;

use super::formats::Wanted;
use super::{Dataset, Image, Origin, Picture, write_png};
use crate::error::{Error, Result};
use crate::task::{Task, memory};
use rayon::prelude::*;
use std::ops::Range;
use std::path::Path;

/// Which benchmark, and so how it is scored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub enum Benchmark {
    /// Two images and two captions of the same words (Thrush et al. 2022).
    Winoground,
    /// ARO, relations of Visual Genome (Yuksekgonul et al. 2022).
    #[serde(rename = "ARO relation")]
    AroRelation,
    /// ARO, attributes of Visual Genome.
    #[serde(rename = "ARO attribution")]
    AroAttribution,
    /// ARO, the order of words, on COCO or Flickr30k.
    #[serde(rename = "ARO order")]
    AroOrder,
    /// `SugarCrepe` (Hsieh et al. 2023).
    SugarCrepe,
}

impl Benchmark {
    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Winoground => "Winoground",
            Self::AroRelation => "ARO relation",
            Self::AroAttribution => "ARO attribution",
            Self::AroOrder => "ARO order",
            Self::SugarCrepe => "SugarCrepe",
        }
    }

    /// Trials that a category needs to count in the mean over categories: ARO's own code leaves out pairs of
    /// attributes with fewer than 25.
    pub fn least(self) -> usize {
        if self == Self::AroAttribution { 25 } else { 1 }
    }
}

/// A rectangle of a picture: `[left, top, width, height]` in pixels.
pub type Crop = [i64; 4];

/// One comparison. Caption `k` is the right one of image `k`; captions beyond the images are wrong ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trial {
    /// Index of its category.
    pub category: u32,
    /// Rows of the images: one, in Winoground two.
    pub images: Vec<u32>,
    /// Rows of the captions.
    pub captions: Vec<u32>,
}

/// A benchmark's trials and what they compare.
#[derive(Debug, Clone, PartialEq)]
pub struct Trials {
    /// Which benchmark.
    pub benchmark: Benchmark,
    /// Every image and caption once, to be embedded.
    pub dataset: Dataset,
    /// The part of each image that is shown; `None` for all of it. As long as the images.
    pub crops: Vec<Option<Crop>>,
    /// The comparisons.
    pub trials: Vec<Trial>,
    /// Names of the categories.
    pub categories: Vec<String>,
}

/// Opens a benchmark; `None` where a path is something else.
type Open = fn(&Path, &Wanted, &Task) -> Result<Option<Trials>>;

/// The benchmarks, in the order in which a path is tried.
const BENCHMARKS: [Open; 3] = [winoground::open, aro::open, sugarcrepe::open];

/// Opens `path` if it is a benchmark: one of their files, or a folder that holds them. `None` for anything else.
///
/// # Errors
/// It is one but cannot be used, or the folder holds several; cancellation. Pictures that are missing are listed in
/// the dataset's problems, and their trials left out.
pub fn open(path: &Path, task: &Task) -> Result<Option<Trials>> {
    open_wanted(path, &Wanted::default(), task)
}

/// As [`open`]; pictures may lie below the folder that is `wanted` too.
///
/// # Errors
/// As there.
pub fn open_wanted(path: &Path, wanted: &Wanted, task: &Task) -> Result<Option<Trials>> {
    for open in BENCHMARKS {
        if let Some(trials) = open(path, wanted, task)? {
            return Ok(Some(trials));
        }
    }
    Ok(None)
}

impl Trials {
    /// Images `range` with their captions as a dataset of their own. Cropped ones are cut out and written into `folder` as PNG, which loses nothing; an image that cannot be read stays as it is,
    /// so that whoever reads it says why.
    ///
    /// # Errors
    /// The folder cannot be written; cancellation.
    pub fn part(&self, range: Range<usize>, folder: &Path, task: &Task) -> Result<Dataset> {
        let cut = |i: usize| -> Result<Image> {
            task.check()?;
            let image = &self.dataset.images[i];
            let (Some(crop), Ok(picture)) = (
                self.crops[i],
                image
                    .bytes()
                    .and_then(|bytes| Picture::decode(&bytes, &image.place())),
            ) else {
                return Ok(image.clone());
            };
            // A box may be far larger than its picture.
            let [_, _, width, height] = crop;
            let _held = memory::hold(3 * (width.max(1) * height.max(1)) as u64).map_err(|e| {
                let what = format!("the part of {} that a trial shows {e}", image.name);
                Error::request(what, "Correct its box, or leave the trial out.")
            })?;
            let path = folder.join(format!("{i}.png"));
            write_png(&path, &cropped(&picture, crop))?;
            Ok(Image::file(image.name.clone(), path))
        };
        let first = self.dataset.captions_of(range.start).start;
        let end = self.dataset.captions_of(range.end - 1).end;
        let images: Vec<Image> = if self.crops[range.clone()].iter().any(Option::is_some) {
            let cut = range.clone().into_par_iter().map(cut);
            cut.collect::<Result<_>>()?
        } else {
            self.dataset.images[range.clone()].to_vec()
        };
        let offsets = self.dataset.offsets[range.start..=range.end].iter();
        Ok(Dataset {
            name: self.dataset.name.clone(),
            format: self.dataset.format.clone(),
            images,
            captions: self.dataset.captions[first..end].to_vec(),
            offsets: offsets.map(|&o| o - first as u32).collect(),
            problems: Vec::new(),
            origin: Origin::default(),
            row_keys: None,
        })
    }

    /// Without the images for which `keep` is false, and without the trials that show them.
    #[must_use]
    pub fn retain(&self, keep: impl Fn(usize) -> bool) -> Self {
        let gone = u32::MAX;
        let mut images = vec![gone; self.dataset.images.len()];
        let mut captions = vec![gone; self.dataset.captions.len()];
        let (mut i, mut j) = (0, 0);
        for old in (0..images.len()).filter(|&old| keep(old)) {
            images[old] = i;
            i += 1;
            for caption in self.dataset.captions_of(old) {
                captions[caption] = j;
                j += 1;
            }
        }
        let renumber = |rows: &[u32], new: &[u32]| -> Option<Vec<u32>> {
            let rows = rows.iter().map(|&row| new[row as usize]);
            rows.map(|row| (row != gone).then_some(row)).collect()
        };
        let trials = self.trials.iter().filter_map(|trial| {
            Some(Trial {
                category: trial.category,
                images: renumber(&trial.images, &images)?,
                captions: renumber(&trial.captions, &captions)?,
            })
        });
        let crops = self.crops.iter().enumerate().filter(|&(old, _)| keep(old));
        Self {
            benchmark: self.benchmark,
            crops: crops.map(|(_, crop)| *crop).collect(),
            trials: trials.collect(),
            categories: self.categories.clone(),
            dataset: self.dataset.retain(&keep),
        }
    }
}

/// The part `crop` of `picture`; what lies outside is black, as Pillow's `Image.crop` makes it.
pub fn cropped(picture: &Picture, [left, top, width, height]: Crop) -> Picture {
    let (width, height) = (width.max(1) as usize, height.max(1) as usize);
    let mut rgb = vec![0; 3 * width * height];
    let right = left
        .saturating_add(width as i64)
        .min(i64::from(picture.width));
    let columns = left.max(0)..right;
    for (y, row) in (top..).zip(rgb.chunks_exact_mut(3 * width)) {
        if y < 0 || y >= i64::from(picture.height) || columns.is_empty() {
            continue;
        }
        let place = |x: i64| 3 * (y as usize * picture.width as usize + x as usize);
        let target = 3 * (columns.start - left) as usize;
        let source = &picture.rgb[place(columns.start)..place(columns.end - 1) + 3];
        row[target..target + source.len()].copy_from_slice(source);
    }
    Picture {
        width: width as u32,
        height: height as u32,
        rgb,
    }
}
