//! Thrift's compact protocol, walked without making room for anything: what the headers of a Parquet file are written in
//! (thrift-compact-protocol.md of Apache Thrift).
//!
//! A reader that expects a number reads one, whatever kind of value the bytes say lies there, and is lost from then on. So
//! values are passed by what the format has there, and another kind is refused: a walk that succeeds has gone the way that
//! every reader goes.

use crate::task::memory::fits_briefly;

/// How deep structures may lie in each other: those of the format do by seven.
const DEEPEST: usize = 24;
/// About the bytes that one entry of a list takes when read.
pub(super) const ENTRY: u64 = 256;

/// The kind of a list's beginning.
pub(super) const LIST: u8 = 9;
/// The kind of a structure's beginning.
pub(super) const STRUCTURE: u8 = 12;

pub(super) type Walked<T> = Result<T, String>;

/// What the format has at a place.
#[derive(Clone, Copy)]
pub(super) enum Form {
    /// A whole number of 16 to 64 bits, an entry of an enumeration.
    Number,
    /// A whole number of 8 bits.
    Byte,
    /// A truth value; it has no bytes of its own.
    Truth,
    /// A float64.
    Double,
    /// Text or bytes.
    Bytes,
    /// Several of one form.
    List(&'static Form),
    /// A structure, or the one field of a union.
    Structure(Fields),
}

/// The fields of a structure by their numbers; others may lie between them, of newer versions of the format.
pub(super) type Fields = &'static [(i16, Form)];

impl Form {
    fn is(self, kind: u8) -> bool {
        match self {
            Self::Number => matches!(kind, 4..=6),
            Self::Byte => kind == 3,
            Self::Truth => matches!(kind, 1 | 2),
            Self::Double => kind == 7,
            Self::Bytes => kind == 8,
            Self::List(_) => kind == LIST,
            Self::Structure(_) => kind == STRUCTURE,
        }
    }
}

/// What is left of a header.
pub(super) struct Walk<'a> {
    pub rest: &'a [u8],
}

/// Given each field's number and kind, says whether it passed the value.
pub(super) type Take<'a, 'w> = &'a mut dyn FnMut(&mut Walk<'w>, i16, u8) -> Walked<bool>;

impl<'w> Walk<'w> {
    /// Passes a structure of `fields`, as deep as `depth` within others.
    pub fn structure(&mut self, fields: Fields, depth: usize, take: Take<'_, 'w>) -> Walked<()> {
        let mut id = 0_i16;
        loop {
            let head = self.byte()?;
            let kind = head & 15;
            if kind == 0 {
                return Ok(());
            }
            id = match head >> 4 {
                // Readers keep as much of it.
                0 => self.signed()? as i16,
                step => id.checked_add(i16::from(step)).ok_or("too many fields")?,
            };
            let known = fields.iter().find(|(known, _)| *known == id);
            if known.is_some_and(|(_, form)| !form.is(kind)) {
                return Err(format!("a field {id} of the wrong kind {kind}"));
            }
            if take(self, id, kind)? {
                continue;
            }
            match known {
                Some((_, form)) => self.pass(*form, depth + 1)?,
                None => self.pass_unknown(kind, depth + 1)?,
            }
        }
    }

    /// Passes a value that the format has here.
    fn pass(&mut self, form: Form, depth: usize) -> Walked<()> {
        match form {
            Form::Number => self.varint().map(|_| ()),
            Form::Byte => self.skip(1),
            Form::Truth => Ok(()),
            Form::Double => self.skip(8),
            Form::Bytes => {
                let size = self.varint()?;
                self.skip(size)
            }
            Form::List(entry) => {
                let (kind, count) = self.list()?;
                if count > 0 && !entry.is(kind) {
                    return Err(format!("a list of entries of the wrong kind {kind}"));
                }
                (0..count).try_for_each(|_| self.pass(*entry, depth + 1))
            }
            Form::Structure(fields) => self.structure(fields, depth, &mut |_, _, _| Ok(false)),
        }
    }

