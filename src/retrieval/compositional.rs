//! Scores of the benchmarks that bring their negatives.

use crate::compute::Embeddings;
use crate::dataset::trials::{Benchmark, Trial, Trials};
use crate::error::{Error, Result};
use serde::Serialize;
use std::cmp::Ordering;

/// The figures of a benchmark, in per cent. The keys of its JSON form are a contract.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Compositional {
    /// Which benchmark.
    pub benchmark: Benchmark,
    /// Images that were compared.
    pub images: usize,
    /// Captions that were compared.
    pub captions: usize,
    /// Comparisons.
    pub trials: usize,
    /// Winoground: the group score. ARO and `SugarCrepe`: the mean of the categories' accuracies, over those with
    /// [`Benchmark::least`] trials.
    pub accuracy: f64,
    /// Share of all trials that are right, with no regard to categories.
    pub micro: f64,
    /// Trials that count as wrong for a tie alone: nothing wrong scores higher than the right one, something as high.
    pub ties: usize,
    /// What guessing would reach.
    pub chance: f64,
    /// Winoground's three scores; absent elsewhere.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub scores: Option<Winoground>,
    /// Each category, in order of first mention.
    pub categories: Vec<Category>,
}

/// Winoground's scores in per cent (Thrush et al. 2022, section 3.3). All inequalities are strict: a tie is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Winoground {
    /// s(c0, i0) > s(c1, i0) and s(c1, i1) > s(c0, i1): each image finds its caption. Chance 25.
    pub text: f64,
    /// s(c0, i0) > s(c0, i1) and s(c1, i1) > s(c1, i0): each caption finds its image. Chance 25.
    pub image: f64,
    /// Both. Chance 16.67.
    pub group: f64,
}

/// A category of a benchmark.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Category {
    /// Its name.
    pub name: String,
    /// Its trials.
    pub trials: usize,
    /// Per cent of them that are right: in Winoground as a group.
    pub accuracy: f64,
    /// Trials that count as wrong for a tie alone.
    pub ties: usize,
    /// The lower end of the accuracy's 95 % interval.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
    /// Winoground's scores of it; absent elsewhere.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub scores: Option<Winoground>,
}

/// What came of one trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Outcome {
    text: bool,
    image: bool,
    /// Wrong, but lost to nothing.
    tie: bool,
}

impl Outcome {
    fn right(self) -> bool {
        self.text && self.image
    }
}

/// Scores `trials` by the embeddings of their images and captions, rows as in their dataset. A tie, a score closer
/// than [`Embeddings::tie`], is wrong, and counted.
///
/// # Errors
/// The rows or their lengths do not fit.
pub fn compositional(
    trials: &Trials,
    images: &Embeddings,
    texts: &Embeddings,
) -> Result<Compositional> {
    let (have, want) = (
        (images.rows(), texts.rows()),
        (trials.dataset.images.len(), trials.dataset.captions.len()),
    );
    if have != want || images.dim() != texts.dim() {
        return Err(Error::request(
            format!(
                "embeddings of {} images and {} captions, of length {} and {}, do not fit {} images and {} captions",
                have.0,
                have.1,
                images.dim(),
                texts.dim(),
                want.0,
                want.1
            ),
            "Embed the benchmark's own images and captions.",
        ));
    }
    let outcomes: Vec<Outcome> = trials
        .trials
        .iter()
        .map(|trial| outcome(trial, images, texts))
        .collect();
    if outcomes.is_empty() {
        return Err(Error::request(
            "no trial is left",
            "Check that the benchmark's pictures lie where they should.",
        ));
    }
    let grouped = by_category(trials, &outcomes);
    let winoground = trials.benchmark == Benchmark::Winoground;
    let categories: Vec<Category> = trials
        .categories
        .iter()
        .zip(&grouped)
        .filter(|(_, outcomes)| !outcomes.is_empty())
        .map(|(name, outcomes)| {
            let right = outcomes.iter().filter(|o| o.right()).count();
            let (low, high) = wilson(right, outcomes.len());
            Category {
                name: name.clone(),
                trials: outcomes.len(),
                accuracy: share(right, outcomes.len()),
                ties: ties(outcomes),
                low,
                high,
                scores: winoground.then(|| scores(outcomes)),
            }
        })
        .collect();
    let right = outcomes.iter().filter(|o| o.right()).count();
    let micro = share(right, outcomes.len());
    Ok(Compositional {
        benchmark: trials.benchmark,
        images: images.rows(),
        captions: texts.rows(),
        trials: outcomes.len(),
        accuracy: if winoground {
            micro
        } else {
            macro_average(&categories, trials.benchmark.least())
        },
        micro,
        ties: ties(&outcomes),
        chance: chance(trials),
        scores: winoground.then(|| scores(&outcomes)),
        categories,
    })
}

