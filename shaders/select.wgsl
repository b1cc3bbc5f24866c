// The k largest keys of every row, ties by index; a key of 0 is never chosen. A workgroup owns a row and finds the
// k-th largest key digit by digit, from a histogram of the keys that share the digits found so far.

@group(0) @binding(1) var<storage, read_write> rows: array<RowState>;
@group(0) @binding(2) var<storage, read> keys: array<u32>;  // [rows, count]

var<workgroup> positive: atomic<u32>;
var<workgroup> histogram: array<atomic<u32>, 256>;
var<workgroup> prefix: u32;
var<workgroup> need: u32;    // keys still to choose among those with the prefix
var<workgroup> ties: array<u32, 256>;
var<workgroup> cutoff: u32;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) index: u32) {
    let base = group.x * params.count;
    var mine = 0u;
    for (var i = index; i < params.count; i += 256u) {
        mine += select(0u, 1u, keys[base + i] > 0u);
    }
    atomicAdd(&positive, mine);
    if (index == 0u) {
        need = params.k;
    }
    workgroupBarrier();
    let all = atomicLoad(&positive);
    var mask = 0u;
    for (var digit = 0u; digit < 4u; digit++) {
        let shift = 24u - 8u * digit;
        atomicStore(&histogram[index], 0u);
        workgroupBarrier();
        let shared_digits = prefix;
        for (var i = index; i < params.count; i += 256u) {
            let key = keys[base + i];
            if ((key & mask) == shared_digits) {
                atomicAdd(&histogram[(key >> shift) & 255u], 1u);
            }
        }
        workgroupBarrier();
        if (index == 0u) {
            var bin = 255u;
            var left = need;
            while (bin > 0u && atomicLoad(&histogram[bin]) < left) {
                left -= atomicLoad(&histogram[bin]);
                bin--;
            }
            need = left;
            prefix |= bin << shift;
        }
        workgroupBarrier();
        mask |= 255u << shift;
    }
    // Finds the last tie that is still chosen: each thread counts those of its own run of keys.
    let threshold = prefix;
    let run = (params.count + 255u) / 256u;
    let first = min(index * run, params.count);
    let end = min(first + run, params.count);
    var equal = 0u;
    for (var i = first; i < end; i++) {
        equal += select(0u, 1u, keys[base + i] == threshold);
    }
    ties[index] = equal;
    workgroupBarrier();
    var before = 0u;
    for (var t = 0u; t < index; t++) {
        before += ties[t];
    }
    if (before < need && before + equal >= need) {
        var i = first;
        var left = need - before;
        while (i < end) {
            if (keys[base + i] == threshold) {
                left--;
                if (left == 0u) {
                    break;
                }
            }
            i++;
        }
        cutoff = i + 1u;
    }
    workgroupBarrier();
    if (index == 0u) {
        if (all <= params.k) {
            rows[group.x].threshold = 0u;
            rows[group.x].cutoff = 0u;
            rows[group.x].chosen = all;
        } else if (params.k == 0u) {
            rows[group.x].threshold = 0xffffffffu;
            rows[group.x].cutoff = 0u;
            rows[group.x].chosen = 0u;
        } else {
            rows[group.x].threshold = threshold;
            rows[group.x].cutoff = cutoff;
            rows[group.x].chosen = params.k;
        }
    }
}
