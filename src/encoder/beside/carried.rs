//! The files beside a model that are read, for a folder that is to be read the same way.

use crate::encoder::folder::EncoderFiles;
use std::path::{Path, PathBuf};

/// Names of all files that say how pictures or captions are prepared. The tokenizer's own and what states a pooling are
/// not among them.
const NAMES: [&str; 9] = [
    "preprocess_cfg.json",
    "preprocessor_config.json",
    "processor_config.json",
    "open_clip_config.json",
    "config.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "sentence_bert_config.json",
    "config_sentence_transformers.json",
];

/// A configuration beside the models, as each side finds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beside {
    /// Its name.
    pub name: &'static str,
    /// Where it is read for pictures.
    pub image: PathBuf,
    /// Where it is read for captions.
    pub text: PathBuf,
}

impl EncoderFiles {
    /// The configurations that are read beside the models: which file of each name, for either side.
    pub fn beside(&self) -> Vec<Beside> {
        let first = |places: &[PathBuf], name: &str| {
            let mut paths = places.iter().map(|p| p.join(name));
            paths.find(|p| p.is_file())
        };
        let found = |name: &'static str| {
            let image = first(&self.image_places, name);
            let text = first(&self.text_places, name);
            let either = image.clone().or(text.clone())?;
            Some(Beside {
                name,
                image: image.unwrap_or_else(|| either.clone()),
                text: text.unwrap_or(either),
            })
        };
        NAMES.into_iter().filter_map(found).collect()
    }

    /// The files that the tokenizer is read from: its own, and what belongs to it.
    pub fn tokenizer_files(&self) -> Vec<PathBuf> {
        let merges = self.tokenizer.with_file_name("merges.txt");
        let pieces = self.tokenizer.file_name() == Path::new("vocab.json").file_name();
        std::iter::once(self.tokenizer.clone())
            .chain(pieces.then_some(merges))
            .collect()
    }
}
