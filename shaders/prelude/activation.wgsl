// Shared by the two kernels of the function between two layers; src/compute/train/shape.rs has the same functions.

struct ActivationParams {
    count: u32,
    gelu: u32,     // 1: GELU in its tanh form; 0: ReLU
    unused: u32,
    unused_too: u32,
}

@group(0) @binding(0) var<uniform> params: ActivationParams;
@group(0) @binding(1) var<storage, read> before: array<f32>;

// sqrt(2 / pi), and the factor of the cube.
const ROOT: f32 = 0.79788456;
const CUBE: f32 = 0.044715;

// tanh(sqrt(2 / pi) (x + 0.044715 x^3)); beyond 15 it is 1 in float32, and the exponential of more may overflow.
fn bend(x: f32) -> f32 {
    let aim = ROOT * (x + CUBE * x * x * x);
    let size = 1.0 - 2.0 / (exp(2.0 * min(abs(aim), 15.0)) + 1.0);
    return select(size, -size, aim < 0.0);
}
