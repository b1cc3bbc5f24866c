// Colours of numbers by table. Only one rounding, that of a product, so that every device gives the same bytes;
// comparisons are of bits, since shading languages may assume that there are no NaNs, infinities and subnormals.

struct Params {
    count: u32,
    full: u32,       // bits of the magnitude from which the end's colour is taken
    factor: f32,     // table entries per unit
    unused: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> values: array<u32>;     // bits of floats
// RGBA, red in the low byte: 256 from zero to the scale, 256 from zero to minus the scale, NaN's.
@group(0) @binding(2) var<storage, read> table: array<u32>;
@group(0) @binding(3) var<storage, read_write> pixels: array<u32>;

fn entry(bits: u32) -> u32 {
    let size = bits & 0x7fffffffu;
    if (size > 0x7f800000u) {
        return 512u;
    }
    var i = 255u;
    if (size < params.full) {
        i = min(u32(bitcast<f32>(size) * params.factor), 255u);
    }
    return i + select(0u, 256u, bits > 0x80000000u);
}

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let i = id.y * groups.x * 256u + id.x;
    if (i < params.count) {
        pixels[i] = table[entry(values[i])];
    }
}
