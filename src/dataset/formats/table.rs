//! Tables of captions: `captions.txt`, CSV, TSV, Flickr30k's `results.csv` (`|`), Hugging Face's `metadata.csv`.

use super::gather::{Gather, IMAGE_KEYS, file_name, split_extension, step};
use super::text::{CAPTION_KEYS, listed, read_text};
use crate::dataset::Dataset;
use crate::dataset::picture::is_picture_name;
use crate::error::{Error, Result};
use crate::task::Task;
use csv::{ReaderBuilder, StringRecord};
use std::path::Path;

/// `metadata.csv`.
pub(super) fn named_metadata(name: &str) -> bool {
    name == "metadata.csv"
}

/// `captions.txt`, `captions.csv`, `captions.tsv`, `captions_train.csv`.
pub(super) fn named_captions(name: &str) -> bool {
    let (stem, extension) = split_extension(name);
    let tokens = split_extension(stem).1 == "token";
    ["txt", "csv", "tsv"].contains(&extension) && stem.starts_with("captions") && !tokens
}

/// `results.csv`.
pub(super) fn named_results(name: &str) -> bool {
    name == "results.csv"
}

/// Does the first line name a picture's and a caption's column, or begin with a picture's name?
pub(super) fn begins(head: &str) -> bool {
    Layout::of(head).is_some()
}

/// Reads the file; its images are in order of first mention.
pub(super) fn open(path: &Path, task: &Task) -> Result<Dataset> {
    let text = read_text(path)?;
    let Some(layout) = Layout::of(&text) else {
        let first = text
            .lines()
            .next()
            .unwrap_or_default()
            .chars()
            .take(80)
            .collect::<String>();
        return Err(Error::dataset(
            path,
            format!("has no columns for a picture and its caption; its first line is: {first}"),
            format!(
                "Name the columns in the first line, such as image,caption. Known: {}; {}.",
                IMAGE_KEYS.join(", "),
                CAPTION_KEYS.join(", ")
            ),
        ));
    };
    task.begin("Reading captions", text.lines().count() as u64);
    let mut gather = Gather::new(path);
    let mut reader = layout.reader(&text);
    let mut record = StringRecord::new();
    for number in 0u64.. {
        step(task, number.max(1))?;
        let start = reader.position().clone();
        match reader.read_record(&mut record) {
            Ok(true) => {}
            Ok(false) => break,
            Err(e) => {
                gather.line_problem(start.line(), format!("cannot be read: {e}"));
                break;
            }
        }
        let raw = text
            .get(start.byte() as usize..reader.position().byte() as usize)
            .unwrap_or_default();
        // The reader's position is before the blank lines that it skips.
        let body = raw.trim_start_matches(['\r', '\n']);
        let line = start.line() + raw[..raw.len() - body.len()].matches('\n').count() as u64;
        if number == 0 && layout.header {
            continue;
        }
        if layout.swallowed_rows(body) {
            for (line, single) in (line..).zip(body.lines()) {
                if layout
                    .reader(single)
                    .read_record(&mut record)
                    .unwrap_or(false)
                {
                    layout.add(&record, line, &mut gather);
                }
            }
        } else {
            layout.add(&record, line, &mut gather);
        }
    }
    gather.finish(format!("Caption table ({})", file_name(path)))
}

/// Where a table keeps what.
struct Layout {
    delimiter: u8,
    image: usize,
    caption: usize,
    columns: usize,
    header: bool,
    /// Is the column before the captions the number of the caption, as in Flickr30k's `results.csv`?
    numbered: bool,
}

impl Layout {
    /// From the first line that is not blank.
    fn of(text: &str) -> Option<Self> {
        let line = text.lines().find(|line| !line.trim().is_empty())?;
        let splits = [b'\t', b'|', b';', b','].map(|delimiter| {
            let clean = |field: &str| field.trim().trim_matches('"').trim().to_lowercase();
            (
                delimiter,
                line.split(char::from(delimiter))
                    .map(clean)
                    .collect::<Vec<_>>(),
            )
        });
        let headed = splits.iter().find_map(|(delimiter, names)| {
            let column = |keys: &[&str]| {
                keys.iter()
                    .find_map(|key| names.iter().position(|n| n == key))
            };
            let (image, caption) = (column(&IMAGE_KEYS)?, column(&CAPTION_KEYS)?);
            Some(Self {
                delimiter: *delimiter,
                image,
                caption,
                columns: names.len(),
                header: true,
                numbered: caption > 0 && names[caption - 1] == "comment_number",
            })
        });
        headed.or_else(|| {
            splits.iter().find_map(|(delimiter, fields)| {
                let name = fields.first()?;
                let picture = is_picture_name(Path::new(name)) && !name.starts_with(['{', '[']);
                if fields.len() < 2 || !picture {
                    return None;
                }
                // Flickr30k: name | number of the caption | caption.
                let numbered =
                    *delimiter == b'|' && fields.len() > 2 && fields[1].parse::<u32>().is_ok();
                let caption = if numbered { 2 } else { 1 };
                Some(Self {
                    delimiter: *delimiter,
                    image: 0,
                    caption,
                    columns: caption + 1,
                    header: false,
                    numbered,
                })
            })
        })
    }

    fn reader<'a>(&self, text: &'a str) -> csv::Reader<&'a [u8]> {
        ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(self.delimiter)
            // Captions between bars use quotes as plain characters.
            .quoting(self.delimiter != b'|')
            .from_reader(text.as_bytes())
    }

    /// Did a quote that nobody closed make one record of several rows?
    fn swallowed_rows(&self, body: &str) -> bool {
        body.lines().skip(1).any(|line| {
            let field = line
                .split(char::from(self.delimiter))
                .nth(self.image)
                .unwrap_or_default();
            is_picture_name(Path::new(field.trim().trim_matches('"')))
        })
    }

    /// Adds a row, or lists it as malformed.
    fn add(&self, record: &StringRecord, line: u64, gather: &mut Gather) {
        let mut found = record.len();
        while found > self.columns && record.get(found - 1).is_some_and(|f| f.trim().is_empty()) {
            found -= 1;
        }
        // One row of Flickr30k lacks the bar after the number: `2199200615.jpg| 4   A dog runs across the grass .`
        if self.numbered && found + 1 == self.columns && self.caption == found {
            let (name, rest) = (record.get(self.image), record.get(found - 1));
            if let Some((number, caption)) = rest.and_then(|r| r.trim().split_once(' '))
                && number.parse::<u32>().is_ok()
            {
                return gather.row(line, name.unwrap_or_default(), caption);
            }
        }
        // Only a caption holds unquoted separators: what is too much belongs to it.
        let extra = found.saturating_sub(self.columns);
        let image = if self.image > self.caption {
            self.image + extra
        } else {
            self.image
        };
        let last = self.caption + extra;
        let (Some(name), true) = (record.get(image), last < found) else {
            let what = format!("expected {} columns, found {found}", self.columns);
            return gather.line_problem(line, what);
        };
        let parts: Vec<&str> = (self.caption..=last)
            .filter_map(|i| record.get(i))
            .collect();
        let caption = parts.join(char::from(self.delimiter).encode_utf8(&mut [0; 4]));
        for one in listed(&caption) {
            gather.row(line, name, &one);
        }
    }
}
