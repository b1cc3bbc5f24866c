//! Pictures written as text: base64, plain or as a `data:` URL.

/// Characters that are decoded to see how a picture begins.
const HEAD: usize = 64;

/// How the files of pictures begin.
const MAGIC: [&[u8]; 8] = [
    b"\xFF\xD8\xFF",
    b"\x89PNG",
    b"GIF8",
    b"RIFF",
    b"BM",
    b"II*\0",
    b"MM\0*",
    b"P6\n",
];

/// The base64 of a `data:` URL of a picture.
fn of_url(text: &str) -> Option<&str> {
    let rest = text.trim_start().strip_prefix("data:image/")?;
    let (kind, data) = rest.split_once(',')?;
    kind.ends_with(";base64").then_some(data)
}

/// Is this text a picture?
pub(super) fn is_picture(text: &str) -> bool {
    if let Some(data) = of_url(text) {
        return !data.is_empty();
    }
    let text = text.trim();
    // The shortest pictures take more than this; names hardly do.
    let head: Vec<u8> = text.bytes().take(HEAD).collect();
    if head.len() < HEAD {
        return false;
    }
    let bytes = decode_plain(&head).unwrap_or_default();
    MAGIC.iter().any(|magic| bytes.starts_with(magic))
}

/// What a picture that is written as text is known by: the same for the same text.
pub(super) fn key_of(text: &str) -> String {
    format!("picture {}", &blake3::hash(text.as_bytes()).to_hex()[..16])
}

/// The bytes of a picture that is written as text; `None` where it is no base64.
pub(super) fn decode(text: &[u8]) -> Option<Vec<u8>> {
    match std::str::from_utf8(text).ok().and_then(of_url) {
        Some(data) => decode_plain(data.as_bytes()),
        None => decode_plain(text),
    }
}

/// Base64 of either alphabet, with or without padding and line breaks.
fn decode_plain(text: &[u8]) -> Option<Vec<u8>> {
    let standard = |b: &u8| match b {
        b'-' => b'+',
        b'_' => b'/',
        other => *other,
    };
    let kept = text
        .iter()
        .filter(|b| !b.is_ascii_whitespace() && **b != b'=')
        .map(standard);
    let kept: Vec<u8> = kept.collect();
    let config = base64::STANDARD_NO_PAD.decode_allow_trailing_bits(true);
    base64::decode_config(kept, config).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_told_from_names_in_every_alphabet() {
        let picture: Vec<u8> = MAGIC[0]
            .iter()
            .copied()
            .chain(0..120)
            .chain([251, 255])
            .collect();
        let plain = base64::encode(&picture);
        let safe = base64::encode_config(&picture, base64::URL_SAFE_NO_PAD);
        let url = format!("data:image/jpeg;base64,{plain}");
        let broken = format!("{}\n{}", &plain[..76], &plain[76..]);
        for text in [&plain, &safe, &url, &broken] {
            assert!(is_picture(text), "{text}");
            assert_eq!(decode(text.as_bytes()).as_ref(), Some(&picture), "{text}");
        }
        for name in ["a.jpg", "images/a.png", "data:text/plain;base64,aGk=", ""] {
            assert!(!is_picture(name), "{name}");
        }
        assert!(!is_picture(&"a".repeat(100)));
        assert!(decode(b"not base64!").is_none());
    }
}
