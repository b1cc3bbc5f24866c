// Scores by order of all images with all captions. A workgroup makes a block of 16 x 16.

@group(0) @binding(2) var<storage, read_write> scores: array<f32>;

var<workgroup> above: array<array<f32, 16>, 16>;    // [image][entry]
var<workgroup> below: array<array<f32, 16>, 16>;    // [entry][caption]

@compute @workgroup_size(16, 16)
fn main(
    @builtin(global_invocation_id) id: vec3<u32>,
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_id) local: vec3<u32>,
) {
    let caption = group.x * 16u + local.y;
    var sum = 0.0;
    for (var start = 0u; start < params.dim; start += 16u) {
        let k = start + local.x;
        var image_entry = 0.0;
        var caption_entry = 0.0;
        if (k < params.dim && id.y < params.size) {
            image_entry = abs(units[id.y * params.dim + k]);
        }
        if (k < params.dim && caption < params.size) {
            caption_entry = abs(units[(params.size + caption) * params.dim + k]);
        }
        above[local.y][local.x] = image_entry;
        below[local.x][local.y] = caption_entry;
        workgroupBarrier();
        for (var d = 0u; d < 16u; d++) {
            let over = max(below[d][local.x] - above[local.y][d], 0.0);
            sum += over * over;
        }
        workgroupBarrier();
    }
    if (id.x < params.size && id.y < params.size) {
        scores[id.y * params.size + id.x] = -sum;
    }
}
