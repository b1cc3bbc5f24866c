//! Tables of captions: `captions.txt`, CSV, TSV, Flickr30k's `results.csv` (`|`), Hugging Face's `metadata.csv`.

use super::cells::{Cell, Cells, Record};
use crate::dataset::encoded::{is_picture, key_of};
use crate::dataset::formats::builder::{DatasetBuilder, IMAGE_KEYS, PICTURE_KEYS};
use crate::dataset::formats::names::{place, split_extension, step};
use crate::dataset::formats::split::{self, Rule, Scan, Wanted};
use crate::dataset::formats::text::{CAPTION_KEYS, TextFile, listed};
use crate::dataset::picture::is_picture_name;
use crate::dataset::{Dataset, Reason, Stored};
use crate::error::{Error, Result};
use crate::files::file_name;
use crate::task::Task;
use std::collections::HashSet;
use std::path::Path;

/// `metadata.csv`.
pub(crate) fn named_metadata(name: &str) -> bool {
    name == "metadata.csv"
}

/// `captions.txt`, `captions.csv`, `captions.tsv`, `captions_train.csv`.
pub(crate) fn named_captions(name: &str) -> bool {
    let (stem, extension) = split_extension(name);
    let tokens = split_extension(stem).1 == "token";
    ["txt", "csv", "tsv"].contains(&extension) && stem.starts_with("captions") && !tokens
}

/// `results.csv`.
pub(crate) fn named_results(name: &str) -> bool {
    name == "results.csv"
}

/// Does the first line name a picture's and a caption's column, or begin with a picture's name?
pub(crate) fn begins(head: &str) -> bool {
    Layout::of(head).is_some()
}

