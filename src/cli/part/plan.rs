//! `nearmiss part plan`.

use super::attack::{AttackArgs, Besides};
use super::{open, say_host, stage};
use crate::cli::common::{DataArgs, VectorArgs, positive};
use crate::cli::encoder::EncoderArgs;
use crate::cli::mine::{Filters, Form, Way, form};
use crate::cli::output::{counted, emit, warn};
use crate::cli::progress::watched;
use crate::compute::Choice;
use crate::error::{Error, Result};
use crate::parts::mine::{MineTerms, plan_mining};
use crate::parts::plan::{Coder, EmbedPlan, Later, Pace};
use crate::parts::stage::{Terms, plan_attack, plan_ranking};
use crate::parts::status::status;
use crate::parts::{RemoteEncoder, Run, Stage};
use crate::source::{EncoderSource, located};
use crate::task::Task;
use clap::Args;
use std::path::{Path, PathBuf};

/// Bytes that a task may take where nothing is said.
const MEMORY: u64 = 8 << 30;

/// Arguments of `part plan`.
#[derive(Debug, Args)]
pub struct Plan {
    /// Dataset: a folder or file, or a place in object storage with .tar archives or Parquet
    #[arg(value_name = "DATA")]
    data: Option<String>,
    /// Where the run lies: a folder that all machines see, or a place in object storage
    #[arg(long, value_name = "URL")]
    run: String,
    /// The stage: embed, then rank, then mine or attack
    #[arg(long, value_name = "STAGE", value_parser = stage)]
    stage: Stage,
    #[command(flatten)]
    part: DataArgs,
    #[command(flatten)]
    encoder: EncoderArgs,
    #[command(flatten)]
    vectors: VectorArgs,
    /// Images that one task of embedding takes, about, but of .tar archives, which are a task each
    #[arg(long, value_name = "N", default_value = "4096", value_parser = positive)]
    images_per_task: usize,
    /// Captions of each image, for embeddings without a dataset
    #[arg(long, value_name = "N", value_parser = positive)]
    captions_per_image: Option<usize>,
    /// Rank so many images and captions, drawn from all, each against everything; 0: all, whatever was said before
    #[arg(long, value_name = "N")]
    sample: Option<usize>,
    /// Negatives kept for each query by ranking (10), or mined for each (1)
    #[arg(long, value_name = "K")]
    k: Option<usize>,
    #[command(flatten)]
    filters: Filters,
    /// Images look for captions, captions for images, or both
    #[arg(long, value_name = "WAY", default_value = "both")]
    direction: Way,
    /// What is mined: pairs (one JSON object a line), or the columns that sentence-transformers trains on: triplet,
    /// n-tuple, n-tuple-scores, labeled-pair, labeled-list
    #[arg(long, value_name = "FORMAT", default_value = "pairs", value_parser = form)]
    format: Form,
    /// Mine from candidates that an index found, instead of a ranking: .npy [queries, k] of candidates' numbers (-1: none), or
    /// .parquet with columns query and candidate; numbers count from 0 in the order of the run. Needs --direction i2t or t2i
    #[arg(long, value_name = "FILE")]
    candidates: Option<PathBuf>,
    /// Queries that one task of mining takes
    #[arg(long, value_name = "N", default_value = "16384", value_parser = positive)]
    queries: usize,
    /// Margin of the ranking losses (0.2)
    #[arg(long, value_name = "A")]
    margin: Option<f32>,
    /// Memory that one task may take, such as 16G (8G)
    #[arg(long, value_name = "BYTES", value_parser = bytes)]
    memory: Option<u64>,
    /// Image-text pairs that one task of ranking compares, or of a further round of mining, about (1e11)
    #[arg(long, value_name = "N")]
    pairs: Option<f64>,
    /// Where similarity is computed: auto, cpu or gpu (auto)
    #[arg(long, value_name = "auto|cpu|gpu")]
    compute: Option<Choice>,
    #[command(flatten, next_help_heading = "Options of the stage attack")]
    attack: AttackArgs,
}

