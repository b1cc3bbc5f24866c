// Magnitudes of a spectrum.

@group(0) @binding(1) var<storage, read> spectrum: array<vec2<f32>>;
@group(0) @binding(2) var<storage, read_write> magnitudes: array<f32>;

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let i = id.y * groups.x * 256u + id.x;
    if (i >= params.count) {
        return;
    }
    let z = spectrum[i];
    // Scaled by the larger part: squares of large and of tiny values leave the range.
    let most = max(abs(z.x), abs(z.y));
    var size = most;
    if (most > 0.0) {
        size = most * length(z / most);
    }
    magnitudes[i] = size;
}
