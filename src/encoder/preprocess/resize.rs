//! Resizing and cropping in 8 bits, step by step as Pillow and Hugging Face do.

use super::size::Size;
use super::{Filter, Rounding, convolve};
use std::borrow::Cow;

/// Grey values of RGB pixels, by Pillow's "L" (ITU-R 601-2 luma in 16-bit fixed point).
pub(super) fn luma(rgb: &[u8]) -> Vec<u8> {
    let grey = |p: &[u8]| {
        let [r, g, b] = [p[0], p[1], p[2]].map(u32::from);
        ((r * 19_595 + g * 38_470 + b * 7_471 + 0x8000) >> 16) as u8
    };
    rgb.chunks_exact(3).map(grey).collect()
}

/// `pixels`, `channels` bytes each, brought from one size to the other, as `Image.resize` of Pillow 13 does.
pub(super) fn resize(
    pixels: Cow<'_, [u8]>,
    channels: usize,
    from: Size,
    to: Size,
    filter: Filter,
) -> Cow<'_, [u8]> {
    if filter == Filter::Nearest {
        return nearest(pixels, channels, from, to);
    }
    if height_first(from, to) {
        let between = Size {
            height: to.height,
            width: from.width,
        };
        let pixels = pass(pixels, channels, from, between, filter);
        return pass(pixels, channels, between, to, filter);
    }
    let between = Size {
        height: from.height,
        width: to.width,
    };
    let pixels = pass(pixels, channels, from, between, filter);
    pass(pixels, channels, between, to, filter)
}

/// Is the height changed before the width? Each pass rounds and clips to 8 bits, so their order shows at sharp edges.
/// Pillow takes the width first, from 13.0 on the height where it shrinks by more than twice what the width does (its
/// pull request 9549).
pub(super) fn height_first(from: Size, to: Size) -> bool {
    let [lost_height, lost_width] = [(from.height, to.height), (from.width, to.width)]
        .map(|(a, b)| i64::from(a) - i64::from(b));
    lost_height > 0 && lost_height > 2 * lost_width
}

/// Changes one side at most.
fn pass(
    pixels: Cow<'_, [u8]>,
    channels: usize,
    from: Size,
    to: Size,
    filter: Filter,
) -> Cow<'_, [u8]> {
    if from.width != to.width {
        let row = if channels == 1 {
            convolve::horizontal::<1>
        } else {
            convolve::horizontal::<3>
        };
        Cow::Owned(row(&pixels, from, to.width, filter))
    } else if from.height != to.height {
        let row = from.width as usize * channels;
        Cow::Owned(convolve::vertical(
            &pixels,
            row,
            from.height,
            to.height,
            filter,
        ))
    } else {
        pixels
    }
}

/// The source of each pixel of a line by Pillow's nearest neighbour. It adds the step up in float64, so that ties fall
/// as they do there.
pub(super) fn nearest_line(from: u32, to: u32) -> Vec<usize> {
    let step = f64::from(from) / f64::from(to);
    let mut at = step * 0.5;
    let next = |_| {
        let here = at;
        at += step;
        (here as usize).min(from as usize - 1)
    };
    (0..to).map(next).collect()
}

