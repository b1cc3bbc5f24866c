//! COCO's ids of an open dataset: of images by their file's name, of captions by the file that they came from.

use crate::dataset::Dataset;
use crate::error::{Error, Result};
use crate::files::{TEXT, read_all};
use crate::task::Task;
use serde::Deserialize;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// The ids of a dataset's rows; `None` where one is not known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ids {
    /// Of each image.
    pub images: Vec<Option<u64>>,
    /// Of each caption.
    pub captions: Vec<Option<u64>>,
}

/// The parts of COCO's and of Karpathy's JSON that hold ids.
#[derive(Deserialize)]
struct File {
    #[serde(default)]
    images: Vec<Entry>,
    #[serde(default)]
    annotations: Vec<Annotation>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(alias = "cocoid")]
    id: Option<u64>,
    #[serde(alias = "filename")]
    file_name: Option<String>,
    #[serde(default)]
    sentences: Vec<Sentence>,
}

#[derive(Deserialize)]
struct Sentence {
    raw: Option<String>,
    tokens: Option<Vec<String>>,
    sentid: Option<u64>,
}

#[derive(Deserialize)]
struct Annotation {
    id: Option<u64>,
    image_id: Option<u64>,
    caption: Option<String>,
}

/// The captions of one image, each with its id.
#[derive(Default)]
struct Known {
    id: Option<u64>,
    captions: Vec<(String, u64)>,
}

impl Ids {
    /// The ids of `dataset`, which was opened from `path`: a COCO or Karpathy JSON file, or a folder that holds one.
    /// Captions are matched by image and text, so that rows that were skipped do no harm.
    ///
    /// # Errors
    /// No file there gives a caption's id; cancellation.
    pub fn of(dataset: &Dataset, path: &Path, task: &Task) -> Result<Self> {
        task.begin("Looking for COCO's ids", 0);
        for file in candidates(path)? {
            task.check()?;
            // Other JSON files may lie there too.
            let Some(known) = read(&file)? else { continue };
            let ids = Self::matched(dataset, known);
            if ids.captions.iter().any(Option::is_some) {
                return Ok(ids);
            }
        }
        Err(Error::dataset(
            path,
            "gives no COCO ids of its captions, by which these annotations name them",
            "Open COCO's captions_val2014.json or Karpathy's dataset_coco.json as the dataset.",
        ))
    }

    fn matched(dataset: &Dataset, mut known: HashMap<String, Known>) -> Self {
        let mut ids = Self::default();
        for (i, image) in dataset.images.iter().enumerate() {
            let entry = known.get_mut(base(&image.name));
            let id = entry.as_ref().and_then(|k| k.id);
            ids.images.push(id.or_else(|| image_id(&image.name)));
            let mut listed = entry.map_or_else(Vec::new, |k| std::mem::take(&mut k.captions));
            for caption in &dataset.captions[dataset.captions_of(i)] {
                // Two captions of an image may read the same: each id is given once.
                let found = listed.iter().position(|(text, _)| text == caption);
                ids.captions.push(found.map(|at| listed.remove(at).1));
            }
        }
        ids
    }
}

/// The id in a COCO picture's name: `COCO_val2014_000000365325.jpg`, `000000365325.jpg`.
pub fn image_id(name: &str) -> Option<u64> {
    let base = base(name);
    let stem = base.rsplit_once('.').map_or(base, |(stem, _)| stem);
    let digits = stem.rsplit('_').next()?;
    (digits.len() == 12 && digits.bytes().all(|b| b.is_ascii_digit()))
        .then(|| digits.parse().ok())
        .flatten()
}

fn base(name: &str) -> &str {
    name.rsplit(['/', '\\']).next().unwrap_or(name)
}

/// The file itself, or the JSON files of a folder and of `annotations/` in it.
fn candidates(path: &Path) -> Result<Vec<PathBuf>> {
    if !path.is_dir() {
        // `demo` is no path.
        let there = path.exists().then(|| path.to_path_buf());
        return Ok(there.into_iter().collect());
    }
    let mut files = super::listed(path)?;
    for folder in ["annotations", "captions"].map(|name| path.join(name)) {
        if folder.is_dir() {
            files.extend(super::listed(&folder)?);
        }
    }
    files.retain(|file| file.extension().is_some_and(|e| e == "json"));
    Ok(files)
}

fn read(path: &Path) -> Result<Option<HashMap<String, Known>>> {
    let bytes = read_all(path, TEXT).map_err(Error::io("read", path))?;
    let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes);
    let Ok(file) = serde_json::from_slice::<File>(text) else {
        return Ok(None);
    };
    let mut known = HashMap::with_capacity(file.images.len());
    let mut names = HashMap::with_capacity(file.images.len());
    for entry in file.images {
        let Some(name) = entry.file_name else {
            continue;
        };
        let name = base(name.trim()).to_owned();
        if let Some(id) = entry.id {
            names.insert(id, name.clone());
        }
        let captions = entry.sentences.into_iter().filter_map(|s| {
            let text = s.raw.or_else(|| Some(s.tokens?.join(" ")))?;
            Some((text.trim().to_owned(), s.sentid?))
        });
        let one: &mut Known = known.entry(name).or_default();
        one.id = one.id.or(entry.id);
        one.captions.extend(captions);
    }
    for annotation in file.annotations {
        if let (Some(id), Some(image), Some(text)) =
            (annotation.id, annotation.image_id, annotation.caption)
            && let Some(one) = names.get(&image).and_then(|name| known.get_mut(name))
        {
            one.captions.push((text.trim().to_owned(), id));
        }
    }
    Ok(Some(known))
}
