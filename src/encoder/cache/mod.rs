//! Embeddings kept on disk, addressed by content: the model and its settings name a file, the data names a row.
//!
//! A file is a header and records of equal length, each with its own checksum, appended once per batch: after a kill
//! at most the batch being computed is lost, and a torn record is cut off by the next writer. What a large file holds is kept
//! in an index beside it, so that a run costs what its own rows cost.

mod fetched;
mod files;
mod index;
mod writer;

pub use fetched::{FetchedEncoder, clear_fetched, fetched_encoders, fetched_folder};
pub use files::CacheFile;
pub(super) use writer::Writer;

use crate::error::Result;
use crate::files::open_regular;
use crate::paths::cache_dir;
use crate::task::Task;
use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The content hash (BLAKE3) of a picture's file or of a caption.
pub type RowHash = [u8; 32];

/// The first bytes of every file; the digit is the version of the format.
const MAGIC: [u8; 8] = *b"NMEMBED1";
/// Magic, then the length of an embedding as u32, then 4 bytes that check both.
const HEADER: u64 = 16;
const HASH: usize = 32;
const CHECK: usize = 8;
/// The hash that stands for a record that is damaged.
const DAMAGED: RowHash = [0xff; HASH];

/// A folder of cached embeddings.
#[derive(Debug, Clone)]
pub struct Cache {
    folder: PathBuf,
    /// Bytes that it may take.
    limit: u64,
}

/// The cached rows of one model with one setting.
pub(super) struct Shelf {
    path: PathBuf,
    dim: usize,
    /// Where each row's record begins.
    rows: HashMap<RowHash, u64>,
    /// How far the file was read.
    seen: u64,
    file: Option<File>,
}

impl Cache {
    /// The application's cache.
    ///
    /// # Errors
    /// The system names no folder for it, or it cannot be created; `NEARMISS_CACHE_LIMIT` is no size.
    pub fn open() -> Result<Self> {
        let cache = Self::at(cache_dir()?.join("embeddings"));
        match std::env::var(files::VARIABLE) {
            Ok(text) => Ok(cache.limited(files::limit_of(&text)?)),
            Err(_) => Ok(cache),
        }
    }

    /// A cache in `folder`, which is created when something is to be kept.
    pub fn at(folder: PathBuf) -> Self {
        Self {
            folder,
            limit: files::LIMIT,
        }
    }

    /// The same that may take so many `bytes`.
    #[must_use]
    pub fn limited(self, bytes: u64) -> Self {
        Self {
            limit: bytes,
            ..self
        }
    }

    /// Bytes that it may take; beyond, what was not used for longest goes.
    pub fn limit(&self) -> u64 {
        self.limit
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What is kept under `key`. A file that is missing or not ours counts as empty.
    pub(super) fn shelf(&self, key: &blake3::Hash, task: &Task) -> Result<(Shelf, Writer)> {
        let path = self.folder.join(format!("{}.bin", &key.to_hex()[..32]));
        self.evict(&path);
        let shelf = Shelf::read(path.clone(), task)?;
        let writer = Writer::of(path, self.limit, &shelf);
        Ok((shelf, writer))
    }
}

impl Shelf {
    /// Nothing cached.
    pub(super) fn empty() -> Self {
        Self {
            path: PathBuf::new(),
            dim: 0,
            rows: HashMap::new(),
            seen: 0,
            file: None,
        }
    }

    fn read(path: PathBuf, task: &Task) -> Result<Self> {
        let mut shelf = Self {
            path,
            ..Self::empty()
        };
        let Ok(mut file) = open_regular(&shelf.path) else {
            return Ok(shelf);
        };
        let Some(dim) = read_header(&mut file) else {
            return Ok(shelf);
        };
        let mut rows = index::read(&shelf.path, &mut file, dim);
        let (before, size) = (rows.len(), record_length(dim));
        let place = |n: usize| HEADER + (n * size) as u64;
        let mut record = vec![0; size];
        let mut reader = BufReader::with_capacity(1 << 20, &file);
        let found = reader.seek(SeekFrom::Start(place(before)));
        // A record that is cut off ends the file; one whose checksum fails is left out alone.
        while found.is_ok() && reader.read_exact(&mut record).is_ok() {
            if rows.len().is_multiple_of(1024) {
                task.check()?;
            }
            rows.push(checked(&record).map_or(DAMAGED, |(hash, _)| hash));
        }
        index::write(&shelf.path, &mut file, dim, &rows, before);
        let known = rows
            .iter()
            .enumerate()
            .filter(|(_, hash)| **hash != DAMAGED);
        shelf.rows = known.map(|(n, hash)| (*hash, place(n))).collect();
        let at = place(rows.len());
        // Reading counts as use: what is not used for longest goes first.
        let _ = OpenOptions::new()
            .write(true)
            .open(&shelf.path)
            .and_then(|file| file.set_modified(SystemTime::now()));
        shelf.dim = dim;
        shelf.seen = at;
        shelf.file = Some(file);
        Ok(shelf)
    }

