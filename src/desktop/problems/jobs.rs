//! The jobs that look for what is there twice.

use super::state::{Crossed, Item, Page, SplitRead};
use super::{Command, Event, Problems, Slot};
use crate::dataset::{Dataset, Wanted};
use crate::desktop::core::{DataSource, Derived, Part};
use crate::desktop::feature::Desk;
use crate::error::Result;
use crate::retrieval::alike::{self, Across, Likeness, Member, NEAR, SIDE};
use crate::source::open_images;
use crate::task::Task;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Pictures of a dataset that are compared unasked: seconds of work.
const UNASKED: usize = 2_000;

impl Problems {
    /// Starts what is done unasked.
    pub(super) fn start_jobs(&mut self, desk: &mut Desk<'_, Self>) {
        let now = desk.session.now();
        let Some(dataset) = desk.session.dataset() else {
            return;
        };
        let few = dataset.has_pictures() && dataset.images.len() <= UNASKED;
        let (pictures, captions) = (
            few && self.asked.pictures.get(now).is_none(),
            self.asked.captions.get(now).is_none() && !dataset.captions.is_empty(),
        );
        if captions {
            self.compare_captions(desk);
        }
        if pictures {
            self.compare_pictures(desk);
        }
    }

    pub(super) fn compare_pictures(&mut self, desk: &mut Desk<'_, Self>) {
        let Some(dataset) = desk.session.dataset().cloned() else {
            return;
        };
        self.asked.pictures = Derived::new(desk.basis(Slot::Pictures), ());
        let settings = format!(
            "scaled to {SIDE} × {SIDE}, at most {:.0} % of the contrast apart",
            100.0 * NEAR
        );
        let again = [Command::ShowPage(Page::Pictures), Command::ComparePictures];
        desk.began(
            Slot::Pictures,
            "Pictures alike",
            settings,
            &[Part::Data],
            again,
        );
        desk.start(Slot::Pictures, "Comparing pictures", move |task| {
            let found = alike::pictures(&dataset, task)?;
            Ok(Event::Pictures(Arc::new(found)))
        });
    }

    pub(super) fn compare_captions(&mut self, desk: &mut Desk<'_, Self>) {
        let Some(dataset) = desk.session.dataset().cloned() else {
            return;
        };
        self.asked.captions = Derived::new(desk.basis(Slot::Captions), ());
        let settings = "case and punctuation do not count".to_owned();
        let again = [Command::ShowPage(Page::Captions), Command::CompareCaptions];
        desk.began(
            Slot::Captions,
            "Captions alike",
            settings,
            &[Part::Data],
            again,
        );
        desk.start(Slot::Captions, "Comparing captions", move |task| {
            let found = alike::captions(&dataset, task)?;
            Ok(Event::Captions(Arc::new(found)))
        });
    }

    pub(super) fn compare_splits(desk: &mut Desk<'_, Self>) {
        let (Some(dataset), Some(DataSource::Path { path, part })) = (
            desk.session.dataset().cloned(),
            desk.session.workspace.data.clone(),
        ) else {
            return;
        };
        let all = dataset.origin.split.as_ref().map_or(&[][..], |s| &s.all);
        let names: Vec<&str> = all.iter().map(|(name, _)| name.as_str()).collect();
        let again = [Command::ShowPage(Page::Splits), Command::CompareSplits];
        desk.began(
            Slot::Splits,
            "Across splits",
            names.join(", "),
            &[Part::Data],
            again,
        );
        desk.start(Slot::Splits, "Comparing splits", move |task| {
            let found = crossed(&dataset, &path, &part, task)?;
            Ok(Event::Splits(Arc::new(found)))
        });
    }
}

/// Reads every split of what lies at `path`, and finds what is alike across them; `open` is the part that is open.
fn crossed(open: &Dataset, path: &Path, part: &Wanted, task: &Task) -> Result<Crossed> {
    let names = open.origin.split.iter().flat_map(|split| &split.all);
    let mut splits = Vec::new();
    let mut read = Vec::new();
    for (name, _) in names {
        let wanted = Wanted {
            split: Some(name.clone()),
            ..part.clone()
        };
        let size = match open_images(path, &wanted, task) {
            Ok(dataset) => {
                let size = [dataset.images.len(), dataset.captions.len()];
                read.push((splits.len(), dataset));
                Ok(size)
            }
            Err(error) if error.ends_all() || error.is_cancelled() => return Err(error),
            Err(error) => Err(error.cause()),
        };
        let name = name.clone();
        splits.push(SplitRead { name, size });
    }
    let datasets: Vec<&Dataset> = read.iter().map(|(_, dataset)| dataset).collect();
    let found = alike::across(&datasets, task)?;
    let Across {
        groups,
        compared,
        unseen,
        unread,
        wordless,
    } = found;
    let places = Places::of(open);
    let item = |likeness: Likeness, member: &Member| {
        let (split, dataset) = &read[member.split];
        places.item(likeness, *split, dataset, member.row as usize)
    };
    let groups = groups.iter().map(|group| {
        let items = group.members.iter().map(|m| item(group.likeness, m));
        (group.likeness, group.difference, items.collect())
    });
    let unread = unread.into_iter().map(|(member, why)| {
        let (split, dataset) = &read[member.split];
        let name = dataset.images[member.row as usize].name.clone();
        (splits[*split].name.clone(), name, why)
    });
    Ok(Crossed {
        groups: groups.collect(),
        unread: unread.collect(),
        splits,
        compared,
        unseen,
        wordless,
    })
}

/// Where the images of the open dataset lie, to find them again in its splits.
struct Places<'a> {
    open: &'a Dataset,
    rows: HashMap<PathBuf, Vec<usize>>,
}

impl<'a> Places<'a> {
    fn of(open: &'a Dataset) -> Self {
        let mut rows: HashMap<PathBuf, Vec<usize>> = HashMap::new();
        for (row, image) in open.images.iter().enumerate() {
            rows.entry(image.place()).or_default().push(row);
        }
        Self { open, rows }
    }

    /// A row of a split's, with its rows in the open dataset where it is there.
    fn item(&self, likeness: Likeness, split: usize, dataset: &Dataset, row: usize) -> Item {
        let caption = match likeness {
            Likeness::SamePicture | Likeness::NearPicture => None,
            Likeness::SameCaption | Likeness::NearCaption => Some(row),
        };
        let own = caption.map_or(row, |row| dataset.image_of(row));
        let image = &dataset.images[own];
        let found = self.rows.get(&image.place()).and_then(|rows| {
            let same = |at: &&usize| self.open.images[**at].picture == image.picture;
            rows.iter().find(same).copied()
        });
        let text = caption.map(|row| dataset.captions[row].clone());
        let row = found.zip(text.as_ref()).and_then(|(image, text)| {
            let mut rows = self.open.captions_of(image);
            rows.find(|&row| self.open.captions[row] == *text)
        });
        Item {
            split,
            name: image.name.clone(),
            caption: text,
            image: found.map(|row| row as u32),
            row: row.map(|row| row as u32),
        }
    }
}