impl Plan {
    /// Runs the command.
    pub fn run(&self, json: bool) -> Result<()> {
        let run = open(&self.run)?;
        if self.candidates.is_some() && self.stage != Stage::Mine {
            return Err(Error::request(
                "candidates are for mining",
                "Leave out --candidates, or say --stage mine.",
            ));
        }
        watched(|task| match self.stage {
            Stage::Embed => self.embed(&run, task),
            Stage::Rank => self.rank(&run, task),
            Stage::Mine => self.mine(&run, task),
            Stage::Attack => self.attack(&run, task),
        })?;
        let planned = status(&run)?.stages.into_iter();
        let Some(planned) = planned.into_iter().find(|s| s.stage == self.stage) else {
            return Ok(());
        };
        emit(&planned, json, || {
            format!(
                "{}: {}{}. Run them with: nearmiss part run {} --stage {} --task N",
                self.stage.name(),
                counted(planned.tasks, "task"),
                match planned.merges {
                    0 => String::new(),
                    n => format!(", merged in {}", counted(n, "range")),
                },
                self.run,
                self.stage.name()
            )
        })
    }

    fn embed(&self, run: &Run, task: &Task) -> Result<()> {
        let similarity = self.vectors.similarity;
        let mut plan = match (&self.data, self.vectors.pair()?) {
            (Some(_), Some(_)) => {
                return Err(Error::request(
                    "a dataset and embeddings were given",
                    "Give DATA with --encoder, or --image-embeds with --text-embeds.",
                ));
            }
            (None, Some([images, texts])) => {
                self.part.part.refuse("a pair of embeddings")?;
                let [images, texts] = [absolute(&images)?, absolute(&texts)?];
                {
                    let memory = self.memory.unwrap_or(MEMORY);
                    EmbedPlan::of_rows(images, texts, self.captions_per_image, similarity, memory)?
                }
            }
            (Some(data), None) => {
                let place = if data.contains("://") {
                    data.clone()
                } else {
                    absolute(&located(Path::new(data))?)?
                        .to_string_lossy()
                        .into_owned()
                };
                say_host(&place)?;
                let (coder, images) = (self.coder(task)?, self.images_per_task);
                let part = self.part.wanted();
                EmbedPlan::of_dataset(place, part, coder, similarity, images, task)?
            }
            (None, None) => {
                return Err(Error::request(
                    "nothing to embed was given",
                    "Give DATA with --encoder DIR, or --image-embeds with --text-embeds.",
                ));
            }
        };
        if let Some(why) = &plan.whole {
            warn(format!("every task reads names and captions of all: {why}"));
        }
        plan.later = self.later()?;
        run.write_plan(Stage::Embed, &plan).map(drop)
    }

    /// The encoder; one in object storage is fetched.
    fn coder(&self, task: &Task) -> Result<Coder> {
        let named = self.encoder.encoder.as_ref().and_then(|path| path.to_str());
        let remote = match named.filter(|place| place.contains("://")) {
            Some(place) => {
                say_host(place)?;
                Some(RemoteEncoder::at(place, task)?)
            }
            None => None,
        };
        let mut arguments = self.encoder.clone();
        if let Some(remote) = &remote {
            arguments.encoder = Some(remote.fetched(task)?.0);
        }
        let (source, options) = arguments.chosen()?;
        let source = source.with_paths(|path| absolute(path).unwrap_or(path.to_owned()));
        let hash = source.open(&options, task)?.fingerprint(task)?;
        Ok(Coder {
            source: match &remote {
                Some(remote) => EncoderSource::Folder(PathBuf::from(&remote.place)),
                None => source,
            },
            options,
            hash,
            remote,
        })
    }

