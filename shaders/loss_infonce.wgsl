// Cross entropy of the positive among all candidates, half of it since both directions are averaged (CLIP).

var<workgroup> highest: array<f32, 64>;

// The best score of a line, in every thread; all must call it, once.
fn best_score(line: u32, thread: u32) -> f32 {
    var most = -3e38;
    for (var j = thread; j < params.size; j += THREADS) {
        most = max(most, score_of(line, j));
    }
    highest[thread] = most;
    workgroupBarrier();
    for (var width = THREADS / 2u; width > 0u; width /= 2u) {
        if (thread < width) {
            highest[thread] = max(highest[thread], highest[thread + width]);
        }
        workgroupBarrier();
    }
    return highest[0];
}

// exp(x) of an x that is not positive; 0 for what is far below, whatever the driver makes of it.
fn raised(x: f32) -> f32 {
    return select(exp(max(x, -100.0)), 0.0, x < -100.0);
}

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let line = group.x;
    let scale = scale_of_scores();
    let most = best_score(line, thread);
    var sums = vec4<f32>(0.0);
    for (var j = thread; j < params.size; j += THREADS) {
        let off = score_of(line, j) - most;
        let part = raised(scale * off);
        sums += vec4<f32>(part, part * off, 0.0, 0.0);
    }
    let total = summed(sums, thread);
    let share = 0.5 * scale / total.x;
    for (var j = thread; j < params.size; j += THREADS) {
        let part = raised(scale * (score_of(line, j) - most));
        pull(line, j, share * part - select(0.0, 0.5 * scale, j == line));
    }
    if (thread == 0u) {
        let positive = scale * (score_of(line, line) - most);
        let expected = share * total.y;
        pay(line, vec3<f32>(0.5 * (log(total.x) - positive), expected - 0.5 * positive, 0.0));
    }
}
