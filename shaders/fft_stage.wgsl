// One stage of Stockham's transform through global memory, for lines that no workgroup holds: a thread computes one
// output of a transform of length r. See fft.wgsl for the layout.

struct Params {
    length: u32,      // n, values of a line
    lines: u32,
    radix: u32,       // r
    done: u32,        // l, length of the transforms so far
    inner: u32,       // line l begins at (l / inner) * outer + l % inner
    outer: u32,
    stride: u32,      // between the values of a line
    swap_in: u32,     // 1 to swap real and imaginary parts of the source
    swap_out: u32,    // the same of the target
    real_in: u32,     // 1 where the source holds real numbers
    real_out: u32,    // 1 where the target takes the real parts alone
    scale: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> source: array<f32>;
@group(0) @binding(2) var<storage, read> roots: array<vec2<f32>>;     // exp(-2 pi i t / n)
@group(0) @binding(3) var<storage, read_write> goal: array<f32>;

fn value(i: u32) -> vec2<f32> {
    var z: vec2<f32>;
    if (params.real_in == 1u) {
        z = vec2<f32>(source[i], 0.0);
    } else {
        z = vec2<f32>(source[2u * i], source[2u * i + 1u]);
    }
    return select(z, z.yx, params.swap_in == 1u);
}

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let n = params.length;
    let e = id.y * groups.x * 256u + id.x;
    if (e >= n * params.lines) {
        return;
    }
    // Neighbouring threads: neighbouring lines of columns, neighbouring values of rows.
    var line = e % params.lines;
    var o = e / params.lines;
    if (params.stride == 1u) {
        line = e / n;
        o = e % n;
    }
    let r = params.radix;
    let l = params.done;
    let gap = n / r;
    let p = o / gap;
    let j = o % gap;
    let k = j % l;
    let begin = line / params.inner * params.outer + line % params.inner;
    let step = k * (gap / l) + p * gap;
    var at = 0u;
    var total = vec2<f32>(0.0);
    for (var q = 0u; q < r;) {
        var part = vec2<f32>(0.0);
        let end = min(q + 16u, r);
        for (; q < end; q++) {
            let a = value(begin + (j + q * gap) * params.stride);
            let b = roots[at];
            part += vec2<f32>(a.x * b.x - a.y * b.y, a.x * b.y + a.y * b.x);
            at += step;
            at -= select(0u, n, at >= n);
        }
        total += part;
    }
    total *= params.scale;
    total = select(total, total.yx, params.swap_out == 1u);
    let i = begin + ((j - k) * r + k + p * l) * params.stride;
    if (params.real_out == 1u) {
        goal[i] = total.x;
    } else {
        goal[2u * i] = total.x;
        goal[2u * i + 1u] = total.y;
    }
}
