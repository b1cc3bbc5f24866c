//! The right class of each row, from a file.

use crate::dataset::npy::read_array;
use crate::error::{Error, Result};
use crate::files::{TEXT, read_all};
use serde_json::Value;
use std::path::Path;

/// The label of each of `rows` rows; `None` for rows of another model.
pub(super) fn labels(path: &Path, model: &Path, rows: usize) -> Result<Vec<Option<usize>>> {
    let bad = |what: String| {
        Error::dataset(
            path,
            what,
            "Give one label per row: a list of whole numbers from 0.",
        )
    };
    let mut labels = vec![None; rows];
    if path.extension().is_some_and(|e| e == "npy") {
        let (values, shape) = read_array(path)?;
        if values.len() != rows {
            return Err(bad(format!("has shape {shape:?} for {rows} rows")));
        }
        for (label, value) in labels.iter_mut().zip(values) {
            if value < 0.0 || value.fract() != 0.0 {
                return Err(bad(format!("{value} is no label")));
            }
            *label = Some(value as usize);
        }
        return Ok(labels);
    }
    let text = read_all(path, TEXT).map_err(Error::io("read", path))?;
    let list: Vec<Value> = serde_json::from_slice(&text).map_err(|e| bad(e.to_string()))?;
    let name = model.file_name().map(|n| n.to_string_lossy().into_owned());
    for (at, item) in list.iter().enumerate() {
        let number = |key: &str| item.get(key).and_then(Value::as_u64).map(|v| v as usize);
        let other = item.get("model").and_then(Value::as_str);
        if other.is_some() && other != name.as_deref() {
            continue;
        }
        let label = item.as_u64().map(|v| v as usize).or(number("label"));
        let row = number("row").unwrap_or(at);
        match (label, labels.get_mut(row)) {
            (Some(label), Some(place)) => *place = Some(label),
            (None, _) => return Err(bad(format!("entry {at} has no label: {item}"))),
            (_, None) => return Err(bad(format!("entry {at} is row {row} of {rows}"))),
        }
    }
    if labels.iter().all(Option::is_none) {
        return Err(bad(format!("has no label for {}", model.display())));
    }
    Ok(labels)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, rows: usize) -> Result<Vec<Option<usize>>> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("labels.json");
        std::fs::write(&path, text).unwrap();
        labels(&path, Path::new("some/net.onnx"), rows)
    }

    #[test]
    fn labels_come_in_three_forms() {
        assert_eq!(read("[3, 1]", 2).unwrap(), [Some(3), Some(1)]);
        assert_eq!(read(r#"[{"label": 2}]"#, 1).unwrap(), [Some(2)]);
        let mixed = r#"[{"model": "net.onnx", "row": 1, "label": 7}, {"model": "other.onnx", "row": 0, "label": 9}]"#;
        assert_eq!(read(mixed, 2).unwrap(), [None, Some(7)]);
        for bad in ["{}", "[-1]", "[1, 2, 3]", r#"[{"row": 0}]"#, "[\"a\"]"] {
            assert!(read(bad, 2).is_err(), "{bad}");
        }
    }
}