    /// Is this row cached?
    pub(super) fn contains(&self, hash: &RowHash) -> bool {
        self.rows.contains_key(hash)
    }

    /// A cached row, as the model gave it; `None` where it is not cached or can no longer be read.
    pub(super) fn get(&self, hash: &RowHash) -> Option<Vec<f32>> {
        let at = *self.rows.get(hash)?;
        let row = self.row(hash, at);
        if row.is_none() {
            // The next run reads the file itself, and keeps the row anew.
            index::forget(&self.path);
        }
        row
    }

    fn row(&self, hash: &RowHash, at: u64) -> Option<Vec<f32>> {
        let mut file = self.file.as_ref()?;
        let mut record = vec![0; record_length(self.dim)];
        file.seek(SeekFrom::Start(at)).ok()?;
        file.read_exact(&mut record).ok()?;
        let (found, values) = checked(&record)?;
        (found == *hash).then(|| {
            values
                .chunks_exact(4)
                .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
                .collect()
        })
    }
}

fn header(dim: usize) -> [u8; HEADER as usize] {
    let mut bytes = [0; HEADER as usize];
    bytes[..8].copy_from_slice(&MAGIC);
    bytes[8..12].copy_from_slice(&(dim as u32).to_le_bytes());
    let check = checksum(&bytes[..12]);
    bytes[12..].copy_from_slice(&check[..4]);
    bytes
}

/// The length of an embedding that a header states; `None` where it is none of ours.
fn read_header(reader: &mut impl Read) -> Option<usize> {
    let mut bytes = [0; HEADER as usize];
    reader.read_exact(&mut bytes).ok()?;
    let dim = u32::from_le_bytes([bytes[8], bytes[9], bytes[10], bytes[11]]) as usize;
    (dim > 0 && bytes == header(dim)).then_some(dim)
}

fn record_length(dim: usize) -> usize {
    HASH + 4 * dim + CHECK
}

fn checksum(bytes: &[u8]) -> [u8; CHECK] {
    let mut check = [0; CHECK];
    check.copy_from_slice(&blake3::hash(bytes).as_bytes()[..CHECK]);
    check
}

/// Hash and value bytes of a record whose checksum holds.
fn checked(record: &[u8]) -> Option<(RowHash, &[u8])> {
    let (body, check) = record.split_at(record.len() - CHECK);
    let (hash, values) = body.split_first_chunk::<HASH>()?;
    (checksum(body) == check).then_some((*hash, values))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: blake3::Hash = blake3::Hash::from_bytes([7; 32]);

    fn shelf(cache: &Cache) -> (Shelf, Writer) {
        cache.shelf(&KEY, &Task::detached()).unwrap()
    }

    fn hash(n: u8) -> RowHash {
        [n; 32]
    }

    #[test]
    fn rows_come_back_and_a_torn_or_damaged_record_is_lost_alone() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path().join("new"));
        let (_, mut writer) = shelf(&cache);
        writer.append(&[hash(1), hash(2)], &[1.0, 2.0, 3.0, 4.0], 2);
        writer.append(&[hash(3)], &[5.0, 6.0], 2);
        let path = writer.path.clone();
        assert_eq!(writer.warning(), None);
        assert_eq!(shelf(&cache).0.get(&hash(3)), Some(vec![5.0, 6.0]));

