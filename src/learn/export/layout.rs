//! Where the files of an exported encoder lie, so that each side finds what it found before.

use crate::encoder::{EncoderFiles, Preprocess};
use crate::error::{Error, Result};
use crate::files::{TEXT, file_name, read_all};
use std::path::{Path, PathBuf};

/// What is said of pictures where nothing beside the model says it.
const USUAL: &str = "preprocessor_config.json";

/// The files of an encoder, by paths within its folder.
pub struct Layout {
    /// The image model.
    pub image_model: PathBuf,
    /// The text model.
    pub text_model: PathBuf,
    /// What lies beside them: tokenizer and configurations.
    pub beside: Vec<(PathBuf, Vec<u8>)>,
}

impl Layout {
    /// For a copy of the encoder of `files`, whose pictures are prepared as `chosen` says, where the user chose that. All
    /// lies in one folder, unless both sides read different files of one name: those lie in a folder for each side.
    /// `coarse` says which models, image and text, compute in float16; the names of theirs say so.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn of(
        files: &EncoderFiles,
        chosen: Option<&Preprocess>,
        coarse: [bool; 2],
    ) -> Result<Self> {
        let chosen = chosen.map(serde_json::to_vec_pretty).transpose();
        let chosen = chosen.map_err(|e| {
            Error::request(
                format!("the chosen preprocessing cannot be written: {e}"),
                "Open the encoder with another preprocessing.",
            )
        })?;
        let (mut beside, mut parted, mut said) = (Vec::new(), false, false);
        for found in files.beside() {
            let text = read(&found.text)?;
            let image = match (&chosen, found.name) {
                (Some(chosen), "preprocess_cfg.json" | USUAL | "open_clip_config.json") => {
                    said = true;
                    chosen.clone()
                }
                // It is read for pictures where it says anything of them.
                (Some(_), "processor_config.json") => b"{}".to_vec(),
                _ if found.image == found.text => text.clone(),
                _ => read(&found.image)?,
            };
            if image == text {
                beside.push((PathBuf::from(found.name), text));
            } else {
                parted = true;
                beside.push((Path::new("visual").join(found.name), image));
                beside.push((Path::new("textual").join(found.name), text));
            }
        }
        if let Some(chosen) = chosen.filter(|_| !said) {
            beside.push((USUAL.into(), chosen));
        }
        for path in files.tokenizer_files() {
            beside.push((file_name(&path).into(), read(&path)?));
        }
        let names = if parted {
            ["visual/model", "textual/model"]
        } else {
            ["vision_model", "text_model"]
        };
        let name = |side: usize| {
            let suffix = if coarse[side] { "_fp16" } else { "" };
            PathBuf::from(format!("{}{suffix}.onnx", names[side]))
        };
        Ok(Self {
            image_model: name(0),
            text_model: name(1),
            beside,
        })
    }

    /// The paths of all files, the models first.
    pub fn files(&self) -> Vec<PathBuf> {
        let models = [&self.image_model, &self.text_model];
        let beside = self.beside.iter().map(|(path, _)| path);
        models.into_iter().chain(beside).cloned().collect()
    }
}

fn read(path: &Path) -> Result<Vec<u8>> {
    read_all(path, TEXT).map_err(Error::io("read", path))
}
