// Colours of numbers by table, into a texture; see heatmap.wgsl.

struct Params {
    width: u32,
    rows: u32,       // of this part of the picture
    first: u32,      // its first row
    full: u32,       // bits of the magnitude from which the end's colour is taken
    factor: f32,     // table entries per unit
    unused0: u32,
    unused1: u32,
    unused2: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> values: array<u32>;     // bits of floats, [rows, width]
// RGBA, red in the low byte: 256 from zero to the scale, 256 from zero to minus the scale, NaN's.
@group(0) @binding(2) var<storage, read> table: array<u32>;
@group(0) @binding(3) var picture: texture_storage_2d<rgba8unorm, write>;

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

@compute @workgroup_size(16, 16)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if (id.x < params.width && id.y < params.rows) {
        let colour = table[entry(values[id.y * params.width + id.x])];
        textureStore(picture, vec2<u32>(id.x, params.first + id.y), unpack4x8unorm(colour));
    }
}
