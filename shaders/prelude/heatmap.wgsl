// Shared by the two kernels that colour numbers by table. Only one rounding, that of a product, so that every device
// gives the same bytes; comparisons are of bits, since shading languages may assume that there are no NaNs,
// infinities and subnormals.

@group(0) @binding(1) var<storage, read> values: array<u32>;     // bits of floats, row by row
// RGBA, red in the low byte: 256 from zero to the scale, 256 from zero to minus the scale, NaN's.
@group(0) @binding(2) var<storage, read> table: array<u32>;

// The colour of a number. `full`: bits of the magnitude from which the end's colour is taken; `factor`: table entries
// per unit.
fn colour_of(bits: u32, full: u32, factor: f32) -> u32 {
    let size = bits & 0x7fffffffu;
    if (size > 0x7f800000u) {
        return table[512];
    }
    var i = 255u;
    if (size < full) {
        i = min(u32(bitcast<f32>(size) * factor), 255u);
    }
    return table[i + select(0u, 256u, bits > 0x80000000u)];
}
