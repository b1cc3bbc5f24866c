// The key by which each element or pixel of a row competes to be chosen (the largest win, see select.wgsl): the bits
// of a float that is not negative; 0 is never chosen.

@group(0) @binding(1) var<storage, read> rows: array<RowState>;
@group(0) @binding(2) var<storage, read> x: array<f32>;
@group(0) @binding(3) var<storage, read> clean: array<f32>;
@group(0) @binding(4) var<storage, read> gradient: array<f32>;
@group(0) @binding(5) var<storage, read> lower: array<f32>;
@group(0) @binding(6) var<storage, read> upper: array<f32>;
@group(0) @binding(7) var<storage, read_write> keys: array<u32>;  // [rows, count]

// Kinds of keys.
const OPEN: u32 = 0u;   // of elements: |g| where the box does not stop the step
const PIXEL: u32 = 1u;  // of pixels: sum_c |g|
const GAIN: u32 = 2u;   // of pixels: how much nearer to x the row is when the pixel is kept (arXiv 1909.05040)

fn open(i: u32, size: f32) -> u32 {
    let g = gradient[i];
    let up = (g > 0.0) == (size > 0.0);
    let free = lower[i] != upper[i] && select(x[i] > lower[i], x[i] < upper[i], up);
    return select(0u, bitcast<u32>(abs(g)), free);
}

fn pixel(first: u32) -> u32 {
    var sum = 0.0;
    for (var c = 0u; c < params.channels; c++) {
        let i = first + c * params.plane;
        sum += select(abs(gradient[i]), 0.0, lower[i] == upper[i]);
    }
    return bitcast<u32>(sum);
}

fn gain(first: u32) -> u32 {
    var sum = 0.0;
    var differs = 0u;
    for (var c = 0u; c < params.channels; c++) {
        let i = first + c * params.plane;
        let d = delta(x[i], clean[i]);
        let number = select(clean[i], x[i], d != 0.0);
        let inside = min(max(number, lower[i]), upper[i]) - clean[i];
        sum += max(inside * (2.0 * d - inside), 0.0);
        differs |= select(0u, 1u, inside != 0.0);
    }
    return max(bitcast<u32>(sum), differs);
}

@compute @workgroup_size(256)
fn main(
    @builtin(global_invocation_id) id: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
) {
    let row = id.y;
    let base = row * params.channels * params.plane;
    for (var i = id.x; i < params.count; i += groups.x * 256u) {
        var key = 0u;
        switch params.kind {
            case OPEN: {
                key = open(base + i, rows[row].size);
            }
            case PIXEL: {
                key = pixel(base + i);
            }
            default: {
                key = gain(base + i);
            }
        }
        keys[row * params.count + i] = key;
    }
}
