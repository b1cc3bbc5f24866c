//! The evaluation of a whole set: full or in folds, both directions.

use super::{Metrics, Side};
use crate::compute::{Direction, Embeddings, Engine, Groups, RankOptions, Ranking, TIE};
use crate::error::{Error, Result};
use crate::task::Task;
use serde::{Deserialize, Serialize};
use std::time::Instant;

/// How to evaluate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EvalOptions {
    /// Images per fold (1,000 in the literature); `None` for the full set.
    pub fold: Option<usize>,
    /// At most this many folds; `None` for as many as there are.
    pub folds: Option<usize>,
    /// Margin a of the hinge losses.
    pub margin: f32,
    /// Best candidates kept per query of the full ranking; 0 for none.
    pub k: usize,
}

impl Default for EvalOptions {
    fn default() -> Self {
        Self {
            fold: None,
            folds: None,
            margin: 0.2,
            k: 0,
        }
    }
}

/// The figures of an evaluation. The keys of its JSON form are a contract.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Images evaluated.
    pub images: usize,
    /// Captions evaluated.
    pub captions: usize,
    /// "full" or "n folds of m images", with the measure and the tie rule.
    pub protocol: String,
    /// Image to text: rank of the best of the image's captions.
    pub i2t: Metrics,
    /// Text to image: rank of the caption's image among distinct images.
    pub t2i: Metrics,
    /// Sum of the six recalls.
    pub rsum: f64,
    /// Sum of hinges (VSE++ eq. 3), mean per image-caption pair.
    pub loss_sh: f64,
    /// Max of hinges (VSE++ eq. 4), mean per image-caption pair.
    pub loss_mh: f64,
    /// The compute engine.
    pub engine: String,
    /// Seconds of ranking.
    pub seconds: f64,
}

/// A report and the ranking behind it.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    /// The figures.
    pub report: Report,
    /// The ranking of the full set; of the last fold where folds were asked for.
    pub ranking: Ranking,
    /// Margins nearer to 0 than this are ties.
    pub tie: f32,
}

impl Evaluation {
    /// The ranking of one side's queries.
    pub fn direction(&self, side: Side) -> &Direction {
        match side {
            Side::Image => &self.ranking.i2t,
            Side::Text => &self.ranking.t2i,
        }
    }
}

/// Ranks `images` against `texts` both ways and computes the metrics and losses. Folds are contiguous slices of
/// images with their captions, averaged; images beyond the last whole fold are left out.
///
/// # Errors
/// Shapes that do not fit, fewer images than a fold, a lost device, or cancellation.
pub fn evaluate(
    engine: &dyn Engine,
    images: &Embeddings,
    texts: &Embeddings,
    groups: &Groups,
    options: &EvalOptions,
    task: &Task,
) -> Result<Evaluation> {
    let start = Instant::now();
    let rank = RankOptions {
        k: options.k,
        margin: Some(options.margin),
    };
    let size = options.fold.unwrap_or(groups.images()).max(1);
    let available = groups.images() / size;
    let folds = options.folds.unwrap_or(available);
    if folds == 0 || folds > available {
        return Err(Error::request(
            format!(
                "{} folds of {size} images need {} images; there are {}",
                folds.max(1),
                folds.max(1) * size,
                groups.images()
            ),
            "Ask for fewer folds, or evaluate the full set.",
        ));
    }
    let (mut i2t, mut t2i, mut sums, mut pairs) = (Vec::new(), Vec::new(), [0.0; 2], 0);
    let mut last = Ranking::default();
    for fold in 0..folds {
        let rows = fold * size..(fold + 1) * size;
        let part = groups.slice(rows.clone());
        last = if options.fold.is_none() {
            engine.rank(images, texts, groups, rank, task)?
        } else {
            let columns = groups.range(rows.start).start..groups.range(rows.end - 1).end;
            engine.rank(
                &images.slice(rows),
                &texts.slice(columns),
                &part,
                rank,
                task,
            )?
        };
        i2t.push(Metrics::from_ranks(&last.i2t.ranks));
        t2i.push(Metrics::from_ranks(&last.t2i.ranks));
        sums[0] += last.sum_of_hinges;
        sums[1] += last.max_of_hinges;
        pairs += part.texts();
    }
    let (i2t, t2i) = (Metrics::mean(&i2t), Metrics::mean(&t2i));
    let protocol = if options.fold.is_some() {
        format!(
            "{folds} fold{} of {size} images",
            if folds == 1 { "" } else { "s" }
        )
    } else {
        "full".into()
    };
    let report = Report {
        images: folds * size,
        captions: pairs,
        protocol: format!(
            "{protocol}, {}, ties count against the positive",
            images.measure().phrase()
        ),
        rsum: i2t.sum() + t2i.sum(),
        i2t,
        t2i,
        loss_sh: sums[0] / pairs.max(1) as f64,
        loss_mh: sums[1] / pairs.max(1) as f64,
        engine: engine.name(),
        seconds: start.elapsed().as_secs_f64(),
    };
    Ok(Evaluation {
        report,
        ranking: last,
        tie: TIE * images.factor(texts),
    })
}
