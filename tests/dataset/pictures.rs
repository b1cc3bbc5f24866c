//! Pictures: kinds of pixels, orientation, and broken or hostile files.

use super::{Folder, png, refused, says};
use image::{DynamicImage, ImageBuffer, ImageFormat, Luma, LumaA, Rgb, Rgba};
use nearmiss::dataset::{Picture, open_picture};
use std::io::Cursor;
use std::path::Path;

fn encode(image: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.into().write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn decode(bytes: &[u8]) -> nearmiss::error::Result<Picture> {
    Picture::decode(bytes, Path::new("some/picture"))
}

/// A JPEG of 48 x 16 pixels, red on the left, blue on the right.
fn jpeg() -> Vec<u8> {
    let image = ImageBuffer::from_fn(48, 16, |x, _| {
        if x < 24 {
            Rgb([255u8, 0, 0])
        } else {
            Rgb([0, 0, 255])
        }
    });
    encode(image, ImageFormat::Jpeg)
}

#[test]
fn grey_alpha_and_deep_pixels_become_rgb() {
    let one = |image: DynamicImage| decode(&encode(image, ImageFormat::Png)).unwrap().rgb;
    assert_eq!(
        one(ImageBuffer::from_pixel(1, 1, Luma([7u8])).into()),
        [7, 7, 7]
    );
    assert_eq!(
        one(ImageBuffer::from_pixel(1, 1, LumaA([7u8, 0])).into()),
        [7, 7, 7]
    );
    assert_eq!(
        one(ImageBuffer::from_pixel(1, 1, Luma([65535u16])).into()),
        [255, 255, 255]
    );
    assert_eq!(
        one(ImageBuffer::from_pixel(1, 1, Rgba([10u8, 20, 30, 0])).into()),
        [10, 20, 30]
    );
    assert_eq!(
        one(ImageBuffer::from_pixel(1, 1, Rgb([257u16, 514, 0])).into()),
        [1, 2, 0]
    );
    assert_eq!(
        one(ImageBuffer::from_pixel(1, 1, Rgba([257u16, 514, 771, 5])).into()),
        [1, 2, 3]
    );
}

#[test]
fn the_content_tells_the_format_not_the_name() {
    let folder = Folder::with(&[]);
    folder.write("a.jpg", png());
    let picture = open_picture(&folder.path("a.jpg")).unwrap();
    assert_eq!((picture.width, picture.height), (3, 2));
    assert_eq!(picture.rgb[..6], [0, 0, 9, 1, 0, 9]);
}

#[test]
fn the_exif_orientation_is_applied() {
    // TIFF, little endian, one entry: 0x0112 orientation = 6, turn right by a quarter.
    let tiff = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
    let plain = jpeg();
    let length = (2 + 6 + tiff.len()) as u16;
    let turned = [
        &plain[..2],
        &[0xFF, 0xE1],
        &length.to_be_bytes(),
        b"Exif\0\0",
        tiff,
        &plain[2..],
    ]
    .concat();
    let picture = decode(&turned).unwrap();
    assert_eq!((picture.width, picture.height), (16, 48));
    let (top, bottom) = (&picture.rgb[..3], &picture.rgb[picture.rgb.len() - 3..]);
    assert!(
        top[0] > 240 && top[2] < 15 && bottom[2] > 240 && bottom[0] < 15,
        "{top:?} {bottom:?}"
    );
}

#[test]
fn files_cut_off_anywhere_are_refused() {
    let (jpeg, png) = (
        jpeg(),
        encode(
            ImageBuffer::from_fn(40, 40, |x, y| Luma([(x * y) as u8])),
            ImageFormat::Png,
        ),
    );
    assert!(decode(&jpeg).is_ok() && decode(&png).is_ok());
    for cut in (1..jpeg.len()).step_by(7) {
        refused(decode(&jpeg[..cut]));
    }
    says(
        &refused(decode(&jpeg[..jpeg.len() - 20])),
        &["picture: is cut off", "JPEG"],
    );
    says(
        &refused(decode(&png[..png.len() / 2])),
        &["picture: is cut off"],
    );
}

#[test]
fn empty_foreign_and_absent_files_are_refused() {
    let folder = Folder::with(&[]);
    folder.write("a.png", "");
    folder.write("b.png", "no picture at all");
    says(
        &refused(open_picture(&folder.path("a.png"))),
        &["a.png: is empty (0 bytes)"],
    );
    says(
        &refused(open_picture(&folder.path("b.png"))),
        &["b.png: is not a picture", "PNG"],
    );
    assert!(
        open_picture(&folder.path("c.png"))
            .unwrap_err()
            .to_string()
            .contains("cannot read")
    );
}

#[test]
fn huge_pictures_are_refused_by_their_header() {
    let side = 30_000u32.to_be_bytes();
    let mut huge = png();
    huge[16..20].copy_from_slice(&side);
    huge[20..24].copy_from_slice(&side);
    let sum = crc(&huge[12..29]).to_be_bytes();
    huge[29..33].copy_from_slice(&sum);
    says(
        &refused(decode(&huge)),
        &["is too large: 30,000 x 30,000 pixels", "200 million"],
    );

    let mut huge = jpeg();
    let frame = huge.windows(2).position(|w| w == [0xFF, 0xC0]).unwrap();
    huge[frame + 5..frame + 9].copy_from_slice(&[0x75, 0x30, 0x75, 0x30]);
    says(
        &refused(decode(&huge)),
        &["is too large: 30,000 x 30,000 pixels"],
    );
}

/// CRC-32 of a PNG chunk (ISO 3309), bit by bit.
fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, &byte| {
        (0..8).fold(sum ^ u32::from(byte), |s, _| {
            if s & 1 == 1 {
                s >> 1 ^ 0xEDB8_8320
            } else {
                s >> 1
            }
        })
    })
}

#[test]
fn thumbnails_shrink_and_never_enlarge() {
    let picture = decode(&jpeg()).unwrap();
    let small = picture.thumbnail(12);
    assert_eq!(
        (small.width, small.height, small.rgb.len()),
        (12, 4, 12 * 4 * 3)
    );
    assert!(small.rgb[0] > 230 && small.rgb[small.rgb.len() - 1] > 230);
    assert_eq!(picture.thumbnail(48), picture);
    assert_eq!(picture.thumbnail(500), picture);
    let sliver = Picture {
        width: 400,
        height: 1,
        rgb: vec![5; 1200],
    };
    assert_eq!(
        (sliver.thumbnail(10).width, sliver.thumbnail(10).height),
        (10, 1)
    );
    assert_eq!(sliver.thumbnail(0).width, 1);
}
