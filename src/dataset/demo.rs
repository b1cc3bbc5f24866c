//! The demo that is part of the program: synthetic scenes with captions, and a small dual encoder trained on such.

use crate::error::{Error, Result};
use crate::files::replace;
use crate::task::scratch;
use include_dir::{Dir, include_dir};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Only what is needed at run time; the scripts and logs that made it stay outside.
static SCENES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/assets/demo/scenes");
static ENCODER: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/assets/demo/encoder");
static METADATA: &[u8] = include_bytes!("../../assets/demo/metadata.jsonl");

/// Writes the demo to `target_parent/demo-<hash>` unless it is there, and returns that folder.
///
/// The folder is a dataset (`metadata.jsonl`, `scenes/`); its folder `encoder/` is an encoder. It appears complete or
/// not at all; files that were lost or cut off since are written again.
pub fn unpack(target_parent: &Path) -> Result<PathBuf> {
    let files = files();
    let target = target_parent.join(format!("demo-{}", fingerprint(&files)));
    std::fs::create_dir_all(target_parent).map_err(Error::io("create", target_parent))?;
    if !target.is_dir() {
        let fresh = tempfile::Builder::new()
            .prefix(&scratch::prefix(target_parent, ".demo-"))
            .tempdir_in(target_parent)
            .map_err(Error::io("create", target_parent))?;
        for (name, content) in &files {
            replace(&fresh.path().join(name), |out| out.write_all(content))?;
        }
        match std::fs::rename(fresh.path(), &target) {
            Ok(()) => return Ok(target),
            // Another process was quicker.
            Err(_) if target.is_dir() => {}
            Err(e) => return Err(Error::io("create", &target)(e)),
        }
    }
    for (name, content) in &files {
        let path = target.join(name);
        let whole = std::fs::metadata(&path).is_ok_and(|meta| meta.len() == content.len() as u64);
        if !whole {
            replace(&path, |out| out.write_all(content))?;
        }
    }
    Ok(target)
}

/// Every file of the demo: its path, with forward slashes, and its content; sorted.
fn files() -> Vec<(String, &'static [u8])> {
    let mut files = vec![("metadata.jsonl".to_owned(), METADATA)];
    for (folder, dir) in [("scenes", &SCENES), ("encoder", &ENCODER)] {
        files.extend(dir.files().map(|file| {
            let name = file
                .path()
                .file_name()
                .unwrap_or_default()
                .to_string_lossy();
            (format!("{folder}/{name}"), file.contents())
        }));
    }
    files.sort();
    files
}

/// Sixteen hexadecimal digits that change with any file.
fn fingerprint(files: &[(String, &[u8])]) -> String {
    let mut hasher = blake3::Hasher::new();
    for (name, content) in files {
        hasher
            .update(name.as_bytes())
            .update(&(content.len() as u64).to_le_bytes())
            .update(content);
    }
    hasher.finalize().to_hex()[..16].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demo_is_written_once_and_mended() {
        let parent = tempfile::tempdir().unwrap();
        let demo = unpack(parent.path()).unwrap();
        assert!(
            demo.join("metadata.jsonl").is_file() && demo.join("encoder/tokenizer.json").is_file()
        );
        let one = std::fs::read_dir(demo.join("scenes"))
            .unwrap()
            .flatten()
            .next()
            .unwrap()
            .path();
        std::fs::write(&one, b"").unwrap();
        std::fs::remove_file(demo.join("metadata.jsonl")).unwrap();
        assert_eq!(unpack(parent.path()).unwrap(), demo);
        assert!(std::fs::metadata(&one).unwrap().len() > 0);
        assert_eq!(
            std::fs::read(demo.join("metadata.jsonl")).unwrap(),
            METADATA
        );
        assert_eq!(std::fs::read_dir(parent.path()).unwrap().count(), 1);
    }
}
