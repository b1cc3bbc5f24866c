//! The header of one member of a tar archive.

/// What a header says.
pub(super) struct Header {
    /// Its path, as far as the header has room for it.
    pub name: Vec<u8>,
    /// Bytes that follow it.
    pub size: u64,
    /// What follows: a digit or a letter.
    pub kind: u8,
}

impl Header {
    /// From its block.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub(super) fn parse(block: &[u8]) -> Result<Self, String> {
        let field = &block[148..156];
        let stated = octal(field);
        // The sum of its bytes, its own field taken as spaces.
        let sum = |bytes: &[u8]| bytes.iter().map(|&b| u64::from(b)).sum::<u64>();
        if stated != Some(sum(block) - sum(field) + 8 * u64::from(b' ')) {
            return Err("there is no header, or a damaged one".to_owned());
        }
        let mut name = until_zero(&block[..100]).to_vec();
        let prefix = until_zero(&block[345..500]);
        // GNU's own magic ends in spaces; there other things lie in the place of the prefix.
        if &block[257..265] == b"ustar\x0000" && !prefix.is_empty() {
            name = [prefix, &name].join(&b'/');
        }
        let size = number(&block[124..136])
            .ok_or_else(|| format!("{} has a size that is no number", quoted(&name)))?;
        Ok(Self {
            name,
            size,
            kind: block[156],
        })
    }
}

/// A size: octal digits, or to the base 256 where its first bit is set.
fn number(field: &[u8]) -> Option<u64> {
    if field[0] & 0x80 == 0 {
        return octal(field);
    }
    // Its second bit is a sign.
    let (high, low) = field.split_at(field.len() - 8);
    let fits = high[0] == 0x80 && high[1..].iter().all(|&b| b == 0);
    fits.then(|| low.iter().fold(0, |value, &b| value << 8 | u64::from(b)))
}

/// Octal digits with spaces and zeros around them; none at all are 0.
fn octal(field: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(until_zero(field.trim_ascii_start()))
        .ok()?
        .trim();
    if text.is_empty() {
        return Some(0);
    }
    u64::from_str_radix(text, 8).ok()
}

/// The first record of PAX, "length key=value\n", and what follows it.
pub(super) fn record(bytes: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let space = bytes.iter().take(20).position(|&b| b == b' ')?;
    let length: usize = std::str::from_utf8(&bytes[..space]).ok()?.parse().ok()?;
    let (record, after) = bytes.split_at_checked(length)?;
    let content = record.get(space + 1..)?.strip_suffix(b"\n")?;
    let equals = content.iter().position(|&b| b == b'=')?;
    Some((&content[..equals], &content[equals + 1..], after))
}

/// `field` up to the zero that ends it.
pub(super) fn until_zero(field: &[u8]) -> &[u8] {
    field.split(|&b| b == 0).next().unwrap_or_default()
}

/// `name` for a message.
pub(super) fn quoted(name: &[u8]) -> String {
    format!("{:?}", String::from_utf8_lossy(name))
}
