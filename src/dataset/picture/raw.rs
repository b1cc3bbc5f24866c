//! Pixels as decoders give them, made RGB8 where they lie: a second copy of a large picture is more memory than it needs.

use image::ColorType;

/// Is a pixel of this type an RGB8 pixel, or can it be made one in its own place?
pub fn narrows(colour: ColorType) -> bool {
    layout(colour).is_some()
}

/// Channels, and bytes of each.
fn layout(colour: ColorType) -> Option<(usize, usize)> {
    match colour {
        ColorType::Rgb8 => Some((3, 1)),
        ColorType::Rgba8 => Some((4, 1)),
        ColorType::Rgb16 => Some((3, 2)),
        ColorType::Rgba16 => Some((4, 2)),
        _ => None,
    }
}

/// Makes `raw`, pixels of type `colour` in the machine's own order of bytes, RGB8: alpha is dropped, 16 bits are rounded
/// to 8.
pub fn narrow(raw: &mut Vec<u8>, colour: ColorType) {
    let Some((channels, width)) = layout(colour).filter(|l| *l != (3, 1)) else {
        return;
    };
    let pixels = raw.len() / (channels * width);
    for pixel in 0..pixels {
        for channel in 0..3 {
            let at = (pixel * channels + channel) * width;
            raw[pixel * 3 + channel] = match width {
                1 => raw[at],
                _ => eight(u16::from_ne_bytes([raw[at], raw[at + 1]])),
            };
        }
    }
    raw.truncate(pixels * 3);
    raw.shrink_to_fit();
}

/// `value / 65535` in steps of 1/255, rounded.
fn eight(value: u16) -> u8 {
    ((u32::from(value) + 128) / 257) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_are_narrowed_in_their_place() {
        let deep = [0_u16, 32_768, 65_535, 7, 129, 128, 385, 65_535];
        let mut raw: Vec<u8> = deep.iter().flat_map(|v| v.to_ne_bytes()).collect();
        narrow(&mut raw, ColorType::Rgba16);
        // 32768 / 257 = 127.5, 129 / 257 = 0.502, 128 / 257 = 0.498, 385 / 257 = 1.498.
        assert_eq!(raw, [0, 128, 255, 1, 0, 1]);
        let mut raw = vec![1, 2, 3, 255, 4, 5, 6, 0];
        narrow(&mut raw, ColorType::Rgba8);
        assert_eq!(raw, [1, 2, 3, 4, 5, 6]);
        assert!(!narrows(ColorType::L8) && narrows(ColorType::Rgb8));
    }
}
