// Colours of numbers by table, into a buffer.

struct HeatmapParams {
    count: u32,
    full: u32,       // bits of the magnitude from which the end's colour is taken
    factor: f32,     // table entries per unit
    unused: u32,
}

@group(0) @binding(0) var<uniform> params: HeatmapParams;
@group(0) @binding(3) var<storage, read_write> pixels: array<u32>;

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let i = id.y * groups.x * 256u + id.x;
    if (i < params.count) {
        pixels[i] = colour_of(values[i], params.full, params.factor);
    }
}
