// A product of two matrices, one for each layer of the grid: out = left . right, to which `base` is added where there is
// one. A workgroup makes a block of 64 x 64, a thread 4 x 4. src/compute/gpu/train/jobs.rs has the same layouts.

// Where the values of a matrix stand in its buffer: from this place on, and how far apart.
struct Matrix {
    start: u32,
    row: u32,       // from one row to the next
    column: u32,    // from one column to the next
    layer: u32,     // from one layer's matrix to the next one's
}

struct MultiplyParams {
    rows: u32,
    columns: u32,
    depth: u32,
    based: u32,      // 1: base is added
    left: Matrix,    // [rows, depth]
    right: Matrix,   // [depth, columns]
    base: Matrix,    // [rows, columns]
    out: Matrix,     // [rows, columns]
}

@group(0) @binding(0) var<uniform> params: MultiplyParams;
@group(0) @binding(1) var<storage, read> left: array<f32>;
@group(0) @binding(2) var<storage, read> right: array<f32>;
@group(0) @binding(3) var<storage, read> base: array<f32>;
@group(0) @binding(4) var<storage, read_write> out: array<f32>;

const SIDE: u32 = 64u;    // of a block
const ROUND: u32 = 16u;   // of the depth

// [depth][row of the block], [depth][column of the block].
var<workgroup> a: array<array<f32, 64>, 16>;
var<workgroup> b: array<array<f32, 64>, 16>;

// Of the `i`-th value that a round fetches: its depth, and its place along the block. Neighbouring threads fetch
// neighbouring addresses.
fn fetched(i: u32, along_depth: bool) -> vec2<u32> {
    return select(vec2<u32>(i / SIDE, i % SIDE), vec2<u32>(i % ROUND, i / ROUND), along_depth);
}

// What a thread makes in one row of its 4 x 4.
fn put(layer: u32, row: u32, first: u32, sums: vec4<f32>) {
    if (row >= params.rows) {
        return;
    }
    let start = params.out.start + layer * params.out.layer + row * params.out.row;
    let base_start = params.base.start + layer * params.base.layer + row * params.base.row;
    for (var j = 0u; j < 4u; j++) {
        let column = first + j;
        if (column < params.columns) {
            var value = sums[j];
            if (params.based == 1u) {
                value += base[base_start + column * params.base.column];
            }
            out[start + column * params.out.column] = value;
        }
    }
}

@compute @workgroup_size(16, 16)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_id) local: vec3<u32>,
    @builtin(local_invocation_index) index: u32,
) {
    let top = group.y * SIDE;
    let first = group.x * SIDE;
    let left_start = params.left.start + group.z * params.left.layer;
    let right_start = params.right.start + group.z * params.right.layer;
    // The 4 x 4 of the block that this thread makes, a row each.
    let r = local.y * 4u;
    let c = local.x * 4u;
    var sum_0 = vec4<f32>(0.0);
    var sum_1 = vec4<f32>(0.0);
    var sum_2 = vec4<f32>(0.0);
    var sum_3 = vec4<f32>(0.0);
    for (var start = 0u; start < params.depth; start += ROUND) {
        for (var e = 0u; e < 4u; e++) {
            let from_left = fetched(e * 256u + index, params.left.column == 1u);
            var value = 0.0;
            if (start + from_left.x < params.depth && top + from_left.y < params.rows) {
                value = left[left_start + (top + from_left.y) * params.left.row
                    + (start + from_left.x) * params.left.column];
            }
            a[from_left.x][from_left.y] = value;
            let from_right = fetched(e * 256u + index, params.right.row == 1u);
            value = 0.0;
            if (start + from_right.x < params.depth && first + from_right.y < params.columns) {
                value = right[right_start + (start + from_right.x) * params.right.row
                    + (first + from_right.y) * params.right.column];
            }
            b[from_right.x][from_right.y] = value;
        }
        workgroupBarrier();
        for (var d = 0u; d < ROUND; d++) {
            let down = vec4<f32>(a[d][r], a[d][r + 1u], a[d][r + 2u], a[d][r + 3u]);
            let along = vec4<f32>(b[d][c], b[d][c + 1u], b[d][c + 2u], b[d][c + 3u]);
            sum_0 += down.x * along;
            sum_1 += down.y * along;
            sum_2 += down.z * along;
            sum_3 += down.w * along;
        }
        workgroupBarrier();
    }
    put(group.z, top + r, first + c, sum_0);
    put(group.z, top + r + 1u, first + c, sum_1);
    put(group.z, top + r + 2u, first + c, sum_2);
    put(group.z, top + r + 3u, first + c, sum_3);
}
