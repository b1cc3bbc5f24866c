// Shared by the losses of training: a workgroup reads one line of the similarity, the scores of a query against all
// candidates of a batch, of which the positive has the query's own number. src/compute/gpu/train/lines.rs has the same
// layouts.

struct LineParams {
    size: u32,       // lines, and candidates of each
    columns: u32,    // 1: lines are columns of the similarity, and add to the gradient; 0: rows, which overwrite it
    scalars: u32,    // where the logarithm of the scale stands among the weights; the offset is next to it
    unused: u32,
    margin: f32,
    warmth: f32,
    share: f32,      // what a line's gradient is multiplied by: 1 / size
    unused_too: u32,
}

@group(0) @binding(0) var<uniform> params: LineParams;
@group(0) @binding(1) var<storage, read> scores: array<f32>;            // [size, size], images by texts
@group(0) @binding(2) var<storage, read> weights: array<f32>;
@group(0) @binding(3) var<storage, read_write> gradient: array<f32>;    // by the scores
// Losses of rows, then columns; then their derivatives by the logarithm of the scale, then by the offset.
@group(0) @binding(4) var<storage, read_write> costs: array<f32>;

// Where candidate `j` of a line stands in the similarity.
fn place_of(line: u32, j: u32) -> u32 {
    return select(line * params.size + j, j * params.size + line, params.columns == 1u);
}

fn score_of(line: u32, j: u32) -> f32 {
    return scores[place_of(line, j)];
}

// What scores are multiplied by.
fn scale_of_scores() -> f32 {
    return exp(weights[params.scalars]);
}

// Notes the derivative of a line's loss by the score of candidate `j`; each is noted once.
fn pull(line: u32, j: u32, slope: f32) {
    let place = place_of(line, j);
    if (params.columns == 1u) {
        gradient[place] += slope * params.share;
    } else {
        gradient[place] = slope * params.share;
    }
}

// Notes what a line costs: loss, derivative by the logarithm of the scale, derivative by the offset.
fn pay(line: u32, cost: vec3<f32>) {
    let lines = 2u * params.size;
    let place = params.columns * params.size + line;
    costs[place] = cost.x;
    costs[lines + place] = cost.y;
    costs[2u * lines + place] = cost.z;
}
