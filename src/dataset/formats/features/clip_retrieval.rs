//! What clip-retrieval computes: embeddings in numbered parts, `img_emb/img_emb_0.npy` and `text_emb/text_emb_0.npy`,
//! with `metadata/metadata_0.parquet`, whose rows name each pair's picture and caption.

use crate::dataset::formats::builder::Finder;
use crate::dataset::formats::names::{harmless, split_extension, step};
use crate::dataset::formats::split::Splits as Others;
use crate::dataset::formats::split::shards::in_order;
use crate::dataset::formats::split::{Chosen, Rule, Scan, Wanted};
use crate::dataset::formats::tables::parquet_layout::Layout;
use crate::dataset::npy::read_npy;
use crate::dataset::parquet_file::ParquetFile;
use crate::dataset::picture::is_picture_name;
use crate::dataset::vectors::Matrix;
use crate::dataset::{Dataset, Found, Image, Origin, Problem, Reason};
use crate::error::{Error, Result, thousands};
use crate::files::file_name;
use crate::task::Task;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Embeddings that a dataset brings, as they are stored: rows need not have unit norm.
#[derive(Debug, Clone, PartialEq)]
pub struct Vectors {
    /// A row for each image of the dataset, row-major `[images, dim]`.
    pub images: Vec<f32>,
    /// A row for each caption of the dataset, row-major `[captions, dim]`.
    pub texts: Vec<f32>,
    /// Length of a row.
    pub dim: usize,
}

impl Vectors {
    /// Both sides, images first.
    pub fn into_matrices(self) -> [Matrix; 2] {
        [self.images, self.texts].map(|values| Matrix {
            rows: values.len() / self.dim.max(1),
            columns: self.dim,
            values,
        })
    }
}

/// Is there metadata with embeddings?
pub(crate) fn fits(folder: &Path) -> bool {
    let side = |name: &str| folder.join(name).is_dir();
    (side("img_emb") || side("text_emb")) && !parts(folder).is_empty()
}

/// Reads the metadata.
pub(crate) fn open(folder: &Path, wanted: &Wanted, task: &Task) -> Result<Dataset> {
    Ok(Pairs::read(folder, wanted, true, task)?
        .finish(folder, false, task)?
        .0)
}

/// Reads the metadata and, where both sides have them, the embeddings.
pub(crate) fn open_with_vectors(
    folder: &Path,
    wanted: &Wanted,
    task: &Task,
) -> Result<(Dataset, Option<Vectors>)> {
    Pairs::read(folder, wanted, true, task)?.finish(folder, true, task)
}

/// The images alone, with their embeddings, where the metadata has no caption at all: clip-retrieval was run with texts
/// disabled. Names are those of the metadata.
pub(crate) fn images_alone(
    folder: &Path,
    wanted: &Wanted,
    task: &Task,
) -> Result<Option<(Dataset, Matrix)>> {
    let mut pairs = Pairs::read(folder, wanted, false, task)?;
    if !folder.join("img_emb").is_dir() || pairs.of_captions.iter().any(|c| !c.is_empty()) {
        return Ok(None);
    }
    let rows = std::mem::take(&mut pairs.first_of);
    let (values, columns) = pairs.embeddings(folder, "img_emb", &rows, task)?;
    let images = pairs.groups.into_iter().map(|(image, _)| image).collect();
    let name = std::path::absolute(folder).unwrap_or_else(|_| folder.to_path_buf());
    let format = "clip-retrieval embeddings of images alone";
    let mut dataset = Dataset::of_images(file_name(&name), format, images, pairs.problems);
    dataset.origin = pairs.origin;
    let matrix = Matrix {
        rows: dataset.images.len(),
        values,
        columns,
    };
    Ok(Some((dataset, matrix)))
}

/// `metadata_0.parquet` and so on, numbers by value, each with what its number is written as.
fn parts(folder: &Path) -> Vec<(PathBuf, String)> {
    let files = std::fs::read_dir(folder.join("metadata"))
        .into_iter()
        .flatten()
        .flatten();
    let mut parts: Vec<(PathBuf, String)> = files
        .filter_map(|entry| {
            let name = file_name(&entry.path());
            let (stem, extension) = split_extension(&name);
            let number = stem
                .strip_prefix("metadata_")
                .filter(|_| extension == "parquet")?;
            Some((entry.path(), number.to_owned()))
        })
        .collect();
    parts.sort_by(|a, b| in_order(&a.1, &b.1));
    parts
}

