//! The jobs of a run: each reads files only.

use super::state::{Found, Listed, Results, Told, Which};
use super::{Event, Memos, RunView, Slot};
use crate::desktop::feature::Desk;
use crate::error::Result;
use crate::parts::Run;
use crate::parts::view::{
    Finished, MOST_QUERIES, Named, Names, Pictures, figures, is_url, look, survey,
};
use crate::task::{Task, lock};
use egui::ColorImage;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Between two looks at a run.
const PAUSE: Duration = Duration::from_secs(2);
/// The longest side of a picture, in pixels.
const SIDE: u32 = 384;
/// Names and pictures that one job reads.
const NAMES: usize = 160;
const PICTURES: usize = 8;

impl RunView {
    /// Looks at another run.
    pub(super) fn open(&mut self, desk: &mut Desk<'_, Self>, place: &str) {
        let place = place.trim();
        if place.is_empty() {
            return;
        }
        // The words of a folder that is given by halves mean another one once the program runs elsewhere.
        let place = match std::path::absolute(place) {
            Ok(path) if !is_url(place) => path.to_string_lossy().into_owned(),
            _ => place.to_owned(),
        };
        self.leave(desk);
        self.state.place = Some(place);
        self.state.watching = true;
        self.look(desk);
    }

    /// Ends what is read of the run that is open, and forgets it.
    pub(super) fn leave(&mut self, desk: &mut Desk<'_, Self>) {
        for slot in Slot::ALL {
            desk.cancel(slot);
        }
        let asked = self.state.asked;
        *self = Self::default();
        self.state.asked = asked;
    }

    /// Looks at the run where it is time to.
    pub(super) fn watch(&mut self, desk: &mut Desk<'_, Self>) {
        if !self.state.watching || desk.is_running(Slot::Look) {
            return;
        }
        let since = self.state.looked.map(|at| at.elapsed());
        match since {
            Some(since) if since < PAUSE => {
                desk.ctx.request_repaint_after(PAUSE.saturating_sub(since));
            }
            _ => self.look(desk),
        }
    }

    fn look(&self, desk: &mut Desk<'_, Self>) {
        let Some(place) = self.state.place.clone() else {
            return;
        };
        desk.start(Slot::Look, format!("Reading {place}"), move |task| {
            Ok(Event::Looked(Box::new(look(&place, task))))
        });
    }

    /// Takes in what a look saw.
    pub(super) fn looked(
        &mut self,
        desk: &mut Desk<'_, Self>,
        seen: Result<crate::parts::view::Look>,
    ) {
        let first = self.state.status.is_none();
        self.state.looked = Some(Instant::now());
        let seen = match seen {
            Ok(seen) => seen,
            Err(error) => {
                self.state.trouble = Some(Told::from(&error));
                // What never was a run is not looked at for ever.
                self.state.watching &= !first;
                return;
            }
        };
        self.state.trouble = None;
        self.state.status = Some(seen.status);
        if first && let Some(place) = self.state.place.clone() {
            desk.remember_run(&place);
        }
        if seen.seal != self.seal {
            self.seal = seen.seal;
            self.forget_results(desk);
            if self.seal.is_some() {
                self.read(desk);
            }
        }
    }

    /// What was found is not that of the run any more.
    fn forget_results(&mut self, desk: &mut Desk<'_, Self>) {
        for slot in [Slot::Read, Slot::Range, Slot::Names, Slot::Pictures] {
            desk.cancel(slot);
        }
        let state = &mut self.state;
        state.results = Results::NotYet;
        state.names.clear();
        state.pictures = super::textures::Textures::default();
        state.listed = None;
        state.which = Which::Smallest;
        state.chosen = 0;
        self.memos = None;
    }

    fn read(&mut self, desk: &mut Desk<'_, Self>) {
        let Some(place) = self.state.place.clone() else {
            return;
        };
        self.state.results = Results::Reading;
        desk.start(Slot::Read, "Reading the merged run", move |task| {
            Ok(match found(&place, task) {
                Err(error) if error.is_cancelled() => return Err(error),
                Err(error) => Event::Refused(Told::from(&error)),
                Ok((found, memos)) => Event::Found(Arc::new(found), memos),
            })
        });
    }

