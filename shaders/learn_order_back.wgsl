// The gradient by the unit rows of both sides of what has the gradient `by_score` by the scores by order: a thread makes
// one entry.

@group(0) @binding(2) var<storage, read> by_score: array<f32>;
@group(0) @binding(3) var<storage, read_write> gradient: array<f32>;    // as the unit rows

@compute @workgroup_size(256)
fn main(
    @builtin(global_invocation_id) id: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
) {
    let i = id.x + id.y * groups.x * 256u;
    let half = params.size * params.dim;
    if (i >= 2u * half) {
        return;
    }
    let of_caption = i >= half;
    let row = (i % half) / params.dim;
    let k = i % params.dim;
    let own = abs(units[i]);
    var sum = 0.0;
    for (var j = 0u; j < params.size; j++) {
        if (of_caption) {
            let over = max(own - abs(units[j * params.dim + k]), 0.0);
            sum -= by_score[j * params.size + row] * over;
        } else {
            let over = max(abs(units[half + j * params.dim + k]) - own, 0.0);
            sum += by_score[row * params.size + j] * over;
        }
    }
    // The slope of |x| is 0 at 0.
    gradient[i] = 2.0 * sum * sign(units[i]);
}
