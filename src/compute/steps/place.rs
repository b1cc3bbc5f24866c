//! Arithmetic of one value: finite perturbations, and sums that rounding does not put outside the ball or the box.

/// Perturbations are clamped here, so that sums stay finite.
const FAR: f32 = 1e30;

/// `x - clean`; 0 where `x` is not a number.
pub fn delta(x: f32, clean: f32) -> f32 {
    let d = x - clean;
    if d.is_nan() { 0.0 } else { d.clamp(-FAR, FAR) }
}

/// `clean + delta`, rounded towards `clean`: what is measured afterwards is at most `|delta|`.
pub fn toward(clean: f32, delta: f32) -> f32 {
    let x = clean + delta;
    let over = (x - clean).abs() > delta.abs() && x != 0.0;
    // The neighbour on clean's side: nearer to zero where x and delta have one sign.
    let bits = x.to_bits();
    let outward = (bits ^ delta.to_bits()) >> 31 == 0;
    let neighbour = bits.wrapping_add(if outward { u32::MAX } else { 1 });
    if over { f32::from_bits(neighbour) } else { x }
}

/// `x` inside the box; `clean` where it is not a number.
pub fn boxed(x: f32, clean: f32, lower: f32, upper: f32) -> f32 {
    let x = if x.is_nan() { clean } else { x };
    x.max(lower).min(upper)
}

/// -1, 0 or 1; 0 for NaN.
pub fn sign(v: f32) -> f32 {
    f32::from(i8::from(v > 0.0) - i8::from(v < 0.0))
}
