//! The words of a caption: what they carry, and which exchange changes a ranking most.

use super::repeat::{self, Repeat};
use super::state::{LabPage, Vocabulary, WordsPlan};
use super::{Attack, Command, Event, Slot, told};
use crate::attack::caption::{
    Guide, Options, Scene, Synonyms, importance, read_words, substitute, words_by_frequency,
};
use crate::dataset::Dataset;
use crate::desktop::core::{Derived, Embedded, Level, SharedGuide, shared_guide};
use crate::desktop::feature::Desk;
use crate::encoder::Encoder;
use crate::error::Result;
use crate::retrieval::STOP_WORDS;
use crate::runtime::Provider;
use crate::task::Task;
use std::sync::Arc;

/// What a job on a caption needs.
struct CaptionInputs {
    encoder: Arc<Encoder>,
    dataset: Arc<Dataset>,
    embedded: Embedded,
    providers: Vec<Provider>,
    guide: SharedGuide,
    /// The picture and the caption, by their rows.
    image: usize,
    caption: usize,
}

impl Attack {
    fn inputs(&self, desk: &mut Desk<'_, Self>) -> Option<CaptionInputs> {
        let guide = desk.guide();
        let dataset = desk.session.dataset().cloned()?;
        let image = self.state.image?;
        Some(CaptionInputs {
            encoder: desk.encoder.clone()?,
            embedded: desk.session.embedded()?.by_cosine(),
            providers: desk.session.settings.providers.clone(),
            guide,
            image,
            caption: self.state.caption(&dataset.captions_of(image))?,
            dataset,
        })
    }

    /// Weighs the words of the caption shown.
    pub(super) fn weigh_words(&mut self, desk: &mut Desk<'_, Self>) {
        if self.state.page != LabPage::Words {
            return;
        }
        let Some(inputs) = self.inputs(desk) else {
            return;
        };
        if self.work.weighed_asked.get(desk.session.now()) == Some(&inputs.caption) {
            return;
        }
        self.work.weighed_asked = Derived::new(desk.basis(Slot::Weigh), inputs.caption);
        desk.start(Slot::Weigh, "Weighing words", move |task| {
            inputs.weigh(task)
        });
    }

    /// Looks for words to exchange in the caption shown.
    pub(super) fn run_words(&mut self, desk: &mut Desk<'_, Self>) {
        let Some(inputs) = self.inputs(desk) else {
            desk.session.say(
                Level::Warning,
                "There is no caption to attack",
                "Choose a picture with a caption, and wait until the set is embedded.",
            );
            return;
        };
        let plan = self.state.words.plan.clone();
        self.state.words.running = true;
        let told = told::words(&plan, &repeat::name(desk, inputs.image));
        let again = Repeat::Words {
            image: inputs.image,
            caption: inputs.caption,
            plan: plan.clone(),
        };
        let again = [Command::Repeat(Box::new(again))];
        desk.began(
            Slot::Words,
            "Exchange of words",
            told,
            &repeat::ABOUT,
            again,
        );
        desk.start(Slot::Words, "Looking for words to exchange", move |task| {
            inputs.search(plan, task)
        });
    }
}

impl CaptionInputs {
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

    fn weigh(&self, task: &Task) -> Result<Event> {
        let (guide, why) = match self.guide()? {
            Ok(guide) => (Some(guide), None),
            Err(why) => (None, Some(why)),
        };
        let scene = self.scene();
        let caption = Some(self.caption);
        let guide = guide.as_deref();
        let mut weighed = importance(&scene, self.text(), caption, self.image, guide, task)?;
        weighed.no_gradient = why.or(weighed.no_gradient);
        Ok(Event::Weighed(self.caption, Arc::new(weighed)))
    }

    fn search(&self, plan: WordsPlan, task: &Task) -> Result<Event> {
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
        Ok(Event::Words(self.caption, plan, Arc::new(found)))
    }
}
