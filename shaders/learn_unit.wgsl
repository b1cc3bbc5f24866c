// Divides each row by its norm; a row of zeros stays so.

@group(0) @binding(1) var<storage, read_write> rows: array<f32>;
@group(0) @binding(2) var<storage, read_write> norms: array<f32>;

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
    var squares = 0.0;
    for (var k = thread; k < params.dim; k += THREADS) {
        squares += rows[start + k] * rows[start + k];
    }
    let norm = sqrt(summed(vec4<f32>(squares, 0.0, 0.0, 0.0), thread).x);
    if (norm > 0.0) {
        for (var k = thread; k < params.dim; k += THREADS) {
            rows[start + k] /= norm;
        }
    }
    if (thread == 0u) {
        norms[row] = norm;
    }
}
