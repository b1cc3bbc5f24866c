//! Loads thumbnails on a few threads: what is on screen now first, what scrolled away never.

use super::pictures::Key;
use super::piece::on_screen;
use crate::dataset::{Dataset, Picture};
use crate::task::{contained, lock};
use egui::ColorImage;
use std::collections::HashSet;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

#[derive(Default)]
struct Wanted {
    dataset: Option<Arc<Dataset>>,
    query: Option<Arc<Picture>>,
    list: Vec<Key>,
    busy: HashSet<Key>,
    generation: u64,
    stop: bool,
}

type Loaded = (u64, Key, Option<ColorImage>);

/// The threads that load pictures.
pub struct Loader {
    shared: Arc<(Mutex<Wanted>, Condvar)>,
    receiver: Receiver<Loaded>,
    more: bool,
}

impl Loader {
    /// Textures taken in per frame, so that uploads never make a frame long.
    const PER_FRAME: usize = 10;

    /// Starts the threads; `ctx` is woken when a picture is ready.
    pub fn new(ctx: &egui::Context) -> Self {
        let shared = Arc::new((Mutex::new(Wanted::default()), Condvar::new()));
        let (sender, receiver) = sync_channel(32);
        let threads = std::thread::available_parallelism().map_or(2, |n| n.get().clamp(1, 4));
        for n in 0..threads {
            let (shared, sender, ctx) = (Arc::clone(&shared), sender.clone(), ctx.clone());
            // With fewer threads pictures only come later.
            let _ = std::thread::Builder::new()
                .name(format!("pictures-{n}"))
                .spawn(move || work(&shared, &sender, &ctx));
        }
        Self {
            shared,
            receiver,
            more: false,
        }
    }

    /// Pictures now come from `dataset`.
    pub fn set_dataset(&self, dataset: Option<Arc<Dataset>>) {
        let mut wanted = lock(&self.shared.0);
        wanted.dataset = dataset;
        wanted.list.clear();
        wanted.generation += 1;
    }

    /// The query's own picture.
    pub fn set_query(&self, picture: Arc<Picture>) {
        let mut wanted = lock(&self.shared.0);
        wanted.query = Some(picture);
        wanted.busy.retain(|key| key.image != Key::QUERY);
    }

    /// Replaces what is waiting by what this frame asked for.
    pub fn want(&self, mut keys: Vec<Key>) {
        keys.reverse();
        let mut wanted = lock(&self.shared.0);
        wanted.list = keys;
        drop(wanted);
        self.shared.1.notify_all();
    }

    /// Is anything waiting or being loaded?
    pub fn is_busy(&self) -> bool {
        let wanted = lock(&self.shared.0);
        !wanted.list.is_empty() || !wanted.busy.is_empty()
    }

    /// Are there pictures that the last [`Loader::drain`] left for the next frame?
    pub fn has_more(&self) -> bool {
        self.more
    }

    /// Pictures that are ready, a few per frame.
    pub fn drain(&mut self) -> Vec<(Key, Option<ColorImage>)> {
        let ready: Vec<Loaded> = self.receiver.try_iter().take(Self::PER_FRAME).collect();
        self.more = ready.len() == Self::PER_FRAME;
        let mut wanted = lock(&self.shared.0);
        ready
            .into_iter()
            .filter_map(|(generation, key, image)| {
                wanted.busy.remove(&key);
                (generation == wanted.generation).then_some((key, image))
            })
            .collect()
    }
}

impl Drop for Loader {
    fn drop(&mut self) {
        lock(&self.shared.0).stop = true;
        self.shared.1.notify_all();
    }
}

fn work(shared: &(Mutex<Wanted>, Condvar), sender: &SyncSender<Loaded>, ctx: &egui::Context) {
    loop {
        let mut wanted = lock(&shared.0);
        let (generation, key, dataset, query) = loop {
            if wanted.stop {
                return;
            }
            match wanted.list.pop() {
                Some(key) if wanted.busy.contains(&key) => {}
                Some(key) => {
                    wanted.busy.insert(key);
                    break (
                        wanted.generation,
                        key,
                        wanted.dataset.clone(),
                        wanted.query.clone(),
                    );
                }
                None => {
                    wanted = shared
                        .1
                        .wait(wanted)
                        .unwrap_or_else(PoisonError::into_inner);
                }
            }
        };
        drop(wanted);
        // A decoder's panic means a broken picture, not a lost thread.
        let image = contained(|| load(key, dataset.as_deref(), query.as_deref()))
            .ok()
            .flatten();
        if sender.send((generation, key, image)).is_err() {
            return;
        }
        ctx.request_repaint();
    }
}

fn load(key: Key, dataset: Option<&Dataset>, query: Option<&Picture>) -> Option<ColorImage> {
    let small = if key.image == Key::QUERY {
        query?.thumbnail(key.side)
    } else {
        let image = dataset?.images.get(key.image as usize)?;
        image.open().ok()?.thumbnail(key.side)
    };
    Some(on_screen(&small))
}
