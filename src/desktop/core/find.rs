//! Looks for words in names and captions.

use super::query::Query;
use crate::dataset::Dataset;
use crate::error::Result;
use crate::retrieval::Side;
use crate::task::Task;

/// The words of `text`, in lower case.
pub fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_lowercase).collect()
}

/// Does `title` hold every one of `words`, which are in lower case?
pub fn holds(words: &[String], title: &str) -> bool {
    let title = title.to_lowercase();
    words.iter().all(|w| title.contains(w))
}

/// The first images and captions that hold every word of `text`, none for no words.
///
/// # Errors
/// Cancellation.
pub fn rows(dataset: &Dataset, text: &str, task: &Task) -> Result<Vec<(String, Query)>> {
    const MOST: usize = 40;
    /// Rows between two looks at whether it was cancelled.
    const STRIDE: usize = 4096;
    let words = words(text);
    let mut found = Vec::new();
    if words.is_empty() {
        return Ok(found);
    }
    for (i, image) in dataset.images.iter().enumerate() {
        if i % STRIDE == 0 {
            task.check()?;
        }
        if holds(&words, &image.name) {
            found.push((format!("Image {}", image.name), Query::Row(Side::Image, i)));
            if found.len() == MOST {
                break;
            }
        }
    }
    let images = found.len();
    for (j, caption) in dataset.captions.iter().enumerate() {
        if j % STRIDE == 0 {
            task.check()?;
        }
        if holds(&words, caption) {
            found.push((format!("Caption {caption}"), Query::Row(Side::Text, j)));
            if found.len() - images == MOST {
                break;
            }
        }
    }
    Ok(found)
}
