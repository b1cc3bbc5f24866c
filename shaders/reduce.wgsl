// Reduces the columns of a tile of scores: for each row and each block of columns that the tile touches, the largest
// score and the sum. A thread owns a row of one block; scores lie column by column, so neighbouring threads read
// neighbouring addresses. reduce_rows.wgsl reduces its result along the rows.

@group(0) @binding(1) var<storage, read> scores: array<f32>;               // [columns, rows]
@group(0) @binding(2) var<storage, read_write> partial: array<vec2<f32>>;  // [blocks touched, rows]: largest, sum

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if (id.x >= params.rows) {
        return;
    }
    let block = params.first_column / params.block_columns + id.y;
    let start = max(block * params.block_columns, params.first_column) - params.first_column;
    let end = min((block + 1u) * params.block_columns - params.first_column, params.columns);
    var high = scores[start * params.rows + id.x];
    var sum = 0.0;
    for (var c = start; c < end; c++) {
        let s = scores[c * params.rows + id.x];
        high = max(high, s);
        sum += s;
    }
    partial[id.y * params.rows + id.x] = vec2<f32>(high, sum);
}
