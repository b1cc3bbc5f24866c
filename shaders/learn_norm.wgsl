// Sums of values or of their squares, one for each workgroup: run twice, with a single workgroup at last, it makes the
// squared norm of a gradient.

struct NormParams {
    count: u32,
    squared: u32,    // 1: of squares
    unused: u32,
    unused_too: u32,
}

@group(0) @binding(0) var<uniform> params: NormParams;
@group(0) @binding(1) var<storage, read> values: array<f32>;
@group(0) @binding(2) var<storage, read_write> sums: array<f32>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    var sum = 0.0;
    for (var i = group.x * THREADS + thread; i < params.count; i += groups.x * THREADS) {
        let value = values[i];
        sum += select(value, value * value, params.squared == 1u);
    }
    let total = summed(vec4<f32>(sum, 0.0, 0.0, 0.0), thread).x;
    if (thread == 0u) {
        sums[group.x] = total;
    }
}
