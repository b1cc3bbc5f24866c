// Norms of every row of a gradient or a perturbation. A workgroup owns a row; sums are made in short runs, then as a
// tree, so that they keep their digits.

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
@group(0) @binding(2) var<storage, read> a: array<f32>;  // gradient, or x
@group(0) @binding(3) var<storage, read> b: array<f32>;  // lower, or clean
@group(0) @binding(4) var<storage, read> c: array<f32>;  // upper; else unread

// Kinds of values.
const FREE: u32 = 0u;   // a, 0 where b equals c
const DELTA: u32 = 1u;  // a - b
const FAR: f32 = 1e30;  // beyond any perturbation
const RUN: u32 = 16u;   // pixels summed before a rounding of the whole

var<workgroup> top: atomic<u32>;
var<workgroup> odd: atomic<u32>;
var<workgroup> pixels: atomic<u32>;
var<workgroup> parts: array<vec3<f32>, 256>;

// x - clean; 0 where x is not a number.
fn delta(x: f32, clean: f32) -> f32 {
    if ((bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u) {
        return 0.0;
    }
    return clamp(x - clean, -FAR, FAR);
}

fn value(i: u32) -> f32 {
    if (params.kind == DELTA) {
        return delta(a[i], b[i]);
    }
    if (params.kind == FREE && b[i] == c[i]) {
        return 0.0;
    }
    return a[i];
}

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) index: u32) {
    let base = group.x * params.channels * params.plane;
    var largest = 0u;
    var strange = 0u;
    var differing = 0u;
    for (var p = index; p < params.plane; p += 256u) {
        var any = 0u;
        for (var c = 0u; c < params.channels; c++) {
            // Floats that are not negative have the order of their bits.
            let bits = bitcast<u32>(value(base + c * params.plane + p)) & 0x7fffffffu;
            any |= bits;
            if (bits >= 0x7f800000u) {
                strange = 1u;
            } else {
                largest = max(largest, bits);
            }
        }
        differing += select(0u, 1u, any != 0u);
    }
    atomicMax(&top, largest);
    atomicMax(&odd, strange);
    atomicAdd(&pixels, differing);
    workgroupBarrier();
    let linf = bitcast<f32>(atomicLoad(&top));
    let scale = select(0.0, 1.0 / linf, linf >= 1.17549435e-38);
    var sum = vec3<f32>(0.0);
    var run = vec3<f32>(0.0);
    var n = 0u;
    for (var p = index; p < params.plane; p += 256u) {
        for (var c = 0u; c < params.channels; c++) {
            let v = value(base + c * params.plane + p) * scale;
            run += vec3<f32>(v * v, abs(v), v);
        }
        n++;
        if (n == RUN) {
            sum += run;
            run = vec3<f32>(0.0);
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
        let total = parts[0];
        rows[group.x].linf = linf;
        rows[group.x].l2 = sqrt(total.x);
        rows[group.x].l1 = total.y;
        rows[group.x].sum = total.z;
        rows[group.x].pixels = atomicLoad(&pixels);
        rows[group.x].odd = atomicLoad(&odd);
    }
}
