//! What the jobs do: plain functions that call the library and return one [`Event`].

use super::events::Event;
use crate::compute::{Embeddings, Engine, Groups};
use crate::dataset::{self, Dataset, Image, Vectors, Wanted, is_picture_name, open_picture};
use crate::encoder::{Cache, Encoder, EncoderFiles, EncoderOptions, data_dir};
use crate::error::{Error, Result};
use crate::retrieval::{EvalOptions, Evaluation, Side, answer, evaluate, read_side, same_encoder};
use crate::session::{AnswerView, DataSource, Embedded, EncoderSource, Query, Workspace};
use crate::task::Task;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Candidates shown per query.
const SHOWN: usize = 200;

pub fn demo_folder() -> Result<PathBuf> {
    dataset::demo::unpack(&data_dir()?)
}

pub fn open_source(source: &DataSource, task: &Task) -> Result<(Dataset, Option<Embedded>)> {
    match source {
        DataSource::Demo => Ok((dataset::open(&demo_folder()?, task)?, None)),
        DataSource::Path(path) => {
            let (dataset, vectors) = dataset::open_with_vectors(path, &Wanted::default(), task)?;
            let embedded = vectors
                .map(|vectors| bring(&dataset, vectors))
                .transpose()?;
            Ok((dataset, embedded))
        }
        DataSource::Embeddings { images, texts } => {
            let (dataset, embedded) = open_embeddings(images, texts, task)?;
            Ok((dataset, Some(embedded)))
        }
    }
}

/// The embeddings that a dataset brings.
fn bring(dataset: &Dataset, vectors: Vectors) -> Result<Embedded> {
    Ok(Embedded {
        images: Arc::new(Embeddings::new(vectors.images, vectors.dim)?),
        texts: Arc::new(Embeddings::new(vectors.texts, vectors.dim)?),
        groups: Arc::new(Groups::new(dataset.offsets.clone())?),
    })
}

/// A dataset of which only the embeddings are known; captions follow the images in order.
fn open_embeddings(images: &Path, texts: &Path, task: &Task) -> Result<(Dataset, Embedded)> {
    same_encoder(images, texts)?;
    let image_rows = read_side(images, Side::Image, task)?;
    let text_rows = read_side(texts, Side::Text, task)?;
    let (n, m) = (image_rows.rows(), text_rows.rows());
    if n == 0 || m == 0 || !m.is_multiple_of(n) || image_rows.dim() != text_rows.dim() {
        return Err(Error::dataset(
            texts,
            format!(
                "{m} rows of {} do not follow {n} images of {} evenly",
                text_rows.dim(),
                image_rows.dim()
            ),
            "Captions must follow the images in order, equally many each, in the same space.",
        ));
    }
    let each = m / n;
    let group = |i: usize| {
        let captions = (0..each)
            .map(|c| format!("caption {} of image {}", c + 1, i + 1))
            .collect();
        (Image::unseen(format!("image {}", i + 1)), captions)
    };
    let name = images
        .file_name()
        .map(|n| n.to_string_lossy().into_owned())
        .unwrap_or_default();
    let dataset = Dataset::from_groups(name, "embeddings", (0..n).map(group).collect(), Vec::new());
    let groups = Arc::new(Groups::uniform(n, each));
    Ok((
        dataset,
        Embedded {
            images: Arc::new(image_rows),
            texts: Arc::new(text_rows),
            groups,
        },
    ))
}

pub fn open_encoder(
    source: &EncoderSource,
    options: &EncoderOptions,
    task: &Task,
) -> Result<Encoder> {
    let files = match source {
        EncoderSource::Demo => EncoderFiles::open(&demo_folder()?.join("encoder"))?,
        EncoderSource::Folder(folder) => EncoderFiles::open(folder)?,
        EncoderSource::Pair { image, text } => EncoderFiles::from_pair(image, text)?,
    };
    Encoder::open(&files, options, task)
}

pub fn embed(dataset: &Dataset, encoder: &Encoder, task: &Task) -> Result<Event> {
    let mut warnings = Vec::new();
    let cache = Cache::open()
        .map_err(|e| warnings.push(format!("Embeddings are not kept: {e}")))
        .ok();
    let result = encoder.embed_dataset(dataset, cache.as_ref(), task)?;
    warnings.extend(result.warnings);
    let groups = Arc::new(Groups::new(result.dataset.offsets.clone())?);
    let embedded = Embedded {
        images: Arc::new(result.images),
        texts: Arc::new(result.texts),
        groups,
    };
    Ok(Event::Embedded {
        dataset: Arc::new(result.dataset),
        embedded,
        warnings,
    })
}

