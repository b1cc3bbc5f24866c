//! One picture under attack: how its captions ranked before, every step, how they rank after.

mod path;
mod ranking;

pub use path::{Path, attack_path};
pub use ranking::{CaptionRanking, scores};

use super::context::{StepEvent, Watch};
use super::pictures::{picture, pixels, planes};
use super::resized::Resized;
use super::settings::AttackSettings;
use super::space::Space;
use super::threat::Norm;
use super::victim::{Goal, GradientDefects, Pairs, Set, Victim};
use super::{AscentLoss, run};
use crate::compute::{Grid, Size};
use crate::dataset::Picture;
use crate::encoder::{Encoder, Preprocess, Resize};
use crate::error::Result;
use crate::task::{Task, lock};
use serde::Serialize;
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// What is to be attacked, and how.
#[derive(Clone)]
pub struct AttackRequest {
    /// Model, captions and embeddings.
    pub set: Set,
    /// The encoder, for its preprocessing.
    pub encoder: Arc<Encoder>,
    /// The picture as its file has it.
    pub picture: Arc<Picture>,
    /// Its row in the set.
    pub image: usize,
    /// What the attack wants.
    pub goal: Goal,
    /// The caption that is to win, or the picture to match.
    pub target: usize,
    /// At the picture's own resolution, through the resize, rather than at the model's input.
    pub own_size: bool,
    /// The attack and its parameters.
    pub settings: AttackSettings,
}

/// A step, for curves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Point {
    /// Steps done.
    pub step: usize,
    /// The loss that the attack maximises.
    pub loss: f32,
    /// Score of what is right.
    pub right: f32,
    /// Score of what is wrong.
    pub wrong: f32,
}

/// An attack under way: the newest values, to be drawn.
#[derive(Debug, Clone, Default)]
pub struct Live {
    /// Every step so far.
    pub points: Vec<Point>,
    /// The newest perturbed picture, `[channels, height, width]`; taken out by the drawing.
    pub x: Option<Vec<f32>>,
}

/// Where an attack puts its newest values; only the latest picture is kept.
pub type LiveSlot = Arc<Mutex<Live>>;

/// What became of the picture.
#[derive(Debug, Clone)]
pub struct AttackResult {
    /// Its row in the set.
    pub image: usize,
    /// Shape of what was attacked.
    pub grid: Grid,
    /// Without perturbation, pixels in [0, 1], `[channels, height, width]`.
    pub clean: Arc<Vec<f32>>,
    /// With it.
    pub adversarial: Arc<Vec<f32>>,
    /// What the attack wanted.
    pub goal: Goal,
    /// The caption that was to win, or the picture to match.
    pub target: usize,
    /// At the picture's own resolution?
    pub own_size: bool,
    /// The attack and its parameters.
    pub settings: AttackSettings,
    /// Every step.
    pub points: Vec<Point>,
    /// Where it stood.
    pub before: CaptionRanking,
    /// Where it stands, exactly.
    pub after: CaptionRanking,
    /// Where it stands after it was written as an 8-bit PNG and read again.
    pub rounded: CaptionRanking,
    /// Size of the perturbation.
    pub size: Size,
    /// Gradients computed.
    pub gradients: u32,
    /// Forward runs besides.
    pub queries: u32,
    /// What was wrong with the gradients.
    pub blind: GradientDefects,
    /// The operators that the gradient passes straight through although they round.
    pub approximate: Vec<String>,
    /// How long the attack took.
    pub seconds: f64,
}

impl AttackResult {
    /// The value at the ends of a heatmap's colours: the radius where it bounds single values, else the largest
    /// change.
    pub fn scale(&self) -> f32 {
        match self.settings.threat.norm {
            Norm::Linf => self.settings.threat.eps,
            _ => self.size.linf,
        }
    }
}

/// Puts steps into a slot.
struct Slot<'a>(&'a LiveSlot, &'a Task);

impl Watch for Slot<'_> {
    fn step(&mut self, event: &StepEvent<'_>) {
        let (Some(loss), Some(verdict)) = (event.loss.first(), event.verdicts.first()) else {
            return;
        };
        let len = event.x.len() / event.rows.len().max(1);
        let mut live = lock(self.0);
        live.points.push(Point {
            step: event.step,
            loss: *loss,
            right: verdict.right,
            wrong: verdict.wrong,
        });
        live.x = event.x.get(..len).map(<[f32]>::to_vec);
        self.1.add(1);
    }
}

