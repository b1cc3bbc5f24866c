// Shared by the kernels that change each value of a spectrum; src/compute/gpu/fourier/plan.rs has the same layout.

struct SpectrumParams {
    count: u32,      // frequencies of all planes
    plane: u32,      // frequencies of a plane
    limit: f32,
    unused: u32,
}

@group(0) @binding(0) var<uniform> params: SpectrumParams;
