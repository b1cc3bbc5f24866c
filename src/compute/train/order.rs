//! Similarity by order (order embeddings, arXiv 1511.06361, eq. 2): -|max(0, |v| - |u|)|^2 of an image u and a caption v.

/// Scores of all pairs, `[images, texts]`.
pub fn order_scores(images: &[f32], texts: &[f32], dim: usize, out: &mut [f32]) {
    let lines = out.chunks_exact_mut(texts.len() / dim);
    for (u, line) in images.chunks_exact(dim).zip(lines) {
        for (v, score) in texts.chunks_exact(dim).zip(line) {
            let far = u.iter().zip(v).map(|(u, v)| {
                let over = (v.abs() - u.abs()).max(0.0);
                over * over
            });
            *score = -far.sum::<f32>();
        }
    }
}

/// The gradients by both sides' rows of what has the gradient `scores` by the scores.
pub fn order_backward(
    scores: &[f32],
    [images, texts]: [&[f32]; 2],
    dim: usize,
    [by_image, by_text]: [&mut [f32]; 2],
) {
    by_image.fill(0.0);
    by_text.fill(0.0);
    let lines = scores.chunks_exact(texts.len() / dim);
    let rows = images
        .chunks_exact(dim)
        .zip(by_image.chunks_exact_mut(dim))
        .zip(lines);
    for ((u, gu), line) in rows {
        let pairs = texts
            .chunks_exact(dim)
            .zip(by_text.chunks_exact_mut(dim))
            .zip(line);
        for ((v, gv), &g) in pairs.filter(|(_, g)| **g != 0.0) {
            for k in 0..dim {
                let over = (v[k].abs() - u[k].abs()).max(0.0);
                gu[k] += 2.0 * g * over * sign(u[k]);
                gv[k] -= 2.0 * g * over * sign(v[k]);
            }
        }
    }
}

/// The slope of |x|, 0 at 0.
fn sign(x: f32) -> f32 {
    if x == 0.0 { 0.0 } else { x.signum() }
}
