// The maximum of hinges (VSE++ eq. 4): the hardest negative alone pulls.

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    pull_one(group.x, hardest(group.x, 3e38, thread), thread);
}
