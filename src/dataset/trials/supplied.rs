//! What the benchmarks with given negatives share: their images, captions and trials collected, and their JSON read.

use super::{Benchmark, Crop, Trial, Trials};
use crate::dataset::formats::builder::{Finder, holds_pictures};
use crate::dataset::formats::split::Wanted;
use crate::dataset::formats::text::{parse_json, read_text};
use crate::dataset::{Dataset, Image, MAX_PIXELS, PICTURE_EXTENSIONS, Problem, Reason};
use crate::error::{Error, Result, thousands};
use crate::files::{file_name, folder_of, open_regular};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::Read;
use std::path::{Path, PathBuf};

/// An object of JSON.
pub(super) type Object = Map<String, Value>;

/// The most pixels of a side of a crop; all of it has no more than a picture may.
const MAX_SIDE: i64 = 20_000;
/// How far outside its picture a box may begin.
const FARTHEST: u64 = 1 << 40;

/// Collects trials under the images that they show.
pub(super) struct Collect {
    source: PathBuf,
    finder: Finder,
    known: HashMap<(String, Option<Crop>), usize>,
    missing: HashSet<String>,
    images: Vec<(Image, Option<Crop>, Vec<String>)>,
    /// Where a caption of an image is.
    said: HashMap<(usize, String), usize>,
    trials: Vec<Loose>,
    categories: Vec<String>,
    numbers: HashMap<String, u32>,
    problems: Vec<Problem>,
    /// Captions of trials that are left out.
    lost: u64,
    /// Those trials, by category.
    lost_of: BTreeMap<String, usize>,
}

/// A trial before its captions have rows: each caption is an image and a place among its captions.
struct Loose {
    category: u32,
    images: Vec<usize>,
    captions: Vec<(usize, usize)>,
}

impl Collect {
    /// For the file `source`; its pictures may lie below the folder that is `wanted` too.
    pub fn new(source: &Path, wanted: &Wanted) -> Self {
        Self {
            source: source.to_path_buf(),
            finder: Finder::new(folder_of(source), wanted.images.as_deref()),
            known: HashMap::new(),
            missing: HashSet::new(),
            images: Vec::new(),
            said: HashMap::new(),
            trials: Vec::new(),
            categories: Vec::new(),
            numbers: HashMap::new(),
            problems: Vec::new(),
            lost: 0,
            lost_of: BTreeMap::new(),
        }
    }

    /// Lists a trial that is malformed as skipped, with so many captions.
    pub fn problem(&mut self, place: String, what: impl Into<String>, captions: usize) {
        let problem = Problem::new(place, what, Reason::Malformed);
        self.problems.push(problem.costing(0, captions as u64));
    }

    /// Notes that a trial is left out for want of a picture, which is listed; its captions go with it.
    pub fn lose(&mut self, category: &str, captions: usize) {
        self.lost += captions as u64;
        *self.lost_of.entry(category.to_owned()).or_default() += 1;
    }

    /// The image `name`, or the part `crop` of it; one that is missing is listed at its first mention.
    pub fn image(&mut self, name: &str, crop: Option<Crop>) -> Option<usize> {
        let key = (name.to_owned(), crop);
        if let Some(&known) = self.known.get(&key) {
            return Some(known);
        }
        if self.missing.contains(name) {
            return None;
        }
        let with = |extension: &&str| self.finder.find(&format!("{name}.{extension}"));
        let found = self
            .finder
            .find(name)
            .or_else(|| PICTURE_EXTENSIONS.iter().find_map(with));
        let Some(path) = found else {
            let source = file_name(&self.source);
            let why = self.finder.why_not(name);
            let what = format!("is named in {source}, {why}");
            let problem = Problem::new(name, what, Reason::NoPicture);
            self.problems.push(problem.costing(1, 0));
            self.missing.insert(name.to_owned());
            return None;
        };
        self.images
            .push((Image::file(name, path), crop, Vec::new()));
        self.known.insert(key, self.images.len() - 1);
        Some(self.images.len() - 1)
    }

    /// A trial of `images` with `captions`, the right one of image `k` at `k`, in the category of this name.
    pub fn trial(&mut self, category: &str, images: &[usize], captions: &[&str]) {
        let next = self.categories.len() as u32;
        let category = *self
            .numbers
            .entry(category.to_owned())
            .or_insert_with_key(|name| {
                self.categories.push(name.clone());
                next
            });
        let captions = captions
            .iter()
            .enumerate()
            .map(|(k, &caption)| {
                let image = images[k.min(images.len() - 1)];
                let own = &mut self.images[image].2;
                let place = *self
                    .said
                    .entry((image, caption.to_owned()))
                    .or_insert_with(|| {
                        own.push(caption.to_owned());
                        own.len() - 1
                    });
                (image, place)
            })
            .collect();
        self.trials.push(Loose {
            category,
            images: images.to_vec(),
            captions,
        });
    }

