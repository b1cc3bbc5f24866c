// The function between two layers.

@group(0) @binding(2) var<storage, read_write> after: array<f32>;

@compute @workgroup_size(256)
fn main(
    @builtin(global_invocation_id) id: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
) {
    let i = id.x + id.y * groups.x * 256u;
    if (i >= params.count) {
        return;
    }
    let x = before[i];
    if (params.gelu == 1u) {
        after[i] = 0.5 * x * (1.0 + bend(x));
    } else {
        after[i] = max(x, 0.0);
    }
}
