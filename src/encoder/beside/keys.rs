//! The keys of a configuration, which all must be followed, known to change nothing, or refused.

use super::stated::Stated;
use serde_json::{Map, Value};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::Path;

/// The keys of one object of a file. Every key that is asked for is marked; [`Keys::finish`] refuses the rest.
pub(super) struct Keys<'a> {
    path: &'a Path,
    /// Where the object lies in the file: "" or "`preprocess_cfg.`".
    within: &'a str,
    map: Option<&'a Map<String, Value>>,
    asked: RefCell<BTreeSet<String>>,
}

impl<'a> Keys<'a> {
    pub fn new(path: &'a Path, within: &'a str, value: &'a Value) -> Self {
        Self {
            path,
            within,
            map: value.as_object(),
            asked: RefCell::default(),
        }
    }

    /// The value of `key`; `None` where it is absent or null.
    pub fn get(&self, key: &str) -> Option<&'a Value> {
        self.asked.borrow_mut().insert(key.to_owned());
        self.map?.get(key).filter(|v| !v.is_null())
    }

    /// The first of `keys` that is there.
    pub fn first(&self, keys: &[&'static str]) -> Option<(&'static str, &'a Value)> {
        let found: Vec<_> = keys
            .iter()
            .filter_map(|&key| Some((key, self.get(key)?)))
            .collect();
        found.first().copied()
    }

    /// A switch, if it is there.
    ///
    /// # Errors
    /// It is neither true nor false.
    pub fn flag(&self, key: &str) -> Result<Option<bool>, String> {
        let read = |v: &Value| {
            v.as_bool()
                .ok_or_else(|| format!("\"{key}\" is {v}, neither true nor false"))
        };
        self.get(key).map(read).transpose()
    }

    /// A text, if it is there and one.
    pub fn text(&self, key: &str) -> Option<&'a str> {
        self.get(key).and_then(Value::as_str)
    }

    /// What was read from `key`, for the account of the encoder.
    pub fn stated(&self, what: &'static str, value: impl Into<String>, key: &str) -> Stated {
        Stated::read(what, value, self.path, &format!("{}{key}", self.within))
    }

    /// Refuses a key that nobody asked for, unless it is among `harmless`, null, false or empty.
    ///
    /// # Errors
    /// The key, in words.
    pub fn finish(&self, harmless: &[&str]) -> Result<(), String> {
        let asked = self.asked.borrow();
        let silent = |v: &Value| match v {
            Value::Null | Value::Bool(false) => true,
            Value::Object(map) => map.is_empty(),
            Value::Array(items) => items.is_empty(),
            _ => false,
        };
        let unknown = self.map.into_iter().flatten().find(|(key, value)| {
            !key.starts_with('_')
                && !asked.contains(*key)
                && !harmless.contains(&key.as_str())
                && !silent(value)
        });
        match unknown {
            Some((key, value)) => Err(format!(
                "it asks for \"{}{key}\": {}, which is not known here",
                self.within,
                short(value)
            )),
            None => Ok(()),
        }
    }
}

/// A value for a message.
fn short(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= 60 {
        text
    } else {
        format!("{}…", text.chars().take(60).collect::<String>())
    }
}
