//! The figures of some images of an evaluation and of their captions, ranked among all.

use super::{EvalOptions, Evaluation, Metrics, Report};
use crate::compute::{Embeddings, Groups, Measure, sum_of_hinges};
use crate::error::Result;
use crate::task::Task;

/// The figures of the images `rows` and of their captions in `whole`, the evaluation of the full set: ranks among all,
/// and the hinges of their pairs against all other images and captions, mean per pair of the part.
///
/// # Errors
/// Shapes that do not fit, or cancellation.
pub fn part(
    whole: &Evaluation,
    (images, texts, groups): (&Embeddings, &Embeddings, &Groups),
    rows: &[usize],
    task: &Task,
) -> Result<Report> {
    let margin = EvalOptions::default().margin;
    let hinges = || sum_of_hinges(images, texts, groups, rows, margin, task);
    part_by(whole, (groups, images.measure()), rows, hinges)
}

/// [`part`] where the rows of embeddings are not at hand: `hinges` gives the sum of hinges of the part, and is asked
/// for it unless the part is the whole.
///
/// # Errors
/// As `hinges`.
pub fn part_by(
    whole: &Evaluation,
    (groups, measure): (&Groups, Measure),
    rows: &[usize],
    hinges: impl FnOnce() -> Result<f64>,
) -> Result<Report> {
    let (i2t, t2i) = (&whole.ranking.i2t, &whole.ranking.t2i);
    let captions = || rows.iter().flat_map(|&i| groups.range(i));
    let of_images: Vec<u32> = rows.iter().map(|&i| i2t.ranks[i]).collect();
    let of_captions: Vec<u32> = captions().map(|j| t2i.ranks[j]).collect();
    let mut report = whole.report.clone();
    report.images = of_images.len();
    report.captions = of_captions.len();
    report.i2t = Metrics::from_ranks(&of_images);
    report.t2i = Metrics::from_ranks(&of_captions);
    report.rsum = report.i2t.sum() + report.t2i.sum();
    if rows.len() < groups.images() {
        report.protocol = format!(
            "{} of {} images ranked among all, {}, ties count against the positive",
            rows.len(),
            groups.images(),
            measure.phrase()
        );
        let margin = EvalOptions::default().margin;
        let pairs = of_captions.len().max(1) as f64;
        let hinge = |hardest: f32, own: f32| f64::from((margin + hardest - own).max(0.0));
        let most = captions().map(|j| {
            let own = whole.ranking.pairs[j];
            let image = groups.owner(j);
            hinge(i2t.hardest[image].score, own) + hinge(t2i.hardest[j].score, own)
        });
        report.loss_mh = most.sum::<f64>() / pairs;
        report.loss_sh = hinges()? / pairs;
    }
    Ok(report)
}
