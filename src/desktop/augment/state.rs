//! What the laboratory of changes shows.

use super::curves::Curves;
use super::form::Form;
use super::lab::Lab;
use crate::attack::Network;
use crate::augment::{Answer, Parts, Study};
use crate::desktop::core::{DataSource, Derived, Identities, Session, sentence};
use crate::error::Error;
use egui::{ColorImage, TextureHandle};
use std::path::PathBuf;
use std::sync::Arc;

/// What was learned.
pub struct Studied {
    /// It.
    pub study: Study,
    /// In plain figures.
    pub answer: Answer,
    /// What was asked for.
    pub form: Form,
    /// The curves.
    pub curves: Curves,
    /// The images that were used.
    pub images: Vec<u32>,
    /// The command that learns it again, without its data.
    pub command: String,
    /// What it was learned on.
    pub lab: Arc<Lab>,
}

impl Studied {
    /// Is there anything to be averaged over?
    pub fn makes_copies(&self) -> bool {
        !self.study.magnitudes().made().is_empty()
    }
}

/// Copies of a picture.
pub struct Copies {
    /// Of which image of the dataset.
    pub image: u32,
    /// As the model sees it, then the copies.
    pub pictures: Vec<ColorImage>,
}

/// What the laboratory shows.
pub struct State {
    /// The next learning.
    pub form: Form,
    /// The image model of the open encoder, with its gradient.
    pub(super) network: Derived<Arc<Network>>,
    /// The curves of the learning under way.
    pub live: Derived<Arc<Curves>>,
    /// What was learned last.
    pub(super) studied: Derived<Arc<Studied>>,
    /// Copies of the picture that is looked at: which image, and as textures.
    pub copies: Derived<(u32, Vec<TextureHandle>)>,
    /// The image whose copies are shown: the one that was chosen or selected last.
    pub(super) image: Derived<u32>,
    /// Are recalls shown with the read-out?
    pub read_out: bool,
    /// The file that a picture of the view is wanted for.
    pub picture: Option<PathBuf>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            form: Form::default(),
            network: Derived::default(),
            live: Derived::default(),
            studied: Derived::default(),
            copies: Derived::default(),
            image: Derived::default(),
            read_out: true,
            picture: None,
        }
    }
}

impl State {
    /// What was learned last of what is open.
    pub fn studied(&self, now: &Identities) -> Option<&Arc<Studied>> {
        self.studied.get(now)
    }

    /// Does the image model take grey pictures alone?
    pub fn sees_grey(&self, now: &Identities) -> bool {
        let network = self.network.get(now);
        network.is_some_and(|network| network.grid().channels == 1)
    }

    /// The image whose copies are shown, or are on their way.
    pub fn image(&self, now: &Identities) -> Option<u32> {
        let chosen = self.image.get(now).copied();
        chosen.or_else(|| self.copies.get(now).map(|(image, _)| *image))
    }

    /// Does no gradient pass the image model?
    pub fn is_blocked(&self, now: &Identities) -> bool {
        let network = self.network.get(now);
        network.is_some_and(|network| network.blocked().is_some())
    }

    /// Why nothing can be learned as the form says, and what helps.
    pub fn refusal(&self, session: &Session) -> Option<[String; 2]> {
        let said = |what: &str, remedy: &str| Some([what.to_owned(), remedy.to_owned()]);
        if matches!(session.workspace.data, Some(DataSource::Embeddings { .. })) {
            return said(
                "These embeddings were given as files, so no model is known to have made them.",
                "Open the pictures with their encoder.",
            );
        }
        let dataset = session.dataset()?;
        if !dataset.has_pictures() {
            return said(
                "There are no pictures here to be changed.",
                "Open a dataset with its pictures.",
            );
        }
        let told = |error: Error| {
            let text = sentence(&error.to_string());
            Some([format!("{text}."), error.remedy()])
        };
        if let Err(error) = self.form.asked() {
            return told(error);
        }
        let images = dataset.images.len().min(self.form.most);
        if let Err(error) = Parts::drawn(images, self.form.seed) {
            return told(error);
        }
        if self.form.learned().is_empty() {
            return None;
        }
        let why = self.network.get(session.now())?.blocked()?;
        Some([
            format!("No gradient passes the image model of this encoder: {why}."),
            "Open an encoder that has one, or give every change a magnitude under Settings: recall is measured all the same."
                .to_owned(),
        ])
    }
}
