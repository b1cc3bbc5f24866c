//! Normal variates.

/// A standard normal variate (Box and Muller 1958).
pub fn normal(random: &mut fastrand::Rng) -> f64 {
    let angle = std::f64::consts::TAU * random.f64();
    (-2.0 * above_zero(random).ln()).sqrt() * angle.cos()
}

/// Uniform in (0, 1].
pub fn above_zero(random: &mut fastrand::Rng) -> f64 {
    1.0 - random.f64()
}