    /// Passes a value that only its kind is known of.
    fn pass_unknown(&mut self, kind: u8, depth: usize) -> Walked<()> {
        if depth > DEEPEST {
            return Err(format!("structures within each other over {DEEPEST} times"));
        }
        let form = match kind {
            1 | 2 => Form::Truth,
            3 => Form::Byte,
            4..=6 => Form::Number,
            7 => Form::Double,
            8 => Form::Bytes,
            LIST | 10 => {
                let (kind, count) = self.list()?;
                // Truth values have no bytes in some readers, and a list of them no end.
                if kind < 3 && count > 0 {
                    return Err("a list of truth values".into());
                }
                return (0..count).try_for_each(|_| self.pass_unknown(kind, depth + 1));
            }
            STRUCTURE => Form::Structure(&[]),
            other => return Err(format!("a value of the unknown kind {other}")),
        };
        self.pass(form, depth)
    }

    /// Passes the beginning of a list: the kind of its entries, and how many there are.
    pub fn list(&mut self) -> Walked<(u8, u64)> {
        let head = self.byte()?;
        let count = match head >> 4 {
            15 => self.varint()?,
            count => u64::from(count),
        };
        let left = self.rest.len() as u64;
        if count > left {
            return Err(format!("a list of {count} entries in {left} bytes"));
        }
        fits_briefly(count.saturating_mul(ENTRY), left).map_err(|e| format!("a list that {e}"))?;
        Ok((head & 15, count))
    }

    fn byte(&mut self) -> Walked<u8> {
        let (&first, rest) = self.rest.split_first().ok_or("cut off")?;
        self.rest = rest;
        Ok(first)
    }

    fn skip(&mut self, size: u64) -> Walked<()> {
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        self.rest = self.rest.get(size..).ok_or("cut off")?;
        Ok(())
    }

    fn varint(&mut self) -> Walked<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 127) << shift;
            if byte < 128 {
                return Ok(value);
            }
        }
        Err("a number without end".into())
    }

    /// Passes a number in zigzag.
    fn signed(&mut self) -> Walked<i64> {
        let value = self.varint()?;
        Ok((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    /// Passes a number of things: of 32 bits, not negative.
    pub fn count(&mut self) -> Walked<u64> {
        let value = self.signed()?;
        let count = i32::try_from(value)
            .ok()
            .and_then(|n| u64::try_from(n).ok());
        count.ok_or_else(|| format!("a count of {value}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walked(fields: Fields, bytes: &[u8]) -> Walked<()> {
        Walk { rest: bytes }.structure(fields, 0, &mut |_, _, _| Ok(false))
    }

    #[test]
    fn known_fields_are_of_their_kind() {
        const FIELDS: Fields = &[(1, Form::Number), (2, Form::List(&Form::Bytes))];
        // 1: the number 1, 2: a list of "a", 3: true.
        let whole = [0x15, 2, 0x19, 0x18, 1, b'a', 0x11, 0];
        assert_eq!(walked(FIELDS, &whole), Ok(()));
        for end in 0..whole.len() {
            assert!(walked(FIELDS, &whole[..end]).is_err());
        }
        // Text where a number lies, and numbers where texts lie.
        assert!(walked(FIELDS, &[0x18, 1, b'a', 0]).is_err_and(|e| e.contains("wrong kind 8")));
        assert!(walked(FIELDS, &[0x29, 0x15, 2, 0]).is_err_and(|e| e.contains("wrong kind 5")));
    }

    #[test]
    fn what_has_no_end_is_refused() {
        // A list of 2^28 doubles, a text of 2^41 bytes, truth values without bytes, structures in structures.
        assert!(walked(&[], &[0x19, 0xf7, 0xff, 0xff, 0xff, 0x7f]).is_err());
        assert!(walked(&[], &[0x18, 0x80, 0x80, 0x80, 0x80, 0x80, 0x40]).is_err());
        let truths = [vec![0x19, 0xf1, 0xff, 0x7f], vec![0; 16383]].concat();
        assert!(walked(&[], &truths).is_err_and(|e| e.contains("truth values")));
        assert!(walked(&[], &[0x1c; 4096]).is_err_and(|e| e.contains("within each other")));
    }
}
