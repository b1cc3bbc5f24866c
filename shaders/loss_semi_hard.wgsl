// The hinge of the hardest negative that scores below the positive (FaceNet, section 3.2).

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let positive = score_of(group.x, group.x);
    pull_one(group.x, hardest(group.x, positive, thread), thread);
}
