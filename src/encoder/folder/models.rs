//! Which of a folder's ONNX files are its two towers: by their names, else by what they take.

use crate::encoder::tower::roles;
use crate::error::{Error, Result};
use crate::onnx::ModelInfo;
use std::path::{Path, PathBuf};

/// Names of the image tower without ending, the most usual first: Hugging Face, `open_clip`, others.
const IMAGE: [&str; 5] = [
    "vision_model",
    "visual",
    "image_encoder",
    "vision_encoder",
    "image_model",
];
/// Names of the text tower.
const TEXT: [&str; 4] = ["text_model", "textual", "text_encoder", "language_model"];
/// Names of a model with both towers.
const BOTH: [&str; 1] = ["model"];
/// Words of a file's or folder's name that say which side it is, not which model.
const SIDES: [&str; 11] = [
    "vision", "visual", "image", "images", "img", "pixel", "text", "textual", "txt", "language",
    "encoder",
];
/// Files that are looked into at most.
const MOST: usize = 64;

/// What the names of files say.
pub(super) enum Towers {
    Found(PathBuf, PathBuf),
    /// The file that is there, and the kind that is not.
    Half(String, &'static str),
    None,
}

/// The towers among `files`, by name.
pub(super) fn towers(files: &[PathBuf]) -> Towers {
    let (images, texts) = (variants(files, &IMAGE), variants(files, &TEXT));
    // Towers of one precision belong together; each list begins with the preferred one.
    let same = images.iter().find_map(|image| {
        let text = texts.iter().find(|text| text.suffix == image.suffix)?;
        Some((image, text))
    });
    let first = images.first().zip(texts.first());
    if let Some((image, text)) = same.or(first) {
        return Towers::Found(image.path.clone(), text.path.clone());
    }
    if let Some(both) = variants(files, &BOTH).into_iter().next() {
        return Towers::Found(both.path.clone(), both.path);
    }
    let name = |v: &Variant| {
        v.path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned()
    };
    match (images.first(), texts.first()) {
        (Some(image), _) => Towers::Half(name(image), "text"),
        (_, Some(text)) => Towers::Half(name(text), "image"),
        _ => Towers::None,
    }
}

struct Variant {
    /// What follows the name: "", "fp16", "quantized".
    suffix: String,
    path: PathBuf,
}

/// The `files` called one of `names`, with or without a suffix, in order of preference.
fn variants(files: &[PathBuf], names: &[&str]) -> Vec<Variant> {
    let mut found = Vec::new();
    for path in files {
        let stem = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .to_lowercase();
        for (order, name) in names.iter().enumerate() {
            let Some(rest) = stem.strip_prefix(name) else {
                continue;
            };
            if rest.is_empty() || rest.starts_with(['_', '-', '.']) {
                let suffix = rest.trim_start_matches(['_', '-', '.']).to_owned();
                let rank = ["", "fp16"].iter().position(|s| *s == suffix).unwrap_or(2);
                found.push((
                    (rank, order, suffix.clone()),
                    Variant {
                        suffix,
                        path: path.clone(),
                    },
                ));
            }
        }
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found.into_iter().map(|(_, variant)| variant).collect()
}

/// The ONNX files of a folder, sorted.
pub(super) fn onnx_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(Error::io("read", folder))? {
        let path = entry.map_err(Error::io("read", folder))?.path();
        if path
            .extension()
            .is_some_and(|e| e.eq_ignore_ascii_case("onnx"))
            && path.is_file()
        {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Files by what they take.
#[derive(Default)]
pub(super) struct Kinds {
    images: Vec<Named>,
    texts: Vec<Named>,
    both: Vec<Named>,
}

impl Kinds {
    /// Looks into `files`; one that is no model is of no kind.
    pub fn of(folder: &Path, files: &[PathBuf]) -> Self {
        let mut kinds = Self::default();
        for path in files.iter().take(MOST) {
            let Ok(info) = ModelInfo::open(path) else {
                continue;
            };
            let pictures = roles::image_roles(&info).is_ok();
            let ids = roles::text_roles(&info).is_ok();
            let named = Named::of(folder, path);
            match (pictures, ids) {
                (true, true) => kinds.both.push(named),
                (true, false) => kinds.images.push(named),
                (false, true) => kinds.texts.push(named),
                (false, false) => {}
            }
        }
        for kind in [&mut kinds.images, &mut kinds.texts, &mut kinds.both] {
            kind.sort_by(|a, b| (a.rank, &a.path).cmp(&(b.rank, &b.path)));
        }
        kinds
    }

    /// The only tower there is, with `true` for a text model; the preferred one of several precisions.
    pub fn only(&self) -> Option<(PathBuf, bool)> {
        match (self.images.first(), self.texts.first(), self.both.first()) {
            (Some(image), None, None) => Some((image.path.clone(), false)),
            (None, Some(text), None) => Some((text.path.clone(), true)),
            _ => None,
        }
    }

    /// One that takes pictures and one that takes token ids, or one that takes both. Of several precisions float32 is
    /// preferred, then float16; `None` where there is no pair.
    ///
    /// # Errors
    /// There are several pairs that only a person can choose between.
    pub fn pair(&self, folder: &Path) -> Result<Option<(PathBuf, PathBuf)>> {
        let Self {
            images,
            texts,
            both,
        } = self;
        let mut pairs: Vec<(usize, String, &Named, &Named)> = Vec::new();
        for image in images {
            let alike = texts
                .iter()
                .filter(|t| t.rest == image.rest && t.rank == image.rank);
            pairs.extend(alike.map(|text| (image.rank, image.rest.clone(), image, text)));
        }
        if pairs.is_empty()
            && let ([image], [text]) = (images.as_slice(), texts.as_slice())
        {
            return Ok(Some((image.path.clone(), text.path.clone())));
        }
        if pairs.is_empty() && !both.is_empty() {
            return Ok(both.first().map(|n| (n.path.clone(), n.path.clone())));
        }
        pairs.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
        let Some((rank, _, image, text)) = pairs.first() else {
            return Ok(None);
        };
        let equal: Vec<_> = pairs.iter().filter(|p| p.0 == *rank).collect();
        if equal.len() > 1 {
            let name = |n: &Named| {
                n.path
                    .strip_prefix(folder)
                    .unwrap_or(&n.path)
                    .display()
                    .to_string()
            };
            let listed: Vec<String> = equal
                .iter()
                .map(|(_, _, image, text)| format!("{} with {}", name(image), name(text)))
                .collect();
            return Err(Error::model(
                folder,
                format!("holds several encoders: {}", listed.join("; ")),
                "Choose the two files one by one (--image-model and --text-model).",
            ));
        }
        Ok(Some((image.path.clone(), text.path.clone())))
    }
}

/// A file with what its name says besides its side.
struct Named {
    path: PathBuf,
    /// 0 for float32, 1 for float16, 2 for any other precision.
    rank: usize,
    /// The words of its name without those of side and float precision.
    rest: String,
}

impl Named {
    fn of(folder: &Path, path: &Path) -> Self {
        let inner = path.strip_prefix(folder).unwrap_or(path).with_extension("");
        let text = inner.to_string_lossy().to_lowercase();
        let words = text.split(|c: char| !c.is_alphanumeric());
        let words: Vec<&str> = words
            .filter(|w| !w.is_empty() && !SIDES.contains(w))
            .collect();
        let is = |names: &[&str]| words.iter().any(|w| names.contains(w));
        let rank = if is(&["fp16", "float16", "half"]) {
            1
        } else if is(&[
            "quantized",
            "quint8",
            "qint8",
            "int8",
            "uint8",
            "q4",
            "q4f16",
            "q8",
            "bnb4",
            "int4",
            "quant",
        ]) {
            2
        } else {
            0
        };
        let plain = |w: &&&str| !["fp32", "float32", "fp16", "float16", "half"].contains(*w);
        let rest: Vec<&str> = words.iter().filter(plain).copied().collect();
        Self {
            path: path.to_path_buf(),
            rank,
            rest: rest.join(" "),
        }
    }
}
