// The last part of a projection: every value into the ball, as its row's numbers say, then into the box.

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
@group(0) @binding(2) var<storage, read> clean: array<f32>;
@group(0) @binding(3) var<storage, read> lower: array<f32>;
@group(0) @binding(4) var<storage, read> upper: array<f32>;
@group(0) @binding(5) var<storage, read> keys: array<u32>;  // [rows, count]; unread but for l0
@group(0) @binding(6) var<storage, read_write> z: array<f32>;

// Kinds of balls.
const LINF: u32 = 1u;
const L2: u32 = 2u;
const L1: u32 = 3u;
const L0: u32 = 4u;
const INSIDE: f32 = 0.999999;  // l2 aims this far inside
const FAR: f32 = 1e30;  // beyond any perturbation

// x - clean; 0 where x is not a number.
fn delta(x: f32, clean: f32) -> f32 {
    if ((bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u) {
        return 0.0;
    }
    return clamp(x - clean, -FAR, FAR);
}

// clean + delta, rounded towards clean: what is measured afterwards is at most |delta|.
fn toward(clean: f32, delta: f32) -> f32 {
    // Through the unknown zero, or else x - clean would be taken for delta.
    let bits = bitcast<u32>(clean + delta) ^ params.zero;
    let x = bitcast<f32>(bits);
    // The neighbour on clean's side: nearer to zero where x and delta have one sign.
    let outward = ((bits ^ bitcast<u32>(delta)) >> 31u) == 0u;
    let neighbour = select(bits + 1u, bits - 1u, outward);
    return bitcast<f32>(select(bits, neighbour, abs(x - clean) > abs(delta) && x != 0.0));
}

fn chosen(row: u32, i: u32) -> bool {
    let key = keys[row * params.count + i];
    return key > rows[row].threshold || (key == rows[row].threshold && i < rows[row].cutoff);
}

fn near(row: u32, i: u32, x: f32, origin: f32) -> f32 {
    let d = delta(x, origin);
    let side = select(1.0, -1.0, d < 0.0);
    switch params.kind {
        case LINF: {
            return select(x, toward(origin, side * params.radius), abs(d) > params.radius);
        }
        case L2: {
            let norm = rows[row].linf * rows[row].l2;
            let scale = params.radius / max(norm, params.radius) * INSIDE;
            return select(x, toward(origin, d * scale), norm > params.radius);
        }
        case L1: {
            let less = max(abs(d) - rows[row].theta, 0.0) * rows[row].scale;
            return select(toward(origin, side * less), x, rows[row].scale == 1.0);
        }
        case L0: {
            return select(origin, x, chosen(row, i % params.plane));
        }
        default: {
            return x;
        }
    }
}

@compute @workgroup_size(256)
fn main(
    @builtin(global_invocation_id) id: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
) {
    let row = id.y;
    let len = params.channels * params.plane;
    for (var i = id.x; i < len; i += groups.x * 256u) {
        let at = row * len + i;
        var x = z[at];
        if ((bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u) {
            x = clean[at];
        }
        z[at] = min(max(near(row, i, x, clean[at]), lower[at]), upper[at]);
    }
}
