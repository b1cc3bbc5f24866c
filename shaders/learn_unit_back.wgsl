// Turns the gradient by unit rows u into that by the rows as they were: (g - u (u . g)) / norm, 0 for a row of zeros.

@group(0) @binding(1) var<storage, read> units: array<f32>;
@group(0) @binding(2) var<storage, read> norms: array<f32>;
@group(0) @binding(3) var<storage, read_write> gradient: array<f32>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let row = group.x + group.y * groups.x;
    if (row >= params.rows) {
        return;
    }
    let start = row * params.dim;
    var along = 0.0;
    for (var k = thread; k < params.dim; k += THREADS) {
        along += gradient[start + k] * units[start + k];
    }
    let all = summed(vec4<f32>(along, 0.0, 0.0, 0.0), thread).x;
    let norm = norms[row];
    for (var k = thread; k < params.dim; k += THREADS) {
        var back = 0.0;
        if (norm > 0.0) {
            back = (gradient[start + k] - all * units[start + k]) / norm;
        }
        gradient[start + k] = back;
    }
}
