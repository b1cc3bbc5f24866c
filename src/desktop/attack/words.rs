//! The words of a caption: what they carry, and which exchange changes a ranking most.

use super::{App, LabEvent};
use crate::desktop::core::events::Event;
use crate::attack::caption::{
    Guide, Options, Scene, Synonyms, importance, read_words, substitute, words_by_frequency,
};
use crate::dataset::Dataset;
use crate::encoder::Encoder;
use crate::error::Result;
use crate::retrieval::STOP_WORDS;
use crate::runtime::Provider;
use crate::desktop::core::{Derived, Embedded, LabPage, Level, Slot, Vocabulary, WordsPlan};
use crate::task::{Task, lock};
use std::sync::{Arc, Mutex};

/// The text model's gradient or why it has none; nothing until a job has looked.
pub(in crate::app) type SharedGuide = Arc<Mutex<Option<Result<Arc<Guide>, String>>>>;

/// What a job on a caption needs.
struct Desk {
    encoder: Arc<Encoder>,
    dataset: Arc<Dataset>,
    embedded: Embedded,
    providers: Vec<Provider>,
    guide: SharedGuide,
    /// The picture and the caption, by their rows.
    image: usize,
    caption: usize,
}

impl App {
    fn desk(&mut self) -> Option<Desk> {
        let guide = self.guide();
        let dataset = self.session.dataset().cloned()?;
        let image = self.session.lab.image?;
        Some(Desk {
            encoder: self.encoder.clone()?,
            embedded: self.session.embedded()?.by_cosine(),
            providers: self.session.settings.providers.clone(),
            guide,
            image,
            caption: self.session.lab.caption(&dataset.captions_of(image))?,
            dataset,
        })
    }

    /// Weighs the words of the caption shown.
    pub(super) fn weigh_words(&mut self) {
        if self.session.lab.page != LabPage::Words {
            return;
        }
        let Some(desk) = self.desk() else { return };
        if self.lab.weighed_asked.get(self.session.now()) == Some(&desk.caption) {
            return;
        }
        self.lab.weighed_asked = Derived::new(self.basis(Slot::Weigh), desk.caption);
        self.start(Slot::Weigh, "Weighing words", move |task| {
            desk.weigh(task).map(Event::Lab)
        });
    }

    /// Looks for words to exchange in the caption shown.
    pub(super) fn run_words(&mut self) {
        let Some(desk) = self.desk() else {
            self.session.say(
                Level::Warning,
                "There is no caption to attack",
                "Choose a picture with a caption, and wait until the set is embedded.",
            );
            return;
        };
        let plan = self.session.lab.words.plan.clone();
        self.session.lab.words.running = true;
        self.start(Slot::Words, "Looking for words to exchange", move |task| {
            desk.search(plan, task).map(Event::Lab)
        });
    }
}

/// The text model's gradient, or why it has none; made at the first call.
pub(in crate::app) fn shared_guide(
    shared: &SharedGuide,
    encoder: &Encoder,
    providers: &[Provider],
) -> Result<Result<Arc<Guide>, String>> {
    let mut shared = lock(shared);
    if let Some(known) = &*shared {
        return Ok(known.clone());
    }
    let made = Guide::try_open(encoder, providers)?;
    Ok(shared.insert(made.map(Arc::new)).clone())
}

impl Desk {
    fn scene(&self) -> Scene<'_> {
        Scene::new(&self.encoder, &self.embedded)
    }

    /// The text model's gradient, or why it has none.
    fn guide(&self) -> Result<Result<Arc<Guide>, String>> {
        shared_guide(&self.guide, &self.encoder, &self.providers)
    }

    fn text(&self) -> &str {
        &self.dataset.captions[self.caption]
    }

    fn weigh(&self, task: &Task) -> Result<LabEvent> {
        let (guide, why) = match self.guide()? {
            Ok(guide) => (Some(guide), None),
            Err(why) => (None, Some(why)),
        };
        let scene = self.scene();
        let caption = Some(self.caption);
        let guide = guide.as_deref();
        let mut weighed = importance(&scene, self.text(), caption, self.image, guide, task)?;
        weighed.no_gradient = why.or(weighed.no_gradient);
        Ok(LabEvent::Weighed(self.caption, Arc::new(weighed)))
    }

    fn search(&self, plan: WordsPlan, task: &Task) -> Result<LabEvent> {
        let guide = self.guide()?.ok();
        let keep = if plan.content_words {
            &STOP_WORDS[..]
        } else {
            &[]
        };
        let options = Options {
            aim: plan.aim,
            words: plan.words,
            vocabulary: match &plan.vocabulary {
                Vocabulary::Encoder => None,
                Vocabulary::Dataset => Some(words_by_frequency(&self.dataset.captions)),
                Vocabulary::File(path) => Some(read_words(path)?),
            },
            synonyms: plan.synonyms.as_deref().map(Synonyms::open).transpose()?,
            keep: keep.iter().map(|w| (*w).to_owned()).collect(),
            ..Options::default()
        };
        let scene = self.scene();
        let (text, caption) = (self.text(), Some(self.caption));
        let guide = guide.as_deref();
        let found = substitute(&scene, text, caption, self.image, &options, guide, task)?;
        Ok(LabEvent::Words(self.caption, plan, Arc::new(found)))
    }
}