/// Pillow's nearest neighbour.
fn nearest(pixels: Cow<'_, [u8]>, channels: usize, from: Size, to: Size) -> Cow<'_, [u8]> {
    if from == to {
        return pixels;
    }
    let columns = nearest_line(from.width, to.width);
    let mut out = Vec::with_capacity(to.area() * channels);
    for y in nearest_line(from.height, to.height) {
        let row = &pixels[y * from.width as usize * channels..];
        for x in &columns {
            out.extend_from_slice(&row[x * channels..(x + 1) * channels]);
        }
    }
    Cow::Owned(out)
}

/// Along one side: where the crop starts in the picture, where the picture starts in the crop, and how much they share.
pub(super) fn overlap(from: u32, to: u32, rounding: Rounding) -> (usize, usize, usize) {
    let rest = i64::from(from) - i64::from(to);
    let start = match rounding {
        Rounding::Floor => rest.div_euclid(2),
        // Padding starts at the floor of its half, which is towards zero here.
        Rounding::HalfEven if rest < 0 => rest / 2,
        Rounding::HalfEven => (rest as f64 / 2.0).round_ties_even() as i64,
    };
    (
        start.max(0) as usize,
        (-start).max(0) as usize,
        from.min(to) as usize,
    )
}

/// The centre of `pixels`, as `transformers.image_transforms.center_crop` or torchvision's `CenterCrop`; what lies
/// outside the picture is `fill`.
pub(super) fn centre_crop(
    pixels: Cow<'_, [u8]>,
    channels: usize,
    from: Size,
    to: Size,
    rounding: Rounding,
    fill: u8,
) -> Cow<'_, [u8]> {
    if from == to {
        return pixels;
    }
    let (source_y, target_y, rows) = overlap(from.height, to.height, rounding);
    let (source_x, target_x, columns) = overlap(from.width, to.width, rounding);
    let mut out = vec![fill; to.area() * channels];
    for row in 0..rows {
        let source = ((source_y + row) * from.width as usize + source_x) * channels;
        let target = ((target_y + row) * to.width as usize + target_x) * channels;
        let length = columns * channels;
        out[target..target + length].copy_from_slice(&pixels[source..source + length]);
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::super::Resize;
    use super::*;

    #[test]
    fn an_odd_rest_is_halved_as_each_library_does() {
        // 27 left over: Hugging Face starts at 13, torchvision at 14 (13.5 to even); 25: at 12 both (12.5 to even).
        assert_eq!(overlap(59, 32, Rounding::Floor), (13, 0, 32));
        assert_eq!(overlap(59, 32, Rounding::HalfEven), (14, 0, 32));
        assert_eq!(overlap(57, 32, Rounding::HalfEven), (12, 0, 32));
    }

    #[test]
    fn the_aspect_ratio_is_kept_within_and_over_a_size() {
        let from = Size {
            height: 33,
            width: 50,
        };
        let to = |resize| {
            let size = from.resized(resize).expect("a usual size");
            (size.height, size.width)
        };
        let (height, width) = (32, 32);
        // 33 / (50/32) = 21.12 and 50 / (33/32) = 48.48.
        assert_eq!(to(Resize::Within { height, width }), (21, 32));
        assert_eq!(to(Resize::Cover { height, width }), (32, 48));
        let (height, width) = (32, 48);
        assert_eq!(to(Resize::Cover { height, width }), (32, 48));
    }

    #[test]
    fn a_thread_thin_picture_is_refused() {
        let thin = Size {
            height: 1,
            width: 60_000,
        };
        assert!(
            thin.resized(Resize::ShortestEdge(224))
                .is_err_and(|e| e.to_string().contains("too thin"))
        );
    }

    #[test]
    fn a_crop_larger_than_the_picture_is_padded_with_black() {
        let pixels: Cow<'_, [u8]> = Cow::Owned(vec![1, 2, 3, 4, 5, 6]);
        let (from, to) = (
            Size {
                height: 2,
                width: 3,
            },
            Size {
                height: 3,
                width: 2,
            },
        );
        // Rows: one more than the picture has, so the picture starts at ceil(1/2); columns start at floor(1/2).
        assert_eq!(
            centre_crop(pixels.clone(), 1, from, to, Rounding::Floor, 0).as_ref(),
            [0, 0, 1, 2, 4, 5]
        );
        // torchvision pads at floor(1/2) and crops at round(1/2), which is 0.
        assert_eq!(
            centre_crop(pixels, 1, from, to, Rounding::HalfEven, 7).as_ref(),
            [1, 2, 4, 5, 7, 7]
        );
    }
}
