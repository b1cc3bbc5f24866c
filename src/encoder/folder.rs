//! Which files make an encoder: the layouts people have, recognised by name.

use crate::error::{Error, Result};
use std::path::{Path, PathBuf};

/// Names of the image tower without ending, the most usual first: Hugging Face, `open_clip`, others.
pub(super) const IMAGE: [&str; 5] = [
    "vision_model",
    "visual",
    "image_encoder",
    "vision_encoder",
    "image_model",
];
/// Names of the text tower.
pub(super) const TEXT: [&str; 4] = ["text_model", "textual", "text_encoder", "language_model"];
/// Names of a model with both towers.
const BOTH: [&str; 1] = ["model"];

/// The files of a dual encoder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncoderFiles {
    /// Name shown to the user: the folder's.
    pub name: String,
    /// The ONNX file of the image tower.
    pub image_model: PathBuf,
    /// The ONNX file of the text tower; the same file where one model holds both.
    pub text_model: PathBuf,
    /// `tokenizer.json`.
    pub tokenizer: PathBuf,
    /// `preprocessor_config.json` or `open_clip_config.json`; `None` where there is neither and the user must say.
    pub preprocess: Option<PathBuf>,
}

impl EncoderFiles {
    /// Recognises the folder of an export: `vision_model*.onnx` and `text_model*.onnx` (Hugging Face), `visual.onnx`
    /// and `textual.onnx` (`open_clip`), `image_encoder` and `text_encoder`, or one `model*.onnx`, in the folder or
    /// in its `onnx` folder; the plain name is preferred, then `_fp16`, then any other. `tokenizer.json` and the
    /// preprocessing lie beside them or one folder up from `onnx`.
    ///
    /// # Errors
    /// [`Error::Model`] naming what is missing, and [`Error::Io`] where the folder cannot be read.
    pub fn open(folder: &Path) -> Result<Self> {
        let nested = folder.join("onnx");
        let mut half = None;
        for place in [folder, &nested] {
            if place != folder && !place.is_dir() {
                continue;
            }
            let files = onnx_files(place)?;
            match towers(&files) {
                Towers::Found(image_model, text_model) => {
                    let places = around(place);
                    return Self::assemble(image_model, text_model, &places);
                }
                Towers::Half(found, missing) => half = half.or(Some((found, missing))),
                Towers::None => {}
            }
        }
        let what = half.map_or_else(
            || "holds no image and text model".to_owned(),
            |(found, missing)| format!("holds {found} but no {missing} model"),
        );
        Err(Error::model(
            folder,
            what,
            "An encoder's folder has vision_model.onnx and text_model.onnx, visual.onnx and textual.onnx, or one \
             model.onnx, there or in \"onnx\". Files with other names can be chosen one by one.",
        ))
    }

    /// An encoder from two files of any name; tokenizer and preprocessing are looked for beside either, or one
    /// folder up where that one is called `onnx`.
    ///
    /// # Errors
    /// As [`EncoderFiles::open`].
    pub fn from_pair(image_model: &Path, text_model: &Path) -> Result<Self> {
        for path in [image_model, text_model] {
            std::fs::metadata(path).map_err(Error::io("read", path))?;
        }
        let mut places = around(folder_of(text_model));
        for place in around(folder_of(image_model)) {
            if !places.contains(&place) {
                places.push(place);
            }
        }
        Self::assemble(image_model.to_path_buf(), text_model.to_path_buf(), &places)
    }

    fn assemble(image_model: PathBuf, text_model: PathBuf, places: &[PathBuf]) -> Result<Self> {
        let find = |name: &str| places.iter().map(|p| p.join(name)).find(|p| p.is_file());
        // The folder that a person would name: above "onnx".
        let home = around(folder_of(&image_model)).pop().unwrap_or_default();
        let Some(tokenizer) = find("tokenizer.json") else {
            return Err(Error::model(
                &home,
                "has no tokenizer.json",
                format!(
                    "Write one with Python, with the name of the model that was exported: from transformers import \
                     AutoTokenizer; AutoTokenizer.from_pretrained(\"openai/clip-vit-base-patch32\")\
                     .save_pretrained(r\"{}\")",
                    home.display()
                ),
            ));
        };
        // Newer exports put the preprocessing into the processor's file, older ones of that name hold none.
        let holds_images = |p: &PathBuf| {
            std::fs::read_to_string(p).is_ok_and(|text| text.contains("\"image_processor\""))
        };
        let preprocess = find("preprocessor_config.json")
            .or_else(|| find("processor_config.json").filter(holds_images))
            .or_else(|| find("open_clip_config.json"));
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
            preprocess,
        })
    }
}

enum Towers {
    Found(PathBuf, PathBuf),
    /// The file that is there, and the kind that is not.
    Half(String, &'static str),
    None,
}

fn towers(files: &[PathBuf]) -> Towers {
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

pub(super) struct Variant {
    /// What follows the name: "", "fp16", "quantized".
    suffix: String,
    pub(super) path: PathBuf,
}

/// The `files` called one of `names`, with or without a suffix, in order of preference.
pub(super) fn variants(files: &[PathBuf], names: &[&str]) -> Vec<Variant> {
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

pub(super) fn folder_of(file: &Path) -> &Path {
    file.parent()
        .filter(|p| !p.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

/// The folder itself, then the one above where it is called `onnx`.
pub(super) fn around(folder: &Path) -> Vec<PathBuf> {
    let mut places = vec![folder.to_path_buf()];
    let real = folder
        .canonicalize()
        .unwrap_or_else(|_| folder.to_path_buf());
    if real.file_name().is_some_and(|name| name == "onnx") {
        // "onnx/.." would do for opening; a parent by name reads better in messages.
        let parent = folder.parent().filter(|p| !p.as_os_str().is_empty());
        places.push(parent.map_or_else(|| folder.join(".."), Path::to_path_buf));
    }
    places
}
