//! `nearmiss attack caption`: the words that carry a caption, and the exchange that changes its ranking most.

use super::one_of;
use crate::attack::caption::{
    Aim, Guide, Importance, Options, PairRank, Scene, Substitution, Synonyms, importance,
    read_words, substitute, words_by_frequency,
};
use crate::cli::common::{DataArgs, VectorArgs, or_all, positive};
use crate::cli::encoder::EncoderArgs;
use crate::cli::material::{Ask, material};
use crate::cli::output::{counted, emit_with, warn};
use crate::cli::progress::watched;
use crate::cli::rank::find;
use crate::dataset::Dataset;
use crate::encoder::Encoder;
use crate::error::{Error, Result};
use crate::retrieval::STOP_WORDS;
use crate::retrieval::given::Zeros;
use clap::{ArgGroup, Args};
use serde::Serialize;
use std::fmt::Write as _;
use std::path::PathBuf;

/// Arguments of `attack caption`.
#[derive(Debug, Args)]
#[allow(clippy::struct_field_names)]
#[command(group(ArgGroup::new("source").required(true).args(["encoder", "image_model"])))]
pub struct Caption {
    /// Dataset file or folder, or `demo`
    #[arg(long, value_name = "PATH|demo")]
    dataset: PathBuf,
    #[command(flatten)]
    data: DataArgs,
    #[command(flatten)]
    encoder: EncoderArgs,
    /// The caption, by its index from 0
    #[arg(long, value_name = "INDEX")]
    caption: usize,
    /// The image, by file name or index (default: the caption's own)
    #[arg(long, value_name = "NAME|INDEX")]
    image: Option<String>,
    /// What the edit is for
    #[arg(
        long,
        value_name = "AIM",
        default_value = "image-loses",
        value_parser = one_of::<Aim>(Aim::ALL.map(|a| (a.name(), a.about())))
    )]
    aim: Aim,
    /// Words exchanged, at most
    #[arg(long, value_name = "1|2", default_value = "1", value_parser = clap::value_parser!(u8).range(1..=2))]
    words: u8,
    /// What may stand for what: a file of lines such as "dog: hound, puppy"
    #[arg(long, value_name = "FILE")]
    synonyms: Option<PathBuf>,
    /// The words that may come in: those of the dataset's captions, or of a file (default: all that the encoder knows)
    #[arg(long, value_name = "dataset|FILE")]
    vocabulary: Option<PathBuf>,
    /// Leave articles, prepositions and the like alone (English)
    #[arg(long)]
    content_words: bool,
    /// Exchanges, best by the gradient, that are asked of the model
    #[arg(long, value_name = "K", default_value = "64", value_parser = positive)]
    top: usize,
    /// Ask the model alone, without its gradient
    #[arg(long)]
    no_gradient: bool,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Report {
    caption: usize,
    image: String,
    importance: Importance,
    substitution: Substitution,
}

impl Caption {
    /// Runs the command.
    pub fn run(self, json: bool) -> Result<()> {
        let mut options = self.options()?;
        let ask = Ask {
            dataset: Some(&self.dataset),
            data: &self.data,
            encoder: &self.encoder,
            vectors: &VectorArgs::default(),
            each: None,
            zeros: Zeros::Refuse,
            decided: false,
        };
        let material = material(&ask, |_| Ok(()))?;
        let (Some(dataset), Some(encoder)) = (&material.dataset, &material.encoder) else {
            return Err(Error::request(
                "no encoder was given",
                "Give --encoder DIR.",
            ));
        };
        let Some(text) = dataset.captions.get(self.caption) else {
            return Err(Error::request(
                format!("there is no caption {}", self.caption),
                format!(
                    "Captions are numbered 0 to {}.",
                    dataset.captions.len().saturating_sub(1)
                ),
            ));
        };
        let image = match &self.image {
            Some(name) => find(dataset, name)?,
            None => dataset.image_of(self.caption),
        };
        if self
            .vocabulary
            .as_ref()
            .is_some_and(|v| v.as_os_str() == "dataset")
        {
            options.vocabulary = Some(words_by_frequency(&dataset.captions));
        }
        let scene = Scene::new(encoder, &material.embedded);
        let guide = self.guide(encoder)?;
        let (caption, guide) = (Some(self.caption), guide.as_ref());
        let (importance, substitution) = watched(|task| {
            let weighed = importance(&scene, text, caption, image, guide, task)?;
            let found = substitute(&scene, text, caption, image, &options, guide, task)?;
            Ok::<_, Error>((weighed, found))
        })?;
        let report = Report {
            caption: self.caption,
            image: name_of(dataset, image),
            importance,
            substitution,
        };
        emit_with(&report, &material.account, json, || describe(&report))
    }

