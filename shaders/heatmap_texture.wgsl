// Colours of numbers by table, into a texture.

struct HeatmapTextureParams {
    width: u32,
    rows: u32,       // of this part of the picture
    first: u32,      // its first row
    full: u32,       // bits of the magnitude from which the end's colour is taken
    factor: f32,     // table entries per unit
    unused0: u32,
    unused1: u32,
    unused2: u32,
}

@group(0) @binding(0) var<uniform> params: HeatmapTextureParams;
@group(0) @binding(3) var picture: texture_storage_2d<rgba8unorm, write>;

@compute @workgroup_size(16, 16)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if (id.x < params.width && id.y < params.rows) {
        let colour = colour_of(values[id.y * params.width + id.x], params.full, params.factor);
        textureStore(picture, vec2<u32>(id.x, params.first + id.y), unpack4x8unorm(colour));
    }
}
