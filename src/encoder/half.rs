//! One tower of a dual encoder: it embeds queries of its side, for what the other side's embeddings already hold.

use super::batches::all_finite;
use super::dual::EncoderOptions;
use super::folder::{EncoderFiles, IMAGE, TEXT, around, folder_of, onnx_files, variants};
use super::preprocess::Preprocess;
use super::tokenize::Tokenizer;
use super::tower::Tower;
use crate::compute::{Embeddings, Measure};
use crate::dataset::Picture;
use crate::error::{Error, Question, Result};
use crate::files::file_name;
use std::path::{Path, PathBuf};

/// The file of one tower alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HalfFiles {
    /// The ONNX file.
    pub model: PathBuf,
    /// Is it the text tower?
    pub is_text: bool,
}

impl HalfFiles {
    /// The only tower in `folder`, or in its `onnx` folder; `None` where there are both or neither.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn open(folder: &Path) -> Result<Option<Self>> {
        for place in [folder.to_path_buf(), folder.join("onnx")] {
            if !place.is_dir() {
                continue;
            }
            let files = onnx_files(&place)?;
            let (images, texts) = (variants(&files, &IMAGE), variants(&files, &TEXT));
            let (model, is_text) = match (images.first(), texts.first()) {
                (Some(image), None) => (image.path.clone(), false),
                (None, Some(text)) => (text.path.clone(), true),
                _ => continue,
            };
            return Ok(Some(Self { model, is_text }));
        }
        Ok(None)
    }

    /// The preprocessing that lies beside an image model, or one folder up where that one is called `onnx`.
    fn preprocess(&self) -> Option<PathBuf> {
        let places = around(folder_of(&self.model));
        let find = |name: &str| places.iter().map(|p| p.join(name)).find(|p| p.is_file());
        find("preprocessor_config.json").or_else(|| find("open_clip_config.json"))
    }
}

/// An image model or a text model alone.
pub struct Half {
    name: String,
    tower: Tower,
    with: With,
}

/// What turns a query into the tower's input.
enum With {
    Pictures(Box<Preprocess>),
    Words(Tokenizer),
}

impl Half {
    /// Opens the model with what it needs: preprocessing or tokenizer.
    ///
    /// # Errors
    /// A file that is missing or cannot be used; [`Error::Ask`] where the preprocessing or an output must be chosen.
    pub fn open(files: &HalfFiles, options: &EncoderOptions) -> Result<Self> {
        let (tower, with) = if files.is_text {
            let output = options.text_output.as_deref();
            let tower = Tower::open_text(&files.model, output, &options.providers)?;
            // As a pair of the model with itself: the tokenizer is found in the same way.
            let beside = EncoderFiles::from_pair(&files.model, &files.model)?;
            let tokenizer = Tokenizer::open(&beside.tokenizer, tower.sequence_length())?;
            (tower, With::Words(tokenizer))
        } else {
            let preprocess = match (&options.preprocess, files.preprocess()) {
                (Some(chosen), _) => chosen.clone(),
                (None, Some(path)) => Preprocess::open(&path)?,
                (None, None) => {
                    return Err(Error::Ask {
                        path: files.model.clone(),
                        question: Question::Preprocess,
                    });
                }
            };
            let output = options.image_output.as_deref();
            let tower = Tower::open_image(&files.model, &preprocess, output, &options.providers)?;
            (tower, With::Pictures(Box::new(preprocess)))
        };
        Ok(Self {
            name: around(folder_of(&files.model))
                .last()
                .map(|home| file_name(home))
                .unwrap_or_default(),
            tower,
            with,
        })
    }

    /// Name shown to the user.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Embeds words: one row, to be compared by `measure`.
    ///
    /// # Errors
    /// This is an image model; the model fails or gives NaN.
    pub fn embed_text(&self, words: &str, measure: Measure) -> Result<Embeddings> {
        let With::Words(tokenizer) = &self.with else {
            return Err(self.cannot("words", "text", "pictures (rank --picture)"));
        };
        let tokens = tokenizer.encode(&[words])?;
        let (values, dim) = self.tower.embed_texts(&tokens)?;
        all_finite(&values, dim, &self.tower.model().path, |_| {
            "these words".into()
        })?;
        Embeddings::measured(values, dim, measure)
    }

    /// Embeds one picture: one row, to be compared by `measure`.
    ///
    /// # Errors
    /// This is a text model; the preprocessing does not fit; the model fails or gives NaN.
    pub fn embed_picture(&self, picture: &Picture, measure: Measure) -> Result<Embeddings> {
        let With::Pictures(preprocess) = &self.with else {
            return Err(self.cannot("pictures", "image", "words (rank --text)"));
        };
        let pixels = preprocess.apply(picture)?;
        let (values, dim) = self.tower.embed_images(&pixels, 1)?;
        all_finite(&values, dim, &self.tower.model().path, |_| {
            "this picture".into()
        })?;
        Embeddings::measured(values, dim, measure)
    }

    fn cannot(&self, what: &str, lacks: &str, can: &str) -> Error {
        Error::model(
            &self.tower.model().path,
            format!("cannot embed {what}: {} has no {lacks} model", self.name),
            format!(
                "It can answer {can} against stored embeddings; for {what} give the {lacks} model of the same encoder."
            ),
        )
    }
}
