//! Which files make an encoder: the layouts people have, by names and by what the models take.

mod models;

use crate::error::{Error, Result};
use models::{Kinds, Towers, onnx_files, towers};
use std::path::{Path, PathBuf};

/// Folders below an encoder's own that are looked into at most.
const MOST: usize = 64;
/// Names of folders that hold a part of an encoder, whose other files may lie one folder up.
const PARTS: [&str; 10] = [
    "onnx",
    "visual",
    "textual",
    "vision",
    "text",
    "image",
    "image_encoder",
    "text_encoder",
    "vision_model",
    "text_model",
];

/// The files of a dual encoder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncoderFiles {
    /// Name shown to the user: the folder's.
    pub name: String,
    /// The ONNX file of the image tower.
    pub image_model: PathBuf,
    /// The ONNX file of the text tower; the same file where one model holds both.
    pub text_model: PathBuf,
    /// `tokenizer.json`, or the vocabulary (`vocab.txt`, `vocab.json`) that stands for it.
    pub tokenizer: PathBuf,
    /// Where what lies beside the image model is looked for, nearest first.
    pub image_places: Vec<PathBuf>,
    /// The same for the text model.
    pub text_places: Vec<PathBuf>,
}

impl EncoderFiles {
    /// The encoder in `folder`; see [`FolderHolds::of`].
    ///
    /// # Errors
    /// [`Error::Model`] naming what is missing, or the encoders that only a person can choose between; [`Error::Io`] where
    /// the folder cannot be read.
    pub fn open(folder: &Path) -> Result<Self> {
        match FolderHolds::of(folder)? {
            FolderHolds::Both(files) => Ok(files),
            FolderHolds::One(_, error) | FolderHolds::Neither(error) => Err(error),
        }
    }

    /// An encoder from two files of any name; tokenizer and preprocessing are looked for beside either, or one
    /// folder up where that one holds a part of an encoder (`onnx`, `visual`, `textual`) or both files.
    ///
    /// # Errors
    /// As [`EncoderFiles::open`].
    pub fn from_pair(image_model: &Path, text_model: &Path) -> Result<Self> {
        for path in [image_model, text_model] {
            std::fs::metadata(path).map_err(Error::io("read", path))?;
        }
        Self::assemble(image_model.to_path_buf(), text_model.to_path_buf(), None)
    }

    /// Is `folder` called as a part of an encoder is ("onnx", "visual")? What it holds would be taken together with what
    /// lies one folder up.
    pub fn is_part(folder: &Path) -> bool {
        let real = folder
            .canonicalize()
            .unwrap_or_else(|_| folder.to_path_buf());
        let part = |name: &std::ffi::OsStr| PARTS.iter().any(|p| name.eq_ignore_ascii_case(p));
        real.file_name().is_some_and(part)
    }

    /// What lies beside a model of one side, `model`; a text model needs its tokenizer.
    ///
    /// # Errors
    /// As [`EncoderFiles::open`].
    pub(super) fn alone(model: &Path, is_text: bool) -> Result<Self> {
        if is_text {
            return Self::from_pair(model, model);
        }
        std::fs::metadata(model).map_err(Error::io("read", model))?;
        let places = around(folder_of(model));
        let home = places.last().cloned().unwrap_or_default();
        Ok(Self {
            name: crate::files::file_name(&home),
            image_model: model.to_path_buf(),
            text_model: model.to_path_buf(),
            tokenizer: PathBuf::new(),
            image_places: places.clone(),
            text_places: places,
        })
    }

    fn assemble(image_model: PathBuf, text_model: PathBuf, folder: Option<&Path>) -> Result<Self> {
        let (beside_image, beside_text) = (folder_of(&image_model), folder_of(&text_model));
        let parted = beside_image != beside_text && beside_image.parent() == beside_text.parent();
        let chain = |from: &Path| {
            let mut places = around(from);
            let mut above = from;
            while let Some(folder) = folder.filter(|f| *f != above && above.starts_with(f)) {
                above = above.parent().unwrap_or(folder);
                places.push(above.to_path_buf());
            }
            if parted && let Some(parent) = from.parent().filter(|p| !p.as_os_str().is_empty()) {
                places.push(parent.to_path_buf());
            }
            places
        };
        let (images, texts) = (chain(beside_image), chain(beside_text));
        let image_places = merged(&images, &texts);
        let text_places = merged(&texts, &images);
        // The folder that a person would name: above "onnx".
        let home = folder.map_or_else(
            || around(beside_image).pop().unwrap_or_default(),
            |folder| around(folder).pop().unwrap_or_default(),
        );
        let find = |name: &str| {
            let mut paths = text_places.iter().map(|p| p.join(name));
            paths.find(|p| p.is_file())
        };
        let pieces = || find("vocab.json").filter(|p| p.with_file_name("merges.txt").is_file());
        let found = find("tokenizer.json")
            .or_else(pieces)
            .or_else(|| find("vocab.txt"));
        let Some(tokenizer) = found else {
            return Err(Error::model(
                &home,
                "has no tokenizer.json, nor a vocabulary that stands for one",
                format!(
                    "Write one with Python, with the name of the model that was exported: from transformers import \
                     AutoTokenizer; AutoTokenizer.from_pretrained(\"openai/clip-vit-base-patch32\")\
                     .save_pretrained(r\"{}\")",
                    home.display()
                ),
            ));
        };
        let full = home.canonicalize().unwrap_or_else(|_| home.clone());
        let name = full
            .file_name()
            .unwrap_or(full.as_os_str())
            .to_string_lossy()
            .into_owned();
        Ok(Self {
            name,
            image_model,
            text_model,
            tokenizer,
            image_places,
            text_places,
        })
    }
}

