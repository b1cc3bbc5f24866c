// Cosine of every image of a panel with every text of a panel: C = A . B^T, and its transpose, so that both
// directions are read along neighbouring addresses. A workgroup makes a block of 64 x 64, a thread 4 x 4.

struct SimilarityParams {
    rows: u32,      // images in the panel
    columns: u32,   // texts in the panel
    depth: u32,     // length of an embedding in vec4s, padded to a multiple of 4 of them
    unused: u32,
}

@group(0) @binding(0) var<uniform> params: SimilarityParams;
@group(0) @binding(1) var<storage, read> images: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> texts: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> by_image: array<f32>;  // [rows, columns]
@group(0) @binding(4) var<storage, read_write> by_text: array<f32>;   // [columns, rows]

const BLOCK: u32 = 64u;
const STEP: u32 = 4u;  // vec4s of depth per round

// [depth in floats][block], transposed on the way in. Scalars: threads write neighbouring components, and a vector's
// components are one memory location.
var<workgroup> a: array<array<f32, 64>, 16>;
var<workgroup> b: array<array<f32, 64>, 16>;

@compute @workgroup_size(16, 16)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_id) local: vec3<u32>,
    @builtin(local_invocation_index) index: u32,
) {
    let first_row = group.y * BLOCK;
    let first_column = group.x * BLOCK;
    // Each thread fetches one vec4 of depth for one row and one column of the block.
    let fetch = index / STEP;
    let part = index % STEP;
    let image = first_row + fetch;
    let text = first_column + fetch;
    // The 4 x 4 of the block that this thread makes.
    let r = local.y * 4u;
    let c = local.x * 4u;
    var sum: array<vec4<f32>, 4>;
    for (var start = 0u; start < params.depth; start += STEP) {
        var from_image = vec4<f32>(0.0);
        var from_text = vec4<f32>(0.0);
        if (image < params.rows) {
            from_image = images[image * params.depth + start + part];
        }
        if (text < params.columns) {
            from_text = texts[text * params.depth + start + part];
        }
        for (var e = 0u; e < 4u; e++) {
            a[part * 4u + e][fetch] = from_image[e];
            b[part * 4u + e][fetch] = from_text[e];
        }
        workgroupBarrier();
        for (var d = 0u; d < 16u; d++) {
            let left = vec4<f32>(a[d][r], a[d][r + 1u], a[d][r + 2u], a[d][r + 3u]);
            let right = vec4<f32>(b[d][c], b[d][c + 1u], b[d][c + 2u], b[d][c + 3u]);
            sum[0] += left.x * right;
            sum[1] += left.y * right;
            sum[2] += left.z * right;
            sum[3] += left.w * right;
        }
        workgroupBarrier();
    }
    for (var i = 0u; i < 4u; i++) {
        let row = first_row + r + i;
        for (var j = 0u; j < 4u; j++) {
            let column = first_column + c + j;
            if (row < params.rows && column < params.columns) {
                by_image[row * params.columns + column] = sum[i][j];
                by_text[column * params.rows + row] = sum[i][j];
            }
        }
    }
}