/// Reads the file; its images are in order of first mention.
pub(crate) fn open(path: &Path, wanted: &Wanted, task: &Task) -> Result<Dataset> {
    let file = TextFile::open(path)?;
    let text = file.text.as_str();
    let Some(mut layout) = Layout::of(text) else {
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
    layout.find_split(text);
    let rows = text.lines().count() as u64;
    let mut scan = Scan::new(layout.split_name.clone());
    for record in layout.records(text) {
        if let (Some(at), Ok(row)) = (layout.split, layout.row(&record, text)) {
            let split = record.cells.get(at + row.shift(at, &layout));
            scan.add(split.map(|cell| cell.value(text)).as_deref(), &row.name);
        } else if let Ok(row) = layout.row(&record, text) {
            scan.add(None, &row.name);
        }
    }
    let chosen = scan.decide(path, wanted, Rule::Usual)?;
    task.begin("Reading captions", rows);
    let mut builder = DatasetBuilder::new(path).reaching(wanted);
    file.note(&mut builder);
    layout.unused.iter().for_each(|column| {
        let what = "is a second column of its kind, and not used";
        builder.note(Reason::NotUsed, what, format!("column {column}"));
    });
    for (number, record) in (1u64..).zip(layout.records(text)) {
        step(task, number)?;
        let line = record.line;
        if record.open {
            let what = "begins with a quote mark that nothing closes; it is used as it stands";
            builder.note(Reason::OpenQuote, what, place(path, line));
        }
        let row = match layout.row(&record, text) {
            Ok(row) => row,
            Err(what) => {
                builder.line_problem(line, what);
                continue;
            }
        };
        let captions = listed(&row.caption);
        let split = layout
            .split
            .and_then(|at| record.cells.get(at + row.shift(at, &layout)))
            .map(|cell| cell.value(text));
        let split = chosen.of(split.as_deref(), &row.name);
        let key = picture_key(&row.name);
        if builder.elsewhere(
            &chosen,
            split,
            key.as_deref().unwrap_or(&row.name),
            captions.len(),
        ) {
            continue;
        }
        match key {
            Some(key) => {
                let stored = row.picture(&file);
                let name = format!("line {line}");
                let group = builder.stored_as(&key, &name, Some(stored)).0;
                for one in captions {
                    builder.caption(group, &one, || place(path, line));
                }
            }
            None => {
                for one in captions {
                    builder.row(line, &row.name, &one);
                }
            }
        }
    }
    builder.finish_split(format!("Caption table ({})", file_name(path)), &chosen)
}

/// What a picture that is written as text is known by.
fn picture_key(cell: &str) -> Option<String> {
    is_picture(cell).then(|| key_of(cell))
}

/// A row's picture and captions.
struct Row {
    name: String,
    caption: String,
    /// Columns that the caption takes beyond its own.
    extra: usize,
    /// Where the picture's cell stands.
    cell: Cell,
}

impl Row {
    /// How far the column `at` is moved by separators within the caption.
    fn shift(&self, at: usize, layout: &Layout) -> usize {
        if at > layout.caption { self.extra } else { 0 }
    }

    /// The picture in its cell.
    fn picture(&self, file: &TextFile) -> Stored {
        let Cell { start, end, .. } = self.cell;
        let marks = usize::from(file.text[start..end].starts_with('"'));
        Stored::Base64(Box::new(file.stored(start + marks..end - marks)))
    }
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
    split: Option<usize>,
    /// As the file calls it.
    split_name: Option<String>,
    /// More columns of pictures' names or captions.
    unused: Vec<String>,
    /// Do pictures have names with an ending? Then a row is told by one.
    endings: bool,
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
            let caption = column(&CAPTION_KEYS)?;
            let image = column(&IMAGE_KEYS)
                .or_else(|| column(&PICTURE_KEYS))
                .or_else(|| pictures(text, *delimiter))?;
            let known = |name: &str| {
                let keys = IMAGE_KEYS.iter().chain(&CAPTION_KEYS).chain(&PICTURE_KEYS);
                keys.into_iter().any(|key| *key == name)
            };
            let split = split::column(names);
            let unused = names.iter().enumerate();
            let unused = unused.filter(|(at, name)| ![image, caption].contains(at) && known(name));
            Some(Self {
                delimiter: *delimiter,
                image,
                caption,
                columns: names.len(),
                header: true,
                numbered: caption > 0 && names[caption - 1] == "comment_number",
                split,
                split_name: split.map(|at| names[at].clone()),
                unused: unused.map(|(_, name)| name.clone()).collect(),
                endings: named(text, *delimiter, image),
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
                    split: None,
                    split_name: None,
                    unused: Vec::new(),
                    endings: true,
                })
            })
        })
    }

    /// Takes as the split another column in which every row has the name of one, and not all the same, where the one
    /// that is called so is none.
    fn find_split(&mut self, text: &str) {
        let Some(header) = text.lines().find(|line| !line.trim().is_empty()) else {
            return;
        };
        let names: Vec<String> = header
            .split(char::from(self.delimiter))
            .map(|name| name.trim().trim_matches('"').trim().to_lowercase())
            .collect();
        let mut found: Vec<Option<HashSet<String>>> = vec![Some(HashSet::new()); names.len()];
        if !self.header || names.len() != self.columns {
            return;
        }
        for record in self.records(text) {
            let Ok(row) = self.row(&record, text) else {
                continue;
            };
            if found.iter().all(Option::is_none) {
                break;
            }
            for (at, values) in found.iter_mut().enumerate().filter(|(_, v)| v.is_some()) {
                let cell = record.cells.get(at + row.shift(at, self));
                let value = cell.map(|cell| cell.value(text)).unwrap_or_default();
                if !split::is_split(&value) {
                    *values = None;
                } else if let Some(values) = values {
                    values.insert(split::canonical(&value));
                }
            }
        }
        let least = |at: usize, least: usize| {
            let values = found.get(at).and_then(Option::as_ref);
            values.is_some_and(|values| values.len() >= least)
        };
        if self.split.is_some_and(|at| least(at, 1)) {
            return;
        }
        let mut others = (0..names.len()).filter(|at| ![self.image, self.caption].contains(at));
        if let Some(at) = others.find(|at| least(*at, 2)) {
            self.split = Some(at);
            self.split_name = names.get(at).cloned();
        }
    }

    /// The records without the header.
    fn records<'a>(&'a self, text: &'a str) -> impl Iterator<Item = Record> + 'a {
        // Captions between bars use quotes as plain characters.
        let quotes = self.delimiter != b'|';
        let records = Cells::new(text, self.delimiter, quotes, move |line| self.is_row(line));
        // A line of blanks is no row.
        let blank = move |record: &Record| match record.cells.as_slice() {
            [one] => one.raw(text).trim().is_empty(),
            _ => false,
        };
        let records = records.filter(move |record| !blank(record));
        records.skip(usize::from(self.header))
    }

    /// Does a line look like a row of its own?
    fn is_row(&self, line: &str) -> bool {
        let mut fields = line.split(char::from(self.delimiter));
        if !self.endings {
            return fields.count() >= self.columns;
        }
        let field = fields.nth(self.image).unwrap_or_default();
        is_picture_name(Path::new(field.trim().trim_matches('"')))
    }

    /// The picture and caption of a record, or what is wrong with it.
    fn row(&self, record: &Record, text: &str) -> Result<Row, String> {
        let cells = &record.cells;
        let mut found = cells.len();
        while found > self.columns && cells[found - 1].raw(text).trim().is_empty() {
            found -= 1;
        }
        let row = |image: Cell, caption: String, extra: usize| Row {
            name: image.value(text),
            caption,
            extra,
            cell: image,
        };
        // One row of Flickr30k lacks the bar after the number: `2199200615.jpg| 4   A dog runs across the grass .`
        if self.numbered && found + 1 == self.columns && self.caption == found {
            let rest = cells[found - 1].raw(text).trim().split_once(' ');
            if let Some((number, caption)) = rest
                && number.parse::<u32>().is_ok()
            {
                return Ok(row(cells[self.image], caption.to_owned(), 0));
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
        let (Some(&image), true) = (cells.get(image), last < found) else {
            return Err(format!("expected {} columns, found {found}", self.columns));
        };
        let caption = if extra == 0 {
            cells[self.caption].value(text)
        } else {
            // As it stands, marks and all.
            let whole = cells[self.caption].start..cells[last].end;
            text.get(whole).unwrap_or_default().to_owned()
        };
        Ok(row(image, caption, extra))
    }
}

/// The column that holds a picture as text in the first row.
fn pictures(text: &str, delimiter: u8) -> Option<usize> {
    let row = text.lines().filter(|line| !line.trim().is_empty()).nth(1)?;
    let mut fields = row.split(char::from(delimiter));
    // A data: URL has a comma, and so is quoted where commas separate.
    let url = |field: &str| field.starts_with("data:image/") && field.ends_with(";base64");
    fields.position(|field| {
        let field = field.trim().trim_matches('"');
        url(field) || is_picture(field)
    })
}

/// Do the first rows name pictures by names with an ending?
fn named(text: &str, delimiter: u8, image: usize) -> bool {
    let rows = text.lines().skip(1).take(20);
    let mut fields = rows.filter_map(|line| line.split(char::from(delimiter)).nth(image));
    fields.any(|field| is_picture_name(Path::new(field.trim().trim_matches('"'))))
}
