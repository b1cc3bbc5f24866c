//! The whole set as its files hold it, of which a few images with all their captions are read at a time.

use super::embed::Embedded as Said;
use super::gather::Set;
use super::items::item;
use super::pick::{Picked, read_spans};
use crate::compute::{Embedded, Groups};
use crate::dataset::{Dataset, Image};
use crate::error::{Error, Result};
use crate::parts::plan::RankPlan;
use crate::parts::run::{FileMark, Run, Stage};
use crate::retrieval::Side;
use std::collections::BTreeSet;
use std::ops::Range;

/// The set of a plan of ranking.
pub(in crate::parts) struct Whole<'a> {
    run: &'a Run,
    plan: &'a RankPlan,
    shards: Vec<Shard>,
}

/// A shard, opened when it is first needed.
struct Shard {
    first_image: u32,
    first_text: u32,
    open: Option<Opened>,
}

struct Opened {
    rows: Picked,
    offsets: Vec<u32>,
    names: Option<FileMark>,
}

/// Some images with all their captions.
pub(in crate::parts) struct Local {
    /// Their numbers in all, rising.
    pub images: Vec<u32>,
    /// The numbers of their captions, rising.
    pub texts: Vec<u32>,
    /// Their rows.
    pub embedded: Embedded,
    /// Score of each caption with its own image, in true units.
    pub pairs: Vec<f32>,
    /// Names and captions, where they are known.
    pub dataset: Option<Dataset>,
}

impl Local {
    /// The row here of the image of this number.
    pub fn image(&self, number: u32) -> Option<u32> {
        self.images.binary_search(&number).ok().map(|at| at as u32)
    }

    /// The row here of what has this number on its side.
    pub fn row(&self, side: Side, number: u32) -> Option<u32> {
        match side {
            Side::Image => self.image(number),
            Side::Text => self.text(number),
        }
    }

    /// The number of a row here.
    pub fn number(&self, side: Side, row: u32) -> u32 {
        match side {
            Side::Image => self.images[row as usize],
            Side::Text => self.texts[row as usize],
        }
    }

    /// The row here of the caption of this number.
    pub fn text(&self, number: u32) -> Option<u32> {
        self.texts.binary_search(&number).ok().map(|at| at as u32)
    }
}

impl<'a> Whole<'a> {
    /// The set that this plan ranks.
    pub fn new(run: &'a Run, plan: &'a RankPlan) -> Self {
        let [images, texts] = plan.starts();
        let starts = images.into_iter().zip(texts);
        let shard = |(image, text)| Shard {
            first_image: image as u32,
            first_text: text as u32,
            open: None,
        };
        Self {
            run,
            plan,
            shards: starts.take(plan.shards.len()).map(shard).collect(),
        }
    }

    /// Values of a row.
    pub fn dim(&self) -> usize {
        self.plan.dim
    }

    /// The image that a caption belongs to.
    ///
    /// # Errors
    /// Its shard cannot be read.
    pub fn owner(&mut self, text: u32) -> Result<u32> {
        let n = self.shards.partition_point(|s| s.first_text <= text) - 1;
        let (first_image, first_text) = (self.shards[n].first_image, self.shards[n].first_text);
        let offsets = &self.opened(n)?.offsets;
        let own = offsets.partition_point(|&o| o <= text - first_text) - 1;
        Ok(first_image + own as u32)
    }

    /// The captions of an image.
    ///
    /// # Errors
    /// Its shard cannot be read.
    pub fn texts_of(&mut self, image: u32) -> Result<Range<u32>> {
        let n = self.shards.partition_point(|s| s.first_image <= image) - 1;
        let (first_image, first_text) = (self.shards[n].first_image, self.shards[n].first_text);
        let offsets = &self.opened(n)?.offsets;
        let i = (image - first_image) as usize;
        Ok(first_text + offsets[i]..first_text + offsets[i + 1])
    }

