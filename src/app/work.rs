//! What the jobs do: plain functions that call the library and return one [`Event`].

use super::events::{Event, sentence};
use crate::compute::{Embeddings, Engine, Groups, Measure};
use crate::dataset::vectors::Matrix;
use crate::dataset::{self, Dataset, Image, Vectors, Wanted, is_picture_name, open_picture};
use crate::encoder::{Cache, Encoder, EncoderFiles, EncoderOptions};
use crate::error::{Error, Result};
use crate::files::file_name;
use crate::paths::data_dir;
use crate::retrieval::given::{
    Given, Notes, Reading, Set, Zeros, given, given_side, joined, refuse_zeros, without_zeros,
};
use crate::retrieval::{EvalOptions, Evaluation, Side, answer, evaluate, read_both};
use crate::session::{AnswerView, DataSource, Embedded, EncoderSource, Query, Workspace};
use crate::task::Task;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Candidates shown per query.
const SHOWN: usize = 200;

pub fn demo_folder() -> Result<PathBuf> {
    dataset::demo::unpack(&data_dir()?)
}

/// Opens a dataset, with its embeddings where they are all there is and what the user must know of them.
pub fn open_source(
    source: &DataSource,
    measure: Measure,
    task: &Task,
) -> Result<(Dataset, Option<Embedded>, Vec<String>)> {
    match source {
        DataSource::Demo => Ok((dataset::open(&demo_folder()?, task)?, None, Vec::new())),
        DataSource::Path(path) => {
            let wanted = Wanted::default();
            match dataset::open_with_vectors(path, &wanted, task) {
                Ok((dataset, Some(vectors))) => bring(dataset, vectors, measure),
                Ok((dataset, None)) => Ok((dataset, None, Vec::new())),
                Err(error) => match dataset::images_alone(path, &wanted, task)? {
                    Some((dataset, rows)) => alone(dataset, rows, measure),
                    None => Err(error),
                },
            }
        }
        DataSource::Embeddings { images, texts } => open_embeddings(images, texts, measure, task),
    }
}

/// Rows of zeros are left out where rows go by names.
fn reading(measure: Measure) -> Reading {
    Reading {
        measure,
        each: None,
        zeros: Zeros::LeaveOut,
    }
}

/// The embeddings that a dataset brings.
fn bring(
    dataset: Dataset,
    vectors: Vectors,
    measure: Measure,
) -> Result<(Dataset, Option<Embedded>, Vec<String>)> {
    let [images, texts] = vectors.into_matrices();
    let Given { set, notes } = given(images, texts, Some(dataset.clone()), &reading(measure))?;
    Ok((
        set.dataset.unwrap_or(dataset),
        Some(Embedded::new(set.images, set.texts, set.groups)),
        notes.sentences(),
    ))
}

/// Images without captions, with the embeddings that they bring, if they do.
fn alone(
    mut dataset: Dataset,
    rows: Option<Matrix>,
    measure: Measure,
) -> Result<(Dataset, Option<Embedded>, Vec<String>)> {
    let mut notes = Notes::default();
    let embedded = rows
        .map(|rows| {
            let images = given_side(Side::Image, rows, measure, &mut notes)?;
            let texts = Embeddings::default();
            refuse_zeros(&images, &texts, measure, Some(&dataset))?;
            Ok::<_, Error>(Embedded::new(
                images,
                texts,
                Groups::new(dataset.offsets.clone())?,
            ))
        })
        .transpose()?;
    notes.put_into(&mut dataset.origin, measure);
    let mut said = vec![format!(
        "{} has images without captions: each finds the images most like it; ranking, negatives and comparisons need \
         captions",
        dataset.name
    )];
    said.extend(notes.sentences());
    Ok((dataset, embedded, said))
}

