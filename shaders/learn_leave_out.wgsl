// Gives pairs that are neither positive nor negative a score that no loss sees.

struct LeaveOutParams {
    count: u32,
    pairs: u32,    // of the whole similarity
    unused: u32,
    unused_too: u32,
}

@group(0) @binding(0) var<uniform> params: LeaveOutParams;
@group(0) @binding(1) var<storage, read> left_out: array<u32>;
@group(0) @binding(2) var<storage, read_write> scores: array<f32>;

// As in src/compute/train/batch.rs.
const LEFT_OUT: f32 = -1e30;

@compute @workgroup_size(64)
fn main(
    @builtin(global_invocation_id) id: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
) {
    let i = id.x + id.y * groups.x * 64u;
    if (i < params.count) {
        let pair = left_out[i];
        if (pair < params.pairs) {
            scores[pair] = LEFT_OUT;
        }
    }
}
