//! Rows of unit norm, and back.

/// Divides each row by its norm; returns the norms. A row of zeros stays so.
pub fn unit(rows: &mut [f32], dim: usize) -> Vec<f32> {
    rows.chunks_exact_mut(dim)
        .map(|row| {
            let norm = row.iter().map(|v| v * v).sum::<f32>().sqrt();
            if norm > 0.0 {
                for v in row.iter_mut() {
                    *v /= norm;
                }
            }
            norm
        })
        .collect()
}

/// Turns the gradient by unit rows `unit` into that by the rows as they were, of these norms:
/// (g - u (u . g)) / norm.
pub fn unit_backward(gradient: &mut [f32], unit: &[f32], norms: &[f32], dim: usize) {
    let rows = gradient.chunks_exact_mut(dim).zip(unit.chunks_exact(dim));
    for ((g, u), &norm) in rows.zip(norms) {
        if norm == 0.0 {
            g.fill(0.0);
            continue;
        }
        let along: f32 = g.iter().zip(u).map(|(g, u)| g * u).sum();
        for (g, u) in g.iter_mut().zip(u) {
            *g = (*g - along * u) / norm;
        }
    }
}
