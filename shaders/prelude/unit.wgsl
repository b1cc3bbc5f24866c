// Shared by the two kernels of unit rows: a workgroup has a row.

struct UnitParams {
    rows: u32,
    dim: u32,
    unused: u32,
    unused_too: u32,
}

@group(0) @binding(0) var<uniform> params: UnitParams;
