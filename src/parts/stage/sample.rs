//! Queries drawn from all: each is ranked against everything, so that its rank is exact.

use super::gather::{Set, Want};
use crate::compute::Embeddings;
use crate::error::{Error, Result};
use crate::parts::plan::{RankPlan, Sample};
use crate::parts::run::{FileMark, Run, hash};
use crate::parts::state::{Arrays, Read};
use crate::task::Task;
use std::ops::Range;

/// Where the drawn queries are kept.
const FILE: &str = "parts/sample.safetensors";

/// Images read together while queries are gathered.
const PIECE: usize = 8_192;

/// The drawn queries.
pub(in crate::parts) struct Drawn {
    /// Rows of the images, and of the captions.
    pub rows: [Embeddings; 2],
    /// The captions of each image, by their numbers in all.
    pub own: Vec<Range<u32>>,
    /// The numbers of the images, rising.
    pub images: Vec<u32>,
    /// The numbers of the captions, rising.
    pub texts: Vec<u32>,
    /// The image of each caption.
    pub owners: Vec<u32>,
    /// Scores of the captions of each image, as products of stored rows, and where each image's begin.
    pub pairs_of_images: Vec<f32>,
    /// See `pairs_of_images`.
    pub offsets: Vec<u32>,
    /// Score of each caption with its image, likewise.
    pub pairs_of_texts: Vec<f32>,
}

/// Draws `count` images and `count` captions, or all where there are fewer, and keeps them with their rows in the run.
///
/// # Errors
/// A shard is missing, damaged or cannot be read; the file cannot be written; cancellation.
pub(super) fn draw(
    run: &Run,
    plan: &RankPlan,
    count: usize,
    seed: u64,
    task: &Task,
) -> Result<Sample> {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut drawn = |of: usize| -> Vec<u32> {
        let mut all = random.choose_multiple(0..of as u32, count.min(of));
        all.sort_unstable();
        all
    };
    let (images, texts) = (drawn(plan.images()), drawn(plan.texts()));
    let set = Set::new(run, plan);
    let mut found = Gathered::default();
    task.begin("Gathering drawn queries", plan.images() as u64);
    let (mut next_image, mut next_text) = (0, 0);
    for from in (0..plan.images()).step_by(PIECE) {
        let range = from..(from + PIECE).min(plan.images());
        let of_images = set.load(range.clone(), Want::Images, task)?;
        let of_texts = set.load(range.clone(), Want::Texts, task)?;
        while next_image < images.len() && (images[next_image] as usize) < range.end {
            let i = images[next_image] as usize - from;
            found.image(of_images.rows.as_ref(), i, of_images.texts_of(i));
            let own = of_images.offsets[i] as usize..of_images.offsets[i + 1] as usize;
            found
                .pairs_of_images
                .extend_from_slice(&of_images.pairs[own]);
            found.offsets.push(found.pairs_of_images.len() as u32);
            next_image += 1;
        }
        let end = of_texts.first_text + of_texts.pairs.len();
        while next_text < texts.len() && (texts[next_text] as usize) < end {
            let j = texts[next_text] as usize - of_texts.first_text;
            found.text(of_texts.rows.as_ref(), j);
            found.pairs_of_texts.push(of_texts.pairs[j]);
            let owner = of_texts.offsets.partition_point(|&o| o as usize <= j) - 1;
            found.owners.push((from + owner) as u32);
            next_text += 1;
        }
        task.add(range.len() as u64);
    }
    let mut arrays = Arrays::default();
    let dim = plan.dim;
    let own: Vec<u32> = found
        .own
        .iter()
        .flat_map(|own| [own.start, own.end])
        .collect();
    arrays.add("images.rows", &found.images, dim);
    arrays.add("images.texts", &own, 2);
    arrays.add("images.pairs", &found.pairs_of_images, 1);
    arrays.add(
        "images.offsets",
        &[&[0], found.offsets.as_slice()].concat(),
        1,
    );
    arrays.add("images.numbers", &images, 1);
    arrays.add("texts.rows", &found.texts, dim);
    arrays.add("texts.pairs", &found.pairs_of_texts, 1);
    arrays.add("texts.numbers", &texts, 1);
    arrays.add("texts.images", &found.owners, 1);
    let bytes = arrays.bytes()?;
    run.store().write(FILE, &bytes)?;
    Ok(Sample {
        seed,
        images: images.len(),
        texts: texts.len(),
        file: FileMark {
            name: FILE.into(),
            size: bytes.len() as u64,
            blake3: hash(&bytes),
        },
    })
}

/// Queries as they are found. Their rows are those of the shards.
#[derive(Default)]
struct Gathered {
    images: Vec<f32>,
    texts: Vec<f32>,
    own: Vec<Range<u32>>,
    pairs_of_images: Vec<f32>,
    offsets: Vec<u32>,
    pairs_of_texts: Vec<f32>,
    owners: Vec<u32>,
}

impl Gathered {
    fn image(&mut self, rows: Option<&Embeddings>, i: usize, own: Range<usize>) {
        self.images
            .extend(rows.iter().flat_map(|rows| raw(rows, i)));
        self.own.push(own.start as u32..own.end as u32);
    }

    fn text(&mut self, rows: Option<&Embeddings>, j: usize) {
        self.texts.extend(rows.iter().flat_map(|rows| raw(rows, j)));
    }
}

/// A row in true units.
fn raw(rows: &Embeddings, i: usize) -> Vec<f32> {
    rows.slice(i..i + 1).values().into_owned()
}

/// Reads the drawn queries.
///
/// # Errors
/// They are missing, damaged or cannot be read.
pub(in crate::parts) fn drawn(run: &Run, plan: &RankPlan, sample: &Sample) -> Result<Drawn> {
    let bytes = run.read(&sample.file)?;
    let read = Read::of(&sample.file, &bytes)?;
    let set = Set::new(run, plan);
    let own: Vec<u32> = read.get("images.texts")?.0;
    let drawn = Drawn {
        rows: [
            set.embeddings(read.get("images.rows")?.0, false)?,
            set.embeddings(read.get("texts.rows")?.0, true)?,
        ],
        own: own.as_chunks::<2>().0.iter().map(|&[a, b]| a..b).collect(),
        images: read.get("images.numbers")?.0,
        texts: read.get("texts.numbers")?.0,
        owners: read.get("texts.images")?.0,
        pairs_of_images: read.get("images.pairs")?.0,
        offsets: read.get("images.offsets")?.0,
        pairs_of_texts: read.get("texts.pairs")?.0,
    };
    let fits = drawn.rows[0].rows() == sample.images
        && drawn.own.len() == sample.images
        && drawn.offsets.len() == sample.images + 1
        && drawn.rows[1].rows() == sample.texts
        && drawn.pairs_of_texts.len() == sample.texts;
    if fits {
        Ok(drawn)
    } else {
        Err(Error::request(
            format!(
                "the drawn queries of {} do not fit the plan",
                run.store().place()
            ),
            "Plan the ranking again in a new place.",
        ))
    }
}
