// Reduces the result of reduce.wgsl along the rows and adds it to the cells: a thread owns a cell.

@group(0) @binding(1) var<storage, read> partial: array<vec2<f32>>;      // [blocks touched, rows]: largest, sum
@group(0) @binding(2) var<storage, read_write> cells: array<vec2<f32>>;  // [down, across]: largest, sum

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let down = params.first_row / params.block_rows + id.x;
    let block = params.first_column / params.block_columns + id.y;
    if (down * params.block_rows >= params.first_row + params.rows
        || block * params.block_columns >= params.first_column + params.columns) {
        return;
    }
    let start = max(down * params.block_rows, params.first_row) - params.first_row;
    let end = min((down + 1u) * params.block_rows - params.first_row, params.rows);
    let at = down * params.across + block;
    var cell = cells[at];
    for (var r = start; r < end; r++) {
        let part = partial[id.y * params.rows + r];
        cell = vec2<f32>(max(cell.x, part.x), cell.y + part.y);
    }
    cells[at] = cell;
}