    /// Reads the queries of a merged range.
    pub(super) fn read_range(&mut self, desk: &mut Desk<'_, Self>, n: usize) {
        let Some(found) = self.state.found().cloned() else {
            return;
        };
        self.state.listed = Some((n, Listed::Reading));
        desk.start(Slot::Range, "Reading a merged range", move |_| {
            Ok(Event::Range(
                n,
                match found.finished.negatives(n) {
                    Ok(list) => Listed::Here(Arc::new(list)),
                    Err(error) => Listed::Refused(Told::from(&error)),
                },
            ))
        });
    }

    /// Finds out names that are not known.
    pub(super) fn name(&mut self, desk: &mut Desk<'_, Self>, mut wanted: Vec<(bool, u32)>) {
        wanted.retain(|key| !self.state.names.contains_key(key));
        wanted.truncate(NAMES);
        let Some(memos) = self.memos.clone() else {
            return;
        };
        if wanted.is_empty() || desk.is_running(Slot::Names) {
            return;
        }
        self.naming.clone_from(&wanted);
        desk.start(Slot::Names, "Reading names", move |task| {
            let mut names = lock(&memos.names);
            let mut found = Vec::new();
            for (image, n) in wanted {
                task.check()?;
                let named = names.named(image, n).map_err(|e| e.to_string());
                found.push(((image, n), named));
            }
            Ok(Event::Named(found))
        });
    }

    /// Reads pictures that are not known, of images whose names are.
    pub(super) fn load(&mut self, desk: &mut Desk<'_, Self>, wanted: &[u32]) {
        let state = &mut self.state;
        let Some(memos) = self.memos.clone() else {
            return;
        };
        if desk.is_running(Slot::Pictures) {
            return;
        }
        let mut list = Vec::new();
        for &image in wanted {
            if state.pictures.get(image).is_some() || list.len() == PICTURES {
                continue;
            }
            match state.names.get(&(true, image)) {
                Some(Ok(Named::Image {
                    name,
                    place: Some(place),
                    ..
                })) => list.push((image, name.clone(), place.clone())),
                Some(named) => {
                    let why = match named {
                        Ok(Named::Row) => "rows have no pictures",
                        Ok(_) => "in a table: not shown here",
                        Err(why) => why,
                    };
                    state.pictures.insert(desk.ctx, image, Err(why.to_owned()));
                }
                None => {}
            }
        }
        if list.is_empty() {
            return;
        }
        self.loading = list.iter().map(|(image, ..)| *image).collect();
        desk.start(Slot::Pictures, "Reading pictures", move |task| {
            let mut pictures = lock(&memos.pictures);
            let mut found = Vec::new();
            for (image, name, place) in list {
                task.check()?;
                let read = pictures.open(&name, &place).map(|picture| {
                    let small = picture.thumbnail(SIDE);
                    let size = [small.width as usize, small.height as usize];
                    ColorImage::from_rgb(size, &small.rgb)
                });
                found.push((image, read.map_err(|e| e.to_string())));
            }
            Ok(Event::Pictures(found))
        });
    }
}

/// Reads what a merged run says.
fn found(place: &str, task: &Task) -> Result<(Found, Memos)> {
    let finished = Arc::new(Finished::open(&Run::open(place)?, task)?);
    let survey = survey(&finished, MOST_QUERIES, task)?;
    let figures = figures(&finished, &survey);
    let memos = Memos {
        names: Arc::new(Mutex::new(Names::new(Arc::clone(&finished)))),
        pictures: Arc::new(Mutex::new(Pictures::new(&finished.embed)?)),
    };
    let found = Found {
        finished,
        survey,
        figures: figures.map(Box::new).map_err(|e| Told::from(&e)),
    };
    Ok((found, memos))
}