    /// The trials; an error where none is left.
    pub fn finish(self, benchmark: Benchmark) -> Result<Trials> {
        let Self {
            source,
            images,
            trials,
            categories,
            mut problems,
            lost,
            lost_of,
            ..
        } = self;
        if trials.is_empty() {
            let first = problems.first();
            let detail = first.map_or_else(String::new, |p| {
                let count = thousands(problems.len() as u64);
                format!(" ({count} problems; the first: {} {})", p.place, p.what)
            });
            let remedy = if holds_pictures(folder_of(&source)) {
                "Check that its pictures have the names that it gives."
            } else {
                "Put its pictures in a folder images/ beside it."
            };
            return Err(Error::dataset(
                &source,
                format!("no trial of {} can be made{detail}", benchmark.name()),
                remedy,
            ));
        }
        if lost > 0 {
            let what = "of trials whose pictures are missing; those trials are left out";
            let captions = Problem::new(file_name(&source), what, Reason::NoPicture);
            problems.push(captions.costing(0, lost));
        }
        // An image whose trial lacked another one has no caption, and no row.
        let mut rows = Vec::with_capacity(images.len());
        let (mut crops, mut groups) = (Vec::new(), Vec::new());
        for (image, crop, captions) in images {
            rows.push(groups.len());
            if captions.is_empty() {
                let what = "is of a trial whose other picture is missing";
                problems.push(Problem::new(image.name, what, Reason::NoPicture).costing(1, 0));
            } else {
                crops.push(crop);
                groups.push((image, captions));
            }
        }
        let name = file_name(&source);
        let mut dataset = Dataset::from_groups(name, benchmark.name(), groups, problems);
        dataset.origin.file = source.display().to_string();
        for (category, count) in lost_of {
            let what = if categories.contains(&category) {
                "category with trials that are left out for want of a picture"
            } else {
                "category without a trial left: the mean is of the others"
            };
            let name = format!("{category} ({})", thousands(count as u64));
            dataset.origin.note(Reason::NoPicture, what, name);
        }
        let row = |(image, place): (usize, usize)| dataset.offsets[rows[image]] + place as u32;
        let trials = trials
            .into_iter()
            .map(|loose| Trial {
                category: loose.category,
                images: loose.images.into_iter().map(|i| rows[i] as u32).collect(),
                captions: loose.captions.into_iter().map(row).collect(),
            })
            .collect();
        Ok(Trials {
            benchmark,
            dataset,
            crops,
            trials,
            categories,
        })
    }
}

/// Objects of a JSON list, of a list in an object (by number or any key), or one a line; each with its place.
pub(super) fn objects(path: &Path, kind: &str, expected: &str) -> Result<Vec<(String, Object)>> {
    let text = read_text(path)?;
    let lines = text.trim_start().starts_with('{') && {
        let first = text.trim_start().lines().next().unwrap_or_default();
        serde_json::from_str::<Object>(first).is_ok_and(|o| o.values().any(|v| !v.is_object()))
    };
    if lines {
        let lines = (1u64..)
            .zip(text.lines())
            .filter(|(_, line)| !line.trim().is_empty());
        return lines
            .map(|(number, line)| {
                let place = format!("{}, line {}", file_name(path), thousands(number));
                Ok((place, parse_json(path, line, kind, expected)?))
            })
            .collect();
    }
    let entries: Vec<(String, Value)> = match parse_json(path, &text, kind, expected)? {
        Value::Array(list) => (0..).map(|i: usize| i.to_string()).zip(list).collect(),
        Value::Object(object) => object.into_iter().collect(),
        _ => Vec::new(),
    };
    let objects = entries.into_iter().map(|(key, value)| {
        // What is no object lacks every key, and is listed so.
        let object = match value {
            Value::Object(object) => object,
            _ => Object::new(),
        };
        (format!("{}, entry {key}", file_name(path)), object)
    });
    Ok(objects.collect())
}

/// The text under the first of `keys` that is there.
pub(super) fn text<'a>(object: &'a Object, keys: &[&str]) -> Option<&'a str> {
    keys.iter().find_map(|&key| object.get(key)?.as_str())
}

/// The box of `bbox_x`, `bbox_y`, `bbox_w`, `bbox_h`; `None` where there is none.
pub(super) fn crop(object: &Object) -> Result<Option<Crop>, &'static str> {
    let keys = ["bbox_x", "bbox_y", "bbox_w", "bbox_h"];
    if !keys.iter().any(|&key| object.contains_key(key)) {
        return Ok(None);
    }
    let number = |key: &str| {
        object
            .get(key)?
            .as_f64()
            .map(|v| v.round_ties_even() as i64)
    };
    let numbers: Option<Vec<i64>> = keys.iter().map(|&key| number(key)).collect();
    let sized = |w, h| (1..=MAX_SIDE).contains(&w) && (1..=MAX_SIDE).contains(&h);
    match numbers.as_deref() {
        Some(&[_, _, w, h]) if sized(w, h) && (w * h) as u64 > MAX_PIXELS => {
            Err("its box is larger than a picture may be")
        }
        Some(&[x, y, w, h]) if sized(w, h) && x.unsigned_abs().max(y.unsigned_abs()) < FARTHEST => {
            Ok(Some([x, y, w, h]))
        }
        _ => Err("its box is no rectangle"),
    }
}

/// The files that `path` is or holds, here or in its folder `data`, for which `fits` is true of the beginning. `names`
/// ends those of a folder that are looked at.
pub(super) fn files(
    path: &Path,
    names: &[&str],
    fits: impl Fn(&str) -> bool,
) -> Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(if fits(&beginning(path)?) {
            vec![path.to_path_buf()]
        } else {
            Vec::new()
        });
    }
    for folder in [path.to_path_buf(), path.join("data")] {
        let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten();
        let mut found: Vec<PathBuf> = entries
            .map(|entry| entry.path())
            .filter(|p| {
                names
                    .iter()
                    .any(|n| file_name(p).to_lowercase().ends_with(n))
            })
            .filter(|p| p.is_file() && beginning(p).is_ok_and(|text| fits(&text)))
            .collect();
        found.sort();
        if !found.is_empty() {
            return Ok(found);
        }
    }
    Ok(Vec::new())
}

/// Enough of a file to see the keys of its first entries.
fn beginning(path: &Path) -> Result<String> {
    let mut bytes = Vec::new();
    open_regular(path)
        .map_err(Error::io("open", path))?
        .take(4096)
        .read_to_end(&mut bytes)
        .map_err(Error::io("read", path))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