/// The rows of all parts, grouped by image.
#[derive(Default)]
struct Pairs {
    groups: Vec<(Image, Vec<String>)>,
    /// The row of each image's embedding: its first.
    first_of: Vec<usize>,
    /// The row of each caption's embedding.
    of_captions: Vec<Vec<usize>>,
    problems: Vec<Problem>,
    origin: Origin,
    /// Pairs of each part.
    parts: Vec<(String, usize)>,
}

impl Pairs {
    /// With `captions` it is an error where there are none.
    fn read(folder: &Path, wanted: &Wanted, captions: bool, task: &Task) -> Result<Self> {
        task.begin("Reading captions", 0);
        let finder = Finder::new(folder, wanted.images.as_deref());
        let mut known: HashMap<String, usize> = HashMap::new();
        let mut all = Self::default();
        let chosen = split(folder, wanted)?;
        let mut others = Others::default();
        let mut start = 0;
        for (path, number) in parts(folder) {
            let file = ParquetFile::open(&path)?;
            let layout = if captions {
                Layout::of(&file)?
            } else {
                Layout::of_images(&file)?
            };
            let mut row = start;
            for (group, rows) in file.groups().into_iter().enumerate() {
                let read =
                    |leaf: Option<&usize>| leaf.map(|&leaf| file.texts(group, leaf)).transpose();
                let (names, captions) =
                    (read(layout.names.first())?, read(layout.captions.first())?);
                let splits = read(layout.split.as_ref())?;
                for at in 0..rows {
                    step(task, row as u64 + 1)?;
                    let cell = |column: &Option<Vec<Vec<String>>>| {
                        let text = column.as_ref()?.get(at)?.first()?.trim();
                        (!text.is_empty()).then(|| text.to_owned())
                    };
                    let name = cell(&names).unwrap_or_else(|| format!("row {row}"));
                    let caption = cell(&captions);
                    let split = chosen.of(cell(&splits).as_deref(), &name);
                    if let Some(split) = split {
                        let kept = chosen.keeps(Some(&split));
                        others.add(split, &name, u64::from(caption.is_some() && !kept));
                        if !kept {
                            row += 1;
                            continue;
                        }
                    }
                    let image = *known.entry(name).or_insert_with_key(|name| {
                        let image = picture(name, &finder);
                        if image.picture.is_none() && is_picture_name(Path::new(name)) {
                            let (of, why) = (file_name(file.path()), finder.why_not(name));
                            let what = format!("is named in {of}, {why}");
                            all.origin.note(Reason::NoPicture, &what, name.as_str());
                        }
                        all.groups.push((image, Vec::new()));
                        all.first_of.push(row);
                        all.of_captions.push(Vec::new());
                        all.groups.len() - 1
                    });
                    if let Some(caption) = caption {
                        all.groups[image].1.push(caption);
                        all.of_captions[image].push(row);
                    }
                    row += 1;
                }
            }
            all.parts.push((number, row - start));
            start = row;
        }
        all.origin.found = Found {
            images: all.groups.len() as u64,
            captions: all.of_captions.iter().map(Vec::len).sum::<usize>() as u64,
        };
        others.tell(&chosen, |name| known.contains_key(name), &mut all.origin);
        if captions && all.of_captions.iter().all(Vec::is_empty) {
            return Err(Error::dataset(
                folder,
                "its metadata holds no caption",
                "Run clip-retrieval with captions.",
            ));
        }
        Ok(all)
    }

