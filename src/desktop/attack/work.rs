//! What the lab's jobs do: plain functions that call the library and return one [`Event`].

use super::heat::{Painter, Source, paint};
use super::state::{Attempt, Clean};
use super::{Event, TexturesKey};
use crate::attack::{
    AscentLoss, AttackRequest, AttackResult, CaptionRanking, Checkpoint, LiveSlot, Mask, Network,
    Norm, Saliency, SaliencyKind, SetRequest, Transfer, Verdict, attack_picture, attack_set,
    levels, pictures, report_done, saliency, scores, start, victim,
};
use crate::compute::{Engine, Grid, Hit};
use crate::dataset::{Dataset, Picture};
use crate::desktop::core::Embedded;
use crate::encoder::{Cache, Encoder, EncoderFiles, EncoderOptions};
use crate::error::{Error, Result};
use crate::runtime::Provider;
use crate::task::{Task, lock};
use egui::ColorImage;
use std::path::Path;
use std::sync::{Arc, Mutex};

pub fn open_network(encoder: &Arc<Encoder>, providers: &[Provider], task: &Task) -> Result<Event> {
    let network = Network::image_tower(encoder, providers, Network::BATCH, task)?;
    Ok(Event::Network(Arc::new(network)))
}

/// Reads the picture and says where it stands.
pub fn look(
    encoder: &Encoder,
    dataset: &Dataset,
    embedded: &Embedded,
    image: usize,
    own_size: bool,
) -> Result<Event> {
    if image >= dataset.images.len() {
        return Err(gone(image));
    }
    let picture = Arc::new(pictures::open(dataset, image)?);
    let (grid, pixels) = start(encoder.preprocess(), &picture, own_size)?;
    let pixels = Arc::new(pixels);
    let original = image_of(grid, &pixels);
    Ok(Event::Clean {
        clean: Clean {
            image,
            own_size,
            grid,
            pixels,
            standing: Arc::new(standing(embedded, image)),
        },
        picture,
        original,
    })
}

fn gone(image: usize) -> Error {
    Error::request(
        format!("there is no picture {image}"),
        "Choose one of the dataset.",
    )
}

/// Where the picture stands by its embedding in the set.
fn standing(embedded: &Embedded, image: usize) -> CaptionRanking {
    let scores = scores(&embedded.images, image, &embedded.texts);
    let own = embedded.groups.range(image);
    let mut standing = CaptionRanking::of(&scores, &own, None, Verdict::default());
    let score = |hit: Option<Hit>| hit.map_or(f32::NEG_INFINITY, |h| h.score);
    standing.verdict.right = score(standing.right);
    standing.verdict.wrong = score(standing.wrong);
    standing
}

/// Attacks the picture, and finds where the captions shown afterwards came from.
pub fn attack(
    request: AttackRequest,
    embedded: &Embedded,
    slot: &LiveSlot,
    task: &Task,
) -> Result<Event> {
    let result = attack_picture(&request, slot, task)?;
    let scores = scores(&embedded.images, request.image, &embedded.texts);
    let place = |hit: &Hit| {
        let listed = result.before.hits.iter().position(|h| h.index == hit.index);
        let above = |at: usize| scores.iter().filter(|s| **s > scores[at]).count();
        1 + listed.unwrap_or_else(|| above(hit.index as usize)) as u32
    };
    Ok(Event::Attacked(Attempt {
        came_from: result.after.hits.iter().map(place).collect(),
        result: Arc::new(result),
        request: Arc::new(request),
    }))
}

/// What the lab's pictures are made from.
pub struct Canvas {
    pub key: TexturesKey,
    pub grid: Grid,
    pub clean: Arc<Vec<f32>>,
    pub x: Option<Arc<Vec<f32>>>,
    /// The radius of single values; 0 where the norm bounds none.
    pub scale: f32,
    pub saliency: Option<Arc<Saliency>>,
    pub painter: Painter,
    pub engine: Arc<dyn Engine>,
}