pub fn rank(
    engine: &dyn Engine,
    e: &Embedded,
    margin: f32,
    fold: Option<usize>,
    task: &Task,
) -> Result<Event> {
    let options = EvalOptions {
        margin,
        ..EvalOptions::default()
    };
    let full = Arc::new(evaluate(
        engine, &e.images, &e.texts, &e.groups, &options, task,
    )?);
    let shown = match fold {
        Some(size) if size <= e.groups.images() => {
            let options = EvalOptions { fold, ..options };
            Arc::new(evaluate(
                engine, &e.images, &e.texts, &e.groups, &options, task,
            )?)
        }
        _ => Arc::clone(&full),
    };
    Ok(Event::Ranked { full, shown })
}

pub fn answer_query(
    query: Query,
    embedded: &Embedded,
    engine: &dyn Engine,
    encoder: Option<&Encoder>,
    ranking: Option<&Evaluation>,
    task: &Task,
) -> Result<Event> {
    let side = query.side();
    let (own, candidates) = match side {
        Side::Image => (&embedded.images, &embedded.texts),
        Side::Text => (&embedded.texts, &embedded.images),
    };
    let no_encoder = || {
        Error::request(
            "there is no encoder to embed the query with",
            "Open the encoder of these embeddings.",
        )
    };
    let (row, positives) = match &query {
        Query::Row(Side::Image, i) => (own.slice(*i..*i + 1), embedded.groups.range(*i)),
        Query::Row(Side::Text, j) => {
            let owner = embedded.groups.owner(*j);
            (own.slice(*j..*j + 1), owner..owner + 1)
        }
        Query::Text(text) => (
            encoder
                .ok_or_else(no_encoder)?
                .embed_texts(std::slice::from_ref(text), None, task)?,
            0..0,
        ),
        Query::Picture { picture, .. } => (
            encoder.ok_or_else(no_encoder)?.embed_picture(picture)?,
            0..0,
        ),
    };
    let found = answer(engine, &row, candidates, SHOWN, task)?;
    let direction = ranking.map(|e| e.direction(side));
    let at = match query {
        Query::Row(_, i) => direction.filter(|d| i < d.ranks.len()).map(|d| (d, i)),
        _ => None,
    };
    let shown = |j: &usize| found.hits.iter().any(|h| h.index as usize == *j);
    let below = positives.clone().filter(|j| !shown(j));
    let below = below
        .map(|j| crate::compute::Hit {
            score: row.dot(0, candidates, j),
            index: j as u32,
        })
        .collect();
    Ok(Event::Answered(AnswerView {
        rank: at.map(|(d, i)| d.ranks[i]),
        margin: at.map(|(d, i)| d.margin(i)).filter(|m| m.is_finite()),
        candidates: found.candidates,
        hits: found.hits,
        positives,
        below,
        query,
    }))
}

/// What lies at a path: a workspace, a picture, an encoder or a dataset.
pub fn recognise(path: PathBuf) -> Result<Event> {
    if !path.exists() {
        return Err(Error::dataset(&path, "does not exist", "Check the path."));
    }
    let extension = path
        .extension()
        .map(|e| e.to_string_lossy().to_lowercase())
        .unwrap_or_default();
    match extension.as_str() {
        _ if path.is_file() && is_picture_name(&path) => picture_query(&path),
        "onnx" => {
            let folder = path.parent().unwrap_or(Path::new(".")).to_path_buf();
            Ok(Event::EncoderFolder(folder))
        }
        "json" => match Workspace::open(&path) {
            Ok(workspace) => Ok(Event::Workspace(Box::new(workspace), path)),
            Err(_) => Ok(Event::Dataset(path)),
        },
        _ if path.is_dir() && EncoderFiles::open(&path).is_ok() => Ok(Event::EncoderFolder(path)),
        _ => Ok(Event::Dataset(path)),
    }
}

pub fn picture_query(path: &Path) -> Result<Event> {
    let picture = Arc::new(open_picture(path)?);
    let name = path
        .file_name()
        .map(|n| n.to_string_lossy().into_owned())
        .unwrap_or_default();
    Ok(Event::Picture(Query::Picture { name, picture }))
}
