// Discrete Fourier transform of many lines of at most 1024 values, each within one workgroup: Stockham's autosort
// with radices 2, 3, 4, 5 and 7, and a plain sum for other prime factors. A line may be a row or a column of a
// picture. The inverse is the same transform with real and imaginary parts swapped on both ends.

struct FftParams {
    length: u32,      // n, values of a line
    lines: u32,
    together: u32,    // lines of a workgroup: length * together <= 1024
    stages: u32,
    inner: u32,       // line l begins at (l / inner) * outer + l % inner
    outer: u32,
    stride: u32,      // between the values of a line
    inverse: u32,     // 1 to swap real and imaginary parts
    real_in: u32,     // 1 where the source holds real numbers
    real_out: u32,    // 1 where the target takes the real parts alone
    scale: f32,
    unused: u32,
    radices: array<vec4<u32>, 2>,   // their product is n
}

const THREADS: u32 = 256u;
const HALF: u32 = 1024u;

@group(0) @binding(0) var<uniform> params: FftParams;

// The values before and after a stage.
var<workgroup> held: array<vec2<f32>, 2048>;

// -i z
fn turned(z: vec2<f32>) -> vec2<f32> {
    return vec2<f32>(z.y, -z.x);
}

// Line and place in it of element e of a group of `here` lines; neighbouring threads touch neighbouring addresses.
fn line_and_place(e: u32, here: u32) -> vec2<u32> {
    if (params.stride == 1u) {
        return vec2<u32>(e / params.length, e % params.length);
    }
    return vec2<u32>(e % here, e / here);
}

fn address(line: u32, i: u32) -> u32 {
    return line / params.inner * params.outer + line % params.inner + i * params.stride;
}

// Where one butterfly reads and writes.
struct Spot {
    begin: u32,   // its first input
    gap: u32,     // between inputs
    turn: u32,    // table entries between the twiddles of successive inputs
    to: u32,      // its first output
    l: u32,       // between outputs
}

fn input(s: Spot, q: u32) -> vec2<f32> {
    return times(held[s.begin + q * s.gap], roots[q * s.turn]);
}

fn two(s: Spot) {
    let a = held[s.begin];
    let b = input(s, 1u);
    held[s.to] = a + b;
    held[s.to + s.l] = a - b;
}

fn three(s: Spot) {
    let v = held[s.begin];
    let x = input(s, 1u);
    let y = input(s, 2u);
    let a = x + y;
    let even = v - 0.5 * a;
    let odd = 0.866025404 * turned(x - y);
    held[s.to] = v + a;
    held[s.to + s.l] = even + odd;
    held[s.to + 2u * s.l] = even - odd;
}

fn four(s: Spot) {
    let v = held[s.begin];
    let x = input(s, 1u);
    let y = input(s, 2u);
    let z = input(s, 3u);
    let even = v + y;
    let odd = v - y;
    let sum = x + z;
    let difference = turned(x - z);
    held[s.to] = even + sum;
    held[s.to + s.l] = odd + difference;
    held[s.to + 2u * s.l] = even - sum;
    held[s.to + 3u * s.l] = odd - difference;
}

fn five(s: Spot) {
    let v = held[s.begin];
    let p = input(s, 1u);
    let q = input(s, 2u);
    let r = input(s, 3u);
    let t = input(s, 4u);
    let a1 = p + t;
    let a2 = q + r;
    let b1 = turned(p - t);
    let b2 = turned(q - r);
    let even1 = v + 0.309016994 * a1 - 0.809016994 * a2;
    let even2 = v - 0.809016994 * a1 + 0.309016994 * a2;
    let odd1 = 0.951056516 * b1 + 0.587785252 * b2;
    let odd2 = 0.587785252 * b1 - 0.951056516 * b2;
    held[s.to] = v + a1 + a2;
    held[s.to + s.l] = even1 + odd1;
    held[s.to + 2u * s.l] = even2 + odd2;
    held[s.to + 3u * s.l] = even2 - odd2;
    held[s.to + 4u * s.l] = even1 - odd1;
}