/// Shape and pixels in [0, 1] of what an attack on `picture` starts from: as the model sees it, or at its own size.
///
/// # Errors
/// The picture cannot be resized.
pub fn start(
    preprocess: &Preprocess,
    picture: &Picture,
    own_size: bool,
) -> Result<(Grid, Vec<f32>)> {
    let as_is = Preprocess {
        resize: Resize::None,
        crop: None,
        ..preprocess.clone()
    };
    let seen = if own_size { &as_is } else { preprocess };
    let picture = seen.resized(picture)?;
    let channels = preprocess.channels;
    let grid = Grid {
        rows: 1,
        channels,
        height: picture.height as usize,
        width: picture.width as usize,
    };
    Ok((grid, planes(&picture, channels)))
}

/// The victim of `request`: the model's input, or the picture before its resize.
///
/// # Errors
/// The goal does not fit the picture.
pub fn victim(request: &AttackRequest, grid: Grid) -> Result<Box<dyn Victim>> {
    let pairs = pairs(request)?;
    Ok(if request.own_size {
        Box::new(resized(request, pairs, grid)?)
    } else {
        Box::new(pairs)
    })
}

fn pairs(request: &AttackRequest) -> Result<Pairs> {
    Pairs::new(
        &request.set,
        request.goal,
        &[request.image],
        &[request.target],
    )
}

fn resized(request: &AttackRequest, pairs: Pairs, grid: Grid) -> Result<Resized<Pairs>> {
    Resized::new(pairs, request.encoder.preprocess(), grid.height, grid.width)
}

/// Attacks one picture. `live` gets every step; progress counts steps.
///
/// # Errors
/// The attack needs gradients that the model does not have; the goal does not fit the picture; the model fails; or
/// `task` was cancelled.
pub fn attack_picture(
    request: &AttackRequest,
    live: &LiveSlot,
    task: &Task,
) -> Result<AttackResult> {
    let request = &AttackRequest {
        settings: request.settings.settled(),
        ..request.clone()
    };
    let steps = request.settings.attack().steps();
    task.begin(format!("{}: preparing", request.settings.method.title()), 0);
    let engine = request.set.engine.as_ref();
    let (grid, clean) = start(
        request.encoder.preprocess(),
        &request.picture,
        request.own_size,
    )?;
    request.settings.method.runs_on(&request.set.network)?;
    let mut victim = victim(request, grid)?;
    if request.settings.method.needs_gradient() {
        // Builds the gradient graph before the clock starts.
        victim.value_and_gradient(&[0], &clean, AscentLoss::Margin, task)?;
    }
    let space = Space::pictures(
        grid,
        clean.clone(),
        &request.settings.threat,
        vec![request.image as u32],
    )?;
    task.begin(request.settings.method.title(), steps as u64);
    let begun = Instant::now();
    let mut watch = Slot(live, task);
    let outcome = run(
        victim.as_mut(),
        &space,
        &request.settings,
        engine,
        &mut watch,
        task,
    )?;
    let seconds = begun.elapsed().as_secs_f64();
    let (before, after, rounded) = (
        look(request, grid, &clean, false, task)?,
        look(request, grid, &outcome.x, false, task)?,
        look(request, grid, &outcome.x, true, task)?,
    );
    Ok(AttackResult {
        image: request.image,
        grid,
        size: space.measure(engine, &outcome.x)?[0],
        clean: Arc::new(clean),
        adversarial: Arc::new(outcome.x),
        goal: request.goal,
        target: request.target,
        own_size: request.own_size,
        settings: request.settings.clone(),
        points: lock(live).points.clone(),
        before,
        after,
        rounded,
        gradients: outcome.gradients[0],
        queries: outcome.queries[0],
        blind: outcome.blind[0],
        approximate: if outcome.gradients[0] > 0 {
            request.set.network.approximate().to_vec()
        } else {
            Vec::new()
        },
        seconds,
    })
}

/// Where `x` stands; `saved` takes it through a PNG file, and a picture of its own size through the model's own
/// preprocessing.
fn look(
    request: &AttackRequest,
    grid: Grid,
    x: &[f32],
    saved: bool,
    task: &Task,
) -> Result<CaptionRanking> {
    let mut pairs = pairs(request)?;
    let read = || picture(x, grid.channels, grid.height, grid.width).written_and_read();
    let input = match (request.own_size, saved) {
        (false, false) => x.to_vec(),
        (false, true) => planes(&read()?, grid.channels),
        (true, false) => resized(request, self::pairs(request)?, grid)?.seen(x, task)?,
        (true, true) => pixels(request.encoder.preprocess(), &read()?)?,
    };
    let (found, verdicts) = pairs.see(&[0], &input, task)?;
    let own = request.set.embedded.groups.range(request.image);
    let target = (request.goal == Goal::Win).then_some(request.target);
    let scores = scores(&found, 0, &request.set.embedded.texts);
    Ok(CaptionRanking::of(&scores, &own, target, verdicts[0]))
}
