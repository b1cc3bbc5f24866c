//! Opens one side of an encoder with what lies beside its model, and tries it.

mod trial;

use super::beside::{self, Stated};
use super::folder::EncoderFiles;
use super::options::EncoderOptions;
use super::preprocess::Preprocess;
use super::tokenize::Tokenizer;
use super::tower::roles::{self, Role};
use super::tower::{Manner, Pool, Runs, Tower, Wanted};
use crate::error::Result;
use crate::onnx::{Elem, ModelInfo};

/// What the length of captions is called among what is stated.
const LENGTH: &str = "tokens per caption";

/// What was found out on the way.
#[derive(Debug, Default)]
pub(super) struct Findings {
    /// How pictures or captions are prepared and run, each with where that is said.
    pub stated: Vec<Stated>,
    /// What a reader of the figures must know.
    pub warnings: Vec<String>,
}

impl Findings {
    fn tried(&mut self, tried: trial::Tried, tower: &Tower) {
        self.stated.extend(tried.stated);
        let path = tower.model().path.display();
        let said = tried.warnings.into_iter().map(|w| format!("{path}: {w}"));
        self.warnings.extend(said);
    }

    /// The pooling that was `chosen`, else the one that a file states.
    fn pool(&mut self, chosen: Option<Pool>, said: beside::Said, tower: &Tower) {
        let Some(pool) = tower.pool() else {
            return;
        };
        self.stated.push(match said {
            Some((_, stated)) if chosen.is_none() => stated,
            _ => Stated::other("pooling", pool.name(), "chosen"),
        });
    }
}

/// An image model with its preprocessing.
pub(super) struct ImageSide {
    pub tower: Tower,
    pub preprocess: Preprocess,
    pub findings: Findings,
}

/// Opens the image model of `files`.
///
/// # Errors
/// A file cannot be used; [`crate::error::Error::Ask`] where preprocessing, output or pooling must be chosen.
pub(super) fn image(files: &EncoderFiles, options: &EncoderOptions) -> Result<ImageSide> {
    let info = ModelInfo::open(&files.image_model)?;
    let roles = roles::image_roles(&info)?;
    let main = roles.iter().position(|r| *r == Role::Pixels);
    let port = main.and_then(|at| info.inputs.get(at));
    let input = port.map_or("", |p| p.name.as_str());
    let (mut preprocess, mut stated) = beside::pictures(files, options.preprocess.as_ref(), input)?;
    if port.is_some_and(|p| p.elem == Elem::U8) {
        preprocess = preprocess.in_bytes();
        stated.retain(|s| !matches!(s.what, "scale" | "mean" | "deviation"));
        stated.push(Stated::other(
            "scale, mean, deviation",
            "inside the model",
            format!("its input {input} takes bytes"),
        ));
    }
    let said = beside::image_pooling(files)?;
    let wanted = Wanted {
        output: options.image_output.as_deref(),
        pool: options.image_pool.or(said.as_ref().map(|s| s.0)),
    };
    let mut tower = Tower::open_image(info, &preprocess, wanted, &options.providers)?;
    let mut findings = Findings {
        stated,
        warnings: Vec::new(),
    };
    findings.pool(options.image_pool, said, &tower);
    let words = tower.layout().words();
    if !words.is_empty() {
        let stated = Stated::other("input", words.join(", "), tower.input());
        findings.stated.push(stated);
    }
    tower.run_as(Manner {
        alone: options.batch == 1,
        ..Manner::default()
    });
    let tried = trial::images(&mut tower)?;
    findings.tried(tried, &tower);
    Ok(ImageSide {
        tower,
        preprocess,
        findings,
    })
}

/// A text model with its tokenizer.
pub(super) struct TextSide {
    pub tower: Tower,
    pub tokenizer: Tokenizer,
    pub findings: Findings,
}

/// Opens the text model of `files`; `image` is the image model where that is opened too: where both are in one file, that
/// is read once.
///
/// # Errors
/// As [`image`].
pub(super) fn text(
    files: &EncoderFiles,
    options: &EncoderOptions,
    image: Option<&ImageSide>,
) -> Result<TextSide> {
    let same = image.filter(|_| files.text_model == files.image_model);
    let (info, runs) = match same {
        Some(image) => (image.tower.model().clone(), Runs::With(&image.tower)),
        None => (
            ModelInfo::open(&files.text_model)?,
            Runs::On(&options.providers),
        ),
    };
    let said = beside::text_pooling(files)?;
    let wanted = Wanted {
        output: options.text_output.as_deref(),
        pool: options.text_pool.or(said.as_ref().map(|s| s.0)),
    };
    let mut tower = Tower::open_text(info, image.map(|i| &i.preprocess), wanted, runs)?;
    let captions = beside::captions(files, tower.input_name())?;
    let mut findings = Findings {
        stated: captions.stated,
        warnings: Vec::new(),
    };
    findings.pool(options.text_pool, said, &tower);
    let open = |length| Tokenizer::settled(&files.tokenizer, &captions.rules, length);
    let mut tokenizer = open(tower.sequence_length())?;
    let length = match (tower.sequence_length(), tokenizer.limit()) {
        (Some(fixed), _) => Some(Stated::other(LENGTH, fixed.to_string(), tower.input())),
        (None, Some(limit)) => {
            let known = findings.stated.iter().any(|s| {
                s.what == LENGTH && s.value.split(',').next() == Some(limit.to_string().as_str())
            });
            let own = || Stated::read(LENGTH, limit.to_string(), &files.tokenizer, "truncation");
            (!known).then(own)
        }
        (None, None) => None,
    };
    if let Some(length) = length {
        findings.stated.retain(|s| s.what != LENGTH);
        findings.stated.push(length);
    }
    tower.run_as(Manner {
        alone: options.batch == 1,
        after: captions
            .after_padding
            .then(|| i64::from(tokenizer.pad_id())),
        ..Manner::default()
    });
    let (tried, length) = trial::texts(&mut tower, &tokenizer)?;
    findings.tried(tried, &tower);
    if length.is_some() {
        tokenizer = open(length)?;
    }
    Ok(TextSide {
        tower,
        tokenizer,
        findings,
    })
}
