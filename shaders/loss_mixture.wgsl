// (1 - w) times the sum of hinges and w times their maximum, where w is how far the loss has warmed up.

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let line = group.x;
    let positive = score_of(line, line);
    let threshold = positive - params.margin;
    let worst = hardest(line, 3e38, thread);
    let most = excess(worst, positive);
    let alone = select(0.0, params.warmth, most > 0.0);
    let all = 1.0 - params.warmth;
    var sums = vec4<f32>(0.0);
    for (var j = thread; j < params.size; j += THREADS) {
        if (j != line) {
            let hinge = max(score_of(line, j) - threshold, 0.0);
            let slope = select(0.0, all, hinge > 0.0) + select(0.0, alone, j == worst.place);
            pull(line, j, slope);
            sums += vec4<f32>(hinge, slope, 0.0, 0.0);
        }
    }
    let total = summed(sums, thread);
    if (thread == 0u) {
        pull(line, line, -total.y);
        pay(line, vec3<f32>(all * total.x + params.warmth * most, 0.0, 0.0));
    }
}
