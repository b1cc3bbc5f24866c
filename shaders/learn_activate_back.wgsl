// Turns the gradient by what follows the function between two layers into that by what goes in.

@group(0) @binding(2) var<storage, read_write> gradient: array<f32>;

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
    var slope = select(0.0, 1.0, x > 0.0);
    if (params.gelu == 1u) {
        let t = bend(x);
        let steep = ROOT * (1.0 + 3.0 * CUBE * x * x);
        slope = 0.5 * (1.0 + t) + 0.5 * x * (1.0 - t * t) * steep;
    }
    gradient[i] *= slope;
}
