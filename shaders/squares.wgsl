// Square Attack's proposal (arXiv 1912.00049, algorithm 2): in one square per row, x becomes clean + eps s_c inside
// the box.

struct Square {
    top: u32,
    left: u32,
    height: u32,
    width: u32,
}

@group(0) @binding(1) var<storage, read> squares: array<Square>;  // one per row
@group(0) @binding(2) var<storage, read> signs: array<u32>;  // bit c is the sign of channel c, 1 for plus
@group(0) @binding(3) var<storage, read> clean: array<f32>;
@group(0) @binding(4) var<storage, read> lower: array<f32>;
@group(0) @binding(5) var<storage, read> upper: array<f32>;
@group(0) @binding(6) var<storage, read_write> x: array<f32>;

@compute @workgroup_size(256)
fn main(
    @builtin(global_invocation_id) id: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
) {
    let row = id.y;
    let len = params.channels * params.plane;
    let square = squares[row];
    for (var i = id.x; i < len; i += groups.x * 256u) {
        let pixel = i % params.plane;
        // Before the square's edge the difference wraps around and is large.
        let inside = pixel / params.width - square.top < square.height
            && pixel % params.width - square.left < square.width;
        if (inside) {
            let up = ((signs[row] >> (i / params.plane % 32u)) & 1u) == 1u;
            let at = row * len + i;
            let to = toward(clean[at], select(-params.radius, params.radius, up));
            x[at] = min(max(to, lower[at]), upper[at]);
        }
    }
}
