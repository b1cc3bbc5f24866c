// One stage of Stockham's transform through global memory, for lines too long for the memory of a workgroup: a thread computes one
// output of a transform of length r. See fft.wgsl for the layout.

struct FftStageParams {
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

@group(0) @binding(0) var<uniform> params: FftStageParams;

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
            part += times(swapped(load(begin + (j + q * gap) * params.stride), params.swap_in), roots[at]);
            at += step;
            at -= select(0u, n, at >= n);
        }
        total += part;
    }
    total *= params.scale;
    store(begin + ((j - k) * r + k + p * l) * params.stride, swapped(total, params.swap_out));
}
