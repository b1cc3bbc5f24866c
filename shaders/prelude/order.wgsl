// Shared by the two kernels of similarity by order (order embeddings, eq. 2): -|max(0, |v| - |u|)|^2 of the unit rows of
// an image u and a caption v.

struct OrderParams {
    size: u32,     // pairs of the batch
    dim: u32,
    unused: u32,
    unused_too: u32,
}

@group(0) @binding(0) var<uniform> params: OrderParams;
@group(0) @binding(1) var<storage, read> units: array<f32>;   // images, then captions
