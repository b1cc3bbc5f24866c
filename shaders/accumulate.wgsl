// MI-FGSM's accumulation (arXiv 1710.06081, eq. 6): velocity = decay velocity + g / mean |g|.

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
@group(0) @binding(2) var<storage, read> gradient: array<f32>;
@group(0) @binding(3) var<storage, read_write> velocity: array<f32>;

const FLAT: f32 = 1.17549435e-38;  // a gradient without a larger value counts as zero

@compute @workgroup_size(256)
fn main(
    @builtin(global_invocation_id) id: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
) {
    let row = id.y;
    let len = params.channels * params.plane;
    let mean = rows[row].linf * (rows[row].l1 / f32(len));
    // A gradient without direction adds nothing.
    let counts = mean >= FLAT && rows[row].odd == 0u;
    for (var i = id.x; i < len; i += groups.x * 256u) {
        let at = row * len + i;
        var sum = params.alpha * velocity[at];
        if (counts) {
            sum += gradient[at] / mean;
        }
        velocity[at] = sum;
    }
}
