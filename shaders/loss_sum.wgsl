// The sum of hinges (VSE++ eq. 3): every negative within the margin pulls.

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let line = group.x;
    let threshold = score_of(line, line) - params.margin;
    var sums = vec4<f32>(0.0);
    for (var j = thread; j < params.size; j += THREADS) {
        if (j != line) {
            let hinge = max(score_of(line, j) - threshold, 0.0);
            let on = select(0.0, 1.0, hinge > 0.0);
            pull(line, j, on);
            sums += vec4<f32>(hinge, on, 0.0, 0.0);
        }
    }
    let total = summed(sums, thread);
    if (thread == 0u) {
        pull(line, line, -total.y);
        pay(line, vec3<f32>(total.x, 0.0, 0.0));
    }
}
