//! Random numbers that follow from what they are for: the same on any number of threads.

/// A well mixed number for each counter (Chris Wellons's lowbias32), of 32-bit steps that a shader has.
pub fn hash(counter: u32) -> u32 {
    let a = (counter ^ (counter >> 16)).wrapping_mul(0x7feb_352d);
    let b = (a ^ (a >> 15)).wrapping_mul(0x846c_a68b);
    b ^ (b >> 16)
}
