//! Caption files, and the copies of the pictures that they name.

use super::sheet::csv_failed;
use super::{Export, Format, Item, require_items};
use crate::dataset::is_picture_name;
use crate::error::{Error, Result};
use crate::files::{replace_with, step};
use serde::Serialize;
use serde_json::json;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

/// What the caption file of a folder is called.
pub(super) fn file_name(format: Format, slug: &str) -> String {
    match format {
        Format::Karpathy => format!("dataset_{slug}.json"),
        Format::Coco => format!("captions_{slug}.json"),
        Format::FlickrTokens => "captions.token.txt".into(),
        Format::Csv => "captions.csv".into(),
        _ => "metadata.jsonl".into(),
    }
}

/// Copies the pictures into `folder`, which nobody sees yet; images without one are left out.
pub(super) fn copy(export: &mut Export<'_>, folder: &Path) -> Result<()> {
    let mut good = Vec::with_capacity(export.items.len());
    for i in 0..export.items.len() {
        export.task.check()?;
        let bytes = export.picture(i)?;
        good.push(bytes.is_some());
        if let Some(bytes) = bytes {
            let path = folder.join(&export.items[i].name);
            let parent = path.parent().unwrap_or(folder);
            std::fs::create_dir_all(parent).map_err(Error::io("create", parent))?;
            step("write")?;
            std::fs::write(&path, bytes).map_err(Error::io("write", &path))?;
        }
        export.task.add(1);
    }
    export.keep(&good);
    require_items(export)
}

/// Writes a text file beside each picture of `folder`.
pub(super) fn sidecars(export: &mut Export<'_>, folder: &Path) -> Result<()> {
    for i in 0..export.items.len() {
        export.task.check()?;
        let text = export.lines(i).join("\n") + "\n";
        let path = folder.join(&export.items[i].name).with_extension("txt");
        std::fs::write(&path, text).map_err(Error::io("write", &path))?;
    }
    Ok(())
}

/// Writes the caption file `path`.
pub(super) fn write(export: &mut Export<'_>, format: Format, path: &Path) -> Result<()> {
    require_items(export)?;
    replace_with(path, |out| {
        let mut file = Text { path, out };
        match format {
            Format::Karpathy => karpathy(export, &mut file),
            Format::Coco => coco(export, &mut file),
            Format::FlickrTokens => tokens(export, &mut file),
            Format::Csv => csv(export, &mut file),
            _ => lines(export, &mut file),
        }
    })
}

/// A file being written.
struct Text<'a, 'b> {
    path: &'a Path,
    out: &'a mut BufWriter<&'b File>,
}

impl Text<'_, '_> {
    fn put(&mut self, text: &str) -> Result<()> {
        self.out
            .write_all(text.as_bytes())
            .map_err(Error::io("write", self.path))
    }

    /// A value as JSON on one line, after a comma unless it is the first.
    fn item(&mut self, first: bool, value: &impl Serialize) -> Result<()> {
        self.put(if first { "\n" } else { ",\n" })?;
        serde_json::to_writer(&mut *self.out, value)
            .map_err(|e| Error::io("write", self.path)(e.into()))
    }
}

/// Every item with its number, until the task is cancelled.
fn each<'e, 'a>(export: &'e Export<'a>) -> impl Iterator<Item = Result<(usize, &'e Item<'a>)>> {
    export.items.iter().enumerate().map(|(i, item)| {
        if i.is_multiple_of(1024) {
            export.task.check()?;
        }
        Ok((i, item))
    })
}

/// `{"images": [{"filename", "split", "sentences": [{"raw", "tokens"}]}]}`.
fn karpathy(export: &Export<'_>, file: &mut Text<'_, '_>) -> Result<()> {
    file.put(&format!(
        "{{\"dataset\": {}, \"images\": [",
        json!(export.dataset.name)
    ))?;
    let mut id = 0;
    for entry in each(export) {
        let (i, item) = entry?;
        let ids: Vec<usize> = (id..id + item.captions.len()).collect();
        id += ids.len();
        let sentences: Vec<_> = item
            .captions
            .iter()
            .zip(&ids)
            .map(|(raw, id)| json!({"raw": raw, "tokens": words(raw), "imgid": i, "sentid": id}))
            .collect();
        file.item(
            i == 0,
            &json!({
                "filename": item.name,
                "imgid": i,
                "split": "test",
                "sentids": ids,
                "sentences": sentences,
            }),
        )?;
    }
    file.put("\n]}\n")
}

