//! Groups to begin with: what of the open data two groups can be made of.

use super::form::Group;
use super::{Event, LinearLab, Slot};
use crate::dataset::Dataset;
use crate::desktop::core::Derived;
use crate::desktop::feature::{Desk, Feature};
use crate::error::Result;
use crate::learn::concepts::layers;
use crate::retrieval::structure::{Concepts, folder_of};
use crate::task::Task;
use std::collections::{BTreeSet, HashSet};

/// Words that are compared with one another.
const WORDS: usize = 16;
/// A word counts where so many captions have it.
const LEAST: usize = 3;
/// Labels at most: more are names of something else.
const LABELS: usize = 500;

/// What two groups can be made of.
pub struct Suggested {
    /// Two groups of many images, few of them in both; `None` where no words are there.
    pub groups: Option<[Group; 2]>,
    /// Folders in the names of images.
    pub labels: Vec<String>,
}

impl LinearLab {
    /// Looks for groups, once for each data, while the laboratory is shown.
    pub(super) fn suggest(&mut self, desk: &mut Desk<'_, Self>) {
        let now = desk.session.now();
        if desk.session.tab != Self::TAB || self.asked.get(now).is_some() {
            return;
        }
        let Some(dataset) = desk.session.dataset().cloned() else {
            return;
        };
        self.asked = Derived::new(desk.basis(Slot::Suggest), ());
        desk.start(Slot::Suggest, "Looking for groups", move |task| {
            Ok(Event::Suggested(suggested(&dataset, task)?))
        });
    }
}

impl LinearLab {
    /// Looks for the tensors of the image model, once for each encoder, while the laboratory is shown.
    pub(super) fn list_layers(&mut self, desk: &mut Desk<'_, Self>) {
        let now = desk.session.now();
        if desk.session.tab != Self::TAB || self.layers_asked.get(now).is_some() {
            return;
        }
        let Some(encoder) = desk.encoder.clone() else {
            return;
        };
        self.layers_asked = Derived::new(desk.basis(Slot::Layers), ());
        desk.start(Slot::Layers, "Reading the image model", move |_| {
            Ok(Event::Layers(layers(&encoder)?))
        });
    }
}

fn suggested(dataset: &Dataset, task: &Task) -> Result<Suggested> {
    let folders = dataset.images.iter().map(|image| folder_of(&image.name));
    let labels: BTreeSet<&str> = folders.filter(|folder| !folder.is_empty()).collect();
    let several = (2..=LABELS).contains(&labels.len());
    let labels = labels.into_iter().filter(|_| several);
    Ok(Suggested {
        groups: by_words(dataset, task)?,
        labels: labels.map(str::to_owned).collect(),
    })
}

/// Two frequent words, few of whose images have both.
fn by_words(dataset: &Dataset, task: &Task) -> Result<Option<[Group; 2]>> {
    let concepts = Concepts::words(&dataset.captions, LEAST, task)?;
    let count = concepts.names.len().min(WORDS);
    let mut images = vec![HashSet::new(); count];
    for image in 0..dataset.images.len() {
        for caption in dataset.captions_of(image) {
            let own = concepts
                .of(caption)
                .iter()
                .filter(|&&w| (w as usize) < count);
            for &word in own {
                images[word as usize].insert(image);
            }
        }
    }
    let mut best: Option<(usize, [usize; 2])> = None;
    for a in 0..count {
        for b in a + 1..count {
            let both = images[a].intersection(&images[b]).count();
            let alone = (images[a].len() - both).min(images[b].len() - both);
            if alone > 0 && best.is_none_or(|(most, _)| alone > most) {
                best = Some((alone, [a, b]));
            }
        }
    }
    Ok(best.map(|(_, words)| words.map(|w| Group::Words(concepts.names[w].clone()))))
}
