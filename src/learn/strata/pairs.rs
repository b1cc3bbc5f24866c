//! Pairs, and what heads make of them.

/// Pairs of an image and a caption.
#[derive(Debug, Clone, Copy)]
pub struct Pairs<'a> {
    /// Embeddings of the images, `[images, inputs]`.
    pub images: &'a [f32],
    /// Embeddings of the captions, `[pairs, inputs]`: one pair each.
    pub texts: &'a [f32],
    /// The image of each pair.
    pub owners: &'a [u32],
    /// Image and pair whose caption is right for that image too: it is no negative of it.
    pub confirmed: &'a [(u32, u32)],
}

/// Unit rows of both sides, `[images, outputs]` and `[pairs, outputs]`.
pub(super) struct Unit<'a> {
    pub(super) u: &'a [f64],
    pub(super) v: &'a [f64],
    /// Of the images, before.
    pub(super) norms: &'a [f64],
    pub(super) outputs: usize,
}

impl Unit<'_> {
    pub(super) fn image(&self, i: u32) -> &[f64] {
        &self.u[i as usize * self.outputs..][..self.outputs]
    }

    pub(super) fn text(&self, n: u32) -> &[f64] {
        &self.v[n as usize * self.outputs..][..self.outputs]
    }

    /// Writes the gradient by z of image `i`, whose gradient by u is in `out`: (g - u (u . g)) / |z|; 0 where |z| is.
    pub(super) fn backward(&self, i: u32, out: &mut [f64]) {
        let (u, norm) = (self.image(i), self.norms[i as usize]);
        let along: f64 = u.iter().zip(&*out).map(|(u, g)| u * g).sum();
        for (g, u) in out.iter_mut().zip(u) {
            *g = if norm > 0.0 {
                (*g - along * u) / norm
            } else {
                0.0
            };
        }
    }
}