/// The file of one tower alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HalfFiles {
    /// The ONNX file.
    pub model: PathBuf,
    /// Is it the text tower?
    pub is_text: bool,
}

/// What a folder holds of an encoder.
#[derive(Debug)]
pub enum FolderHolds {
    /// Both towers.
    Both(EncoderFiles),
    /// One tower, and why there are not both.
    One(HalfFiles, Error),
    /// No tower, or several that only a person can choose between.
    Neither(Error),
}

impl FolderHolds {
    /// Recognises the folder of an export: `vision_model*.onnx` and `text_model*.onnx` (Hugging Face), `visual.onnx`
    /// and `textual.onnx` (`open_clip`), `image_encoder` and `text_encoder`, or one `model*.onnx`, in the folder or
    /// in its `onnx` folder; the plain name is preferred, then `_fp16`, then any other. Files with other names, and
    /// those of folders below, are told apart by what they take: each is looked into once. Tokenizer and configurations
    /// lie beside a model or in a folder above, up to `folder`.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn of(folder: &Path) -> Result<Self> {
        let of_both = |image_model, text_model| {
            EncoderFiles::assemble(image_model, text_model, Some(folder))
                .map_or_else(Self::Neither, Self::Both)
        };
        let nested = folder.join("onnx");
        let mut half = None;
        let mut all = Vec::new();
        for place in [folder, &nested] {
            if place != folder && !place.is_dir() {
                continue;
            }
            let files = onnx_files(place)?;
            match towers(&files) {
                Towers::Found(image_model, text_model) => {
                    return Ok(of_both(image_model, text_model));
                }
                Towers::Half(found, missing) => half = half.or(Some((found, missing))),
                Towers::None => {}
            }
            all.extend(files);
        }
        all.extend(below(folder)?);
        let kinds = Kinds::of(folder, &all);
        let error = match kinds.pair(folder) {
            Ok(Some((image_model, text_model))) => return Ok(of_both(image_model, text_model)),
            Ok(None) => missing(folder, half, all.len()),
            Err(error) => error,
        };
        Ok(match kinds.only() {
            Some((model, is_text)) => Self::One(HalfFiles { model, is_text }, error),
            None => Self::Neither(error),
        })
    }
}

/// What a folder of `files` ONNX files lacks; `half` is the tower that goes by its name, with the kind that is missing.
fn missing(folder: &Path, half: Option<(String, &'static str)>, files: usize) -> Error {
    let what = half.map_or_else(
        || match files {
            0 => "holds no image and text model".to_owned(),
            1 => "holds no image and text model: its one ONNX file is neither, or only one of them".to_owned(),
            n => format!("holds no image and text model: none of its {n} ONNX files take pictures and token ids"),
        },
        |(found, missing)| format!("holds {found} but no {missing} model"),
    );
    Error::model(
        folder,
        what,
        "An encoder's folder has vision_model.onnx and text_model.onnx, visual.onnx and textual.onnx, or one \
         model.onnx, there, in \"onnx\" or in folders of their own. Files from elsewhere can be chosen one by one.",
    )
}

/// The ONNX files of the folders below `folder`, but for `onnx` itself.
fn below(folder: &Path) -> Result<Vec<PathBuf>> {
    let nested = folder.join("onnx");
    let mut all = Vec::new();
    for below in folders(folder)?.iter().filter(|f| **f != nested) {
        all.extend(onnx_files(below).unwrap_or_default());
        all.extend(onnx_files(&below.join("onnx")).unwrap_or_default());
    }
    Ok(all)
}

/// The folders in `folder`, sorted.
fn folders(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder).map_err(Error::io("read", folder))?;
    let mut found: Vec<PathBuf> = entries
        .flatten()
        .map(|e| e.path())
        .filter(|p| p.is_dir())
        .collect();
    found.sort();
    found.truncate(MOST);
    Ok(found)
}

/// `first`, then what else is in `second`.
fn merged(first: &[PathBuf], second: &[PathBuf]) -> Vec<PathBuf> {
    let mut places: Vec<PathBuf> = Vec::new();
    for place in first.iter().chain(second) {
        if !places.contains(place) {
            places.push(place.clone());
        }
    }
    places
}

fn folder_of(file: &Path) -> &Path {
    file.parent()
        .filter(|p| !p.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

/// The folder itself, then the one above where it is called `onnx` or as another part of an encoder.
fn around(folder: &Path) -> Vec<PathBuf> {
    let mut places = vec![folder.to_path_buf()];
    if EncoderFiles::is_part(folder) {
        // "onnx/.." would do for opening; a parent by name reads better in messages.
        let parent = folder.parent().filter(|p| !p.as_os_str().is_empty());
        places.push(parent.map_or_else(|| folder.join(".."), Path::to_path_buf));
    }
    places
}
