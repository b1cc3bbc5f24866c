// Clips magnitudes at `limit` and zeroes what lies outside the band.

@group(0) @binding(1) var<storage, read> band: array<u32>;                 // a bit per frequency of a plane
@group(0) @binding(2) var<storage, read_write> spectrum: array<vec2<f32>>;

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let i = id.y * groups.x * 256u + id.x;
    if (i >= params.count) {
        return;
    }
    let f = i % params.plane;
    if (((band[f / 32u] >> (f % 32u)) & 1u) == 0u) {
        spectrum[i] = vec2<f32>(0.0);
        return;
    }
    let z = spectrum[i];
    // Scaled by the larger part: squares of large values overflow.
    let most = max(abs(z.x), abs(z.y));
    if (most > 0.0) {
        let unit = z / most;
        let size = length(unit);
        if (most * size > params.limit) {
            spectrum[i] = unit * (params.limit / size);
        }
    }
}
