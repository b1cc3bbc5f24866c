// A step along the direction of steepest ascent in the ball's norm: z = x + size d.

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
@group(0) @binding(3) var<storage, read> gradient: array<f32>;
@group(0) @binding(4) var<storage, read> lower: array<f32>;
@group(0) @binding(5) var<storage, read> upper: array<f32>;
@group(0) @binding(6) var<storage, read> keys: array<u32>;  // [rows, count]; unread but for l1 and l0
@group(0) @binding(7) var<storage, read_write> z: array<f32>;

// Kinds of balls.
const LINF: u32 = 1u;
const L2: u32 = 2u;
const L1: u32 = 3u;
const L0: u32 = 4u;
const FLAT: f32 = 1.17549435e-38;  // a gradient without a larger value counts as zero

fn chosen(row: u32, i: u32) -> bool {
    let key = keys[row * params.count + i];
    return key > rows[row].threshold || (key == rows[row].threshold && i < rows[row].cutoff);
}

fn step(row: u32, i: u32, g: f32, width: f32) -> f32 {
    let size = rows[row].size;
    switch params.kind {
        case LINF: {
            return size * sign(g);
        }
        case L2: {
            return (size / rows[row].l2) * (g * (1.0 / rows[row].linf));
        }
        case L1: {
            let each = size / f32(max(rows[row].chosen, 1u));
            return select(0.0, each * sign(g), chosen(row, i));
        }
        case L0: {
            return select(0.0, size * sign(g), chosen(row, i % params.plane));
        }
        default: {
            return size * (sign(g) * (0.5 * width));
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
    let moves = rows[row].linf >= FLAT && rows[row].odd == 0u;
    for (var i = id.x; i < len; i += groups.x * 256u) {
        let at = row * len + i;
        var to = x[at];
        if (moves && lower[at] != upper[at]) {
            to += step(row, i, gradient[at], upper[at] - lower[at]);
        }
        z[at] = to;
    }
}
