// The soft threshold of the projection onto the l1 ball: theta with sum max(|delta| - theta, 0) = radius, by Newton's
// method on the convex sum, which comes from below and needs no sorting (Michelot 1986; Condat 2016, section 2). A
// workgroup owns a row. A row that is inside already gets the scale 1, every other a smaller one.

@group(0) @binding(1) var<storage, read_write> rows: array<RowState>;
@group(0) @binding(2) var<storage, read> z: array<f32>;
@group(0) @binding(3) var<storage, read> clean: array<f32>;

const ROUNDS: u32 = 64u;            // it takes about ten
const RUN: u32 = 32u;               // values summed before a rounding of the whole

var<workgroup> parts: array<vec2<f32>, 256>;  // sum and number of what is above the threshold
var<workgroup> theta: f32;
var<workgroup> done: u32;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) index: u32) {
    let len = params.channels * params.plane;
    let base = group.x * len;
    var round = 0u;
    loop {
        let threshold = workgroupUniformLoad(&theta);
        var sum = vec2<f32>(0.0);
        var run = vec2<f32>(0.0);
        var n = 0u;
        for (var i = index; i < len; i += 256u) {
            let more = max(abs(delta(z[base + i], clean[base + i])) - threshold, 0.0);
            run += vec2<f32>(more, select(0.0, 1.0, more > 0.0));
            n++;
            if (n == RUN) {
                sum += run;
                run = vec2<f32>(0.0);
                n = 0u;
            }
        }
        parts[index] = sum + run;
        workgroupBarrier();
        for (var half = 128u; half > 0u; half /= 2u) {
            if (index < half) {
                parts[index] += parts[index + half];
            }
            workgroupBarrier();
        }
        if (index == 0u) {
            let above = parts[0].x;
            let next = threshold + (above - params.radius) / max(parts[0].y, 1.0);
            if (above <= params.radius || next <= threshold || round + 1u == ROUNDS) {
                done = 1u;
                let shrink = select(1.0, params.radius / above, above > params.radius);
                let inside = round == 0u && above <= params.radius;
                rows[group.x].theta = threshold;
                rows[group.x].scale = select(shrink * INSIDE, 1.0, inside);
            } else {
                theta = next;
            }
        }
        round++;
        if (workgroupUniformLoad(&done) == 1u) {
            break;
        }
    }
}
