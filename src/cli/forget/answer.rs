//! What `forget` prints.

use crate::compute::Engine;
use crate::files::shown;
use crate::learn::Band;
use crate::learn::forget::{
    Asked, Chosen, Ended, Moved, Row, State, Study, Table, headline, remarks, told,
};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Before, after forgetting, and of heads trained without.
#[derive(Serialize)]
struct Three<T> {
    before: T,
    forgotten: T,
    without: T,
}

/// Figures by their keys.
type Figures = BTreeMap<&'static str, BandAnswer>;

#[derive(Serialize)]
pub struct Answer {
    /// Images that are forgotten, and their pairs.
    images: usize,
    pairs: usize,
    retained_images: usize,
    retained_pairs: usize,
    valid_images: usize,
    energy: f64,
    rate: f64,
    /// Steps at most.
    steps: usize,
    /// The loss of training, and that which went up.
    loss: &'static str,
    forget_loss: &'static str,
    seeds: usize,
    runs: Vec<RunAnswer>,
    bands: Three<Figures>,
    differences: Differences,
    says: String,
    split: String,
    engine: String,
    notes: Vec<String>,
    out: Option<String>,
    #[serde(skip)]
    rows: Vec<Row>,
}

#[derive(Serialize)]
struct Differences {
    before_less_without: Figures,
    forgotten_less_without: Figures,
}

#[derive(Serialize)]
struct BandAnswer {
    mean: f64,
    /// Half the width of the 95 % band of the mean; null with one seed.
    half_width: Option<f64>,
}

#[derive(Serialize)]
struct RunAnswer {
    seed: u64,
    /// Steps taken, and how they ended: "reached", "steps" or "no-gradient".
    steps: usize,
    ended: Ended,
    /// Loss of the forgotten pairs in the first batch and in the last; null without a step.
    losses: Option<[f64; 2]>,
    heads: Vec<Moved>,
    #[serde(flatten)]
    states: Three<State>,
    out: Option<String>,
}

impl From<Band> for BandAnswer {
    fn from(band: Band) -> Self {
        Self {
            mean: band.mean,
            half_width: band.half,
        }
    }
}

impl Answer {
    /// Of the studies of all seeds; `None` for none.
    pub fn of(
        studies: &[Study],
        chosen: &Chosen,
        asked: &Asked,
        split: &str,
        engine: &dyn Engine,
    ) -> Option<Self> {
        let table = Table::of(studies)?;
        let setup = &studies.first()?.without.setup;
        let figures = |of: &dyn Fn(&Row) -> Band| -> Figures {
            let rows = table.rows.iter();
            rows.map(|row| (row.figure.key, of(row).into())).collect()
        };
        let mut notes: Vec<String> = chosen.retained.notes.clone();
        notes.extend(remarks(studies, asked));
        let notes: BTreeSet<String> = notes.into_iter().collect();
        Some(Self {
            images: chosen.images.len(),
            pairs: chosen.captions.len(),
            retained_images: chosen.retained.split.train.len(),
            retained_pairs: chosen.retained.pairs.len(),
            valid_images: chosen.retained.split.valid.len(),
            energy: asked.energy,
            rate: asked.rate,
            steps: asked.steps,
            loss: setup.loss.name(),
            forget_loss: asked.loss.unwrap_or(setup.loss).name(),
            seeds: table.seeds,
            runs: studies.iter().map(RunAnswer::of).collect(),
            bands: Three {
                before: figures(&|row| row.bands[0]),
                forgotten: figures(&|row| row.bands[1]),
                without: figures(&|row| row.bands[2]),
            },
            differences: Differences {
                before_less_without: figures(&|row| row.less[0]),
                forgotten_less_without: figures(&|row| row.less[1]),
            },
            says: headline(&table),
            split: split.to_owned(),
            engine: engine.name(),
            notes: notes.into_iter().collect(),
            out: None,
            rows: table.rows,
        })
    }

    /// The heads lie in `out`, those of each seed in one of `folders`, with what was not written and why.
    pub fn written(&mut self, out: &Path, folders: Vec<(PathBuf, Option<String>)>) {
        self.out = Some(shown(out));
        for (run, (folder, note)) in self.runs.iter_mut().zip(folders) {
            run.out = Some(shown(&folder));
            self.notes.extend(note);
        }
    }

    /// The answer as text.
    pub fn describe(&self) -> String {
        let mut text = format!(
            "{}: {} of {} images ({} pairs) forgotten, {} held out, {}\n\n{}\n\n",
            self.split,
            self.images,
            self.images + self.retained_images,
            self.pairs,
            self.valid_images,
            self.engine,
            self.says
        );
        // Writing to a string does not fail.
        let _ = writeln!(
            text,
            "{:<40}{:>17}{:>17}{:>17}  after less without",
            "", "before", "after forgetting", "without them"
        );
        for row in &self.rows {
            let digits = row.figure.digits;
            let [before, after, without] = row.bands.map(|band| told(band, digits));
            let less = row.less[1];
            let settled = match less.half {
                None => "one seed settles nothing",
                Some(_) if less.is_settled() => "settled",
                Some(_) => "not settled",
            };
            let _ = writeln!(
                text,
                "{:<40}{before:>17}{after:>17}{without:>17}  {} ({settled})",
                row.figure.title,
                told(less, digits)
            );
        }
        text.push_str(
            "Recalls in per cent; ± is half the width of the 95 % band of the mean over seeds.\n",
        );
        for run in &self.runs {
            let heads = run.heads.iter().map(|head| {
                format!(
                    "{} {} of {} directions kept, {:.1} % of the energy left out",
                    head.head,
                    head.kept,
                    head.directions,
                    100.0 * head.left_out
                )
            });
            let heads = heads.collect::<Vec<String>>().join("; ");
            let _ = writeln!(text, "Seed {}: {} steps; {heads}", run.seed, run.steps);
        }
        for note in &self.notes {
            let _ = writeln!(text, "{note}");
        }
        if let Some(out) = &self.out {
            let _ = writeln!(text, "Written to {out}");
        }
        text
    }
}

impl RunAnswer {
    fn of(study: &Study) -> Self {
        let [before, forgotten, without] = study.states.clone();
        Self {
            seed: study.seed,
            steps: study.forgot.steps,
            ended: study.forgot.ended,
            losses: study.forgot.losses,
            heads: study.forgot.moved.clone(),
            states: Three {
                before,
                forgotten,
                without,
            },
            out: None,
        }
    }
}
