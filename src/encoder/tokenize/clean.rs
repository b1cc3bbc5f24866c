//! What is done to a caption before its tokenizer sees it, by those libraries whose `tokenizer.json` does not say.

use std::cell::Cell;
use std::ops::Range;
use tokenizers::tokenizer::normalizer::Range as Part;
use tokenizers::{NormalizedString, Result};

/// A way of cleaning captions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in super::super) enum Clean {
    /// As written.
    #[default]
    None,
    /// `open_clip`'s "whitespace": entities of HTML and broken characters mended, single spaces.
    Whitespace,
    /// `open_clip`'s "lower": the same in small letters.
    Lower,
    /// `open_clip`'s "canonicalize": the same without punctuation, underscores as spaces.
    Canonical,
    /// Immich: single spaces.
    Joined,
    /// Immich's "canonicalize": single spaces, then without punctuation and in small letters.
    JoinedCanonical,
    /// `SiglipTokenizer`: without punctuation, in small letters, single spaces.
    Siglip,
    /// Small letters, nothing else.
    Small,
}

impl Clean {
    /// What it does, in words.
    pub fn title(self) -> &'static str {
        match self {
            Self::None => "as written",
            Self::Whitespace => "entities of HTML resolved, single spaces",
            Self::Lower => "entities of HTML resolved, single spaces, small letters",
            Self::Canonical => "no punctuation, underscores as spaces, small letters",
            Self::Joined => "single spaces",
            Self::JoinedCanonical => "single spaces, no punctuation, small letters",
            Self::Siglip => "no punctuation, small letters, single spaces",
            Self::Small => "small letters",
        }
    }

    /// `text` after cleaning.
    ///
    /// # Errors
    /// The library fails.
    pub fn of(self, text: &str) -> Result<Cleaned> {
        let mut n = NormalizedString::from(text);
        match self {
            Self::None => {}
            Self::Whitespace => {
                mended(&mut n)?;
                joined(&mut n);
            }
            Self::Lower => {
                mended(&mut n)?;
                joined(&mut n);
                n.lowercase();
            }
            Self::Canonical => {
                mended(&mut n)?;
                n.map(|c| if c == '_' { ' ' } else { c });
                bare(&mut n).lowercase();
                joined(&mut n);
            }
            Self::Joined => joined(&mut n),
            Self::JoinedCanonical => {
                joined(&mut n);
                bare(&mut n).lowercase();
            }
            Self::Siglip => {
                bare(&mut n).lowercase();
                joined(&mut n);
            }
            Self::Small => {
                n.lowercase();
            }
        }
        Ok(Cleaned(n))
    }
}

/// A cleaned text that knows where each of its parts was.
pub(in super::super) struct Cleaned(NormalizedString);

impl Cleaned {
    /// The text.
    pub fn text(&self) -> &str {
        self.0.get()
    }

    /// The bytes of the text as it was written that `range` of the cleaned one comes from.
    pub fn origin(&self, range: Range<usize>) -> Option<Range<usize>> {
        self.0.convert_offsets(Part::Normalized(range))
    }
}

/// Without the punctuation of ASCII (Python's `string.punctuation`).
fn bare(n: &mut NormalizedString) -> &mut NormalizedString {
    n.filter(|c| !c.is_ascii_punctuation())
}

/// Single spaces between words, none around them (Python's `" ".join(text.split())`).
fn joined(n: &mut NormalizedString) {
    n.map(|c| {
        // What Python's `str.split` takes for white space beyond Unicode's own.
        let separator = ('\u{1c}'..='\u{1f}').contains(&c);
        if c.is_whitespace() || separator {
            ' '
        } else {
            c
        }
    });
    n.strip();
    let last = Cell::new('\0');
    n.filter(|c| last.replace(c) != ' ' || c != ' ');
}