/// A caption's words in lower case without punctuation, as these files give them.
fn words(caption: &str) -> Vec<String> {
    let letters = |word: &str| -> String {
        let kept = word.chars().filter(|c| c.is_alphanumeric() || *c == '\'');
        kept.collect::<String>().to_lowercase()
    };
    caption
        .split_whitespace()
        .map(letters)
        .filter(|word| !word.is_empty())
        .collect()
}

/// `{"images": [{"id", "file_name"}], "annotations": [{"id", "image_id", "caption"}]}`.
fn coco(export: &Export<'_>, file: &mut Text<'_, '_>) -> Result<()> {
    file.put("{\"info\": {}, \"licenses\": [], \"images\": [")?;
    for entry in each(export) {
        let (i, item) = entry?;
        file.item(i == 0, &json!({"id": i + 1, "file_name": item.name}))?;
    }
    file.put("\n], \"annotations\": [")?;
    let mut id = 0;
    for entry in each(export) {
        let (i, item) = entry?;
        for caption in item.captions {
            id += 1;
            let value = json!({"id": id, "image_id": i + 1, "caption": caption});
            file.item(id == 1, &value)?;
        }
    }
    file.put("\n]}\n")
}

/// `name.jpg#0`, a tab and the caption.
fn tokens(export: &mut Export<'_>, file: &mut Text<'_, '_>) -> Result<()> {
    for i in 0..export.items.len() {
        export.task.check()?;
        let captions = export.lines(i);
        let name = export.items[i].name.clone();
        if name.contains(['\t', '\n', '\r']) {
            export.changed(
                &name,
                "has a tab or a line break in its name, which no reader expects",
            );
        }
        for (number, caption) in captions.iter().enumerate() {
            file.put(&format!("{name}#{number}\t{caption}\n"))?;
        }
    }
    Ok(())
}

/// `image,caption`, quoted where that is needed. A caption that would be read as something else stands as a JSON
/// list in its cell.
fn csv(export: &Export<'_>, file: &mut Text<'_, '_>) -> Result<()> {
    let mut writer = csv::Writer::from_writer(&mut *file.out);
    let failed = |e| csv_failed(file.path, e);
    writer.write_record(["image", "caption"]).map_err(failed)?;
    for entry in each(export) {
        let (_, item) = entry?;
        for caption in item.captions {
            let list;
            let cell = if misread(caption) {
                list = json!([caption]).to_string();
                &list
            } else {
                caption
            };
            writer.write_record([&item.name, cell]).map_err(failed)?;
        }
    }
    writer.flush().map_err(Error::io("write", file.path))
}

/// Would a reader take the caption for a list, or a line of it for another row?
fn misread(caption: &str) -> bool {
    let row = |line: &str| {
        let first = line.split(',').next().unwrap_or_default();
        is_picture_name(Path::new(first.trim().trim_matches('"')))
    };
    serde_json::from_str::<Vec<String>>(caption).is_ok()
        || caption.contains('\r')
        || caption.lines().skip(1).any(row)
}

/// `{"file_name", "text"}`, or `"captions"` where some image has several.
fn lines(export: &Export<'_>, file: &mut Text<'_, '_>) -> Result<()> {
    let single = export.items.iter().all(|item| item.captions.len() == 1);
    for entry in each(export) {
        let (_, item) = entry?;
        let row = match item.captions {
            [only] if single => json!({"file_name": item.name, "text": only}),
            several => json!({"file_name": item.name, "captions": several}),
        };
        file.put(&format!("{row}\n"))?;
    }
    Ok(())
}
