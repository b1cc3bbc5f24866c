//! What the laboratory works on: what was open when it was asked.

use super::AugmentLab;
use crate::attack::Network;
use crate::augment::Ground;
use crate::compute::{Embedded, Groups};
use crate::dataset::Dataset;
use crate::desktop::core::{DataSource, EncoderSource, made_by};
use crate::desktop::feature::Desk;
use crate::encoder::{Encoder, EncoderOptions};
use crate::error::Result;
use crate::runtime::Provider;
use crate::task::Task;
use std::sync::{Arc, OnceLock};

/// What was open.
pub struct Lab {
    dataset: Arc<Dataset>,
    embedded: Embedded,
    /// The encoder.
    pub encoder: Arc<Encoder>,
    /// Where it came from.
    pub source: EncoderSource,
    /// What was chosen about it.
    pub options: EncoderOptions,
    /// What models run on.
    pub providers: Vec<Provider>,
    network: Arc<OnceLock<Arc<Network>>>,
}

impl Lab {
    /// Of what is open; `None` where something is missing. `network`: the image model with its gradient, where it is known.
    pub fn of(desk: &Desk<'_, AugmentLab>, network: Option<Arc<Network>>) -> Option<Self> {
        let session = &desk.session;
        if matches!(session.workspace.data, Some(DataSource::Embeddings { .. })) {
            return None;
        }
        Some(Self {
            dataset: session.dataset()?.clone(),
            embedded: session.embedded()?.by_cosine(),
            encoder: desk.encoder.clone()?,
            source: session.workspace.encoder.clone()?,
            options: session.workspace.options.clone(),
            providers: session.settings.providers.clone(),
            network: Arc::new(network.map_or_else(OnceLock::new, OnceLock::from)),
        })
    }

    /// The image model with its gradient.
    ///
    /// # Errors
    /// As [`Network::image_tower`].
    fn network(&self, task: &Task) -> Result<Arc<Network>> {
        if let Some(network) = self.network.get() {
            return Ok(Arc::clone(network));
        }
        task.begin("Looking for gradients", 0);
        let made = Network::image_tower(&self.encoder, &self.providers, Network::BATCH, task)?;
        Ok(Arc::clone(self.network.get_or_init(|| Arc::new(made))))
    }

    /// Images of the dataset.
    pub fn images(&self) -> usize {
        self.dataset.images.len()
    }

    /// Are the embeddings those of the encoder?
    ///
    /// # Errors
    /// They are not.
    pub fn check(&self, task: &Task) -> Result<()> {
        task.begin("Comparing embeddings", 0);
        made_by(&self.encoder, &self.dataset, &self.embedded, task)
    }

    /// The pictures of `images`, rising, with their captions.
    ///
    /// # Errors
    /// As [`Ground::read`].
    pub fn ground(&self, images: &[u32], task: &Task) -> Result<Ground> {
        let dataset = self
            .dataset
            .retain(|image| images.binary_search(&(image as u32)).is_ok());
        let groups = &self.embedded.groups;
        let captions = images
            .iter()
            .flat_map(|&image| groups.range(image as usize));
        let captions: Vec<u32> = captions.map(|caption| caption as u32).collect();
        let embedded = Embedded::new(
            self.embedded.images.gather(images),
            self.embedded.texts.gather(&captions),
            Groups::new(dataset.offsets.clone())?,
        )?;
        let network = self.network(task)?;
        let preprocess = self.encoder.preprocess();
        Ground::read(network, &dataset, preprocess, &embedded, task)
    }
}
