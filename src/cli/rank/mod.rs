//! `nearmiss rank`: the best-ranked other side of one query, or what is most like it on a side that stands alone.

mod one_side;

use super::answer::{Query, answer};
use super::common::positive;
use super::material::{Material, SourceArgs, material};
use super::output::emit_with;
use super::progress::watched;
use super::signals;
use super::skipped::skipped;
use crate::compute::Embeddings;
use crate::dataset::{Dataset, open_picture};
use crate::error::{Error, Result};
use crate::files::file_name;
use crate::retrieval::Side;
use crate::retrieval::given::Zeros;
use crate::source::{Places, StoredRows, located};
use crate::task::Task;
use clap::{ArgGroup, Args};
use one_side::{OneSide, numbered};
use std::path::{Path, PathBuf};

/// Arguments of `rank`.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("query").required(true).args(["image", "caption", "text", "picture"])))]
pub struct Rank {
    /// Dataset file or folder, or `demo`; also pictures without captions, among which an image finds those most like it
    #[arg(long, value_name = "PATH|demo", required_unless_present_any = ["image_embeds", "text_embeds"])]
    dataset: Option<PathBuf>,
    #[command(flatten)]
    source: SourceArgs,
    /// Query: an image of the dataset by file name, or by its index from 0
    #[arg(long, value_name = "NAME|INDEX")]
    image: Option<String>,
    /// Query: a caption of the dataset by its index from 0
    #[arg(long, value_name = "INDEX")]
    caption: Option<usize>,
    /// Query: any words; against stored embeddings the text model of their encoder is enough
    #[arg(long, value_name = "WORDS")]
    text: Option<String>,
    /// Query: any picture file; against stored embeddings the image model of their encoder is enough
    #[arg(long, value_name = "FILE")]
    picture: Option<PathBuf>,
    /// Results shown, best first
    #[arg(long, value_name = "N", default_value = "10", value_parser = positive)]
    k: usize,
}

impl Rank {
    /// Runs the command.
    pub fn run(&self, json: bool) -> Result<()> {
        let measure = self.source.vectors.similarity;
        if let Some((side, path)) = self.source.vectors.one_side() {
            let dataset = self.dataset.as_deref();
            if dataset.is_none() {
                self.source.data.part.refuse("a file of embeddings")?;
            }
            let rows = watched(|task| {
                OneSide::given(side, path, dataset, &self.source.data, measure, task)
            })?;
            return self.alone(&rows, &path.display().to_string(), json);
        }
        let ask = self
            .source
            .ask(self.dataset.as_deref(), None, Zeros::Refuse);
        let material = match (material(&ask, |_| Ok(())), &self.dataset) {
            (Ok(material), _) => material,
            (Err(error), Some(path)) => match watched(|task| self.images_alone(path, task))? {
                Some(rows) => return self.alone(&rows, &path.display().to_string(), json),
                None => return Err(error),
            },
            (Err(error), None) => return Err(error),
        };
        let rows = || {
            numbered(
                material.embedded.images.rows(),
                material.embedded.texts.rows(),
            )
        };
        let dataset = material.dataset.clone().unwrap_or_else(rows);
        let query = self.query(&material, &dataset)?;
        let candidates = match query.to {
            Side::Text => &*material.embedded.texts,
            Side::Image => &*material.embedded.images,
        };
        let answer = answer(&query, candidates, &dataset, self.k)?;
        emit_with(&answer, &material.account, json, || {
            answer.describe(candidates.rows())
        })
    }

    fn query(&self, material: &Material, dataset: &Dataset) -> Result<Query> {
        if let Some(name) = &self.image {
            let i = find(dataset, name)?;
            return Ok(Query {
                vector: material.embedded.images.slice(i..i + 1),
                words: dataset.images[i].name.clone(),
                from: Side::Image,
                to: Side::Text,
                right: Some(material.embedded.groups.range(i)),
                itself: None,
            });
        }
        if let Some(j) = self.caption {
            let i = material.embedded.groups.owner(caption(dataset, j)?);
            return Ok(Query {
                vector: material.embedded.texts.slice(j..j + 1),
                words: dataset.captions[j].clone(),
                from: Side::Text,
                to: Side::Image,
                right: Some(i..i + 1),
                itself: None,
            });
        }
        let measure = self.source.vectors.similarity;
        let free = match &material.encoder {
            Some(encoder) => {
                if let Some(path) = &self.picture {
                    encoder.embed_picture_by(&open_picture(path)?, measure)?
                } else {
                    let words = [self.text.clone().unwrap_or_default()];
                    encoder.embed_texts_by(
                        &words,
                        None,
                        measure,
                        &Task::cancelled_by(signals::arrived()),
                    )?
                }
            }
            None => self.free()?.0,
        };
        let (from, words) = self.asked();
        Ok(Query {
            vector: free,
            words,
            from,
            to: from.other(),
            right: None,
            itself: None,
        })
    }

    /// What a free query is, and what it is called.
    fn asked(&self) -> (Side, String) {
        match &self.picture {
            Some(path) => (Side::Image, file_name(path)),
            None => (Side::Text, self.text.clone().unwrap_or_default()),
        }
    }

