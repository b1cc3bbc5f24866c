//! What two pictures are compared by: all their pixels, and what they look like from afar.

use crate::dataset::{Image, Picture};
use crate::error::Result;
use crate::task::{Task, contained};
use rayon::prelude::*;

/// Pictures are compared scaled to so many rows and columns, whatever their shape.
pub const SIDE: usize = 16;

/// Values of a picture seen from afar: `SIDE` x `SIDE` colours.
pub const THUMB: usize = 3 * SIDE * SIDE;

/// The largest difference of pictures that are nearly equal, as a share of the contrast.
pub const NEAR: f32 = 0.1;

/// The contrast of pictures that have less, in levels of 255: noise is no contrast.
const FLAT: f32 = 10.0;

/// Parts per side that are compared first.
const PARTS: usize = 2;

/// Pictures between two looks at whether it was cancelled. Small, since other work waits for the threads meanwhile.
const STRIDE: usize = 32;

/// A picture as it is compared with others.
#[derive(Debug, Clone, PartialEq)]
pub struct Look {
    /// BLAKE3 of its size and all its pixels.
    pub pixels: [u8; 32],
    /// The picture scaled to `SIDE` x `SIDE` by area, RGB.
    small: [u8; THUMB],
    /// The means of its quarters, in levels, by quarter and colour.
    coarse: [f32; 3 * PARTS * PARTS],
    /// The mean of all values, in levels of 255.
    pub mean: f32,
    /// How far the values lie from the mean of their colour, root mean square, in levels; [`FLAT`] at least.
    pub contrast: f32,
}

impl Look {
    /// Looks at `picture`.
    pub fn of(picture: &Picture) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&picture.width.to_le_bytes());
        hasher.update(&picture.height.to_le_bytes());
        hasher.update(&picture.rgb);
        let scaled = picture.scaled_by_area(SIDE as u32, SIDE as u32);
        let mut small = [0; THUMB];
        for (to, from) in small.iter_mut().zip(&scaled.rgb) {
            *to = *from;
        }
        Self::new(*hasher.finalize().as_bytes(), small)
    }

    /// From the hash of all pixels and the scaled picture.
    pub fn new(pixels: [u8; 32], small: [u8; THUMB]) -> Self {
        let mut coarse = [0.0; 3 * PARTS * PARTS];
        for (at, &value) in small.iter().enumerate() {
            let (y, x, colour) = (at / 3 / SIDE, at / 3 % SIDE, at % 3);
            let part = y * PARTS / SIDE * PARTS + x * PARTS / SIDE;
            coarse[3 * part + colour] += f32::from(value);
        }
        let each = (SIDE / PARTS * SIDE / PARTS) as f32;
        for sum in &mut coarse {
            *sum /= each;
        }
        let means: [f32; 3] = std::array::from_fn(|colour| {
            let parts = coarse.iter().skip(colour).step_by(3);
            parts.sum::<f32>() / (PARTS * PARTS) as f32
        });
        let apart = small.iter().enumerate().map(|(at, &value)| {
            let apart = f32::from(value) - means[at % 3];
            apart * apart
        });
        let contrast = (apart.sum::<f32>() / THUMB as f32).sqrt();
        Self {
            pixels,
            small,
            coarse,
            mean: means.iter().sum::<f32>() / 3.0,
            contrast: contrast.max(FLAT),
        }
    }

    /// The difference of two pictures scaled to `SIDE` x `SIDE`, root mean square over all values, as a share of the
    /// smaller of their contrasts (the root mean square of a picture's values less the mean of their colour, ten levels
    /// of 255 at least).
    pub fn difference(&self, other: &Self) -> f32 {
        let squares = self.small.iter().zip(&other.small).map(|(&a, &b)| {
            let apart = i32::from(a) - i32::from(b);
            (apart * apart) as u32
        });
        let apart = (squares.sum::<u32>() as f32 / THUMB as f32).sqrt();
        apart / self.contrast.min(other.contrast)
    }

    /// Can they differ by `levels`, root mean square, or less? The means of their quarters differ by no more than they do.
    pub fn can_be_within(&self, other: &Self, levels: f32) -> bool {
        let squares = self.coarse.iter().zip(&other.coarse);
        let sum: f32 = squares.map(|(a, b)| (a - b) * (a - b)).sum();
        sum <= levels * levels * self.coarse.len() as f32 * 1.001
    }
}

