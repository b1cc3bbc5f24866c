//! Embeds the pictures of a dataset: all cores read, hash, decode and resize while the model computes.

use super::batches::{Pace, Rows, not_finite};
use super::key;
use crate::dataset::{Dataset, Image, Picture, Problem, Reason};
use crate::encoder::cache::{Cache, RowHash, Shelf, Writer};
use crate::encoder::dual::Encoder;
use crate::encoder::preprocess::Preprocess;
use crate::error::{Error, Result};
use crate::runtime::Stop;
use crate::task::{Task, contained};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

/// What became of the pictures.
pub(super) struct Images {
    /// A row per picture, in the dataset's order; zeros where there is a problem.
    pub rows: Rows,
    /// What was wrong with picture `i`.
    pub problems: Vec<Option<Problem>>,
    pub cached: usize,
    pub warning: Option<String>,
}

/// Embeds every picture of `dataset`.
pub(super) fn embed(
    encoder: &Encoder,
    dataset: &Dataset,
    cache: Option<&Cache>,
    task: &Task,
) -> Result<Images> {
    let total = dataset.images.len();
    task.begin("Embedding images", total as u64);
    let (shelf, writer) = key::shelf(
        cache,
        encoder.image_tower(),
        &encoder.preprocess().fingerprint(),
        task,
    )?;
    let source = Arc::new(Source {
        images: dataset.images.clone(),
        preprocess: Arc::clone(encoder.preprocess()),
        shelf,
        length: encoder.image_tower().picture_len(),
        next: AtomicUsize::new(0),
        task: task.clone(),
    });
    // Two batches wait while one computes: enough to bridge a slow picture, and a bound on memory.
    let receiver = start(&source, 2 * encoder.batch())?;
    let stop = Stop::watch(task);
    let mut sink = Sink {
        encoder,
        source: &source,
        stop: &stop,
        pace: Pace::new(encoder),
        batch: Waiting::default(),
        writer,
        done: Images {
            rows: Rows::new(total),
            problems: vec![None; total],
            cached: 0,
            warning: None,
        },
    };
    loop {
        task.check()?;
        match receiver.recv_timeout(Duration::from_millis(100)) {
            Ok(item) => sink.take(item)?,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    task.check()?;
    sink.flush()?;
    Ok(Images {
        warning: sink.writer.warning(),
        ..sink.done
    })
}

/// What the decoding threads share.
struct Source {
    images: Vec<Image>,
    preprocess: Arc<Preprocess>,
    shelf: Shelf,
    /// Values per preprocessed picture.
    length: usize,
    next: AtomicUsize,
    task: Task,
}

impl Source {
    /// Why picture `index` is left out where the model computes nothing of use for it.
    fn overflow(&self, index: usize) -> Problem {
        let place = self.images[index].place().display().to_string();
        let what = "the model gives NaN or infinite values for it: the export is faulty, or overflows in float16";
        Problem::new(place, what, Reason::NotFinite)
    }
}

struct Item {
    index: usize,
    content: Content,
}

enum Content {
    Cached(RowHash),
    Pixels(RowHash, Vec<f32>),
    Bad(String),
    /// What ends the run: no picture that is still to come can be trusted.
    Fatal(Error),
}

/// Starts a decoding thread per core. They are not waited for: after a cancel each ends with its picture, however
/// long that takes.
fn start(source: &Arc<Source>, room: usize) -> Result<Receiver<Item>> {
    let (sender, receiver) = sync_channel(room);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    for n in 0..cores.min(source.images.len()) {
        let (source, sender) = (Arc::clone(source), sender.clone());
        let spawned = std::thread::Builder::new()
            .name(format!("decode-{n}"))
            .spawn(move || source.work(&sender));
        match spawned {
            Err(e) if n == 0 => {
                return Err(Error::io("start a thread for", "decoding".as_ref())(e));
            }
            _ => {}
        }
    }
    Ok(receiver)
}

impl Source {
    fn work(&self, sender: &SyncSender<Item>) {
        loop {
            let index = self.next.fetch_add(1, Ordering::Relaxed);
            if index >= self.images.len() || self.task.is_cancelled() {
                return;
            }
            // A decoder that panics costs one picture, not the run.
            let content = contained(|| self.prepare(index, true))
                .unwrap_or_else(|why| Content::Bad(format!("cannot be decoded: {why}")));
            if sender.send(Item { index, content }).is_err() {
                return;
            }
        }
    }

    fn prepare(&self, index: usize, use_cache: bool) -> Content {
        self.try_prepare(index, use_cache)
            .unwrap_or_else(|error| match error {
                error if error.ends_all() => Content::Fatal(error),
                error => Content::Bad(error.cause()),
            })
    }

    fn try_prepare(&self, index: usize, use_cache: bool) -> Result<Content> {
        let image = &self.images[index];
        if image.picture.is_none() {
            return Ok(Content::Bad("has no picture".into()));
        }
        let bytes = image.bytes()?;
        let hash = *blake3::hash(&bytes).as_bytes();
        if use_cache && self.shelf.contains(&hash) {
            return Ok(Content::Cached(hash));
        }
        // Held until the pixels are made: this thread is one of several.
        let (picture, _held) = Picture::decode_held(&bytes, &image.place())?;
        drop(bytes);
        let pixels = self.preprocess.apply(&picture)?;
        if pixels.len() != self.length {
            let (w, h) = (picture.width, picture.height);
            return Ok(Content::Bad(format!(
                "is {w} x {h} pixels, which the model does not take unresized"
            )));
        }
        Ok(Content::Pixels(hash, pixels))
    }
}

/// Pictures waiting for a full batch.
#[derive(Default)]
struct Waiting {
    indices: Vec<usize>,
    hashes: Vec<RowHash>,
    pixels: Vec<f32>,
}

/// Takes what the threads prepare, runs batches, keeps the rows.
struct Sink<'a> {
    encoder: &'a Encoder,
    source: &'a Source,
    stop: &'a Stop,
    pace: Pace,
    batch: Waiting,
    writer: Writer,
    done: Images,
}

impl Sink<'_> {
    fn take(&mut self, item: Item) -> Result<()> {
        let Item { index, mut content } = item;
        if let Content::Cached(hash) = &content {
            if let Some(row) = self.source.shelf.get(hash) {
                self.done.rows.put(index, &row);
                self.done.cached += 1;
                self.source.task.add(1);
                return Ok(());
            }
            // The cache vanished under us.
            content = self.source.prepare(index, false);
        }
        match content {
            Content::Pixels(hash, pixels) => {
                self.batch.indices.push(index);
                self.batch.hashes.push(hash);
                self.batch.pixels.extend_from_slice(&pixels);
                if self.batch.indices.len() >= self.pace.size() {
                    self.flush()
                } else {
                    Ok(())
                }
            }
            Content::Bad(what) => {
                let place = self.source.images[index].place().display().to_string();
                self.done.problems[index] = Some(Problem::new(place, what, Reason::NotDecoded));
                self.source.task.add(1);
                Ok(())
            }
            Content::Fatal(error) => Err(error),
            Content::Cached(_) => Ok(()),
        }
    }

    fn flush(&mut self) -> Result<()> {
        let Waiting {
            indices,
            hashes,
            pixels,
        } = &mut self.batch;
        if indices.is_empty() {
            return Ok(());
        }
        let tower = self.encoder.image_tower();
        let run = || tower.embed_images_until(pixels, indices.len(), self.stop);
        let (values, dim) = self.pace.run(&self.source.task, run)?;
        let (mut good, mut kept) = (Vec::with_capacity(hashes.len()), values);
        for at in not_finite(&kept, dim) {
            // What overflows beside others may not do so alone.
            let length = tower.picture_len();
            let one = &pixels[at * length..(at + 1) * length];
            let run = || tower.embed_images_until(one, 1, self.stop);
            let (alone, _) = self.pace.run(&self.source.task, run)?;
            kept[at * dim..(at + 1) * dim].copy_from_slice(&alone);
        }
        let bad = not_finite(&kept, dim);
        for (at, (&index, row)) in indices.iter().zip(kept.chunks_exact(dim)).enumerate() {
            if bad.contains(&at) {
                self.done.problems[index] = Some(self.source.overflow(index));
            } else {
                self.done.rows.put(index, row);
                good.push(at);
            }
        }
        if bad.is_empty() {
            self.writer.append(hashes, &kept, dim);
        } else {
            let values: Vec<f32> = good
                .iter()
                .flat_map(|&at| kept[at * dim..(at + 1) * dim].to_vec())
                .collect();
            let hashes: Vec<RowHash> = good.iter().map(|&at| hashes[at]).collect();
            self.writer.append(&hashes, &values, dim);
        }
        self.source.task.add(indices.len() as u64);
        indices.clear();
        hashes.clear();
        pixels.clear();
        Ok(())
    }
}