/// A dataset of which only the embeddings are known; captions follow the images in order.
fn open_embeddings(
    images: &Path,
    texts: &Path,
    measure: Measure,
    task: &Task,
) -> Result<(Dataset, Option<Embedded>, Vec<String>)> {
    let [image_rows, text_rows] = read_both(images, texts, task)?;
    let of_file = |e: Error| Error::dataset(texts, e.to_string(), e.remedy());
    let joined = joined(image_rows, text_rows, None, &reading(measure)).map_err(of_file)?;
    let Given { mut set, mut notes } = joined;
    let group = |i: usize| {
        let captions = set.groups.range(i).enumerate();
        let captions = captions.map(|(c, _)| format!("caption {} of image {}", c + 1, i + 1));
        (
            Image::unseen(format!("image {}", i + 1)),
            captions.collect(),
        )
    };
    let name = file_name(images);
    let groups = (0..set.groups.images()).map(group).collect();
    let mut dataset = Dataset::from_groups(name, "embeddings", groups, Vec::new());
    dataset.origin.file = format!("{}, {}", images.display(), texts.display());
    set.dataset = Some(dataset.clone());
    // Images go by the numbers of their rows, which must stay those of the file.
    let set = without_zeros(set, Zeros::Refuse, &mut notes).map_err(of_file)?;
    Ok((
        set.dataset.unwrap_or(dataset),
        Some(Embedded::new(set.images, set.texts, set.groups)),
        notes.sentences(),
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

pub fn embed(dataset: &Dataset, encoder: &Encoder, measure: Measure, task: &Task) -> Result<Event> {
    let mut warnings = Vec::new();
    let cache = Cache::open()
        .map_err(|e| warnings.push(format!("Embeddings are not kept: {e}")))
        .ok();
    let result = encoder.embed_by(dataset, cache.as_ref(), measure, task)?;
    warnings.extend(result.warnings);
    let set = Set {
        images: result.images,
        texts: result.texts,
        groups: Groups::new(result.dataset.offsets.clone())?,
        dataset: Some(result.dataset.clone()),
    };
    let mut notes = Notes::default();
    let set = without_zeros(set, Zeros::LeaveOut, &mut notes)?;
    warnings.extend(notes.sentences().iter().map(|said| sentence(said)));
    let embedded = Embedded::new(set.images, set.texts, set.groups);
    Ok(Event::Embedded {
        dataset: Arc::new(set.dataset.unwrap_or(result.dataset)),
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
    let measure = embedded.images.measure();
    let alone = embedded.groups.texts() == 0;
    let (own, candidates, of) = match side {
        Side::Image if alone => (&embedded.images, &embedded.images, Side::Image),
        Side::Image => (&embedded.images, &embedded.texts, Side::Text),
        Side::Text => (&embedded.texts, &embedded.images, Side::Image),
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
            encoder.ok_or_else(no_encoder)?.embed_texts_by(
                std::slice::from_ref(text),
                None,
                measure,
                task,
            )?,
            0..0,
        ),
        Query::Picture { picture, .. } => (
            encoder
                .ok_or_else(no_encoder)?
                .embed_picture_by(picture, measure)?,
            0..0,
        ),
    };
    let mut found = answer(engine, &row, candidates, SHOWN, task)?;
    if let (Query::Row(Side::Image, i), true) = (&query, alone) {
        // An image is nearest to itself.
        found.hits.retain(|hit| hit.index as usize != *i);
        found.candidates -= 1;
    }
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
        of,
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
        _ if path.is_dir() && is_encoder(&path) => Ok(Event::EncoderFolder(path)),
        _ => Ok(Event::Dataset(path)),
    }
}

/// Is this folder an encoder? A dataset may have one in a folder of its own below.
fn is_encoder(folder: &Path) -> bool {
    let onnx = |place: &Path| {
        let files = std::fs::read_dir(place).into_iter().flatten().flatten();
        files
            .map(|entry| entry.path())
            .any(|path| path.extension().is_some_and(|e| e == "onnx"))
    };
    EncoderFiles::open(folder).is_ok()
        && (onnx(folder) || onnx(&folder.join("onnx")) || !dataset::is_captioned(folder))
}

pub fn picture_query(path: &Path) -> Result<Event> {
    let picture = Arc::new(open_picture(path)?);
    let name = path
        .file_name()
        .map(|n| n.to_string_lossy().into_owned())
        .unwrap_or_default();
    Ok(Event::Picture(Query::Picture { name, picture }))
}
