// Sums over the 64 threads of a workgroup.

const THREADS: u32 = 64u;

var<workgroup> partial: array<vec4<f32>, 64>;

// The sum of what all threads give, in every thread; all must call it.
fn summed(value: vec4<f32>, thread: u32) -> vec4<f32> {
    partial[thread] = value;
    workgroupBarrier();
    for (var width = THREADS / 2u; width > 0u; width /= 2u) {
        if (thread < width) {
            partial[thread] += partial[thread + width];
        }
        workgroupBarrier();
    }
    let total = partial[0];
    // The next sum overwrites what is read here.
    workgroupBarrier();
    return total;
}
