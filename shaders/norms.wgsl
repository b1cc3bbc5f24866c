// Norms of every row of a gradient or a perturbation. A workgroup owns a row; sums are made in short runs, then as a
// tree, so that they keep their digits.

@group(0) @binding(1) var<storage, read_write> rows: array<RowState>;
@group(0) @binding(2) var<storage, read> a: array<f32>;  // gradient, or x
@group(0) @binding(3) var<storage, read> b: array<f32>;  // lower, or clean
@group(0) @binding(4) var<storage, read> c: array<f32>;  // upper; else unread

// Kinds of values.
const FREE: u32 = 0u;   // a, 0 where b equals c
const DELTA: u32 = 1u;  // a - b
const RUN: u32 = 16u;   // pixels summed before a rounding of the whole

var<workgroup> top: atomic<u32>;
var<workgroup> odd: atomic<u32>;
var<workgroup> pixels: atomic<u32>;
var<workgroup> parts: array<vec3<f32>, 256>;

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
    let scale = select(0.0, 1.0 / linf, linf >= FLAT);
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
