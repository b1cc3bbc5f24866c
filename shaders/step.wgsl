// A step along the direction of steepest ascent in the ball's norm: z = x + size d.

@group(0) @binding(1) var<storage, read> rows: array<RowState>;
@group(0) @binding(2) var<storage, read> x: array<f32>;
@group(0) @binding(3) var<storage, read> gradient: array<f32>;
@group(0) @binding(4) var<storage, read> lower: array<f32>;
@group(0) @binding(5) var<storage, read> upper: array<f32>;
@group(0) @binding(6) var<storage, read> keys: array<u32>;  // [rows, count]; unread but for l1 and l0
@group(0) @binding(7) var<storage, read_write> z: array<f32>;

fn step(row: u32, i: u32, g: f32, width: f32) -> f32 {
    let size = rows[row].size;
    switch params.kind {
        case LINF: {
            return size * sign(g);
        }
        case L2: {
            return (size / rows[row].l2) * (g * (1.0 / rows[row].linf));
        }
        case L1: {
            let each = size / f32(max(rows[row].chosen, 1u));
            return select(0.0, each * sign(g), is_chosen(row, i));
        }
        case L0: {
            return select(0.0, size * sign(g), is_chosen(row, i % params.plane));
        }
        default: {
            return size * (sign(g) * (0.5 * width));
        }
    }
}

@compute @workgroup_size(256)
fn main(
    @builtin(global_invocation_id) id: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
) {
    let row = id.y;
    let len = params.channels * params.plane;
    let moves = rows[row].linf >= FLAT && rows[row].odd == 0u;
    for (var i = id.x; i < len; i += groups.x * 256u) {
        let at = row * len + i;
        var to = x[at];
        if (moves && lower[at] != upper[at]) {
            to += step(row, i, gradient[at], upper[at] - lower[at]);
        }
        z[at] = to;
    }
}
