//! Records of a table of text, with where each field stands.
//!
//! A field is quoted where it begins with a quote mark and the next mark that is not doubled ends it: a separator, the
//! line's end or the file's follows. Any other field stands as it is, marks and all: `"Stop" sign`.

/// One field: where it stands in the text, marks included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cell {
    pub start: usize,
    pub end: usize,
    quoted: bool,
}

/// One record.
#[derive(Debug, Default)]
pub(crate) struct Record {
    /// The line that it begins on, from 1.
    pub line: u64,
    pub cells: Vec<Cell>,
    /// A field begins with a quote mark that nothing closes.
    pub open: bool,
}

/// The records of a text; blank lines are passed over.
pub(crate) struct Cells<'a, F> {
    text: &'a str,
    delimiter: u8,
    quotes: bool,
    /// Is this line a row by itself? A quoted field does not go on over such a line.
    is_row: F,
    at: usize,
    line: u64,
}

impl Cell {
    /// As it stands.
    pub fn raw(self, text: &str) -> &str {
        text.get(self.start..self.end).unwrap_or_default()
    }

    /// Its value: without the marks around it, doubled ones single.
    pub fn value(self, text: &str) -> String {
        let raw = self.raw(text);
        if self.quoted {
            raw[1..raw.len() - 1].replace("\"\"", "\"")
        } else {
            raw.to_owned()
        }
    }
}

impl<'a, F: Fn(&str) -> bool> Cells<'a, F> {
    /// Of `text`, separated by `delimiter`; without `quotes` marks are characters like others.
    pub fn new(text: &'a str, delimiter: u8, quotes: bool, is_row: F) -> Self {
        Self {
            text,
            delimiter,
            quotes,
            is_row,
            at: 0,
            line: 1,
        }
    }

    /// Does a field end at this byte?
    fn ends(&self, at: usize) -> bool {
        match self.text.as_bytes().get(at) {
            None | Some(b'\n' | b'\r') => true,
            Some(&byte) => byte == self.delimiter,
        }
    }

    /// Where the quoted field that begins at `start` ends, if it is one.
    fn closing(&self, start: usize) -> Option<usize> {
        let bytes = self.text.as_bytes();
        let mut at = start + 1;
        loop {
            at += bytes.get(at..)?.iter().position(|&b| b == b'"')?;
            if bytes.get(at + 1) == Some(&b'"') {
                at += 2;
                continue;
            }
            break;
        }
        let within = self.text.get(start..at)?;
        let swallowed = within.lines().skip(1).any(|line| (self.is_row)(line));
        // The last line goes on after the mark.
        let whole = within.contains('\n') && {
            let line = self.text[..at].rfind('\n').map_or(0, |n| n + 1);
            let end = self.text[at..]
                .find('\n')
                .map_or(self.text.len(), |n| at + n);
            (self.is_row)(&self.text[line..end])
        };
        (self.ends(at + 1) && !swallowed && !whole).then_some(at + 1)
    }
}

impl<F: Fn(&str) -> bool> Iterator for Cells<'_, F> {
    type Item = Record;

    fn next(&mut self) -> Option<Record> {
        let bytes = self.text.as_bytes();
        // Blank lines.
        while let Some(byte @ (b'\n' | b'\r')) = bytes.get(self.at) {
            self.line += u64::from(*byte == b'\n');
            self.at += 1;
        }
        if self.at >= bytes.len() {
            return None;
        }
        let mut record = Record {
            line: self.line,
            ..Record::default()
        };
        loop {
            let start = self.at;
            let mark = self.quotes && bytes.get(start) == Some(&b'"');
            let closed = if mark { self.closing(start) } else { None };
            let end = closed.unwrap_or_else(|| {
                let rest = bytes[start..].iter();
                let mut rest = rest.enumerate();
                let stop = |&(_, &b): &(usize, &u8)| b == self.delimiter || b == b'\n';
                rest.find(stop).map_or(bytes.len(), |(n, _)| start + n)
            });
            // The line's own end is no part of its last field.
            let last = bytes.get(end) != Some(&self.delimiter);
            let cut = if closed.is_none() && last && bytes[start..end].ends_with(b"\r") {
                end - 1
            } else {
                end
            };
            let cell = Cell {
                start,
                end: cut,
                quoted: closed.is_some(),
            };
            if mark && closed.is_none() {
                let marks = cell.raw(self.text).matches('"').count();
                record.open |= marks == 1;
            }
            self.line += cell.raw(self.text).matches('\n').count() as u64;
            record.cells.push(cell);
            self.at = end;
            if bytes.get(end) == Some(&self.delimiter) {
                self.at += 1;
                continue;
            }
            if bytes.get(self.at) == Some(&b'\r') {
                self.at += 1;
            }
            if bytes.get(self.at) == Some(&b'\n') {
                self.at += 1;
                self.line += 1;
            }
            return Some(record);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Vec<(u64, Vec<String>, bool)> {
        let row = |line: &str| line.split(',').count() >= 2;
        Cells::new(text, b',', true, row)
            .map(|r| {
                (
                    r.line,
                    r.cells.iter().map(|c| c.value(text)).collect(),
                    r.open,
                )
            })
            .collect()
    }

    #[test]
    fn a_field_is_quoted_where_its_mark_ends_it() {
        let cases: [(&str, &[&str]); 9] = [
            ("a,\"b, c\"", &["a", "b, c"]),
            ("a,\"Stop\" sign, x", &["a", "\"Stop\" sign", " x"]),
            (
                "a,\"he said \"\"hi\"\", twice\"",
                &["a", "he said \"hi\", twice"],
            ),
            ("\"a\",\"b\"", &["a", "b"]),
            ("a,12\" ruler", &["a", "12\" ruler"]),
            ("a,\"Stop\" and \"Go\"", &["a", "\"Stop\" and \"Go\""]),
            ("a,\"\"", &["a", ""]),
            ("a,b,", &["a", "b", ""]),
            ("a,\"\"\"Stop\"\" sign\"", &["a", "\"Stop\" sign"]),
        ];
        for (text, fields) in cases {
            for end in ["", "\n", "\r\n"] {
                let found = split(&format!("{text}{end}"));
                assert_eq!(found.len(), 1, "{text}");
                assert_eq!(found[0].1, fields, "{text}");
                assert!(!found[0].2, "{text}");
            }
        }
    }

    #[test]
    fn a_mark_that_nothing_closes_ends_with_its_line() {
        let found = split("h,i\n\na,\"One\nb,\"Two, three\"\nc,\"x\ny\"\nd,\"z");
        let rows: Vec<(u64, bool)> = found.iter().map(|(line, _, open)| (*line, *open)).collect();
        assert_eq!(
            rows,
            [(1, false), (3, true), (4, false), (5, false), (7, true)]
        );
        assert_eq!(found[1].1, ["a", "\"One"]);
        assert_eq!(found[2].1, ["b", "Two, three"]);
        assert_eq!(found[3].1, ["c", "x\ny"]);
        // The closing mark of another row is none of this one's.
        let found = split("a,\"One\nb,two\"\n");
        assert_eq!(found.len(), 2);
        assert!(found[0].2);
    }
}
