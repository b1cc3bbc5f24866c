//! JPEG by libjpeg, so that every pixel is the one that Pillow and `PyTorch`'s loaders give a model in training.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// RGB8 pixels, row by row; `None` for a colour space (CMYK) or damage that is left to the general decoder.
pub fn decode(bytes: &[u8]) -> Option<Vec<u8>> {
    // The library reports fatal errors by unwinding.
    let decoded = catch_unwind(AssertUnwindSafe(|| {
        let mut started = mozjpeg::Decompress::new_mem(bytes).ok()?.rgb().ok()?;
        let rows: Vec<[u8; 3]> = started.read_scanlines().ok()?;
        started.finish().ok()?;
        Some(rows)
    }));
    Some(decoded.ok()??.into_flattened())
}
