// The soft threshold of the projection onto the l1 ball: theta with sum max(|delta| - theta, 0) = radius, by Newton's
// method on the convex sum, which comes from below and needs no sorting (Michelot 1986; Condat 2016, section 2). A
// workgroup owns a row. A row that is inside already gets the scale 1, every other a smaller one.

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
@group(0) @binding(1) var<storage, read_write> rows: array<Row>;
@group(0) @binding(2) var<storage, read> z: array<f32>;
@group(0) @binding(3) var<storage, read> clean: array<f32>;

const ROUNDS: u32 = 64u;            // it takes about ten
const RUN: u32 = 32u;               // values summed before a rounding of the whole
const INSIDE: f32 = 0.999999;       // the projection aims this far inside
const FAR: f32 = 1e30;  // beyond any perturbation

var<workgroup> parts: array<vec2<f32>, 256>;  // sum and number of what is above the threshold
var<workgroup> theta: f32;
var<workgroup> done: u32;

// x - clean; 0 where x is not a number.
fn delta(x: f32, clean: f32) -> f32 {
    if ((bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u) {
        return 0.0;
    }
    return clamp(x - clean, -FAR, FAR);
}

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) index: u32) {
    let len = params.channels * params.plane;
    let base = group.x * len;
    var round = 0u;
    loop {
        let threshold = workgroupUniformLoad(&theta);
        var sum = vec2<f32>(0.0);
        var run = vec2<f32>(0.0);
        var n = 0u;
        for (var i = index; i < len; i += 256u) {
            let more = max(abs(delta(z[base + i], clean[base + i])) - threshold, 0.0);
            run += vec2<f32>(more, select(0.0, 1.0, more > 0.0));
            n++;
            if (n == RUN) {
                sum += run;
                run = vec2<f32>(0.0);
                n = 0u;
            }
        }
        parts[index] = sum + run;
        workgroupBarrier();
        for (var half = 128u; half > 0u; half /= 2u) {
            if (index < half) {
                parts[index] += parts[index + half];
            }
            workgroupBarrier();
        }
        if (index == 0u) {
            let above = parts[0].x;
            let next = threshold + (above - params.radius) / max(parts[0].y, 1.0);
            if (above <= params.radius || next <= threshold || round + 1u == ROUNDS) {
                done = 1u;
                let shrink = select(1.0, params.radius / above, above > params.radius);
                let inside = round == 0u && above <= params.radius;
                rows[group.x].theta = threshold;
                rows[group.x].scale = select(shrink * INSIDE, 1.0, inside);
            } else {
                theta = next;
            }
        }
        round++;
        if (workgroupUniformLoad(&done) == 1u) {
            break;
        }
    }
}
