//! One perturbation for a whole set, learnt over all its pictures.

use super::super::space::Space;
use super::super::victim::{Pairs, Uphill, Victim};
use super::super::white::{Pgd, SharedDelta};
use super::SetOrder;
use super::batch::load;
use crate::dataset::npy::write_array;
use crate::error::{Error, Result};
use crate::task::Task;

/// The shared perturbation at each radius of `order`, in their order. `targets` has one entry per picture.
pub(super) fn learn(order: &SetOrder, targets: &[usize], task: &Task) -> Result<Vec<SharedDelta>> {
    let epochs = order.settings.steps();
    let total = order.eps.len() * epochs * order.images.len();
    task.begin("Learning the shared perturbation", total as u64);
    let mut deltas = Vec::with_capacity(order.eps.len());
    for &eps in &order.eps {
        let delta = at_radius(order, eps, epochs, targets, task)?;
        if let Some(folder) = &order.save {
            let grid = order.set.network.grid();
            let path = folder.join(format!("universal-{eps:.6}.npy"));
            let shape = [grid.channels, grid.height, grid.width];
            write_array(&path, delta.values(), &shape)?;
        }
        deltas.push(delta);
    }
    Ok(deltas)
}

fn at_radius(
    order: &SetOrder,
    eps: f32,
    epochs: usize,
    targets: &[usize],
    task: &Task,
) -> Result<SharedDelta> {
    let engine = order.set.engine.as_ref();
    let share = order.settings.step.unwrap_or(Pgd::STEP);
    let mut delta: Option<SharedDelta> = None;
    for _ in 0..epochs {
        for (images, targets) in order
            .images
            .chunks(order.batch.max(1))
            .zip(targets.chunks(order.batch.max(1)))
        {
            let space = space(order, eps, images)?;
            let mut victim = Pairs::new(&order.set, order.goal, images, targets)?;
            let shared = delta.get_or_insert_with(|| SharedDelta::new(&space));
            let x = shared.apply(engine, &space)?;
            let rows: Vec<usize> = (0..images.len()).collect();
            let slope = victim.climb(&rows, &x, Uphill::Margin, task)?;
            shared.step(engine, &space, &slope, share)?;
            task.add(images.len() as u64);
        }
    }
    delta.ok_or_else(|| Error::request("there is nothing to attack", "Give at least one picture."))
}

fn space(order: &SetOrder, eps: f32, images: &[usize]) -> Result<Space> {
    Space::pictures(
        order.set.network.grid().with_rows(images.len()),
        load(order, images)?,
        &order.settings.threat.with_eps(eps),
        images.iter().map(|&i| i as u32).collect(),
    )
}
