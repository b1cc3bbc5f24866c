// One step of an optimizer, a thread for each weight: the arithmetic of src/compute/train/step.rs.

struct UpdateParams {
    count: u32,      // weights and scalars
    scalars: u32,    // where the scalars begin
    adam: u32,       // 0: descent with momentum; 1: Adam; 2: AMSGrad
    trained: u32,    // 1: the scalars too
    rate: f32,
    second: f32,
    kept: f32,
    decay: f32,
    beta: vec2<f32>,
    share: vec2<f32>,
    epsilon: f32,
    clip: f32,       // largest norm of the gradient; below 0 for any
    highest: f32,    // largest logarithm of the scale
    unused: u32,
}

@group(0) @binding(0) var<uniform> params: UpdateParams;
@group(0) @binding(1) var<storage, read> gradient: array<f32>;
@group(0) @binding(2) var<storage, read> squares: array<f32>;            // the squared norm of the gradient
@group(0) @binding(3) var<storage, read_write> weights: array<f32>;
@group(0) @binding(4) var<storage, read_write> first: array<f32>;
@group(0) @binding(5) var<storage, read_write> second: array<f32>;
@group(0) @binding(6) var<storage, read_write> most: array<f32>;         // the largest that the second was

@compute @workgroup_size(256)
fn main(
    @builtin(global_invocation_id) id: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
) {
    let i = id.x + id.y * groups.x * 256u;
    let is_scalar = i >= params.scalars;
    if (i >= params.count || (is_scalar && params.trained == 0u)) {
        return;
    }
    let decay = select(params.decay, 0.0, is_scalar);
    let kept = select(params.kept, 1.0, is_scalar);
    var slope = gradient[i];
    if (params.clip >= 0.0) {
        let norm = sqrt(squares[0]);
        if (norm > params.clip) {
            slope *= params.clip / norm;
        }
    }
    var weight = weights[i];
    slope += decay * weight;
    if (params.adam >= 1u) {
        let mean = params.beta.x * first[i] + params.share.x * slope;
        let square = params.beta.y * second[i] + params.share.y * slope * slope;
        first[i] = mean;
        second[i] = square;
        var divisor = square;
        if (params.adam == 2u) {
            divisor = max(most[i], square);
            most[i] = divisor;
        }
        weight = kept * weight - params.rate * mean / (sqrt(divisor) * params.second + params.epsilon);
    } else {
        let momentum = params.beta.x * first[i] + slope;
        first[i] = momentum;
        weight -= params.rate * momentum;
    }
    if (i == params.scalars) {
        weight = min(weight, params.highest);
    }
    weights[i] = weight;
}
