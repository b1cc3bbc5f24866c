// Shared by the kernels of attack steps: their parameters, the state of a row, and the arithmetic of perturbations.
// src/compute/gpu/steps/params.rs has the same layouts.

struct StepParams {
    plane: u32,      // pixels of a picture
    channels: u32,
    kind: u32,       // meaning depends on the kernel
    k: u32,          // elements to choose
    count: u32,      // keys of a row
    radius: f32,
    alpha: f32,
    width: u32,      // columns of a picture
    seed: vec2<u32>, // low and high half
    stream: u32,
    zero: u32,       // always 0; see toward()
}

struct RowState {
    size: f32,       // length of the step
    linf: f32,
    l2: f32,         // this and the next two relative to linf
    l1: f32,
    sum: f32,
    pixels: u32,     // number of pixels that differ
    odd: u32,        // 1 where a value is not finite
    threshold: u32,  // chosen are the keys above it, and equal ones before the cutoff
    cutoff: u32,
    chosen: u32,     // number of chosen elements
    theta: f32,      // soft threshold of the l1 projection
    scale: f32,      // factor after the soft threshold; 1 where the row is already inside
}

@group(0) @binding(0) var<uniform> params: StepParams;

// Values of params.kind where it names a ball; any other value is the box alone.
const LINF: u32 = 1u;
const L2: u32 = 2u;
const L1: u32 = 3u;
const L0: u32 = 4u;

const FLAT: f32 = 1.17549435e-38;  // a gradient without a larger value counts as zero
const FAR: f32 = 1e30;             // perturbations are clamped here, so that sums stay finite
const INSIDE: f32 = 0.999999;      // the l1 and l2 projections aim this far inside the ball

// By its bits: shading languages may assume that there are no NaNs.
fn is_nan(x: f32) -> bool {
    return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
}

// x - clean; 0 where x is not a number.
fn delta(x: f32, clean: f32) -> f32 {
    if (is_nan(x)) {
        return 0.0;
    }
    return clamp(x - clean, -FAR, FAR);
}

// clean + delta, rounded towards clean: what is measured afterwards is at most |delta|.
fn toward(clean: f32, delta: f32) -> f32 {
    // The optimiser does not know that params.zero is 0, so it cannot simplify x - clean to delta below.
    let bits = bitcast<u32>(clean + delta) ^ params.zero;
    let x = bitcast<f32>(bits);
    // The neighbour on clean's side: nearer to zero where x and delta have one sign.
    let outward = ((bits ^ bitcast<u32>(delta)) >> 31u) == 0u;
    let neighbour = select(bits + 1u, bits - 1u, outward);
    return bitcast<f32>(select(bits, neighbour, abs(x - clean) > abs(delta) && x != 0.0));
}
