//! The random draws that say which way, and how far, each copy of a picture is changed.

/// Values of a copy's draw: the turn, the move along the width and along the height, the size, the brightness, the colour and
/// the blur; each uniform from -1 to 1. It is multiplied by the magnitude; of the blur's only the size counts.
pub const DRAWS: usize = 7;

/// Draws of `copies` copies of each of `pictures` pictures, `[pictures, copies, 7]`. The copies of a picture come in pairs, of
/// which the second is the first with all signs turned (antithetic draws): what is linear in a change then cancels within a
/// pair instead of only on average. A last one without a partner stands alone.
pub fn draws(random: &mut fastrand::Rng, pictures: usize, copies: usize) -> Vec<f32> {
    let mut all = Vec::with_capacity(pictures * copies * DRAWS);
    for _ in 0..pictures {
        let mut first = [0.0_f32; DRAWS];
        for copy in 0..copies {
            if copy % 2 == 0 {
                first = std::array::from_fn(|_| 2.0 * random.f32() - 1.0);
                all.extend(first);
            } else {
                all.extend(first.map(|value| -value));
            }
        }
    }
    all
}

/// The draws that an averaged embedding goes by: `count` of them, `[count, 7]`, the same for every picture.
pub fn kept_draws(count: usize) -> Vec<f32> {
    draws(&mut fastrand::Rng::with_seed(0x5eed_a06e), 1, count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_of_draws_cancel() {
        let all = draws(&mut fastrand::Rng::with_seed(1), 3, 5);
        assert_eq!(all.len(), 3 * 5 * DRAWS);
        assert!(all.iter().all(|value| (-1.0..=1.0).contains(value)));
        for picture in all.chunks(5 * DRAWS) {
            for value in 0..DRAWS {
                assert_eq!(picture[value], -picture[DRAWS + value]);
                assert_eq!(picture[2 * DRAWS + value], -picture[3 * DRAWS + value]);
            }
        }
        assert_ne!(all[..DRAWS], all[5 * DRAWS..6 * DRAWS]);
        // More draws begin with the fewer.
        assert_eq!(kept_draws(4), kept_draws(8)[..4 * DRAWS]);
    }
}
