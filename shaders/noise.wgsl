// Random numbers: Philox 4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"). A thread makes
// four values. src/compute/steps/philox.rs does the same operations in the same order.

@group(0) @binding(1) var<storage, read> keys: array<u32>;  // one per row
@group(0) @binding(2) var<storage, read_write> values: array<f32>;

// Kinds of numbers; else standard normal.
const UNIFORM: u32 = 0u;
const SIGN: u32 = 1u;

// The upper word of a product, from halves of 16 bits.
fn high(a: u32, b: u32) -> u32 {
    let low = (a & 0xffffu) * (b & 0xffffu);
    let left = (a >> 16u) * (b & 0xffffu) + (low >> 16u);
    let right = (a & 0xffffu) * (b >> 16u) + (left & 0xffffu);
    return (a >> 16u) * (b >> 16u) + (left >> 16u) + (right >> 16u);
}

fn philox(from_counter: vec4<u32>, from_key: vec2<u32>) -> vec4<u32> {
    var counter = from_counter;
    var key = from_key;
    for (var round = 0u; round < 10u; round++) {
        counter = vec4<u32>(
            high(0xCD9E8D57u, counter.z) ^ counter.y ^ key.x,
            0xCD9E8D57u * counter.z,
            high(0xD2511F53u, counter.x) ^ counter.w ^ key.y,
            0xD2511F53u * counter.x,
        );
        key += vec2<u32>(0x9E3779B9u, 0xBB67AE85u);
    }
    return counter;
}

// ln(n / 2^24) for n in 1..=2^24, by the series of the inverse hyperbolic tangent.
fn logarithm(n: u32) -> f32 {
    var exponent = firstLeadingBit(n);
    var mantissa = f32(n) / f32(1u << exponent);
    if (mantissa > 1.41421356) {
        mantissa *= 0.5;
        exponent += 1u;
    }
    let s = (mantissa - 1.0) / (mantissa + 1.0);
    let q = s * s;
    let series = 1.0 + q * (1.0 / 3.0 + q * (1.0 / 5.0 + q * (1.0 / 7.0 + q * (1.0 / 9.0))));
    return 2.0 * s * series + (f32(exponent) - 24.0) * 0.69314718;
}

// Sine and cosine of n / 2^24 turns, by Taylor's series within an eighth of a turn of the nearest quarter.
fn turn(n: u32) -> vec2<f32> {
    let quarter = (n + (1u << 21u)) >> 22u;
    let t = f32(i32(n) - i32(quarter << 22u)) * (1.57079633 / 4194304.0);
    let q = t * t;
    let sine = t * (1.0 - q * (1.0 / 6.0 - q * (1.0 / 120.0 - q * (1.0 / 5040.0 - q / 362880.0))));
    let cosine = 1.0 - q * (0.5 - q * (1.0 / 24.0 - q * (1.0 / 720.0 - q * (1.0 / 40320.0))));
    switch quarter & 3u {
        case 0u: {
            return vec2<f32>(sine, cosine);
        }
        case 1u: {
            return vec2<f32>(cosine, -sine);
        }
        case 2u: {
            return vec2<f32>(-sine, -cosine);
        }
        default: {
            return vec2<f32>(-cosine, sine);
        }
    }
}

// Two normal numbers (Box and Muller 1958).
fn normal(a: u32, b: u32) -> vec2<f32> {
    let radius = sqrt(max(-2.0 * logarithm((a >> 8u) + 1u), 0.0));
    return radius * turn(b >> 8u).yx;
}

@compute @workgroup_size(256)
fn main(
    @builtin(global_invocation_id) id: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
) {
    let row = id.y;
    let len = params.channels * params.plane;
    for (var block = id.x; block < params.count; block += groups.x * 256u) {
        let words = philox(vec4<u32>(block, keys[row], params.stream, 0u), params.seed);
        var four: vec4<f32>;
        if (params.kind == UNIFORM) {
            four = vec4<f32>(words >> vec4<u32>(8u)) * (1.0 / 8388608.0) - 1.0;
        } else if (params.kind == SIGN) {
            four = select(vec4<f32>(-1.0), vec4<f32>(1.0), words < vec4<u32>(0x80000000u));
        } else {
            four = vec4<f32>(normal(words.x, words.y), normal(words.z, words.w));
        }
        for (var i = 0u; i < min(4u, len - 4u * block); i++) {
            values[row * len + 4u * block + i] = four[i];
        }
    }
}
