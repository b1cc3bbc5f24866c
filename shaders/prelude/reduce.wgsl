// Shared by the two kernels that reduce a tile of scores; src/compute/gpu/reduce.rs has the same layout.

struct ReduceParams {
    rows: u32,           // of this tile
    columns: u32,
    first_row: u32,      // number of the tile's first row in all
    first_column: u32,   // number of the tile's first column in all
    block_rows: u32,     // of a block
    block_columns: u32,
    across: u32,         // blocks from left to right in all
    unused: u32,
}

@group(0) @binding(0) var<uniform> params: ReduceParams;