        let mut bytes = std::fs::read(&path).unwrap();
        bytes[HEADER as usize + HASH] ^= 1;
        bytes.truncate(bytes.len() - 5);
        std::fs::write(&path, bytes).unwrap();
        let (read, mut writer) = shelf(&cache);
        assert_eq!(
            [1, 2, 3].map(|n| read.contains(&hash(n))),
            [false, true, false]
        );
        writer.append(&[hash(4)], &[7.0, 8.0], 2);
        let (read, _) = shelf(&cache);
        assert_eq!(
            [2, 3, 4].map(|n| read.contains(&hash(n))),
            [true, false, true]
        );
        assert_eq!(read.get(&hash(4)), Some(vec![7.0, 8.0]));
    }

    #[test]
    fn an_index_says_what_a_large_file_holds_and_a_damaged_row_is_kept_anew() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path().to_path_buf());
        let hashes: Vec<RowHash> = (1..=3000_u32)
            .map(|n| *blake3::hash(&n.to_le_bytes()).as_bytes())
            .collect();
        let values: Vec<f32> = (0..6000_u16).map(f32::from).collect();
        let (_, mut writer) = shelf(&cache);
        writer.append(&hashes[..2000], &values[..4000], 2);
        let path = writer.path.clone();
        let index = index::path_of(&path);
        assert!(!index.exists());
        assert_eq!(shelf(&cache).0.rows.len(), 2000);
        assert!(index.exists());
        // What came after it is read beside it.
        let (read, mut writer) = shelf(&cache);
        writer.append(&hashes[2000..], &values[4000..], 2);
        drop(read);
        let (read, _) = shelf(&cache);
        for n in [0, 1999, 2000, 2999] {
            assert_eq!(
                read.get(&hashes[n]),
                Some(values[2 * n..2 * n + 2].to_vec())
            );
        }

        // A record that was damaged since is found when it is read, and kept anew by the next run.
        let mut bytes = std::fs::read(&path).unwrap();
        let at = |n: usize| HEADER as usize + n * record_length(2) + HASH;
        bytes[at(7)] ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        let (read, _) = shelf(&cache);
        assert!(read.contains(&hashes[7]) && read.get(&hashes[7]).is_none());
        let (read, mut writer) = shelf(&cache);
        assert!(!read.contains(&hashes[7]) && read.contains(&hashes[8]));
        writer.append(&hashes[7..8], &values[14..16], 2);
        assert_eq!(shelf(&cache).0.get(&hashes[7]), Some(vec![14.0, 15.0]));

        // The index of another content says nothing.
        let kept = std::fs::read(&index).unwrap();
        assert!(cache.clear().unwrap().0 == 1 && !index.exists());
        let (_, mut writer) = shelf(&cache);
        let other: Vec<RowHash> = hashes.iter().rev().copied().collect();
        writer.append(&other, &values, 2);
        std::fs::write(&index, kept).unwrap();
        let (read, _) = shelf(&cache);
        assert_eq!(read.get(&other[5]), Some(values[10..12].to_vec()));
    }

    #[test]
    fn a_file_that_is_not_ours_counts_as_empty_and_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path().to_path_buf());
        let (_, mut writer) = shelf(&cache);
        for content in [&b"short"[..], &[9; 1000]] {
            std::fs::write(&writer.path, content).unwrap();
            assert!(!shelf(&cache).0.contains(&hash(1)));
        }
        writer.append(&[hash(1)], &[1.0], 1);
        assert_eq!(shelf(&cache).0.get(&hash(1)), Some(vec![1.0]));
    }

    #[test]
    fn what_cannot_be_written_is_one_warning() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let (_, mut writer) = shelf(&Cache::at(file.path().join("below a file")));
        writer.append(&[hash(1)], &[1.0], 1);
        writer.append(&[hash(2)], &[1.0], 1);
        assert!(writer.warning().is_some_and(|w| w.contains("below a file")));
        assert_eq!(Writer::none().warning(), None);
    }

    #[test]
    fn writers_that_start_together_keep_each_row_once() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path().to_path_buf());
        let mut writers: Vec<Writer> = (0..8).map(|_| shelf(&cache).1).collect();
        for n in 0..4 {
            for writer in &mut writers {
                writer.append(&[hash(n), hash(n + 100)], &[1.0, 2.0, 3.0, 4.0], 2);
            }
        }
        let length = std::fs::metadata(&writers[0].path).unwrap().len();
        assert_eq!(length, HEADER + 8 * record_length(2) as u64);
        assert!(writers.into_iter().all(|w| w.warning().is_none()));
        let files = cache.files().unwrap();
        assert_eq!(
            files.iter().map(|f| f.rows).collect::<Vec<_>>(),
            [Some((8, 2))]
        );
        // What was cleared in between is begun again.
        let (_, mut writer) = shelf(&cache);
        assert_eq!(cache.clear().unwrap(), (1, length));
        writer.append(&[hash(1)], &[1.0, 2.0], 2);
        assert!(shelf(&cache).0.contains(&hash(1)));
    }

    #[test]
    fn beyond_the_limit_the_oldest_file_goes_and_one_file_stays_within_it() {
        let folder = tempfile::tempdir().unwrap();
        let record = record_length(1) as u64;
        let cache = Cache::at(folder.path().to_path_buf()).limited(2 * (HEADER + record));
        let keyed = |n: u8| {
            let key = blake3::Hash::from_bytes([n; 32]);
            cache.shelf(&key, &Task::detached()).unwrap()
        };
        for n in 0..3 {
            let (_, mut writer) = keyed(n);
            writer.append(&[hash(n)], &[1.0], 1);
            let old = SystemTime::now() - std::time::Duration::from_secs(1000 - u64::from(n));
            let file = OpenOptions::new().write(true).open(&writer.path).unwrap();
            file.set_modified(old).unwrap();
        }
        // The first file is asked for, so that the second has not been used for longest.
        assert!(keyed(0).0.contains(&hash(0)));
        assert!(!keyed(1).0.contains(&hash(1)) && keyed(2).0.contains(&hash(2)));
        let (_, mut writer) = keyed(0);
        writer.append(&[hash(7), hash(8), hash(9)], &[1.0, 2.0, 3.0], 1);
        assert!(writer.warning().is_some_and(|w| w.contains("limit")));
    }
}
