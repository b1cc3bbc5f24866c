// Makes every magnitude 1 within the band, 0 outside it and where it is at most `limit`, rounding noise.

@group(0) @binding(1) var<storage, read> band: array<u32>;                 // a bit per frequency of a plane
@group(0) @binding(2) var<storage, read_write> spectrum: array<vec2<f32>>;

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let i = id.y * groups.x * 256u + id.x;
    if (i >= params.count) {
        return;
    }
    let f = i % params.plane;
    let inside = ((band[f / 32u] >> (f % 32u)) & 1u) == 1u;
    let z = spectrum[i];
    let size = length(z);
    if (inside && size > params.limit) {
        spectrum[i] = z / size;
    } else {
        spectrum[i] = vec2<f32>(0.0);
    }
}
