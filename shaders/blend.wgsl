// The point that APGD's momentum aims at (arXiv 2003.01690, algorithm 1): x + alpha (z - x) + (1 - alpha)(x - before).

@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> before: array<f32>;
@group(0) @binding(3) var<storage, read_write> z: array<f32>;

@compute @workgroup_size(256)
fn main(
    @builtin(global_invocation_id) id: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
) {
    let len = params.channels * params.plane;
    for (var i = id.x; i < len; i += groups.x * 256u) {
        let at = id.y * len + i;
        z[at] = x[at] + params.alpha * (z[at] - x[at]) + (1.0 - params.alpha) * (x[at] - before[at]);
    }
}
