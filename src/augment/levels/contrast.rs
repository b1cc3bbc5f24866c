//! The outer loss: how well held-out pictures find their captions, and captions their pictures.

use nalgebra::DMatrix;

/// `InfoNCE` in both directions (van den Oord et al. 2018; as CLIP has it), and its derivative by `rows`.
///
/// `rows` are pictures, `[m, dim]`, of any norm but 0; `texts` their captions at unit norm. The loss is the mean over pairs of minus
/// the logarithm of the softmax of cosine / `temperature` at the own caption among all, halved, plus the same among
/// pictures. Pairs that `alike` names are no negatives: pictures that share a caption.
pub fn contrast(
    rows: &DMatrix<f64>,
    texts: &DMatrix<f64>,
    alike: &dyn Fn(usize, usize) -> bool,
    temperature: f64,
) -> (f64, DMatrix<f64>) {
    let count = rows.nrows();
    let norms: Vec<f64> = rows.row_iter().map(|row| row.norm()).collect();
    let mut unit = rows.clone();
    for (mut row, norm) in unit.row_iter_mut().zip(&norms) {
        row /= *norm;
    }
    let mut scores = &unit * texts.transpose() / temperature;
    for i in 0..count {
        for j in 0..count {
            if i != j && alike(i, j) {
                scores[(i, j)] = f64::NEG_INFINITY;
            }
        }
    }
    let share = 0.5 / count.max(1) as f64;
    let mut loss = 0.0;
    let mut by_scores = DMatrix::zeros(count, count);
    for i in 0..count {
        let across: Vec<f64> = scores.row(i).iter().copied().collect();
        let down: Vec<f64> = scores.column(i).iter().copied().collect();
        let (of_row, of_column) = (softmax(&across), softmax(&down));
        loss -= share * (of_row[i].ln() + of_column[i].ln());
        for j in 0..count {
            by_scores[(i, j)] += share * of_row[j];
            by_scores[(j, i)] += share * of_column[j];
        }
        by_scores[(i, i)] -= 2.0 * share;
    }
    let mut by = by_scores * texts / temperature;
    for (i, norm) in norms.iter().enumerate() {
        let along = by.row(i).dot(&unit.row(i));
        for k in 0..by.ncols() {
            by[(i, k)] = (by[(i, k)] - along * unit[(i, k)]) / norm;
        }
    }
    (loss, by)
}

fn softmax(scores: &[f64]) -> Vec<f64> {
    let most = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let powers: Vec<f64> = scores.iter().map(|score| (score - most).exp()).collect();
    let sum: f64 = powers.iter().sum();
    powers
        .iter()
        .map(|power| (power / sum).max(f64::MIN_POSITIVE))
        .collect()
}
