// How much each element or pixel of a row wants to be chosen, as the bits of a float that is not negative; 0 for
// never.

struct Params {
    plane: u32,      // pixels of a picture
    channels: u32,
    kind: u32,       // what each kernel says
    k: u32,          // elements to choose
    count: u32,      // keys of a row
    radius: f32,
    alpha: f32,
    width: u32,      // columns of a picture
    seed: vec2<u32>, // low and high half
    stream: u32,
    zero: u32,       // 0, which no compiler knows
}

struct Row {
    size: f32,       // length of the step
    linf: f32,
    l2: f32,         // this and the next two relative to linf
    l1: f32,
    sum: f32,
    pixels: u32,     // that differ
    odd: u32,        // 1 where a value is not finite
    threshold: u32,  // the chosen: keys above it, and equal ones before the cutoff
    cutoff: u32,
    chosen: u32,
    theta: f32,      // soft threshold of the l1 projection
    scale: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> rows: array<Row>;
@group(0) @binding(2) var<storage, read> x: array<f32>;
@group(0) @binding(3) var<storage, read> clean: array<f32>;
@group(0) @binding(4) var<storage, read> gradient: array<f32>;
@group(0) @binding(5) var<storage, read> lower: array<f32>;
@group(0) @binding(6) var<storage, read> upper: array<f32>;
@group(0) @binding(7) var<storage, read_write> keys: array<u32>;  // [rows, count]

// Kinds of keys.
const OPEN: u32 = 0u;   // of elements: |g| where the box does not stop the step
const PIXEL: u32 = 1u;  // of pixels: sum_c |g|
const GAIN: u32 = 2u;   // of pixels: how much nearer to x the row is when the pixel is kept (arXiv 1909.05040)
const FAR: f32 = 1e30;  // beyond any perturbation

// x - clean; 0 where x is not a number.
fn delta(x: f32, clean: f32) -> f32 {
    if ((bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u) {
        return 0.0;
    }
    return clamp(x - clean, -FAR, FAR);
}

fn open(i: u32, size: f32) -> u32 {
    let g = gradient[i];
    let up = (g > 0.0) == (size > 0.0);
    let free = lower[i] != upper[i] && select(x[i] > lower[i], x[i] < upper[i], up);
    return select(0u, bitcast<u32>(abs(g)), free);
}

fn pixel(first: u32) -> u32 {
    var sum = 0.0;
    for (var c = 0u; c < params.channels; c++) {
        let i = first + c * params.plane;
        sum += select(abs(gradient[i]), 0.0, lower[i] == upper[i]);
    }
    return bitcast<u32>(sum);
}

fn gain(first: u32) -> u32 {
    var sum = 0.0;
    var differs = 0u;
    for (var c = 0u; c < params.channels; c++) {
        let i = first + c * params.plane;
        let d = delta(x[i], clean[i]);
        let number = select(clean[i], x[i], d != 0.0);
        let inside = min(max(number, lower[i]), upper[i]) - clean[i];
        sum += max(inside * (2.0 * d - inside), 0.0);
        differs |= select(0u, 1u, inside != 0.0);
    }
    return max(bitcast<u32>(sum), differs);
}

@compute @workgroup_size(256)
fn main(
    @builtin(global_invocation_id) id: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
) {
    let row = id.y;
    let base = row * params.channels * params.plane;
    for (var i = id.x; i < params.count; i += groups.x * 256u) {
        var key = 0u;
        switch params.kind {
            case OPEN: {
                key = open(base + i, rows[row].size);
            }
            case PIXEL: {
                key = pixel(base + i);
            }
            default: {
                key = gain(base + i);
            }
        }
        keys[row * params.count + i] = key;
    }
}
