//! What names a file of the cache: everything that an embedding depends on besides its own picture or caption.

use crate::encoder::cache::{Cache, Shelf, Writer};
use crate::encoder::tower::Tower;
use crate::error::{Error, Result};
use crate::files::open_regular;
use crate::task::{Task, lock};
use std::collections::HashMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::SystemTime;

/// What `cache` holds for `tower` with `settings`. Nothing where there is no cache, nor where the model's
/// external data is gone or was written again since: embedding goes on with the model in memory.
pub(super) fn shelf(
    cache: Option<&Cache>,
    tower: &Tower,
    settings: &str,
    task: &Task,
) -> Result<(Shelf, Writer)> {
    let Some(cache) = cache else {
        return Ok((Shelf::empty(), Writer::none()));
    };
    match key(tower, settings, task) {
        Ok(key) => cache.shelf(&key, task),
        Err(error) if error.is_cancelled() => Err(error),
        Err(error) => Ok((
            Shelf::empty(),
            Writer::failed(format!("Embeddings are not kept for next time: {error}.")),
        )),
    }
}

/// The key of `tower` with `settings`, the fingerprint of its preprocessing or tokenizer: BLAKE3 over the model's
/// bytes as they were read, those of its external data, the settings, and how the tower is run.
pub(super) fn key(tower: &Tower, settings: &str, task: &Task) -> Result<blake3::Hash> {
    let model = tower.model();
    let mut hasher = blake3::Hasher::new();
    // The bytes in memory, whatever lies in their file now.
    hasher.update(&model.source.hash);
    for file in &model.external {
        hasher.update(file_hash(file, task)?.as_bytes());
    }
    model.source.data_unchanged()?;
    for text in [settings, &tower.fingerprint()] {
        hasher.update(&(text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    }
    Ok(hasher.finalize())
}

/// What tells that a file is still the one that was hashed: path, length, time of change.
type Identity = (PathBuf, u64, Option<SystemTime>);

/// The hash of a file's bytes; computed once per process while length and time of change stay.
fn file_hash(path: &Path, task: &Task) -> Result<blake3::Hash> {
    static KNOWN: Mutex<Option<HashMap<Identity, blake3::Hash>>> = Mutex::new(None);
    let mut file = open_regular(path).map_err(Error::io("read", path))?;
    let about = file.metadata().map_err(Error::io("read", path))?;
    let identity = (path.to_path_buf(), about.len(), about.modified().ok());
    if let Some(hash) = lock(&KNOWN).get_or_insert_default().get(&identity) {
        return Ok(*hash);
    }
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        task.check()?;
        match file.read(&mut buffer).map_err(Error::io("read", path))? {
            0 => break,
            n => hasher.update(&buffer[..n]),
        };
    }
    let hash = hasher.finalize();
    lock(&KNOWN).get_or_insert_default().insert(identity, hash);
    Ok(hash)
}
