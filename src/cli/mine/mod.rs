//! `nearmiss mine`: hard negatives, as lines or as a file to train on.

mod filters;
mod output;

use super::common::{EngineArgs, positive};
use super::material::{Ask, Material, SourceArgs, material};
use super::output::{counted, warn};
use super::progress::watched;
use crate::compute::{Engine, RankOptions, Ranking, TopK};
use crate::dataset::Verdict;
use crate::error::Result;
use crate::retrieval::given::Zeros;
use crate::retrieval::mine::{Corpus, MineOptions, Mined, mine};
use crate::retrieval::{Bounds, Doubt, PairSet, Side, Wording};
use crate::source::KeptDecisions;
use crate::task::Task;
use clap::{ArgGroup, Args, ValueEnum};
pub use filters::Filters;
use output::Output;
pub use output::{Form, form};
use std::path::PathBuf;

/// Which side looks for the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Way {
    /// Images look for captions.
    I2t,
    /// Captions look for images.
    T2i,
    /// Both.
    Both,
}

impl Way {
    /// The sides of the queries.
    pub fn sides(self) -> &'static [Side] {
        match self {
            Self::I2t => &[Side::Image],
            Self::T2i => &[Side::Text],
            Self::Both => &[Side::Image, Side::Text],
        }
    }
}

/// Arguments of `mine`.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("source").args(["encoder", "image_model", "image_embeds"])))]
pub struct Mine {
    /// Dataset file or folder, or `demo`
    #[arg(
        long,
        value_name = "PATH|demo",
        required_unless_present = "image_embeds"
    )]
    dataset: Option<PathBuf>,
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    engine: EngineArgs,
    /// Captions of each image, in order; for embeddings without a dataset
    #[arg(long, value_name = "N", value_parser = positive)]
    captions_per_image: Option<usize>,
    /// Images look for captions, captions for images, or both
    #[arg(long, value_name = "WAY", default_value = "both")]
    direction: Way,
    /// Negatives per query, hardest first
    #[arg(long, value_name = "K", default_value = "1", value_parser = positive)]
    k: usize,
    #[command(flatten)]
    filters: Filters,
    #[command(flatten)]
    output: Output,
}

impl Mine {
    /// Runs the command.
    pub fn run(&self, json: bool) -> Result<()> {
        let options = self.filters.options(self.k);
        options.check()?;
        self.output.check()?;
        let engine = self.engine.open()?;
        // Without a dataset negatives go by the numbers of their rows.
        let zeros = match self.dataset {
            Some(_) => Zeros::LeaveOut,
            None => Zeros::Refuse,
        };
        let dataset = self.dataset.as_deref();
        let ask = Ask {
            decided: true,
            ..self.source.ask(dataset, self.captions_per_image, zeros)
        };
        let material = material(&ask, |_| Ok(()))?;
        let kept = self.kept()?;
        let decisions = decided(kept.as_ref(), &material);
        if let (Some(kept), Some(dataset)) = (&kept, material.decided()) {
            kept.notes(dataset).iter().for_each(warn);
        }
        watched(|task| {
            let found = find(
                &*engine,
                &material,
                &decisions,
                &options,
                self.direction,
                task,
            )?;
            let corpus = found.corpus(&material, &decisions);
            let doubt = Doubt {
                corpus: &corpus,
                ranking: &found.ranking,
                bounds: &found.bounds,
            };
            let about = About {
                material: &material,
                decisions: kept.as_ref(),
                counts: [decisions[0].len(), decisions[1].len()],
            };
            self.output
                .write(&found, &doubt, &about, &options, json, task)
        })
    }

    /// What is kept of decisions about pairs of this dataset; `None` where nothing was decided.
    fn kept(&self) -> Result<Option<KeptDecisions>> {
        let Some(home) = self.source.decisions(self.dataset.as_deref())? else {
            return Ok(None);
        };
        Ok(Some(home.read()?).filter(|kept| !kept.all.is_untouched()))
    }
}

/// The pairs that were decided about: confirmed, rejected.
fn decided(kept: Option<&KeptDecisions>, material: &Material) -> [PairSet; 2] {
    let (Some(kept), Some(dataset)) = (kept, material.decided()) else {
        return Default::default();
    };
    [Verdict::Right, Verdict::Wrong].map(|verdict| kept.all.rows(dataset, verdict))
}

/// What was mined from, for what is printed of it.
pub struct About<'a> {
    material: &'a Material,
    decisions: Option<&'a KeptDecisions>,
    /// Pairs confirmed and rejected.
    counts: [usize; 2],
}

/// What was mined, with what it was mined from.
pub struct Found {
    ranking: Ranking,
    wording: Option<Wording>,
    bounds: Bounds,
    mined: Vec<Mined>,
}

impl Found {
    fn corpus<'a>(&'a self, material: &'a Material, decisions: &'a [PairSet; 2]) -> Corpus<'a> {
        corpus(material, self.wording.as_ref(), decisions)
    }
}

fn corpus<'a>(
    material: &'a Material,
    wording: Option<&'a Wording>,
    [confirmed, rejected]: &'a [PairSet; 2],
) -> Corpus<'a> {
    Corpus {
        embedded: &material.embedded,
        wording,
        confirmed,
        rejected,
    }
}

fn find(
    engine: &dyn Engine,
    material: &Material,
    decisions: &[PairSet; 2],
    options: &MineOptions,
    way: Way,
    task: &Task,
) -> Result<Found> {
    let captions = material.dataset.as_ref().map(|d| &d.captions);
    let wording = captions.map(|c| Wording::new(c, task)).transpose()?;
    let corpus = corpus(material, wording.as_ref(), decisions);
    let rank = RankOptions {
        k: options.first_look(),
        margin: None,
    };
    let rows = corpus.embedded;
    let mut ranking = engine.rank(&rows.images, &rows.texts, &rows.groups, rank, task)?;
    let bounds = Bounds::learn(&corpus, task)?;
    let mut mined = Vec::new();
    for &side in way.sides() {
        let doubt = Doubt {
            corpus: &corpus,
            ranking: &ranking,
            bounds: &bounds,
        };
        mined.push(mine(
            engine,
            &corpus,
            &ranking,
            side,
            options,
            Some(&doubt),
            task,
        )?);
    }
    // Done with: at k candidates for each of a million queries they weigh.
    ranking.i2t.negatives = TopK::default();
    ranking.t2i.negatives = TopK::default();
    Ok(Found {
        ranking,
        wording,
        bounds,
        mined,
    })
}

/// "1,000 images and 5,000 captions".
fn size(material: &Material) -> String {
    format!(
        "{} and {}",
        counted(material.embedded.images.rows(), "image"),
        counted(material.embedded.texts.rows(), "caption")
    )
}