/// Makes the lab's pictures.
pub fn make_textures(canvas: &Canvas) -> Result<Event> {
    let grid = canvas.grid;
    let x = canvas.x.as_ref().filter(|x| x.len() == canvas.clean.len());
    let change: Vec<f32> = x.map_or_else(Vec::new, |x| {
        let pairs = x.iter().zip(canvas.clean.iter());
        pairs.map(|(a, c)| a - c).collect()
    });
    let factor = canvas.key.amplify as f32;
    let amplified: Vec<f32> = change.iter().map(|d| 0.5 + factor * d).collect();
    let source = Source {
        grid,
        change: &change,
        scale: canvas.scale,
        radius: &levels(canvas.scale),
        saliency: canvas.saliency.as_deref(),
    };
    let heat = paint(
        canvas.key.heat,
        &source,
        &canvas.painter,
        canvas.engine.as_ref(),
    )?;
    Ok(Event::Textures {
        key: canvas.key,
        adversarial: x.map(|x| image_of(grid, x)),
        difference: x.map(|_| image_of(grid, &amplified)),
        heat,
    })
}

/// `x` as an 8-bit picture for the screen.
fn image_of(grid: Grid, x: &[f32]) -> ColorImage {
    let made: Picture = pictures::picture(x, grid.channels, grid.height, grid.width);
    ColorImage::from_rgb([grid.width, grid.height], &made.rgb)
}

/// The radius that bounds single values, 0 where there is none.
pub fn locked_scale(result: &AttackResult) -> f32 {
    if result.settings.threat.norm == Norm::Linf {
        result.scale()
    } else {
        0.0
    }
}

/// Where the score of the clean picture comes from.
pub fn map(
    request: &AttackRequest,
    clean: &Clean,
    kind: SaliencyKind,
    task: &Task,
) -> Result<Event> {
    let mut victim = victim(request, clean.grid)?;
    let engine = request.set.engine.as_ref();
    let x = &clean.pixels;
    let map = saliency(
        victim.as_mut(),
        0,
        x,
        kind,
        AscentLoss::Margin,
        engine,
        task,
    )?;
    Ok(Event::Saliency(Arc::new(map)))
}

/// Reads a mask.
pub fn open_mask(path: &Path) -> Result<Event> {
    Mask::open(path).map(Event::Mask)
}

/// Attacks a set; with a second encoder's folder, embeds the set with that first.
pub fn set(
    mut request: SetRequest,
    transfer: Option<&Path>,
    options: &EncoderOptions,
    (done, ready): (&Mutex<Checkpoint>, &Mutex<Option<SetRequest>>),
    task: &Task,
) -> Result<Event> {
    *lock(ready) = None;
    if let Some(folder) = transfer {
        let encoder = Encoder::open(&EncoderFiles::open(folder)?, options, task)?;
        let cache = Cache::open().ok();
        let made = encoder.embed_dataset(&request.dataset, cache.as_ref(), task)?;
        if made.embedded.images.rows() != request.set.embedded.images.rows()
            || made.embedded.texts.rows() != request.set.embedded.texts.rows()
        {
            return Err(Error::model(
                folder,
                "cannot embed every picture and caption of this set",
                "See the log; choose another second encoder.",
            ));
        }
        request.transfer = Some(Transfer {
            encoder: Arc::new(encoder),
            embedded: made.embedded,
        });
    }
    *lock(ready) = Some(request.clone());
    let report = attack_set(&request, &mut lock(done), task)?;
    Ok(Event::Set(Arc::new(report)))
}

/// The figures of what a cancelled run over a set has done.
pub fn partial(
    done: &Mutex<Checkpoint>,
    request: &Mutex<Option<SetRequest>>,
    task: &Task,
) -> Result<Event> {
    let done = lock(done);
    let report = match &*lock(request) {
        Some(request) => report_done(request, &done, task)?,
        None => None,
    };
    Ok(Event::Partial(report.map(Arc::new)))
}
