// MI-FGSM's accumulation (arXiv 1710.06081, eq. 6): velocity = decay velocity + g / mean |g|.

@group(0) @binding(1) var<storage, read> rows: array<RowState>;
@group(0) @binding(2) var<storage, read> gradient: array<f32>;
@group(0) @binding(3) var<storage, read_write> velocity: array<f32>;

@compute @workgroup_size(256)
fn main(
    @builtin(global_invocation_id) id: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
) {
    let row = id.y;
    let len = params.channels * params.plane;
    let mean = rows[row].linf * (rows[row].l1 / f32(len));
    // A gradient without direction adds nothing.
    let counts = mean >= FLAT && rows[row].odd == 0u;
    for (var i = id.x; i < len; i += groups.x * 256u) {
        let at = row * len + i;
        var sum = params.alpha * velocity[at];
        if (counts) {
            sum += gradient[at] / mean;
        }
        velocity[at] = sum;
    }
}
