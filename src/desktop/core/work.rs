//! What the jobs do: plain functions that call the library and return one [`Event`].

use super::event::Event;
use super::events::sentence;
use super::{AnswerView, Bar, DataSource, Embedded, Query, Workspace};
use crate::compute::{Engine, Hit, Measure};
use crate::dataset::{self, Dataset, is_picture_name, open_picture};
use crate::encoder::{Cache, Encoder, EncoderFiles};
use crate::error::{Error, Result};
use crate::paths::{cache_dir, data_dir};
use crate::retrieval::given::{Reading, Zeros};
use crate::retrieval::{EvalOptions, Evaluation, Side, Wording, answer, evaluate};
use crate::source::of_encoder;
use crate::task::Task;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Candidates shown per query.
const SHOWN: usize = 200;

/// Opens a dataset, with its embeddings where they are all there is and what the user must know of them.
pub fn open_source(
    source: &DataSource,
    measure: Measure,
    task: &Task,
) -> Result<(Dataset, Option<Embedded>, Vec<String>)> {
    let stored = source.places()?.read(task)?;
    let opened = stored.opened_and_numbered(&reading(measure))?;
    let dataset = opened.dataset.unwrap_or_default();
    let mut said = Vec::new();
    if dataset.captions.is_empty() {
        said.push(format!(
            "{} has images without captions: each finds the images most like it; ranking, negatives and comparisons need \
             captions",
            dataset.name
        ));
    }
    said.extend(opened.notes.sentences());
    Ok((dataset, opened.embedded, said))
}

/// Rows of zeros are left out where rows go by names.
fn reading(measure: Measure) -> Reading {
    Reading {
        measure,
        each: None,
        zeros: Zeros::LeaveOut,
    }
}

pub fn embed(dataset: &Dataset, encoder: &Encoder, measure: Measure, task: &Task) -> Result<Event> {
    let mut warnings = Vec::new();
    let cache = Cache::open()
        .map_err(|e| warnings.push(format!("Embeddings are not kept: {e}")))
        .ok();
    let mut made = encoder.embed_by(dataset, cache.as_ref(), measure, task)?;
    warnings.append(&mut made.warnings);
    let given = of_encoder(made, &reading(measure))?;
    warnings.extend(given.notes.sentences().iter().map(|said| sentence(said)));
    Ok(Event::Embedded {
        dataset: Arc::new(given.dataset.unwrap_or_default()),
        embedded: given.embedded,
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
    dataset: Option<&Dataset>,
    ranking: Option<&Evaluation>,
    task: &Task,
) -> Result<Event> {
    let text = match &query {
        Query::Text(text) => Some(text.as_str()),
        Query::Row(Side::Text, j) => dataset.and_then(|d| d.captions.get(*j)).map(String::as_str),
        _ => None,
    };
    let unread = match (encoder, text) {
        (Some(encoder), Some(text)) => Some(encoder.tokenizer().unread(text)?),
        _ => None,
    };
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
    let below: Vec<Hit> = below
        .map(|j| Hit {
            score: row.dot(0, candidates, j),
            index: j as u32,
        })
        .collect();
    let right = found.hits.iter().chain(&below);
    let right = right.filter(|hit| positives.contains(&(hit.index as usize)));
    let best = at.map(|(d, i)| d.positive[i]);
    let best = best.or_else(|| right.map(|hit| hit.score).reduce(f32::max));
    let same_text = match (dataset, &query) {
        (Some(dataset), Query::Row(side, i)) if *side != of && is_of(dataset, embedded) => {
            let wrong = found.hits.iter().map(|hit| hit.index as usize);
            let wrong = wrong.filter(|j| !positives.contains(j)).collect();
            same_text(dataset, *side, *i, wrong, task)?
        }
        _ => Vec::new(),
    };
    Ok(Event::Answered(AnswerView {
        of,
        rank: at.map(|(d, i)| d.ranks[i]),
        margin: at.map(|(d, i)| d.margin(i)).filter(|m| m.is_finite()),
        candidates: found.candidates,
        hits: found.hits,
        positives,
        below,
        bar: best.map(|best| Bar {
            best,
            tie: row.tie(0, candidates),
        }),
        same_text,
        unread: unread.filter(|unread| unread.all || !unread.words.is_empty()),
        query,
    }))
}

/// Has the dataset as many images and captions as were embedded?
fn is_of(dataset: &Dataset, embedded: &Embedded) -> bool {
    let groups = &embedded.groups;
    (dataset.images.len(), dataset.captions.len()) == (groups.images(), groups.texts())
}

/// Which of the `wrong` candidates of query `i` of `side` say the same as a right one, whatever the letters' case and
/// punctuation ([`Wording::equal`]): captions with the words of one of the image's own, or images that have a caption with
/// the words of the query. Rising.
///
/// # Errors
/// Cancelled.
fn same_text(
    dataset: &Dataset,
    side: Side,
    i: usize,
    mut wrong: Vec<usize>,
    task: &Task,
) -> Result<Vec<u32>> {
    wrong.sort_unstable();
    let (right, of): (Range<usize>, Vec<Range<usize>>) = match side {
        Side::Image => (
            dataset.captions_of(i),
            wrong.iter().map(|&j| j..j + 1).collect(),
        ),
        Side::Text => (
            i..i + 1,
            wrong.iter().map(|&j| dataset.captions_of(j)).collect(),
        ),
    };
    let captions = |range: &Range<usize>| dataset.captions[range.clone()].to_vec();
    let mut texts = captions(&right);
    let own = texts.len();
    let mut ends = Vec::new();
    for range in &of {
        texts.extend(captions(range));
        ends.push(texts.len());
    }
    let wording = Wording::new(&texts, task)?;
    let mut start = own;
    let mut found = Vec::new();
    for (&j, end) in wrong.iter().zip(ends) {
        if (start..end).any(|a| (0..own).any(|b| wording.equal(a, b))) {
            found.push(j as u32);
        }
        start = end;
    }
    Ok(found)
}

/// What the program keeps of its own, and where.
pub fn places() -> Vec<(&'static str, String)> {
    let shown = |place: Result<PathBuf>| match place {
        Ok(path) => path.display().to_string(),
        Err(error) => error.to_string(),
    };
    vec![
        ("Settings and runs", shown(data_dir())),
        ("Cache of embeddings", shown(cache_dir())),
    ]
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
            // A file with the name of workspaces is meant as one.
            Err(error) if is_named_workspace(&path) => Err(error),
            Err(_) => Ok(Event::Dataset(path)),
        },
        _ if path.is_dir() && is_encoder(&path) => Ok(Event::EncoderFolder(path)),
        _ => Ok(Event::Dataset(path)),
    }
}

/// Has the file the name that workspaces are saved under?
fn is_named_workspace(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.to_lowercase().ends_with(".nearmiss.json")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_named_as_a_workspace_is_no_caption_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, "{\"images\": []}").unwrap();
            path
        };
        let error = recognise(file("set.nearmiss.json")).err().unwrap();
        assert!(error.to_string().contains("workspace"), "{error}");
        let captions = recognise(file("dataset.json")).unwrap();
        assert!(matches!(captions, Event::Dataset(_)));
    }
}