fn outcome(trial: &Trial, images: &Embeddings, texts: &Embeddings) -> Outcome {
    let score = |image: u32, caption: u32| images.dot(image as usize, texts, caption as usize);
    let pairs = || trial.images.iter().zip(&trial.captions).enumerate();
    // The least by which image k prefers caption k to every other caption, in ties.
    let by_image = pairs().flat_map(|(k, (&image, &right))| {
        let tie = images.tie(image as usize, texts);
        let wrong = trial
            .captions
            .iter()
            .enumerate()
            .filter(move |&(n, _)| n != k);
        wrong.map(move |(_, &caption)| lead(score(image, right), score(image, caption), tie))
    });
    // And caption k image k to every other image.
    let by_caption = pairs().flat_map(|(k, (&right, &caption))| {
        let tie = texts.tie(caption as usize, images);
        let wrong = trial
            .images
            .iter()
            .enumerate()
            .filter(move |&(n, _)| n != k);
        wrong.map(move |(_, &image)| lead(score(right, caption), score(image, caption), tie))
    });
    let (text, image) = (least(by_image), least(by_caption));
    Outcome {
        text: text.is_gt(),
        image: image.is_gt(),
        tie: text.min(image).is_eq(),
    }
}

/// Is the right score above the wrong one, below it, or tied with it?
fn lead(right: f32, wrong: f32, tie: f32) -> Ordering {
    if right > wrong + tie {
        Ordering::Greater
    } else if right < wrong - tie {
        Ordering::Less
    } else {
        Ordering::Equal
    }
}

fn least(leads: impl Iterator<Item = Ordering>) -> Ordering {
    leads.min().unwrap_or(Ordering::Greater)
}

fn ties(outcomes: &[Outcome]) -> usize {
    outcomes.iter().filter(|o| o.tie).count()
}

fn by_category(trials: &Trials, outcomes: &[Outcome]) -> Vec<Vec<Outcome>> {
    let mut grouped = vec![Vec::new(); trials.categories.len()];
    for (trial, &outcome) in trials.trials.iter().zip(outcomes) {
        grouped[trial.category as usize].push(outcome);
    }
    grouped
}

fn scores(outcomes: &[Outcome]) -> Winoground {
    let of = |good: fn(&Outcome) -> bool| {
        share(outcomes.iter().filter(|o| good(o)).count(), outcomes.len())
    };
    Winoground {
        text: of(|o| o.text),
        image: of(|o| o.image),
        group: of(|o| o.right()),
    }
}

/// The mean accuracy of the categories with at least `least` trials; of all where none has.
fn macro_average(categories: &[Category], least: usize) -> f64 {
    let counted = |least: usize| categories.iter().filter(move |c| c.trials >= least);
    let least = if counted(least).count() == 0 {
        1
    } else {
        least
    };
    counted(least).map(|c| c.accuracy).sum::<f64>() / counted(least).count().max(1) as f64
}

/// What guessing reaches, in per cent: one in as many as there are captions; in Winoground one in six, since of the 24
/// orders of four scores four are right.
fn chance(trials: &Trials) -> f64 {
    if trials.benchmark == Benchmark::Winoground {
        return 100.0 / 6.0;
    }
    let each = trials.trials.iter().map(|t| 1.0 / t.captions.len() as f64);
    100.0 * each.sum::<f64>() / trials.trials.len().max(1) as f64
}

fn share(part: usize, whole: usize) -> f64 {
    100.0 * part as f64 / whole.max(1) as f64
}

/// The 95 % interval of a proportion, in per cent (Wilson 1927).
fn wilson(right: usize, trials: usize) -> (f64, f64) {
    const Z: f64 = 1.959_963_984_540_054;
    let n = trials.max(1) as f64;
    let p = right as f64 / n;
    let middle = (p + Z * Z / (2.0 * n)) / (1.0 + Z * Z / n);
    let half = Z / (1.0 + Z * Z / n) * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    // At the ends exactly, which rounding would miss.
    let low = if right == 0 { 0.0 } else { middle - half };
    let high = if right == trials { 1.0 } else { middle + half };
    (100.0 * low, 100.0 * high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_is_wilsons() {
        // 8 of 10 from tables; none and all of n end at z^2 / (n + z^2) from their side.
        let z2 = 3.841_458_820_694_124;
        let end = 100.0 * z2 / (5.0 + z2);
        for (right, trials, low, high) in [
            (8, 10, 49.016_247, 94.331_785),
            (0, 5, 0.0, end),
            (5, 5, 100.0 - end, 100.0),
        ] {
            let (a, b) = wilson(right, trials);
            assert!((a - low).abs() < 1e-4 && (b - high).abs() < 1e-4, "{a} {b}");
        }
    }
}
