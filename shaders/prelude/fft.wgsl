// Shared by the two kernels of the Fourier transform: their buffers, and complex numbers as (real, imaginary). The
// kernel declares `params` with the fields real_in and real_out.

@group(0) @binding(1) var<storage, read> source: array<f32>;
@group(0) @binding(2) var<storage, read> roots: array<vec2<f32>>;     // exp(-2 pi i t / n)
@group(0) @binding(3) var<storage, read_write> goal: array<f32>;

// a b
fn times(a: vec2<f32>, b: vec2<f32>) -> vec2<f32> {
    return vec2<f32>(a.x * b.x - a.y * b.y, a.x * b.y + a.y * b.x);
}

// Real and imaginary part swapped where swap is 1: on both ends of a forward transform that makes the inverse.
fn swapped(z: vec2<f32>, swap: u32) -> vec2<f32> {
    return select(z, z.yx, swap == 1u);
}

fn load(i: u32) -> vec2<f32> {
    if (params.real_in == 1u) {
        return vec2<f32>(source[i], 0.0);
    }
    return vec2<f32>(source[2u * i], source[2u * i + 1u]);
}

fn store(i: u32, z: vec2<f32>) {
    if (params.real_out == 1u) {
        goal[i] = z.x;
    } else {
        goal[2u * i] = z.x;
        goal[2u * i + 1u] = z.y;
    }
}
