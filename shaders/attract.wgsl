// One pass of a layout by attraction (UMAP, arXiv 1802.03426): each point moves itself, by the places of the pass before.

struct AttractParams {
    points: u32,
    // What the random points of this pass follow from.
    seed: u32,
    // Membership of two points: 1 / (1 + a d^(2b)).
    a: f32,
    b: f32,
    rate: f32,
    repulsion: f32,
    negatives: f32,
    unused: u32,
}

// As in compute/attraction/mod.rs.
const LONGEST: f32 = 4.0;
const DRAWN: f32 = 64.0;
const LEAST: f32 = 1e-12;
const STRIDE: u32 = 0x9e3779b9u;

@group(0) @binding(0) var<uniform> params: AttractParams;
@group(0) @binding(1) var<storage, read> starts: array<u32>;
@group(0) @binding(2) var<storage, read> targets: array<u32>;
@group(0) @binding(3) var<storage, read> shares: array<f32>;
@group(0) @binding(4) var<storage, read> old: array<vec2<f32>>;
@group(0) @binding(5) var<storage, read_write> moved: array<vec2<f32>>;

fn mixed(counter: u32) -> u32 {
    let a = (counter ^ (counter >> 16u)) * 0x7feb352du;
    let b = (a ^ (a >> 15u)) * 0x846ca68bu;
    return b ^ (b >> 16u);
}

// The upper 32 bits of a product.
fn upper(a: u32, b: u32) -> u32 {
    let low = (a & 0xffffu) * (b & 0xffffu);
    let left = (a >> 16u) * (b & 0xffffu);
    let right = (a & 0xffffu) * (b >> 16u);
    let middle = (low >> 16u) + (left & 0xffffu) + (right & 0xffffu);
    return (a >> 16u) * (b >> 16u) + (left >> 16u) + (right >> 16u) + (middle >> 16u);
}

// `base` to the power of `exponent`, by the polynomials of compute/attraction/power.rs.
fn power(base: f32, exponent: f32) -> f32 {
    let bits = bitcast<i32>(base);
    let e = (bits - 0x3f3504f3) >> 23u;
    let m = bitcast<f32>(bits - (e << 23u));
    let s = (m - 1.0) / (m + 1.0);
    let z = s * s;
    let log = s * (2.88539 + z * (0.9617967 + z * (0.577078 + z * 0.4121986)));
    let aim = clamp(exponent * (f32(e) + log), -126.0, 126.0);
    let whole = round(aim);
    let part = aim - whole;
    let raised = 1.0
        + part * (0.69314718 + part * (0.2402265 + part * (0.05550411 + part * (0.00961813 + part * 0.00133356))));
    return raised * bitcast<f32>((i32(whole) + 127) << 23u);
}

fn attraction(distance: f32) -> f32 {
    let square = max(distance, LEAST);
    let raised = power(square, params.b);
    return 2.0 * params.a * params.b * raised / (square * (1.0 + params.a * raised));
}

fn repulsion(distance: f32) -> f32 {
    let square = max(distance, LEAST);
    return 2.0 * params.b / ((0.001 + square) * (1.0 + params.a * power(square, params.b)));
}

@compute @workgroup_size(256)
fn main(
    @builtin(global_invocation_id) id: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
) {
    let point = id.x + id.y * groups.x * 256u;
    if (point >= params.points) {
        return;
    }
    let own = old[point];
    var pull = vec2<f32>(0.0);
    var pulled = 0.0;
    var sampled = 0.0;
    for (var edge = starts[point]; edge < starts[point + 1u]; edge++) {
        let off = own - old[targets[edge]];
        let force = shares[edge] * attraction(dot(off, off));
        pull += force * off;
        pulled += force;
        sampled += shares[edge];
    }
    let count = sampled * params.negatives;
    let drawn = u32(ceil(min(count, DRAWN)));
    let seed = mixed(params.seed ^ mixed(point));
    var push = vec2<f32>(0.0);
    for (var i = 0u; i < drawn; i++) {
        // A point drawn for itself is at no distance, and moves nothing.
        let other = old[upper(mixed(seed + i * STRIDE), params.points)];
        let off = own - other;
        push += clamp(repulsion(dot(off, off)) * off, vec2<f32>(-LONGEST), vec2<f32>(LONGEST));
    }
    push *= count / max(f32(drawn), 1.0);
    let nearer = 2.0 * params.rate / max(2.0 * params.rate * pulled, 1.0);
    let farther = min(params.rate * params.repulsion, LONGEST / max(length(push), 1e-37));
    moved[point] = own + farther * push - nearer * pull;
}
