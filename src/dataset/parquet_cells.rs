//! Pictures in the cells of a Parquet file, read a page at a time.
//!
//! Parquet compresses by page, about 1 MB or up to a row group of some writers, so that one picture costs its page. The
//! last pages are kept: pictures that are asked for in order cost each page once, and nothing is unpacked to disk.

use super::parquet_claims::guarded;
use super::parquet_file::{Levels, ParquetFile};
use crate::error::{Error, Result};
use crate::task::lock;
use ::parquet::column::page::PageReader;
use ::parquet::column::reader::ColumnReaderImpl;
use ::parquet::data_type::{ByteArray, ByteArrayType};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

/// A column of a Parquet file whose cells hold pictures.
pub struct PictureColumn {
    file: Arc<ParquetFile>,
    leaf: usize,
    /// The first row of each row group, and the end.
    groups: Vec<u64>,
    /// The first row of each page within its row group, and the end; made at the group's first use.
    pages: Vec<OnceLock<Vec<usize>>>,
    cache: Arc<PageCache>,
    /// Tells it from other columns of the cache.
    id: usize,
}

/// The pages that were decoded last, of all the files of a dataset.
#[derive(Default)]
pub(super) struct PageCache {
    columns: AtomicUsize,
    /// The latest last.
    slots: Mutex<Vec<(Key, Arc<Slot>)>>,
}

/// Column, row group and page.
type Key = (usize, usize, usize);

/// A page that is decoded or being decoded; cells are slices of its buffer.
#[derive(Default)]
struct Slot {
    cells: Mutex<Option<Arc<[Option<ByteArray>]>>>,
    bytes: AtomicUsize,
}

impl PageCache {
    /// Bytes that are kept, though at least the two last pages are.
    const ROOM: usize = 64 << 20;

    /// The slot of `key`, now the latest; what is too much goes.
    fn slot(&self, key: Key) -> Arc<Slot> {
        let mut slots = lock(&self.slots);
        let slot = match slots.iter().position(|(k, _)| *k == key) {
            Some(at) => slots.remove(at).1,
            None => Arc::default(),
        };
        slots.push((key, Arc::clone(&slot)));
        let size = |(_, slot): &(Key, Arc<Slot>)| slot.bytes.load(Ordering::Relaxed);
        let mut total: usize = slots.iter().map(size).sum();
        while total > Self::ROOM && slots.len() > 2 {
            total -= size(&slots.remove(0));
        }
        slot
    }
}

impl PictureColumn {
    /// Column `leaf` of `file`, whose rows hold one value each.
    pub(super) fn new(file: Arc<ParquetFile>, leaf: usize, cache: Arc<PageCache>) -> Self {
        let mut groups = vec![0];
        for rows in file.groups() {
            groups.push(groups.last().copied().unwrap_or(0) + rows as u64);
        }
        Self {
            leaf,
            pages: (1..groups.len()).map(|_| OnceLock::new()).collect(),
            groups,
            id: cache.columns.fetch_add(1, Ordering::Relaxed),
            cache,
            file,
        }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// The picture file in `row`, undecoded.
    ///
    /// # Errors
    /// The file cannot be read or is damaged; the cell is null or not there.
    pub fn bytes(&self, row: u64) -> Result<Vec<u8>> {
        let lacks = |what: &str| {
            Error::dataset(
                &self.place(row),
                what,
                "Write the file again with a picture in each row.",
            )
        };
        let group = self.groups.partition_point(|&first| first <= row);
        let Some(pages) = group.checked_sub(1).and_then(|g| self.pages.get(g)) else {
            return Err(lacks("is not there"));
        };
        let group = group - 1;
        let row = (row - self.groups[group]) as usize;
        let starts = if let Some(starts) = pages.get() {
            starts
        } else {
            let starts = self.page_starts(group)?;
            pages.get_or_init(|| starts)
        };
        let page = starts.partition_point(|&first| first <= row) - 1;
        // The pages may hold fewer rows than the footer says.
        if page + 1 == starts.len() {
            return Err(lacks("is not there"));
        }
        let cells = self.page(group, page, starts)?;
        match cells.get(row - starts[page]) {
            Some(Some(cell)) => Ok(cell.data().to_vec()),
            _ => Err(lacks("holds no picture: the cell is null")),
        }
    }

    /// Has the pictures of the row group of `row` on this machine, where the file is fetched.
    ///
    /// # Errors
    /// They cannot be fetched.
    pub(super) fn fetch(&self, row: u64) -> Result<()> {
        let group = self.groups.partition_point(|&first| first <= row);
        match group.checked_sub(1).filter(|&g| g < self.pages.len()) {
            Some(group) => self.file.fetch(group, self.leaf),
            None => Ok(()),
        }
    }

    /// `train.parquet: row 17`, for messages.
    pub(super) fn place(&self, row: u64) -> PathBuf {
        format!("{}: row {row}", self.path().display()).into()
    }

    /// The first row of each page and the end, from the page headers alone.
    fn page_starts(&self, group: usize) -> Result<Vec<usize>> {
        let mut pages = self.file.pages(group, self.leaf)?;
        let mut starts = vec![0];
        let mut walk = || {
            while let Some(page) = pages.peek_next_page()? {
                if !page.is_dict {
                    // Without lists a row is one level.
                    let rows = page.num_rows.or(page.num_levels).unwrap_or(0);
                    starts.push(starts.last().copied().unwrap_or(0) + rows);
                }
                pages.skip_next_page()?;
            }
            Ok(())
        };
        guarded(self.path(), &mut walk)?.map_err(|e| self.file.damaged(&e))?;
        Ok(starts)
    }

    /// The cells of a page. Threads that want the same one wait for the first.
    fn page(
        &self,
        group: usize,
        page: usize,
        starts: &[usize],
    ) -> Result<Arc<[Option<ByteArray>]>> {
        let slot = self.cache.slot((self.id, group, page));
        let mut cells = lock(&slot.cells);
        if let Some(cells) = &*cells {
            return Ok(Arc::clone(cells));
        }
        let first = starts[page];
        let end = starts.get(page + 1).copied().unwrap_or(first);
        let read = Arc::<[_]>::from(self.decode(group, first, end - first)?);
        let bytes = read.iter().flatten().map(ByteArray::len).sum();
        slot.bytes.store(bytes, Ordering::Relaxed);
        *cells = Some(Arc::clone(&read));
        Ok(read)
    }

    fn decode(&self, group: usize, first: usize, count: usize) -> Result<Vec<Option<ByteArray>>> {
        let pages = Box::new(self.file.pages(group, self.leaf)?);
        let column = self.file.descriptor(self.leaf);
        let levels = Levels::of(&column);
        let mut reader = ColumnReaderImpl::<ByteArrayType>::new(column, pages);
        let (mut defined, mut values) = (Vec::new(), Vec::new());
        guarded(self.path(), || {
            reader
                .skip_records(first)
                .and_then(|_| reader.read_records(count, Some(&mut defined), None, &mut values))
        })?
        .map_err(|e| self.file.damaged(&e))?;
        Ok(levels.spread(&defined, values))
    }
}

impl fmt::Debug for PictureColumn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "column {} of {}", self.leaf, self.path().display())
    }
}

impl PartialEq for PictureColumn {
    fn eq(&self, other: &Self) -> bool {
        self.leaf == other.leaf && self.path() == other.path()
    }
}

impl Eq for PictureColumn {}
