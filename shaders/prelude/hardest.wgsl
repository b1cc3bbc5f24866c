// Shared by the losses that look for the hardest negative of a line.

struct Candidate {
    score: f32,
    place: u32,    // the number of candidates where there is none
}

var<workgroup> leading: array<Candidate, 64>;

// The best-scoring candidate of a line that is no positive and scores below `below`, the first of equals, in every
// thread; all must call it, once.
fn hardest(line: u32, below: f32, thread: u32) -> Candidate {
    var best = Candidate(-3e38, params.size);
    for (var j = thread; j < params.size; j += THREADS) {
        let score = score_of(line, j);
        if (score > best.score && score < below && j != line) {
            best = Candidate(score, j);
        }
    }
    leading[thread] = best;
    workgroupBarrier();
    for (var width = THREADS / 2u; width > 0u; width /= 2u) {
        if (thread < width) {
            let other = leading[thread + width];
            let own = leading[thread];
            if (other.score > own.score || (other.score == own.score && other.place < own.place)) {
                leading[thread] = other;
            }
        }
        workgroupBarrier();
    }
    return leading[0];
}

// By how much a candidate exceeds what a positive that scores `positive` keeps it to; 0 where there is none.
fn excess(candidate: Candidate, positive: f32) -> f32 {
    if (candidate.place == params.size) {
        return 0.0;
    }
    return max(params.margin + candidate.score - positive, 0.0);
}

// A line that costs the hinge of one candidate.
fn pull_one(line: u32, candidate: Candidate, thread: u32) {
    let hinge = excess(candidate, score_of(line, line));
    let on = select(0.0, 1.0, hinge > 0.0);
    for (var j = thread; j < params.size; j += THREADS) {
        pull(line, j, select(0.0, on, j == candidate.place) - select(0.0, on, j == line));
    }
    if (thread == 0u) {
        pay(line, vec3<f32>(hinge, 0.0, 0.0));
    }
}
