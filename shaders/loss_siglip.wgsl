// The pairwise sigmoid loss (SigLIP): each pair of the batch is told right or wrong by itself; half, since each stands in
// two lines.

// log(1 + x) for x in 0..1, exact where x is small too.
fn log_of_one_and(x: f32) -> f32 {
    let series = x * (1.0 - x * (0.5 - x * (0.33333334 - x * 0.25)));
    return select(log(1.0 + x), series, x < 0.02);
}

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let line = group.x;
    let scale = scale_of_scores();
    let offset = weights[params.scalars + 1u];
    var sums = vec4<f32>(0.0);
    for (var j = thread; j < params.size; j += THREADS) {
        let score = score_of(line, j);
        let side = select(1.0, -1.0, j == line);
        let z = side * (scale * score + offset);
        // exp(-|z|), with 0 for what is far below whatever the driver makes of it.
        let small = select(exp(-min(abs(z), 100.0)), 0.0, abs(z) > 100.0);
        let wrong = select(small, 1.0, z > 0.0) / (1.0 + small);
        let slope = 0.5 * side * wrong;
        pull(line, j, slope * scale);
        let loss = 0.5 * (max(z, 0.0) + log_of_one_and(small));
        sums += vec4<f32>(loss, slope * scale * score, slope, 0.0);
    }
    let total = summed(sums, thread);
    if (thread == 0u) {
        pay(line, total.xyz);
    }
}
