//! The path of an attacked picture over the map.

use super::state::{ShownMap, Trail};
use super::{Event, MapView, Slot};
use crate::attack::{
    self, AttackRequest, AttackSettings, Goal, Network, attack_path, levels, pictures,
};
use crate::compute::{Embedded, Engine};
use crate::dataset::Dataset;
use crate::desktop::core::Part;
use crate::desktop::feature::Desk;
use crate::encoder::Encoder;
use crate::error::{Error, Result};
use crate::map::{Rows, place};
use crate::runtime::Provider;
use crate::task::Task;
use std::sync::{Arc, OnceLock};

/// The image model with its gradient, once a job has made it.
pub type SharedNetwork = Arc<OnceLock<Arc<Network>>>;

/// Steps of the attack.
const STEPS: usize = 20;
/// Pictures that are attacked at a time.
pub const MOST: usize = 100;

/// What a path is made from.
struct Inputs {
    encoder: Arc<Encoder>,
    dataset: Arc<Dataset>,
    embedded: Embedded,
    engine: Arc<dyn Engine>,
    shown: Arc<ShownMap>,
    network: SharedNetwork,
    providers: Vec<Provider>,
    /// Each image, with the caption that is to win.
    images: Vec<(u32, usize)>,
}

impl MapView {
    /// Attacks images until the hardest negative of each wins, and shows their paths. The first [`MOST`] of them.
    pub(super) fn attack(&mut self, desk: &mut Desk<'_, Self>, images: &[u32]) {
        let now = desk.session.now();
        let shown = self.state.shown.get(now).cloned();
        let hardest = |image: u32| {
            let ranking = &desk.session.ranking()?.ranking;
            let hardest = ranking.i2t.hardest.get(image as usize)?.index;
            (hardest != u32::MAX).then_some((image, hardest as usize))
        };
        let images: Vec<_> = images.iter().filter_map(|&image| hardest(image)).collect();
        let (Some(encoder), Some(dataset), Some(embedded), Some(engine), Some(shown), false) = (
            desk.encoder.clone(),
            desk.session.dataset().cloned(),
            desk.session.embedded().map(Embedded::by_cosine),
            desk.engine.clone(),
            shown,
            images.is_empty(),
        ) else {
            let error = Error::request(
                "there is nothing to attack on this map",
                "Open images, captions and an encoder; the set must be ranked.",
            );
            desk.fail(&error);
            return;
        };
        let network = Arc::clone(self.work.network.get_or_default(now, &[Part::Encoder]));
        let providers = desk.session.settings.providers.clone();
        let inputs = Inputs {
            encoder,
            dataset,
            embedded,
            engine,
            shown,
            network,
            providers,
            images: images.into_iter().take(MOST).collect(),
        };
        self.state.trails.clear();
        desk.start(Slot::Trail, "Attacking for the map", move |task| {
            let found = trails(&inputs, task)?;
            Ok(Event::Trails(inputs.shown.id, Arc::new(found)))
        });
    }
}

/// The path of each image.
fn trails(inputs: &Inputs, task: &Task) -> Result<Vec<Trail>> {
    let network = if let Some(network) = inputs.network.get() {
        Arc::clone(network)
    } else {
        task.begin("Looking for gradients", 0);
        let made = Network::image_tower(&inputs.encoder, &inputs.providers, Network::BATCH, task)?;
        Arc::clone(inputs.network.get_or_init(|| Arc::new(made)))
    };
    let options = &inputs.shown.map.options;
    let rows = Rows::of(&inputs.embedded, options.of, options.centre)?;
    let set = attack::Set {
        network,
        engine: Arc::clone(&inputs.engine),
        embedded: inputs.embedded.clone(),
        part: None,
    };
    let one = inputs.images.len() == 1;
    if !one {
        task.begin("Attacking pictures", inputs.images.len() as u64);
    }
    let mut found = Vec::new();
    for &(image, aim) in &inputs.images {
        let quiet = if one { task.clone() } else { task.quiet() };
        found.push(trail(inputs, &set, &rows, (image, aim), &quiet)?);
        if !one {
            task.add(1);
        }
    }
    Ok(found)
}

/// The path of one image.
fn trail(
    inputs: &Inputs,
    set: &attack::Set,
    rows: &Rows,
    (image, aim): (u32, usize),
    task: &Task,
) -> Result<Trail> {
    let settings = AttackSettings {
        steps: Some(STEPS),
        ..AttackSettings::default()
    };
    let told = format!(
        "{}, {} at {}, {STEPS} steps at most",
        settings.method.title(),
        settings.threat.norm.title(),
        levels(settings.threat.eps)
    );
    let request = AttackRequest {
        set: set.clone(),
        encoder: Arc::clone(&inputs.encoder),
        picture: Arc::new(pictures::open(&inputs.dataset, image as usize)?),
        image: image as usize,
        goal: Goal::Win,
        target: aim,
        own_size: false,
        settings,
    };
    let path = attack_path(&request, task)?;
    let steps = rows.as_images(&path.embeddings)?;
    let map = &inputs.shown.map.points;
    let places = place(&*inputs.engine, &steps, &rows.rows, map, &task.quiet())?;
    let aims = path
        .rankings
        .iter()
        .map(|r| r.target.map_or(0, |(_, rank)| rank));
    Ok(Trail {
        image,
        aim: aim as u32 + inputs.shown.items[0] as u32,
        places,
        ranks: path.rankings.iter().map(|r| r.rank).collect(),
        aims: aims.collect(),
        steps: path.steps,
        told,
    })
}
