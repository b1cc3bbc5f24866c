// The gradient by the scalars: the mean of what the lines' losses change with each, in one workgroup.

struct ScalarsParams {
    lines: u32,
    place: u32,     // of the first scalar in the gradient
    share: f32,     // 1 / pairs of the batch
    unused: u32,
}

@group(0) @binding(0) var<uniform> params: ScalarsParams;
@group(0) @binding(1) var<storage, read> costs: array<f32>;             // as prelude/line.wgsl has them
@group(0) @binding(2) var<storage, read_write> gradient: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) thread: u32) {
    var sums = vec4<f32>(0.0);
    for (var i = thread; i < params.lines; i += THREADS) {
        sums += vec4<f32>(costs[params.lines + i], costs[2u * params.lines + i], 0.0, 0.0);
    }
    let total = summed(sums, thread);
    if (thread == 0u) {
        gradient[params.place] = params.share * total.x;
        gradient[params.place + 1u] = params.share * total.y;
    }
}