/// What `open_clip`'s `basic_clean` mends: entities of HTML (twice, as there), curly quotes, ligatures, full-width forms,
/// control characters; composed (NFC). Text that was decoded with a wrong table is left as it is.
fn mended(n: &mut NormalizedString) -> Result<()> {
    for _ in 0..2 {
        resolve(n)?;
    }
    for (from, to) in [
        ("ﬀ", "ff"),
        ("ﬁ", "fi"),
        ("ﬂ", "fl"),
        ("ﬃ", "ffi"),
        ("ﬄ", "ffl"),
        ("ﬅ", "ſt"),
        ("ﬆ", "st"),
        ("\r\n", "\n"),
    ] {
        if n.get().contains(from) {
            n.replace(from, to)?;
        }
    }
    n.map(|c| match c {
        '\u{2018}'..='\u{201b}' | '\u{2bc}' => '\'',
        '\u{201c}'..='\u{201f}' => '"',
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        '\u{3000}' => ' ',
        '\r' | '\u{2028}' | '\u{2029}' | '\u{85}' => '\n',
        other => other,
    });
    n.filter(|c| !c.is_control() || matches!(c, '\t' | '\n' | '\u{c}'));
    n.filter(|c| !matches!(c, '\u{feff}' | '\u{206a}'..='\u{206f}' | '\u{fff9}'..='\u{fffc}'));
    n.nfc();
    Ok(())
}

/// Replaces the entities of HTML by their characters: by number, and the names of HTML's Latin-1 set with those that are
/// usual in captions.
fn resolve(n: &mut NormalizedString) -> Result<()> {
    let text = n.get().to_owned();
    let mut seen: Vec<&str> = Vec::new();
    for (at, _) in text.match_indices('&') {
        let rest = &text[at + 1..];
        let end = rest.find(';').filter(|end| *end <= 32);
        let Some(name) = end.map(|end| &rest[..end]) else {
            continue;
        };
        let whole = &text[at..at + name.len() + 2];
        if let Some(c) = entity(name).filter(|_| !seen.contains(&whole)) {
            seen.push(whole);
            n.replace(whole, c.encode_utf8(&mut [0; 4]))?;
        }
    }
    Ok(())
}

/// The character that an entity stands for, without `&` and `;`.
fn entity(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        };
        return char::from_u32(code);
    }
    let few = [
        ("amp", '&'),
        ("lt", '<'),
        ("gt", '>'),
        ("quot", '"'),
        ("apos", '\''),
        ("hellip", '…'),
        ("ndash", '–'),
        ("mdash", '—'),
        ("lsquo", '‘'),
        ("rsquo", '’'),
        ("ldquo", '“'),
        ("rdquo", '”'),
        ("bull", '•'),
        ("trade", '™'),
        ("euro", '€'),
        ("OElig", 'Œ'),
        ("oelig", 'œ'),
        ("Scaron", 'Š'),
        ("scaron", 'š'),
    ];
    if let Some((_, c)) = few.iter().find(|(n, _)| *n == name) {
        return Some(*c);
    }
    let at = LATIN.split_whitespace().position(|n| n == name)?;
    char::from_u32(0xa0 + at as u32)
}

/// The names of U+00A0 to U+00FF, in their order.
const LATIN: &str = "nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 \
    sup3 acute micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml Aring \
    AElig Ccedil Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times \
    Oslash Ugrave Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil egrave eacute \
    ecirc euml igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc uuml \
    yacute thorn yuml";

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaned(clean: Clean, text: &str) -> String {
        clean.of(text).expect("cleaned").text().to_owned()
    }

    #[test]
    fn captions_are_cleaned_as_each_library_does() {
        let text = "  A_Dog,  &amp;amp; two\tCats &#39;r&eacute;sum&eacute;&#x27; ";
        assert_eq!(
            cleaned(Clean::Whitespace, text),
            "A_Dog, & two Cats 'résumé'"
        );
        assert_eq!(cleaned(Clean::Lower, text), "a_dog, & two cats 'résumé'");
        assert_eq!(cleaned(Clean::Canonical, text), "a dog two cats résumé");
        assert_eq!(cleaned(Clean::Siglip, "A  Dog_s, Tail!"), "a dogs tail");
        assert_eq!(cleaned(Clean::JoinedCanonical, " A - dog "), "a  dog");
        assert_eq!(cleaned(Clean::None, text), text);
        assert_eq!(
            cleaned(Clean::Whitespace, "&unknown; a & b"),
            "&unknown; a & b"
        );
        assert_eq!(
            cleaned(Clean::Whitespace, "“ﬁne” ｆｕｌｌ"),
            "\"fine\" full"
        );
    }

    #[test]
    fn a_part_of_a_cleaned_text_is_found_in_the_written_one() {
        let text = "Two  &amp; a_Dog!";
        let cleaned = Clean::Canonical.of(text).expect("cleaned");
        assert_eq!(cleaned.text(), "two a dog");
        let at = cleaned.text().find("dog").expect("a dog");
        let origin = cleaned.origin(at..at + 3).expect("a place");
        assert_eq!(&text[origin], "Dog");
    }
}
