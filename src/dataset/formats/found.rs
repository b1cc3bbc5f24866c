//! What a file holds that is none of the known ones: the keys of its objects, the columns of its first line.

use super::names::split_extension;
use super::text::read_text;
use crate::files::file_name;
use serde_json::{Map, Value};
use std::path::Path;

/// Bytes of the largest file that is looked into.
const LARGEST: u64 = 64 << 20;

/// Keys and columns that are named.
const NAMED: usize = 20;

/// Files of a folder that are described.
const FILES: usize = 3;

/// "a list of 40 objects with the keys a, b, c", "a table with the columns a, b"; `None` where it is neither.
pub(super) fn holds(path: &Path) -> Option<String> {
    let size = std::fs::metadata(path).ok()?;
    if !size.is_file() || size.len() > LARGEST {
        return None;
    }
    let text = read_text(path).ok()?;
    let name = file_name(path).to_lowercase();
    match split_extension(&name).1 {
        "json" | "jsonl" | "ndjson" => of_json(&text),
        "csv" | "tsv" | "txt" => columns(&text),
        _ => None,
    }
}

/// The same of the first few of several files, each with its name.
pub(super) fn describe<'a>(files: impl Iterator<Item = &'a Path>) -> Option<String> {
    let known =
        files.filter_map(|path| Some(format!("{} holds {}", file_name(path), holds(path)?)));
    let found: Vec<String> = known.take(FILES).collect();
    (!found.is_empty()).then(|| found.join("; "))
}

fn of_json(text: &str) -> Option<String> {
    match serde_json::from_str::<Value>(text) {
        Ok(Value::Array(list)) => Some(match list.first() {
            None => "an empty list".into(),
            Some(Value::Object(first)) => {
                format!(
                    "a list of {} objects with the keys {}",
                    list.len(),
                    keys(first)
                )
            }
            Some(Value::String(_)) => format!("a list of {} texts", list.len()),
            Some(_) => format!("a list of {} values", list.len()),
        }),
        Ok(Value::Object(object)) => Some(format!("an object with the keys {}", keys(&object))),
        Ok(_) => None,
        Err(_) => {
            let lines = text.lines().filter(|line| !line.trim().is_empty());
            let mut lines = lines.map(serde_json::from_str::<Map<String, Value>>);
            let first = lines.next()?.ok()?;
            let count = 1 + lines.flatten().count();
            Some(format!(
                "{count} lines of objects with the keys {}",
                keys(&first)
            ))
        }
    }
}

fn keys(object: &Map<String, Value>) -> String {
    named(object.keys().map(String::as_str))
}

fn named<'a>(names: impl Iterator<Item = &'a str> + Clone) -> String {
    let more = names.clone().nth(NAMED).map_or("", |_| ", ..");
    let names: Vec<&str> = names.take(NAMED).collect();
    format!("{}{more}", names.join(", "))
}

fn columns(text: &str) -> Option<String> {
    let line = text.lines().find(|line| !line.trim().is_empty())?;
    let delimiter = ['\t', '|', ';', ',']
        .into_iter()
        .find(|d| line.contains(*d))?;
    let names = line
        .split(delimiter)
        .map(|name| name.trim().trim_matches('"'));
    Some(format!("a table with the columns {}", named(names)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_file_holds_is_told_by_its_keys_and_columns() {
        let json = r#"[{"pic": "a", "sent": "b"}, {"pic": "c"}]"#;
        assert_eq!(
            of_json(json).as_deref(),
            Some("a list of 2 objects with the keys pic, sent")
        );
        assert_eq!(
            of_json("{\"a\": 1}\n{\"a\": 2}\n").as_deref(),
            Some("2 lines of objects with the keys a")
        );
        assert_eq!(
            of_json(r#"{"rows": []}"#).as_deref(),
            Some("an object with the keys rows")
        );
        assert_eq!(
            columns("\nname;\"descr\"\na;b").as_deref(),
            Some("a table with the columns name, descr")
        );
        assert_eq!(columns("words\n"), None);
    }
}