    fn finish(
        mut self,
        folder: &Path,
        wanted: bool,
        task: &Task,
    ) -> Result<(Dataset, Option<Vectors>)> {
        let captioned = |i: &usize| !self.groups[*i].1.is_empty();
        let kept: Vec<usize> = (0..self.groups.len()).filter(captioned).collect();
        let sides = ["img_emb", "text_emb"];
        let lacking = sides.into_iter().find(|side| !folder.join(side).is_dir());
        let vectors = if wanted && lacking.is_none() {
            let images: Vec<usize> = kept.iter().map(|&i| self.first_of[i]).collect();
            let texts: Vec<usize> = kept
                .iter()
                .flat_map(|&i| self.of_captions[i].iter().copied())
                .collect();
            let (images, dim) = self.embeddings(folder, sides[0], &images, task)?;
            let (texts, other) = self.embeddings(folder, sides[1], &texts, task)?;
            if dim != other {
                return Err(Error::dataset(
                    folder,
                    format!("its image embeddings have {dim} values, its text embeddings {other}"),
                    "Compute both with one model.",
                ));
            }
            Some(Vectors { images, texts, dim })
        } else {
            None
        };
        let unseen = kept
            .iter()
            .filter(|&&i| self.groups[i].0.picture.is_none())
            .count();
        if unseen > 0 {
            let (n, all) = (thousands(unseen as u64), thousands(kept.len() as u64));
            let what =
                format!("{n} of {all} were not found; their captions and embeddings are used");
            let problem = Problem::new("the pictures of metadata", what, Reason::NoPicture);
            self.problems.insert(0, problem);
        }
        if let Some(side) = lacking {
            let what = "is missing: an encoder must embed both sides";
            let problem = Problem::new(format!("{side}/"), what, Reason::NotUsed);
            self.problems.insert(0, problem);
        }
        shorten(&mut self.groups);
        let name = std::path::absolute(folder).unwrap_or_else(|_| folder.to_path_buf());
        let format = match self.parts.len() {
            1 => "clip-retrieval embeddings".to_owned(),
            n => format!("clip-retrieval embeddings ({n} parts)"),
        };
        let mut dataset =
            Dataset::from_groups(file_name(&name), format, self.groups, self.problems);
        self.origin.notes.append(&mut dataset.origin.notes);
        dataset.origin = self.origin;
        Ok((dataset, vectors))
    }

    /// Those `rows` of one side's parts, in that order, and their length.
    fn embeddings(
        &self,
        folder: &Path,
        side: &str,
        rows: &[usize],
        task: &Task,
    ) -> Result<(Vec<f32>, usize)> {
        task.begin("Reading embeddings", self.parts.len() as u64);
        // Where each row goes; an image or a caption has its row to itself.
        let mut order: Vec<(usize, usize)> = rows.iter().copied().zip(0..).collect();
        order.sort_unstable();
        let mut order = order.into_iter().peekable();
        let (mut all, mut dim, mut start) = (Vec::new(), 0, 0);
        for (number, count) in &self.parts {
            task.check()?;
            let path = folder.join(side).join(format!("{side}_{number}.npy"));
            let (values, found, length) = if *count == 0 {
                (Vec::new(), 0, dim)
            } else {
                read_npy(&path)?
            };
            let what = if found != *count {
                Some(format!("has {found} rows, its metadata {count}"))
            } else if dim != 0 && length != dim {
                Some(format!("has {length} values a row, the parts before {dim}"))
            } else {
                None
            };
            if let Some(what) = what {
                return Err(Error::dataset(&path, what, "Compute the embeddings again."));
            }
            dim = length;
            all.resize(rows.len() * dim, 0.0);
            while let Some((row, to)) = order.next_if(|(row, _)| *row < start + count) {
                let from = (row - start) * dim;
                all[to * dim..][..dim].copy_from_slice(&values[from..from + dim]);
            }
            start += count;
            task.add(1);
        }
        Ok((all, dim))
    }
}

/// The split of the metadata's rows.
fn split(folder: &Path, wanted: &Wanted) -> Result<Chosen> {
    let mut scan = None;
    for (path, _) in parts(folder) {
        let file = ParquetFile::open(&path)?;
        let layout = Layout::of_images(&file)?;
        let scan = scan.get_or_insert_with(|| Scan::new(layout.split_name.clone()));
        for (group, rows) in file.groups().into_iter().enumerate() {
            let Some(leaf) = layout.split else {
                (0..rows).for_each(|_| scan.add(None, ""));
                continue;
            };
            for row in file.texts(group, leaf)? {
                scan.add(row.first().map(String::as_str), "");
            }
        }
    }
    let scan = scan.unwrap_or_default();
    scan.decide(&folder.join("metadata"), wanted, Rule::Usual)
}

/// The image whose picture the metadata names by a path, or by a key.
fn picture(name: &str, finder: &Finder) -> Image {
    let shown = harmless(name);
    match finder.find(name).filter(|_| !name.contains("..")) {
        Some(found) => Image::file(shown, found),
        None => Image::unseen(shown),
    }
}

/// Leaves out of the names the folders that all of them share.
fn shorten(groups: &mut [(Image, Vec<String>)]) {
    let folders = |name: &str| name.rfind('/').map_or(0, |end| end + 1);
    let Some((first, _)) = groups.first() else {
        return;
    };
    let mut shared = first.name[..folders(&first.name)].to_owned();
    for (image, _) in &*groups {
        while !image.name.starts_with(&shared) {
            shared.truncate(folders(shared.trim_end_matches('/')));
        }
    }
    for (image, _) in groups {
        image.name.drain(..shared.len());
    }
}
