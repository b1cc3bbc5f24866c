//! Images named by a list: indices, or a file with a name or index a line.

use crate::dataset::Dataset;
use crate::error::{Error, Result};
use crate::files::{TEXT, file_name, read_all};
use crate::learn::concepts::Members;
use std::collections::HashMap;
use std::path::Path;

/// The images that `list` selects, by name or index.
///
/// # Errors
/// As [`listed`].
pub fn selection(list: &Path, dataset: &Dataset) -> Result<Vec<usize>> {
    let mut known: HashMap<String, usize> = HashMap::new();
    for (i, image) in dataset.images.iter().enumerate() {
        // "scenes/012.png" is also found as "012.png".
        let last = file_name(Path::new(&image.name));
        for name in [image.name.clone(), last] {
            known.entry(name).or_insert(i);
        }
    }
    listed(list, |name| {
        let index = || name.parse().ok().filter(|&i| i < dataset.images.len());
        known.get(name).copied().or_else(index)
    })
}

/// The images that `group` says: words (those with a caption that holds them all), a list such as `0,5,7`, or `@FILE` with
/// a name or index a line.
///
/// # Errors
/// As [`listed`].
pub fn members(group: &str, dataset: &Dataset) -> Result<Members> {
    let group = group.trim();
    let (list, title) = match group.strip_prefix('@') {
        Some(path) => (Path::new(path), file_name(Path::new(path))),
        None if is_numbers(group) => (Path::new(group), format!("images {group}")),
        None => return Ok(Members::Words(group.into())),
    };
    let rows = selection(list, dataset)?;
    let rows = rows.into_iter().map(|row| row as u32).collect();
    Ok(Members::Rows(title, rows))
}

/// What each entry of a list such as `0,5,7`, or each line of the file `path`, is for `find`.
///
/// # Errors
/// The file cannot be read; an entry that is nothing for `find`.
pub fn listed(path: &Path, find: impl Fn(&str) -> Option<usize>) -> Result<Vec<usize>> {
    let numbers = path.to_str().filter(|text| is_numbers(text));
    let content = if let Some(text) = numbers {
        text.replace(',', "\n")
    } else {
        let bytes = read_all(path, TEXT).map_err(Error::io("read", path))?;
        String::from_utf8_lossy(&bytes)
            .trim_start_matches('\u{FEFF}')
            .to_owned()
    };
    let entries = content
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty());
    entries
        .map(|entry| {
            find(entry).ok_or_else(|| {
                Error::request(
                    format!("there is no {entry} in it"),
                    "Give names as the dataset has them, or indices from 0.",
                )
            })
        })
        .collect()
}

/// Is it a list of indices, such as `0,5,7`?
pub fn is_numbers(text: &str) -> bool {
    let mut parts = text.split(',');
    parts.all(|part| part.trim().parse::<usize>().is_ok())
}