    /// What is said of ranking.
    fn later(&self) -> Result<Later> {
        if let Some(margin) = self.margin.filter(|a| !a.is_finite() || *a < 0.0) {
            return Err(Error::request(
                format!("a margin of {margin} makes no hinge"),
                "Give a margin from 0, such as 0.2.",
            ));
        }
        Ok(Later {
            k: self.k,
            margin: self.margin,
            compute: self.compute,
            sample: self.sample,
            seed: self.filters.seed(),
            memory: self.memory,
            pairs: self.pairs,
        })
    }

    /// Refuses another set than the run's.
    fn of_run(&self, what: &str) -> Result<()> {
        if self.data.is_some() || self.encoder.is_given() {
            return Err(Error::request(
                format!("what is {what} is what the run has embedded"),
                "Leave out DATA and --encoder.",
            ));
        }
        Ok(())
    }

    fn rank(&self, run: &Run, task: &Task) -> Result<()> {
        self.of_run("ranked")?;
        let said = self.later()?.or(&run.embed_plan()?.0.later);
        let terms = Terms {
            k: said.k.unwrap_or(10),
            margin: said.margin.unwrap_or(0.2),
            compute: said.compute.unwrap_or_default(),
            sample: said
                .sample
                .filter(|n| *n > 0)
                .map(|count| (count, said.seed)),
            pace: pace(&said),
        };
        plan_ranking(run, &terms, task).map(drop)
    }

    fn mine(&self, run: &Run, task: &Task) -> Result<()> {
        let terms = MineTerms {
            options: self.filters.options(self.k.unwrap_or(1)),
            sides: self.direction.sides().to_vec(),
            layout: match self.format {
                Form::Pairs => None,
                Form::Training(layout) => Some(layout),
            },
            queries: self.queries,
            pace: pace(&self.later()?.or(&run.embed_plan()?.0.later)),
            candidates: self.candidates.clone(),
        };
        plan_mining(run, &terms, task).map(drop)
    }

    fn attack(&self, run: &Run, task: &Task) -> Result<()> {
        self.of_run("attacked")?;
        let (terms, limit) = self.attack.terms(Besides {
            sides: self.direction.sides().to_vec(),
            seed: self.filters.seed(),
            batch: self.encoder.batch,
            compute: self.compute.unwrap_or_default(),
            memory: self.memory.unwrap_or(MEMORY),
        })?;
        plan_attack(run, terms, limit, task).map(drop)
    }
}

/// What bounds a task.
fn pace(said: &Later) -> Pace {
    Pace {
        memory: said.memory.unwrap_or(MEMORY),
        pairs: said.pairs.unwrap_or(1e11).max(1.0),
    }
}

fn absolute(path: &Path) -> Result<PathBuf> {
    std::path::absolute(path).map_err(Error::io("find", path))
}

/// A number of bytes, with K, M, G or T.
fn bytes(text: &str) -> Result<u64, String> {
    let upper = text.trim().to_uppercase();
    let plain = upper.trim_end_matches('B').trim_end_matches('I');
    let shift = match plain.chars().last() {
        Some('K') => 10,
        Some('M') => 20,
        Some('G') => 30,
        Some('T') => 40,
        _ => 0,
    };
    let digits = plain.trim_end_matches(['K', 'M', 'G', 'T']).trim();
    let number: f64 = digits
        .parse()
        .map_err(|_| "a number such as 16G is needed".to_owned())?;
    let bytes = number
        * f64::from(1_u32 << (shift % 40))
        * if shift == 40 {
            1_099_511_627_776.0
        } else {
            1.0
        };
    if bytes.is_finite() && bytes >= 1_048_576.0 {
        Ok(bytes as u64)
    } else {
        Err("at least 1M is needed".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_given_in_bytes() {
        assert_eq!(bytes("16G"), Ok(16 << 30));
        assert_eq!(bytes("1.5 GiB"), Ok(3 << 29));
        assert_eq!(bytes("512m"), Ok(512 << 20));
        assert_eq!(bytes("1T"), Ok(1 << 40));
        assert!(bytes("12").is_err() && bytes("much").is_err());
    }
}