/// What images look like.
pub struct Seen {
    /// One for each image; `None` where there is none to see.
    pub looks: Vec<Option<Look>>,
    /// Images without a picture.
    pub unseen: usize,
    /// Images whose picture cannot be read, and why.
    pub unread: Vec<(u32, String)>,
}

/// Looks at all `images`; adds one to the progress for each.
///
/// # Errors
/// Cancellation.
pub fn looks(images: &[Image], task: &Task) -> Result<Seen> {
    let mut seen = Seen {
        looks: Vec::with_capacity(images.len()),
        unseen: images.iter().filter(|i| i.picture.is_none()).count(),
        unread: Vec::new(),
    };
    for part in images.chunks(STRIDE) {
        task.check()?;
        let looks: Vec<Option<Result<Look, String>>> = part
            .par_iter()
            .map(|image| {
                image.picture.as_ref()?;
                let look = (!task.is_cancelled()).then(|| look(image));
                task.add(1);
                look
            })
            .collect();
        for look in looks {
            let row = seen.looks.len() as u32;
            seen.looks.push(match look {
                Some(Ok(look)) => Some(look),
                Some(Err(why)) => {
                    seen.unread.push((row, why));
                    None
                }
                None => None,
            });
        }
    }
    task.check()?;
    Ok(seen)
}

fn look(image: &Image) -> Result<Look, String> {
    // A fault costs one picture.
    let look = contained(|| {
        let bytes = image.bytes()?;
        // Held until it is scaled: this thread is one of several.
        let (picture, _held) = Picture::decode_held(&bytes, &image.place())?;
        Ok(Look::of(&picture))
    });
    match look {
        Ok(look) => look.map_err(|error: crate::error::Error| error.cause()),
        Err(why) => Err(format!("cannot be decoded: {why}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(side: u32, of: impl Fn(u32, u32) -> [u8; 3]) -> Picture {
        let all = (0..side).flat_map(|y| (0..side).map(move |x| (x, y)));
        Picture {
            width: side,
            height: side,
            rgb: all.flat_map(|(x, y)| of(x, y)).collect(),
        }
    }

    #[test]
    fn another_size_and_faint_noise_are_near_and_another_scene_is_not() {
        let scene = |of: u32, by: i32| {
            move |x: u32, y: u32| {
                let value = (x * 256 / of) as i32 / 2 + if y > of / 2 { 90 } else { 0 };
                [(value + by) as u8, (value / 2) as u8, 30]
            }
        };
        let whole = Look::of(&picture(64, scene(64, 0)));
        let double = Look::of(&picture(128, scene(128, 0)));
        let noisy = Look::of(&picture(64, |x, y| scene(64, ((x + y) % 3) as i32)(x, y)));
        let turned = Look::of(&picture(64, |x, y| scene(64, 0)(y, x)));
        assert!(whole.pixels != double.pixels && whole.pixels != noisy.pixels);
        assert!(whole.difference(&double) < NEAR);
        assert!(whole.difference(&noisy) < NEAR);
        assert!(whole.difference(&turned) > 5.0 * NEAR);
    }

    #[test]
    fn the_difference_is_a_share_of_the_contrast() {
        // Half black, half white: contrast 127.5; one with 10 levels less in the white half.
        let half = |white: u8| move |_: u32, y: u32| if y < 8 { [0; 3] } else { [white; 3] };
        let a = Look::of(&picture(16, half(255)));
        let b = Look::of(&picture(16, half(245)));
        assert!((a.contrast - 127.5).abs() < 1e-3 && (b.contrast - 122.5).abs() < 1e-3);
        let expected = (50.0_f32).sqrt() / 122.5;
        assert!((a.difference(&b) - expected).abs() < 1e-5);
        assert_eq!(a.difference(&b), b.difference(&a));
    }
}
