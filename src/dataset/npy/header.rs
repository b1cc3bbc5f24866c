//! The header of a `.npy` file. It is a Python literal, but only three of its values are asked for, and a general
//! parser of literals can be kept busy for ever by a hundred bytes of brackets: so it is read here, within bounds.

use super::WRITE;
use crate::error::{Error, Result};
use npyz::TypeStr;
use std::io::Read;
use std::path::Path;

/// The most bytes of a header. `NumPy` writes 118 for a matrix and refuses to read more than 10,000.
const MOST: u64 = 64 * 1024;
/// The most dimensions: `NumPy`'s own limit.
const MOST_DIMENSIONS: usize = 64;
/// How deep the brackets of a record's description may nest.
const MOST_DEPTH: usize = 4;

/// What a header says.
#[derive(Debug)]
pub(super) struct Header {
    /// The type of the values; `None` for records.
    pub kind: Option<TypeStr>,
    /// Does the first dimension run fastest?
    pub fortran: bool,
    /// Dimensions; none for a single number.
    pub shape: Vec<u64>,
    /// Where the values begin in the file, in bytes.
    pub start: u64,
}

impl Header {
    /// Reads the header of the file at `path`, which is `length` bytes long, from its beginning; `input` is then at the
    /// first value.
    ///
    /// # Errors
    /// The file cannot be read, is no `.npy`, or its header is cut off, too long or none that `NumPy` writes.
    pub fn read(path: &Path, input: &mut impl Read, length: u64) -> Result<Self> {
        let mut take = |count: u64| -> Result<Vec<u8>> {
            let mut bytes = Vec::new();
            input
                .take(count)
                .read_to_end(&mut bytes)
                .map_err(Error::io("read", path))?;
            Ok(bytes)
        };
        let preamble = take(10)?;
        if !preamble.starts_with(b"\x93NUMPY") {
            let what = if preamble.starts_with(b"PK") {
                "is a .npz archive, not a .npy file"
            } else {
                "is not a NumPy .npy file"
            };
            return Err(Error::dataset(path, what, WRITE));
        }
        let (before, size) = match preamble[6..] {
            [1, _, a, b] => (10, u64::from(u16::from_le_bytes([a, b]))),
            [2 | 3, _, a, b] => match take(2)?[..] {
                [c, d] => (12, u64::from(u32::from_le_bytes([a, b, c, d]))),
                _ => (12, u64::MAX),
            },
            _ => (0, u64::MAX),
        };
        let start = size.saturating_add(before);
        if start > length {
            return Err(Error::dataset(
                path,
                "has a NumPy header that is cut off or unknown",
                "Write or copy it again.",
            ));
        }
        let refuse = |what: String| {
            Error::dataset(
                path,
                format!("has a NumPy header that cannot be read: {what}"),
                WRITE,
            )
        };
        if size > MOST {
            return Err(refuse(format!("it takes {size} bytes, over {MOST}")));
        }
        let text = take(size)?;
        let text = String::from_utf8_lossy(&text);
        let mut literal = Literal {
            rest: text.trim_end_matches([' ', '\n', '\0']),
        };
        let (kind, fortran, shape) = literal.header().map_err(refuse)?;
        Ok(Self {
            kind,
            fortran,
            shape,
            start,
        })
    }
}

/// What is left of a Python literal.
struct Literal<'a> {
    rest: &'a str,
}

type Parsed<T> = std::result::Result<T, String>;

impl<'a> Literal<'a> {
    /// `{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }`, its keys in any order.
    fn header(&mut self) -> Parsed<(Option<TypeStr>, bool, Vec<u64>)> {
        let (mut kind, mut fortran, mut shape) = (None, None, None);
        self.expect('{')?;
        while !self.eat('}') {
            let key = self.string()?;
            self.expect(':')?;
            match key {
                "descr" => kind = Some(self.kind()?),
                "fortran_order" => fortran = Some(self.truth()?),
                "shape" => shape = Some(self.shape()?),
                other => return Err(format!("it has the unknown key {}", shortened(other))),
            }
            if !self.eat(',') {
                self.expect('}')?;
                break;
            }
        }
        self.skip();
        if !self.rest.is_empty() {
            return Err("something follows its end".into());
        }
        let lacks = |key: &str| format!("it lacks the key {key}");
        Ok((
            kind.ok_or_else(|| lacks("descr"))?,
            fortran.ok_or_else(|| lacks("fortran_order"))?,
            shape.ok_or_else(|| lacks("shape"))?,
        ))
    }