fn seven(s: Spot) {
    let v = held[s.begin];
    let x1 = input(s, 1u);
    let x2 = input(s, 2u);
    let x3 = input(s, 3u);
    let x4 = input(s, 4u);
    let x5 = input(s, 5u);
    let x6 = input(s, 6u);
    let a1 = x1 + x6;
    let a2 = x2 + x5;
    let a3 = x3 + x4;
    let b1 = turned(x1 - x6);
    let b2 = turned(x2 - x5);
    let b3 = turned(x3 - x4);
    let even1 = v + 0.623489802 * a1 - 0.222520934 * a2 - 0.900968868 * a3;
    let even2 = v - 0.222520934 * a1 - 0.900968868 * a2 + 0.623489802 * a3;
    let even3 = v - 0.900968868 * a1 + 0.623489802 * a2 - 0.222520934 * a3;
    let odd1 = 0.781831482 * b1 + 0.974927912 * b2 + 0.433883739 * b3;
    let odd2 = 0.974927912 * b1 - 0.433883739 * b2 - 0.781831482 * b3;
    let odd3 = 0.433883739 * b1 - 0.781831482 * b2 + 0.974927912 * b3;
    held[s.to] = v + a1 + a2 + a3;
    held[s.to + s.l] = even1 + odd1;
    held[s.to + 2u * s.l] = even2 + odd2;
    held[s.to + 3u * s.l] = even3 + odd3;
    held[s.to + 4u * s.l] = even3 - odd3;
    held[s.to + 5u * s.l] = even2 - odd2;
    held[s.to + 6u * s.l] = even1 - odd1;
}

// Output p of a transform of any length r.
fn plain(s: Spot, r: u32, p: u32) {
    let n = params.length;
    let step = s.turn + p * s.gap;
    var at = 0u;
    var total = vec2<f32>(0.0);
    // Sums of sixteen, then their sum: half the digits of a long sum would go.
    for (var q = 0u; q < r;) {
        var part = vec2<f32>(0.0);
        let end = min(q + 16u, r);
        for (; q < end; q++) {
            part += times(held[s.begin + q * s.gap], roots[at]);
            at += step;
            at -= select(0u, n, at >= n);
        }
        total += part;
    }
    held[s.to + p * s.l] = total;
}

@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let n = params.length;
    let first = min((group.y * groups.x + group.x) * params.together, params.lines);
    let here = min(params.together, params.lines - first);
    for (var e = thread; e < here * n; e += THREADS) {
        let at = line_and_place(e, here);
        let i = address(first + at.x, at.y);
        held[at.x * n + at.y] = swapped(load(i), params.inverse);
    }
    workgroupBarrier();
    var base = 0u;
    var l = 1u;   // length of the transforms so far
    for (var stage = 0u; stage < params.stages; stage++) {
        let r = params.radices[stage / 4u][stage % 4u];
        let gap = n / r;
        let one_thread = r <= 5u || r == 7u;
        let work = here * select(n, gap, one_thread);
        for (var e = thread; e < work; e += THREADS) {
            // Butterfly j of a line and, for the plain sum, its output p.
            let j = e % gap;
            let rest = e / gap;
            let line = select(rest / r, rest, one_thread);
            let k = j % l;
            let s = Spot(base + line * n + j, gap, k * (gap / l), HALF - base + line * n + (j - k) * r + k, l);
            switch (r) {
                case 2u: { two(s); }
                case 3u: { three(s); }
                case 4u: { four(s); }
                case 5u: { five(s); }
                case 7u: { seven(s); }
                default: { plain(s, r, rest % r); }
            }
        }
        workgroupBarrier();
        base = HALF - base;
        l *= r;
    }
    for (var e = thread; e < here * n; e += THREADS) {
        let at = line_and_place(e, here);
        let i = address(first + at.x, at.y);
        let value = params.scale * held[base + at.x * n + at.y];
        store(i, swapped(value, params.inverse));
    }
}
