//! Archives that hold pictures and captions: `WebDataset` shards and Parquet.

use super::columns::{Cell, Columns, Kind};
use super::{Export, require_items};
use crate::error::{Error, Result};
use crate::files::replace_with;
use serde_json::json;
use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

/// Pictures of one shard, at most.
const SAMPLES: usize = 10_000;

/// Bytes of pictures of one shard, about.
const BYTES: u64 = 1 << 30;

/// Writes `slug-000000.tar` and on into `folder`.
pub(super) fn shards(export: &mut Export<'_>, folder: &Path) -> Result<()> {
    let slug = export.slug();
    let mut good = Vec::with_capacity(export.items.len());
    for number in 0.. {
        if good.len() == export.items.len() {
            break;
        }
        let path = folder.join(format!("{slug}-{number:06}.tar"));
        let upto = good.len() + SAMPLES;
        archive(export, &path, &mut good, upto, BYTES)?;
    }
    export.keep(&good);
    require_items(export)
}

/// Writes all of it as the one archive `path`.
pub(super) fn shard(export: &mut Export<'_>, path: &Path) -> Result<()> {
    require_items(export)?;
    let mut good = Vec::with_capacity(export.items.len());
    archive(export, path, &mut good, usize::MAX, u64::MAX)?;
    export.keep(&good);
    require_items(export)
}

/// Adds samples from `good.len()` on until item `upto` or `bytes` of pictures; `good` says which had a picture.
fn archive(
    export: &mut Export<'_>,
    path: &Path,
    good: &mut Vec<bool>,
    upto: usize,
    bytes: u64,
) -> Result<()> {
    replace_with(path, |out| {
        let mut archive = tar::Builder::new(out);
        let before = export.written.picture_bytes;
        while good.len() < export.items.len().min(upto)
            && export.written.picture_bytes - before < bytes
        {
            export.task.check()?;
            let i = good.len();
            let picture = export.picture(i)?;
            good.push(picture.is_some());
            if let Some(picture) = picture {
                sample(export, i, &picture, &mut archive).map_err(Error::io("write", path))?;
            }
            export.task.add(1);
        }
        archive.finish().map_err(Error::io("write", path))
    })
}

/// One sample: the picture, its captions a line each, and the same as JSON, which also has its name. Captions that
/// lines do not hold are in the JSON alone.
fn sample(
    export: &Export<'_>,
    i: usize,
    picture: &[u8],
    archive: &mut tar::Builder<&mut BufWriter<&File>>,
) -> std::io::Result<()> {
    let item = &export.items[i];
    let (key, _) = item.name.rsplit_once('.').unwrap_or((&item.name, ""));
    let about = json!({
        "key": key,
        "file_name": item.image.name,
        "captions": item.captions,
    });
    add(archive, &item.name, picture)?;
    let text = item.captions.join("\n");
    let lines = text.lines().eq(item.captions.iter().map(String::as_str));
    if lines && !text.contains('\r') && !text.trim_start().starts_with(['{', '[']) {
        add(archive, &format!("{key}.txt"), text.as_bytes())?;
    }
    add(
        archive,
        &format!("{key}.json"),
        about.to_string().as_bytes(),
    )
}

fn add(
    archive: &mut tar::Builder<&mut BufWriter<&File>>,
    name: &str,
    content: &[u8],
) -> std::io::Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_size(content.len() as u64);
    header.set_mode(0o644);
    archive.append_data(&mut header, name, content)
}

/// Writes `path` with the columns `image` (its stored bytes and its name) and `caption` (a list), which the Hugging
/// Face libraries take for pictures.
pub(super) fn parquet(export: &mut Export<'_>, path: &Path) -> Result<()> {
    require_items(export)?;
    let fields = [
        "optional group image { optional binary bytes; optional binary path (STRING); }".to_owned(),
        Kind::Texts.field("caption"),
    ];
    let kinds = [Kind::Bytes, Kind::Text, Kind::Texts];
    let features = json!({"info": {"features": {
        "image": {"_type": "Image"},
        "caption": {"_type": "Sequence", "feature": {"dtype": "string", "_type": "Value"}},
    }}});
    let about = ("huggingface", features.to_string());
    let mut good = Vec::with_capacity(export.items.len());
    replace_with(path, |out| {
        let mut rows = Columns::new(path, out, &fields, &kinds, &["image.bytes"], Some(about))?;
        for i in 0..export.items.len() {
            export.task.check()?;
            let picture = export.picture(i)?;
            good.push(picture.is_some());
            if let Some(picture) = picture {
                let item = &export.items[i];
                rows.row(vec![
                    Cell::Bytes(picture),
                    Cell::Text(item.name.clone()),
                    Cell::Texts(item.captions.to_vec()),
                ])?;
            }
            export.task.add(1);
        }
        rows.close()
    })?;
    export.keep(&good);
    require_items(export)
}