    fn skip(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn eat(&mut self, wanted: char) -> bool {
        self.skip();
        let rest = self.rest.strip_prefix(wanted);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn expect(&mut self, wanted: char) -> Parsed<()> {
        if self.eat(wanted) {
            return Ok(());
        }
        Err(format!(
            "\"{wanted}\" is missing before \"{}\"",
            shortened(self.rest)
        ))
    }

    /// A text in quotes.
    fn string(&mut self) -> Parsed<&'a str> {
        self.skip();
        let quote = self.rest.chars().next().filter(|c| ['\'', '"'].contains(c));
        let text = quote.and_then(|quote| self.rest[1..].split_once(quote));
        let Some((text, rest)) = text else {
            return Err(format!(
                "a text is missing before \"{}\"",
                shortened(self.rest)
            ));
        };
        self.rest = rest;
        Ok(text)
    }

    /// The type of the values; `None` for a list, which describes records.
    fn kind(&mut self) -> Parsed<Option<TypeStr>> {
        self.skip();
        if !self.rest.starts_with('[') {
            let name = self.string()?;
            let kind = name.parse::<TypeStr>();
            return kind
                .map(Some)
                .map_err(|_| format!("\"{}\" is no type", shortened(name)));
        }
        let mut depth = 0;
        loop {
            self.skip();
            match self.rest.chars().next() {
                Some('[' | '(') => depth += 1,
                Some(']' | ')') => depth -= 1,
                Some('\'' | '"') => {
                    self.string()?;
                    continue;
                }
                Some(_) => {}
                None => return Err("a record's description does not end".into()),
            }
            if depth > MOST_DEPTH {
                return Err(format!("it nests deeper than {MOST_DEPTH} levels"));
            }
            self.next();
            if depth == 0 {
                return Ok(None);
            }
        }
    }

    /// Passes one character.
    fn next(&mut self) {
        let mut characters = self.rest.chars();
        characters.next();
        self.rest = characters.as_str();
    }

    fn truth(&mut self) -> Parsed<bool> {
        self.skip();
        for (word, value) in [("True", true), ("False", false)] {
            if let Some(rest) = self.rest.strip_prefix(word) {
                self.rest = rest;
                return Ok(value);
            }
        }
        Err("fortran_order is neither True nor False".into())
    }

    /// `()`, `(2,)`, `(2, 3)`.
    fn shape(&mut self) -> Parsed<Vec<u64>> {
        let mut shape = Vec::new();
        self.expect('(')?;
        while !self.eat(')') {
            self.skip();
            let end = self.rest.find(|c: char| !c.is_ascii_digit());
            let (digits, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
            let size = digits.parse::<u64>();
            shape.push(size.map_err(|_| {
                format!(
                    "\"{}\" is no size",
                    shortened(if digits.is_empty() { rest } else { digits })
                )
            })?);
            // Python 2 marked long numbers.
            self.rest = rest.strip_prefix('L').unwrap_or(rest);
            if shape.len() > MOST_DIMENSIONS {
                return Err(format!("it has more than {MOST_DIMENSIONS} dimensions"));
            }
            if !self.eat(',') {
                self.expect(')')?;
                break;
            }
        }
        Ok(shape)
    }
}

/// The beginning of a text, for messages.
fn shortened(text: &str) -> String {
    text.chars().take(20).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(text: &str) -> Parsed<(Option<String>, bool, Vec<u64>)> {
        let mut literal = Literal { rest: text };
        let (kind, fortran, shape) = literal.header()?;
        Ok((kind.map(|k| k.to_string()), fortran, shape))
    }

    #[test]
    fn headers_as_numpy_writes_them_are_read() {
        let f4 = || Some("<f4".to_owned());
        for (text, read) in [
            (
                "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }",
                (f4(), false, vec![2, 3]),
            ),
            (
                "{\"shape\":(5,),\"fortran_order\":True,\"descr\":\"<f4\"}",
                (f4(), true, vec![5]),
            ),
            (
                "{'descr': '<f4', 'fortran_order': False, 'shape': (3L, 4L), }",
                (f4(), false, vec![3, 4]),
            ),
            (
                "{'descr': '<f4', 'fortran_order': False, 'shape': (), }",
                (f4(), false, vec![]),
            ),
            (
                "{'descr': [('a', '<f4'), ('b', '|S3', (2, 2))], 'fortran_order': False, 'shape': (2,), }",
                (None, false, vec![2]),
            ),
        ] {
            assert_eq!(header(text), Ok(read), "{text}");
        }
    }

    #[test]
    fn what_would_keep_a_parser_busy_is_refused_at_once() {
        let head = "{'descr': '<f4', 'fortran_order': False, 'shape': (";
        for text in [
            "[".repeat(60_000),
            "{'a':".repeat(10_000),
            format!("{{'descr': {}", "[".repeat(30_000)),
            format!("{head}{}", "9".repeat(60_000)),
            format!("{head}{}2), }}", "1,".repeat(30_000)),
            format!("{head}{}2,2), }}", "-".repeat(60_000)),
            format!("{head}{}1,2), }}", "1+".repeat(30_000)),
            "{'descr': '<f4', 'shape': (2,), }".into(),
            "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), } 1".into(),
            "{'descr': 'é', 'fortran_order': False, 'shape': (2,), }".into(),
            String::new(),
        ] {
            let why = header(&text).expect_err("no header of NumPy's");
            assert!(why.len() < 100, "{why}");
        }
    }
}
