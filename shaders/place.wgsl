// The last part of a projection: brings every value into the ball, by what earlier kernels found for its row (norm,
// soft threshold, chosen pixels), then into the box.

@group(0) @binding(1) var<storage, read> rows: array<RowState>;
@group(0) @binding(2) var<storage, read> clean: array<f32>;
@group(0) @binding(3) var<storage, read> lower: array<f32>;
@group(0) @binding(4) var<storage, read> upper: array<f32>;
@group(0) @binding(5) var<storage, read> keys: array<u32>;  // [rows, count]; unread but for l0
@group(0) @binding(6) var<storage, read_write> z: array<f32>;

fn into_ball(row: u32, i: u32, x: f32, origin: f32) -> f32 {
    let d = delta(x, origin);
    let side = select(1.0, -1.0, d < 0.0);
    switch params.kind {
        case LINF: {
            return select(x, toward(origin, side * params.radius), abs(d) > params.radius);
        }
        case L2: {
            let norm = rows[row].linf * rows[row].l2;
            let scale = params.radius / max(norm, params.radius) * INSIDE;
            return select(x, toward(origin, d * scale), norm > params.radius);
        }
        case L1: {
            let less = max(abs(d) - rows[row].theta, 0.0) * rows[row].scale;
            return select(toward(origin, side * less), x, rows[row].scale == 1.0);
        }
        case L0: {
            return select(origin, x, is_chosen(row, i % params.plane));
        }
        default: {
            return x;
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
    for (var i = id.x; i < len; i += groups.x * 256u) {
        let at = row * len + i;
        var x = z[at];
        if (is_nan(x)) {
            x = clean[at];
        }
        z[at] = min(max(into_ball(row, i, x, clean[at]), lower[at]), upper[at]);
    }
}
