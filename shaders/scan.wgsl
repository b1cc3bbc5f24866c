// Reads a tile of scores for one direction: counts the negatives that score at least as high as the best positive,
// keeps the k hardest negatives, and sums the hinges. A thread owns a query; the scores lie
// candidate by candidate, so neighbouring threads read neighbouring addresses.

struct ScanParams {
    queries: u32,          // queries in this tile
    candidates: u32,       // candidates in this tile
    first_query: u32,      // number of the tile's first query in all
    first_candidate: u32,  // number of the tile's first candidate in all
    k: u32,                // hardest negatives kept per query; 0 for none
    hinges: u32,           // 1 to sum the hinges
    margin: f32,
    unused: u32,
}

struct Query {
    threshold: f32,   // score of the best positive less the tie tolerance
    positive_from: u32,  // the positives are candidates positive_from .. positive_to
    positive_to: u32,
    pair_from: u32,   // their scores are positives[pair_from .. pair_to]
    pair_to: u32,
    most: f32,        // negatives that score higher are not kept
}

struct State {
    above: u32,
    hardest_index: u32,
    hardest_score: f32,
    hinges: f32,
}

struct Hit {
    score: f32,
    index: u32,
}

// Of one query, by rising score.
struct Positive {
    score: f32,
    excess: f32,   // what this one and those before it score above the lowest, in all
}

@group(0) @binding(0) var<uniform> params: ScanParams;
@group(0) @binding(1) var<storage, read> scores: array<f32>;       // [candidates, queries]
@group(0) @binding(2) var<storage, read> queries: array<Query>;
@group(0) @binding(3) var<storage, read> positives: array<Positive>;
@group(0) @binding(4) var<storage, read_write> states: array<State>;
@group(0) @binding(5) var<storage, read_write> top: array<Hit>;    // [all queries, k], best first

// The hinges of a negative with all positives of a query, in the logarithm of their number.
fn hinges_of(query: Query, score: f32) -> f32 {
    let bar = params.margin + score;
    if (query.pair_from == query.pair_to || bar <= positives[query.pair_from].score) {
        return 0.0;
    }
    // Those below `low` have a hinge, those from `high` on have none.
    var low = query.pair_from + 1u;
    var high = query.pair_to;
    while (low < high) {
        let middle = (low + high) / 2u;
        if (positives[middle].score < bar) {
            low = middle + 1u;
        } else {
            high = middle;
        }
    }
    let count = f32(low - query.pair_from);
    let lowest = positives[query.pair_from].score;
    return max(0.0, count * (bar - lowest) - positives[low - 1u].excess);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if (id.x >= params.queries) {
        return;
    }
    let q = params.first_query + id.x;
    let query = queries[q];
    var state = states[q];
    let list = q * params.k;
    var worst = 0.0;
    if (params.k > 0u) {
        worst = top[list + params.k - 1u].score;
    }
    var hinges = 0.0;
    for (var c = 0u; c < params.candidates; c++) {
        let s = scores[c * params.queries + id.x];
        let candidate = params.first_candidate + c;
        if (candidate >= query.positive_from && candidate < query.positive_to) {
            continue;
        }
        // Candidates come in rising order: a tie keeps the earlier one.
        if (params.k > 0u && s > worst && s <= query.most) {
            var at = list + params.k - 1u;
            while (at > list && s > top[at - 1u].score) {
                top[at] = top[at - 1u];
                at--;
            }
            top[at] = Hit(s, candidate);
            worst = top[list + params.k - 1u].score;
        }
        state.above += select(0u, 1u, s >= query.threshold);
        if (s > state.hardest_score) {
            state.hardest_score = s;
            state.hardest_index = candidate;
        }
        if (params.hinges == 1u) {
            hinges += hinges_of(query, s);
        }
    }
    // One rounding a tile, so that the sum keeps its digits over many tiles.
    state.hinges += hinges;
    states[q] = state;
}
