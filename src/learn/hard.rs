//! The hardest negatives of a batch.

use super::run::HardPair;
use super::setup::Setup;
use crate::compute::train::LEFT_OUT;

/// Pairs of a batch that are kept to be seen.
const SEEN_PAIRS: usize = 8;

/// The images of a batch whose hardest caption is furthest above their own, hardest first, and how many captions have an
/// active hinge for an image on average; `scores` is the similarity of the batch, images by captions. For losses without a
/// margin a hinge is active where a wrong caption scores higher than the right one.
pub fn hardest(scores: &[f32], captions: &[u32], setup: &Setup) -> (Vec<HardPair>, f64) {
    let has_margin = setup.loss.description().margin.is_some();
    let margin = if has_margin { setup.margin } else { 0.0 };
    let mut pairs = Vec::with_capacity(captions.len());
    for (i, line) in scores.chunks_exact(captions.len()).enumerate() {
        let others = || {
            let all = line.iter().enumerate();
            all.filter(|&(j, &score)| j != i && score > LEFT_OUT)
        };
        let best = others().max_by(|a, b| a.1.total_cmp(b.1));
        let Some((negative, &score)) = best else {
            continue;
        };
        let active = others().filter(|&(_, score)| margin + score - line[i] > 0.0);
        pairs.push(HardPair {
            caption: captions[i],
            positive: line[i],
            negative: captions[negative],
            score,
            active: active.count() as u32,
        });
    }
    let active = pairs.iter().map(|pair| f64::from(pair.active)).sum::<f64>();
    let mean = active / pairs.len().max(1) as f64;
    pairs.sort_by(|a, b| (b.score - b.positive).total_cmp(&(a.score - a.positive)));
    pairs.truncate(SEEN_PAIRS);
    (pairs, mean)
}