    fn opened(&mut self, n: usize) -> Result<&Opened> {
        if self.shards[n].open.is_none() {
            let rows = Picked::open(self.run, &self.plan.shards[n].file)?;
            let mark = self
                .run
                .mark::<Said>(Stage::Embed.name(), n, &self.plan.embed)?;
            self.shards[n].open = Some(Opened {
                offsets: rows.all(self.run, "offsets")?,
                rows,
                names: mark.and_then(|mark| mark.files.into_iter().nth(1)),
            });
        }
        self.shards[n]
            .open
            .as_ref()
            .ok_or_else(|| Error::plan(format!("shard {n} cannot be opened")))
    }

    /// These images with all their captions.
    ///
    /// # Errors
    /// A shard is missing or cannot be read.
    pub fn local(&mut self, images: &BTreeSet<u32>) -> Result<Local> {
        let mut local = Gathered::default();
        let wanted: Vec<u32> = images.iter().copied().collect();
        let mut rest = wanted.as_slice();
        while let Some(&first) = rest.first() {
            let n = self.shards.partition_point(|s| s.first_image <= first) - 1;
            let end = self.shards.get(n + 1).map_or(u32::MAX, |s| s.first_image);
            let (now, later) = rest.split_at(rest.partition_point(|&i| i < end));
            let (first_image, first_text) = (self.shards[n].first_image, self.shards[n].first_text);
            let run = self.run;
            local.add(run, self.opened(n)?, now, first_image, first_text)?;
            rest = later;
        }
        let set = Set::new(self.run, self.plan);
        let embedded = Embedded::new(
            set.embeddings(local.image_rows, false)?,
            set.embeddings(local.text_rows, true)?,
            Groups::new(local.offsets)?,
        )?;
        let dataset = local
            .named
            .then(|| Dataset::from_groups("a part", "a part", local.groups, Vec::new()));
        Ok(Local {
            images: wanted,
            texts: local.texts,
            embedded,
            pairs: local.pairs,
            dataset,
        })
    }
}

/// Rows as they are found.
struct Gathered {
    image_rows: Vec<f32>,
    text_rows: Vec<f32>,
    offsets: Vec<u32>,
    texts: Vec<u32>,
    pairs: Vec<f32>,
    named: bool,
    groups: Vec<(Image, Vec<String>)>,
}

impl Default for Gathered {
    fn default() -> Self {
        Self {
            image_rows: Vec::new(),
            text_rows: Vec::new(),
            offsets: vec![0],
            texts: Vec::new(),
            pairs: Vec::new(),
            named: true,
            groups: Vec::new(),
        }
    }
}

impl Gathered {
    /// Adds `images` of a shard whose first image and caption have these numbers.
    fn add(
        &mut self,
        run: &Run,
        shard: &Opened,
        images: &[u32],
        first_image: u32,
        first_text: u32,
    ) -> Result<()> {
        let own: Vec<u32> = images.iter().map(|image| image - first_image).collect();
        let mut texts = Vec::new();
        for &i in &own {
            let range = shard.offsets[i as usize]..shard.offsets[i as usize + 1];
            texts.extend(range);
            self.offsets.push((self.texts.len() + texts.len()) as u32);
        }
        self.image_rows
            .extend(shard.rows.rows::<f32>(run, "images", &own)?);
        self.text_rows
            .extend(shard.rows.rows::<f32>(run, "texts", &texts)?);
        self.pairs
            .extend(shard.rows.rows::<f32>(run, "pairs", &texts)?);
        self.texts
            .extend(texts.iter().map(|text| first_text + text));
        let Some(file) = &shard.names else {
            self.named = false;
            return Ok(());
        };
        let mut ends: Vec<u32> = own.iter().flat_map(|&i| [i, i + 1]).collect();
        ends.dedup();
        let starts: Vec<u64> = shard.rows.rows(run, "lines", &ends)?;
        let at = |i: u32| {
            ends.binary_search(&i)
                .map(|at| starts[at])
                .unwrap_or_default()
        };
        let spans: Vec<Range<u64>> = own.iter().map(|&i| at(i)..at(i + 1)).collect();
        let mut found = Vec::with_capacity(spans.len());
        read_spans(run, &file.name, &spans, |line| found.push(item(file, line)))?;
        for item in found {
            let item = item?;
            self.groups.push((Image::unseen(item.name), item.captions));
        }
        Ok(())
    }
}