    /// The row of a free query by the encoder that was given, and what that is called.
    fn free(&self) -> Result<(Embeddings, String)> {
        if !self.source.encoder.is_given() {
            return Err(Error::request(
                "a free query needs the encoder that made the embeddings",
                "Give --encoder DIR, or of it --text-model FILE for words, --image-model FILE for a picture.",
            ));
        }
        let measure = self.source.vectors.similarity;
        let encoder = watched(|task| self.source.encoder.open_for_queries(task))?;
        let row = if let Some(path) = &self.picture {
            encoder.embed_picture(&open_picture(path)?, measure)?
        } else {
            let task = Task::cancelled_by(signals::arrived());
            encoder.embed_text(self.text.as_deref().unwrap_or_default(), measure, &task)?
        };
        Ok((row, encoder.name().to_owned()))
    }

    /// Images without captions at `path`, with the embeddings that they bring or that the encoder makes; `None` where
    /// what lies there has captions, or no images.
    fn images_alone(&self, path: &Path, task: &Task) -> Result<Option<OneSide>> {
        let places = Places {
            dataset: Some(located(path)?),
            wanted: self.source.data.wanted(),
            embeddings: None,
        };
        let found = places.read(task).ok();
        let Some((dataset, rows)) = found.and_then(|found| Some((found.dataset?, found.rows)))
        else {
            return Ok(None);
        };
        if !dataset.captions.is_empty() {
            return Ok(None);
        }
        let measure = self.source.vectors.similarity;
        if let StoredRows::Images(matrix) = rows
            && !self.encodes_images()
        {
            skipped(&dataset);
            return OneSide::new(Side::Image, matrix, dataset, measure).map(Some);
        }
        let encoder = self.source.encoder.open(task)?;
        let made = self
            .source
            .encoder
            .embed(&encoder, &dataset, measure, task)?;
        let rows = Embeddings::clone(&made.embedded.images);
        OneSide::of(Side::Image, rows, made.dataset).map(Some)
    }

    /// Is the encoder there for the images rather than for a free query?
    fn encodes_images(&self) -> bool {
        self.source.encoder.is_given() && self.text.is_none() && self.picture.is_none()
    }

    /// Answers the query among `rows`, which come from `place`.
    fn alone(&self, rows: &OneSide, place: &str, json: bool) -> Result<()> {
        let own = |side: Side, row: usize, words: &str| Query {
            vector: rows.rows.slice(row..row + 1),
            words: words.to_owned(),
            from: side,
            to: side,
            right: None,
            itself: Some(row),
        };
        let query = match (&self.image, self.caption, rows.side) {
            (Some(name), _, Side::Image) => {
                let i = find(&rows.dataset, name)?;
                own(Side::Image, i, &rows.dataset.images[i].name)
            }
            (_, Some(j), Side::Text) => {
                let j = caption(&rows.dataset, j)?;
                own(Side::Text, j, &rows.dataset.captions[j])
            }
            (None, None, _) => {
                let (vector, encoder) = self.free()?;
                if vector.dim() != rows.rows.dim() {
                    return Err(Error::request(
                        format!(
                            "{encoder} gives embeddings of {} values, the rows of {place} have {}",
                            vector.dim(),
                            rows.rows.dim()
                        ),
                        "Use the encoder that made these embeddings.",
                    ));
                }
                let (from, words) = self.asked();
                Query {
                    vector,
                    words,
                    from,
                    to: rows.side,
                    right: None,
                    itself: None,
                }
            }
            (_, _, side) => return Err(other_side(place, side)),
        };
        let answer = answer(&query, &rows.rows, &rows.dataset, self.k)?;
        emit_with(&answer, &rows.account(), json, || {
            answer.describe(rows.rows.rows())
        })
    }
}

/// The side that was asked for is not there.
fn other_side(place: &str, there: Side) -> Error {
    let (are, lack, can) = match there {
        Side::Image => ("images", "captions", "--image for the images most like one"),
        Side::Text => (
            "captions",
            "images",
            "--caption for the captions most like one",
        ),
    };
    Error::request(
        format!("{place} has {are} alone, and the query is one of {lack}"),
        format!(
            "Ask by {can}, or by --text or --picture with the encoder; for {lack} give their embeddings too."
        ),
    )
}

/// The row of a caption by its index.
fn caption(dataset: &Dataset, j: usize) -> Result<usize> {
    if j < dataset.captions.len() {
        return Ok(j);
    }
    let last = dataset.captions.len().saturating_sub(1);
    let what = format!("there is no caption {j}");
    Err(Error::request(
        what,
        format!("Captions are numbered 0 to {last}."),
    ))
}

/// An image by its name, or else by its index.
pub(in crate::cli) fn find(dataset: &Dataset, name: &str) -> Result<usize> {
    // Names in a dataset do not begin at the root, whatever its metadata says.
    let name = name.trim_start_matches('/');
    let by_name = dataset
        .images
        .iter()
        .position(|image| image.name == name)
        .or_else(|| {
            // "scenes/012.png" is also found as "012.png".
            dataset
                .images
                .iter()
                .position(|image| file_name(Path::new(&image.name)) == name)
        });
    let by_index = || name.parse().ok().filter(|&i| i < dataset.images.len());
    by_name.or_else(by_index).ok_or_else(|| {
        let last = dataset.images.len().saturating_sub(1);
        Error::request(
            format!("the dataset has no image {name}"),
            format!("Give a file name of the dataset, or an index from 0 to {last}."),
        )
    })
}