    fn options(&self) -> Result<Options> {
        let synonyms = self.synonyms.as_deref().map(Synonyms::open).transpose()?;
        if let Some(left_out @ 1..) = synonyms.as_ref().map(|s| s.left_out) {
            warn(format!(
                "{} left out, being more than one word",
                counted(left_out, "synonym")
            ));
        }
        let listed = self
            .vocabulary
            .as_deref()
            .filter(|v| v.as_os_str() != "dataset");
        let keep = if self.content_words {
            &STOP_WORDS[..]
        } else {
            &[]
        };
        Ok(Options {
            aim: self.aim,
            words: usize::from(self.words),
            top: self.top,
            vocabulary: listed.map(read_words).transpose()?,
            synonyms,
            keep: keep.iter().map(|w| (*w).to_owned()).collect(),
            ..Options::default()
        })
    }

    /// The gradient, where it is wanted and the model has one.
    fn guide(&self, encoder: &Encoder) -> Result<Option<Guide>> {
        if self.no_gradient {
            return Ok(None);
        }
        match Guide::try_open(encoder, &or_all(&self.encoder.provider))? {
            Ok(guide) => Ok(Some(guide)),
            Err(why) => {
                warn(format!("going on without gradients: {why}"));
                Ok(None)
            }
        }
    }
}

fn name_of(dataset: &Dataset, image: usize) -> String {
    dataset
        .images
        .get(image)
        .map(|i| i.name.clone())
        .unwrap_or_default()
}

fn describe(report: &Report) -> String {
    let Report {
        importance,
        substitution,
        ..
    } = report;
    let mut text = format!(
        "{}\n{}: {}\n\n{:<18}{:>10}{:>10}{:>10}\n",
        importance.caption,
        report.image,
        standing(&importance.standing),
        "word",
        "gradient",
        "norm",
        "without"
    );
    for word in &importance.words {
        let number = |x: Option<f32>| x.map_or_else(|| "-".to_owned(), |x| format!("{x:+.4}"));
        let _ = writeln!(
            text,
            "{:<18}{:>10}{:>10}{:>10}",
            word.text,
            number(word.gradient),
            word.norm
                .map_or_else(|| "-".to_owned(), |x| format!("{x:.4}")),
            number(word.without.map(|w| w.change))
        );
    }
    let _ = writeln!(
        text,
        "\n{}, from {}\n",
        substitution.aim.name(),
        standing(&substitution.before)
    );
    for edit in &substitution.edits {
        let mark = if edit.reached { '*' } else { ' ' };
        let _ = writeln!(text, "{mark} {}  {}", standing(&edit.after), edit.text);
    }
    let _ = write!(
        text,
        "\n{} and {} of the gradient among {}, {:.2} s",
        counted(substitution.queries, "caption"),
        counted(substitution.gradients, "run"),
        counted(substitution.candidates, "word"),
        substitution.seconds
    );
    if let Some(why) = &substitution.no_gradient {
        let _ = write!(text, "\nwithout gradients: {why}");
    }
    text
}

/// "rank 1, score 0.4120, margin +0.0310".
fn standing(standing: &PairRank) -> String {
    let margin = standing.margin.map(|m| format!(", margin {m:+.4}"));
    format!(
        "rank {}, score {:.4}{}",
        standing.rank,
        standing.score,
        margin.unwrap_or_default()
    )
}
