//! JPEG by libjpeg, so that every pixel is the one that Pillow and `PyTorch`'s loaders give a model in training.

use crate::task::contained;

/// RGB8 pixels, row by row; `None` for a colour space (CMYK) or damage that is left to the general decoder.
pub fn decode(bytes: &[u8]) -> Option<Vec<u8>> {
    // The library reports fatal errors by unwinding.
    let decoded = contained(|| {
        let mut started = mozjpeg::Decompress::new_mem(bytes).ok()?.rgb().ok()?;
        let rows: Vec<[u8; 3]> = started.read_scanlines().ok()?;
        started.finish().ok()?;
        Some(rows)
    });
    Some(decoded.ok()??.into_flattened())
}

/// Does an end marker follow the last scan? Inside a scan every 0xFF is followed by 0x00 or a restart marker
/// (ITU-T T.81, B.1.1.5), so an end marker there is a real one, never one of an embedded preview.
pub fn is_complete(bytes: &[u8]) -> bool {
    const END: u8 = 0xD9;
    let mut at = 2;
    loop {
        // Entropy-coded data, or padding, up to the next marker.
        let Some(found) = bytes
            .get(at..)
            .and_then(|rest| rest.iter().position(|&b| b == 0xFF))
        else {
            return false;
        };
        at += found + 1;
        let Some(&marker) = bytes.get(at) else {
            return false;
        };
        match marker {
            // A second 0xFF is filler before a marker: look at it again.
            0xFF => {}
            END => return true,
            // Stuffing, restart and other markers that stand alone.
            0x00 | 0x01 | 0xD0..=0xD8 => at += 1,
            _ => {
                let Some(&[high, low]) = bytes.get(at + 1..at + 3) else {
                    return false;
                };
                at += 1 + usize::from(u16::from_be_bytes([high, low]));
            }
        }
    }
}

/// Is it written in several scans, all of which a decoder keeps until the last?
pub fn is_progressive(bytes: &[u8]) -> bool {
    let mut at = 2;
    while let Some(&[0xFF, marker, high, low]) = bytes.get(at..at + 4) {
        match marker {
            0xC0..=0xC1 | 0xC3 | 0xDA => return false,
            0xC2 | 0xC6 | 0xCA | 0xCE => return true,
            0xFF => at += 1,
            _ => at += 2 + usize::from(u16::from_be_bytes([high, low])),
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_jpeg_is_found_after_its_scan_only() {
        let header = [
            0xFF, 0xD8, 0xFF, 0xE1, 0, 4, 0xFF, 0xD9, 0xFF, 0xDA, 0, 3, 1,
        ];
        let scan = [9, 0xFF, 0x00, 0xFF, 0xD0, 7];
        let whole = [&header[..], &scan, &[0xFF, 0xD9]].concat();
        assert!(is_complete(&whole));
        for cut in 2..whole.len() {
            assert!(!is_complete(&whole[..cut]), "cut at {cut}");
        }
    }
    #[test]
    fn scans_that_follow_each_other_are_seen() {
        let head = |frame: u8| [0xFF, 0xD8, 0xFF, 0xE0, 0, 4, 1, 1, 0xFF, frame, 0, 3, 1];
        assert!(is_progressive(&head(0xC2)) && !is_progressive(&head(0xC0)));
        assert!(!is_progressive(&[0xFF, 0xD8]) && !is_progressive(b""));
    }
}
